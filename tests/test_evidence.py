"""The ledger is read without trust: what is not exactly as it was written is a problem and never counts."""

import hashlib
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kb.evidence.controls import as_controls_file
from kb.evidence.file import CODES, MAX_BYTES, parse
from kb.evidence.ledger import (
    Evidence,
    Ledger,
    Machine,
    canonical_json,
    digests,
    parse_any,
    read_ledger,
    to_file,
)
from kb.evidence.seeds import block_seeds
from kb.reading.tree import Folder, TreeError
from kb.reading.version import TEMPLATE_MODULE, version_of
from kb.text.problems import Place, Problem, render_terminal
from tests.evidence_of import controls_of
from tests.store_faults import OTHER_VERSION, SCALE, VERSION, piece

EVIDENCE = piece(curves={"score_curve": tuple((0.5, 0.25 + seed, 0.125) for seed in range(5))})
NAME, CONTENT = to_file(EVIDENCE)
TEMPLATE_CODE = {**EVIDENCE.code, TEMPLATE_MODULE: "3" * 64}
OF_TEMPLATE = version_of(TEMPLATE_CODE, SCALE)
PLACE = f"{EVIDENCE.folder}/{NAME}"


def stored(root, *pieces):
    """Write pieces as the ledger would and return their paths."""
    paths = []
    for evidence in pieces:
        name, content = to_file(evidence)
        path = root / evidence.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def sealed(record):
    """Return the bytes of a record with its right hash, and the path where they belong."""
    text = record if isinstance(record, str) else canonical_json(record)
    digest = hashlib.sha256(text.encode()).hexdigest()
    fields = json.loads(text)
    folder = f"repro/evidence/{fields['experiment']}/{fields['version'][:12]}"
    name = f"{fields['arm']}-b{fields['block']}-{digest[:16]}.json"
    return f'{{"record":{text},"sha256":"{digest}"}}\n'.encode(), f"{folder}/{name}"


def changed(**changes):
    """Return sealed bytes of the record with other fields; what is None is left out."""
    record = json.loads(CONTENT)["record"] | changes
    return sealed({key: value for key, value in record.items() if value is not Ellipsis})


def rewritten(old, new):
    """Return sealed bytes of the record's text with something replaced."""
    text = canonical_json(json.loads(CONTENT)["record"])
    assert old in text
    return sealed(text.replace(old, new, 1))


def refusal(content, path=PLACE):
    """Return the problem of a file that must not be read."""
    problem = parse(content, path)
    assert isinstance(problem, Problem)
    assert problem.place.path == path
    assert problem.code in CODES
    return problem


def test_what_was_written_is_read_back():
    """Bytes, name and folder give the piece again."""
    found = parse(CONTENT, PLACE)
    assert not isinstance(found, Problem)
    assert found.evidence == EVIDENCE
    assert found.sha256 == hashlib.sha256(CONTENT[10:-78]).hexdigest()


NEWER = json.dumps({"record": {"schema_version": 3, "arms": []}, "seal": "new"}).encode()

DAMAGES = {
    "cut off": (CONTENT[:-40], PLACE, "evidence-json", "the file's end is missing"),
    "empty": (b"", PLACE, "evidence-json", "the file's end is missing"),
    "line ends converted": (CONTENT[:-1] + b"\r\n", PLACE, "evidence-json", "carriage return"),
    "merge markers": (
        b"<<<<<<< ours\n" + CONTENT + b"=======\n" + CONTENT + b">>>>>>> theirs\n",
        PLACE,
        "evidence-json",
        "merge markers",
    ),
    "two documents": (CONTENT + CONTENT, PLACE, "evidence-json", "extra data"),
    "indented": (
        json.dumps(json.loads(CONTENT), indent=1).encode(),
        PLACE,
        "evidence-json",
        "canonical form",
    ),
    "not UTF-8": (b"\xff\xfe" + CONTENT, PLACE, "evidence-json", "byte 0 is 0xff"),
    "deeply nested": (b"[" * 100_000, PLACE, "evidence-json", "not JSON"),
    "deeply nested and sealed": (
        b'{"record":{%s},"sha256":"%s"}\n'
        % (b'"a":' + b"[" * 9999, hashlib.sha256(b'{"a":' + b"[" * 9999 + b"}").hexdigest().encode()),
        PLACE,
        "evidence-json",
        "not JSON",
    ),
    "huge integer": (b"9" * 5000, PLACE, "evidence-json", "not JSON"),
    "a list": (b"[]\n", PLACE, "evidence-json", "canonical form"),
    "key twice": (*rewritten('"block":0', '"block":0,"block":0'), "evidence-json", "'block' occurs twice"),
    "keys swapped": (
        *rewritten('"cpu":"test","gpu":null', '"gpu":null,"cpu":"test"'),
        "evidence-json",
        "form",
    ),
    "space": (*rewritten('"block":0', '"block": 0'), "evidence-json", "canonical form"),
    "NaN token": (*rewritten("0.125", "NaN"), "evidence-json", "the token NaN"),
    "not ASCII": (*rewritten('"cpu":"test"', '"cpu":"té"'), "evidence-json", "canonical form"),
    "edited value": (CONTENT.replace(b"0.125", b"0.126", 1), PLACE, "evidence-hash", "the file states"),
    "edited and sealed anew": (rewritten("0.125", "0.126")[0], PLACE, "evidence-name", "do not belong"),
    "other folder": (CONTENT, PLACE.replace("coin", "dice"), "evidence-name", "do not belong"),
    "other version": (CONTENT, PLACE.replace(VERSION[:12], "0" * 12), "evidence-name", "do not belong"),
    "other hash": (CONTENT, PLACE[:-21] + "0" * 16 + ".json", "evidence-name", "do not belong"),
    "editor's backup": (CONTENT, PLACE + "~", "evidence-name", "do not belong"),
    "newer version": (*changed(schema_version=3), "evidence-version", "schema version 3"),
    "newer version, other shape": (NEWER, PLACE, "evidence-version", "schema version 3"),
    "older version": (*changed(schema_version=0), "evidence-schema", "schema_version"),
    "field missing": (*changed(seconds=...), "evidence-schema", "seconds: field required"),
    "field unknown": (*changed(score=1), "evidence-schema", "score: extra inputs"),
    "four values": (*changed(values={"score": [1.0] * 4}), "evidence-schema", "values.score"),
    "no outcome": (*changed(values={}), "evidence-schema", "values"),
    "text for a number": (*changed(values={"score": ["1"] * 5}), "evidence-schema", "values.score"),
    "true for a number": (*changed(values={"score": [True] * 5}), "evidence-schema", "values.score"),
    "unknown number": (
        *changed(values={"score": [{"nonfinite": "huge"}] * 5}),
        "evidence-schema",
        "values.score",
    ),
    "curve too long": (
        *changed(curves={"a_curve": [[0.0] * 65] * 5}),
        "evidence-schema",
        "curves.a_curve",
    ),
    "arm that leaves the folder": (*changed(arm="../up"), "evidence-schema", "arm"),
    "no time": (*changed(seconds=0.0), "evidence-schema", "seconds"),
    "day that is none": (*changed(started="2026-02-30T00:00:00Z"), "evidence-schema", "started"),
    "chosen seeds": (*changed(seeds=[1, 2, 3, 4, 5]), "evidence-seeds", "seeds 1, 2, 3, 4, 5"),
    "seeds of another block": (*changed(block=1), "evidence-seeds", "seeds"),
    "seeds of another replication": (*changed(replication=1), "evidence-seeds", "seeds"),
    "code of another version": (*changed(code={"coin": "2" * 64}), "evidence-code", "hash to version"),
    "scale of another version": (*changed(scale=SCALE | {"flips": 9}), "evidence-code", "hash to version"),
    "one as a float": (*changed(scale=SCALE | {"flips": 100.0}), "evidence-code", "hash to version"),
    "values of a template": (
        *changed(version=OF_TEMPLATE, code=TEMPLATE_CODE, seeds=block_seeds(OF_TEMPLATE, 0)),
        "evidence-template",
        "template",
    ),
    "more seeds than any protocol asks for": (
        *changed(block=80, seeds=block_seeds(VERSION, 80)),
        "evidence-block",
        "block 80",
    ),
    "a start before the project": (*changed(started="0001-01-01T00:00:00Z"), "evidence-start", "0001"),
    "a start in the far future": (*changed(started="9999-01-01T00:00:00Z"), "evidence-start", "9999"),
    "a nanosecond of measuring": (*changed(seconds=1e-9), "evidence-seconds", "1e-09 s"),
    "seeds that explore": (
        *changed(seeds=block_seeds(VERSION, 0, stream="explore")),
        "evidence-seeds",
        "seeds",
    ),
}


@pytest.mark.parametrize(("content", "path", "code", "found"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_refused_and_named(content, path, code, found):
    """Each kind of damage has its code and says what was found."""
    problem = refusal(content, path)
    assert (problem.code, found in problem.found) == (code, True), problem
    assert problem.advice in render_terminal([problem]).replace("\n        ", " ")


def test_every_code_of_a_file_has_a_damage():
    """No rule without a case; one code needs folders and is tested below."""
    assert {code for _, _, code, _ in DAMAGES.values()} == set(CODES) - {"evidence-file"}


def test_no_advice_is_to_delete_evidence():
    """It is restored, or measured again beside the file that does not count; CONTRIBUTING says the same."""
    advice = {refusal(content, path).advice for content, path, _, _ in DAMAGES.values()}
    assert [each for each in advice if "delete" in each] == []
    guide = (Path(__file__).parents[1] / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "never edited, moved or deleted" in guide


def test_newer_version_asks_for_an_update():
    """No message says to restore or delete what a newer version wrote."""
    assert "update the project" in refusal(*changed(schema_version=3)).advice


def test_every_flipped_bit_is_noticed():
    """No single bit can change without the file being refused."""
    for position in range(len(CONTENT)):
        for bit in range(8):
            damaged = bytearray(CONTENT)
            damaged[position] ^= 1 << bit
            assert isinstance(parse(bytes(damaged), PLACE), Problem), (position, bit)


def test_every_cut_is_noticed():
    """No beginning of a file passes for the file."""
    for length in range(len(CONTENT)):
        refusal(CONTENT[:length])


@given(st.binary(max_size=200) | st.builds(lambda text: text.encode("utf-8", "surrogatepass"), st.text()))
@example(b"\xef\xbb\xbf{}")
@example(b'{"record":{"schema_version":true},"sha256":""}')
def test_arbitrary_bytes_are_refused_without_an_exception(content):
    """Whatever stands in a file, the reader answers with a problem."""
    refusal(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(Evidence.model_fields)), JSON)
def test_any_value_in_any_field_is_read_or_refused(field, value):
    """A sealed record with one field replaced never raises, and is read only when it is canonical."""
    record = json.loads(CONTENT)["record"] | {field: value}
    text = canonical_json(record)
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = parse(f'{{"record":{text},"sha256":"{digest}"}}\n'.encode(), PLACE)
    assert isinstance(found, Problem) or found.evidence == EVIDENCE


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
NUMBERS = st.floats()
FIVE = {"min_size": 5, "max_size": 5}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@st.composite
def evidences(draw):
    """Return any valid piece of evidence."""
    points = draw(st.integers(1, 64))
    curve = st.lists(NUMBERS, min_size=points, max_size=points)
    settings_ = st.integers() | st.booleans() | TEXTS | st.floats(allow_nan=False, allow_infinity=False)
    block, replication = draw(st.integers(0, 79)), draw(st.integers(0, 9))
    code = {"coin": draw(st.binary(min_size=32, max_size=32)).hex()}
    scale = draw(st.dictionaries(NAMES, settings_, max_size=3))
    version = version_of(code, scale)
    schema = draw(st.sampled_from([1, 2]))
    origin = draw(st.sampled_from([None, VERSION])) if schema == 2 else None
    digests = st.sampled_from([VERSION, version])
    claims = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}", fullmatch=True)
    return Evidence(
        **EVIDENCE.model_dump(exclude={*CHANGING, "machine"}),
        experiment=draw(NAMES),
        arm=draw(NAMES),
        schema_version=schema,
        version=version,
        seeds_from=origin,
        measuring=draw(st.sampled_from([None, VERSION])) if schema == 2 else None,
        block=block,
        replication=replication,
        seeds=block_seeds(origin or version, block, replication=replication),
        values=draw(st.dictionaries(NAMES, st.lists(NUMBERS, **FIVE), min_size=1, max_size=3)),
        curves=draw(st.dictionaries(NAMES, st.lists(curve, **FIVE), max_size=1)),
        code=code,
        scale=scale,
        predictions=draw(st.dictionaries(claims, digests, max_size=3)),
        seconds=draw(st.floats(1e-5, 1e9)),
        dirty=draw(st.none() | st.booleans()),
        machine=Machine(system=draw(TEXTS), cpu=draw(TEXTS), capability="", blas='"":', threads=1, gpu="\\"),
    )


CHANGING = {
    *("experiment", "arm", "version", "block", "replication", "seeds", "values", "curves", "scale"),
    *("predictions", "seconds", "dirty", "schema_version", "seeds_from", "measuring", "code"),
}


@given(evidences())
@settings(max_examples=150)
def test_any_evidence_is_read_back_byte_for_byte(evidence):
    """Writing what was read gives the same bytes, NaN and infinities included."""
    name, content = to_file(evidence)
    found = parse(content, f"{evidence.folder}/{name}")
    assert not isinstance(found, Problem), found
    assert to_file(found.evidence) == (name, content)
    assert repr(sorted(found.evidence.values.items())) == repr(sorted(evidence.values.items()))


@given(evidences())
@settings(max_examples=50)
def test_files_are_canonical(evidence):
    """A file is ASCII, on one line, without NaN tokens, and equal to its canonical form."""

    def refuse(token):
        raise AssertionError(token)

    _, content = to_file(evidence)
    document = json.loads(content, parse_constant=refuse)
    assert content == canonical_json(document).encode("ascii") + b"\n"
    assert b"\n" not in content[:-1]


def test_nonfinite_values_survive_storage(tmp_path):
    """NaN and infinities are outcomes; they come back as they went in."""
    values = (math.nan, math.inf, -math.inf, 0.0, -0.0)
    stored(tmp_path, piece(values={"score": values}))
    ledger = read_ledger(Folder(tmp_path))
    assert repr(ledger.values("coin", VERSION, ["fair"])["fair"]["score"]) == repr(values)


@pytest.mark.parametrize("changes", [{"seconds": math.inf}, {"scale": {"bias": math.nan}}, {"arm": "a/b"}])
def test_what_cannot_be_written_cannot_be_made(changes):
    """The model refuses what JSON or a file name could not hold."""
    with pytest.raises(ValidationError):
        piece(**changes)


def test_project_without_evidence_has_an_empty_ledger(tmp_path):
    """There need not be a folder."""
    ledger = read_ledger(Folder(tmp_path))
    assert (ledger.pieces, ledger.problems) == ((), ())
    assert ledger.values("coin", VERSION, ["fair"]) == {"fair": {}}


def test_order_depends_on_content_alone(tmp_path):
    """Evidence is sorted by experiment, version, replication, arm, block and start."""
    versions = sorted((VERSION, OTHER_VERSION))
    pieces = [
        piece(arm, block, version=key) for key in versions for arm in ("bent", "fair") for block in (0, 1)
    ]
    stored(tmp_path, *reversed(pieces))
    ledger = read_ledger(Folder(tmp_path))
    assert ledger.evidence == tuple(pieces)
    assert [ledger.file_of(found) for found in ledger.evidence] == list(ledger.pieces)
    assert all((tmp_path / filed.path).is_file() for filed in ledger.pieces)
    assert all(f"-{filed.sha256[:16]}." in filed.path for filed in ledger.pieces)


def test_of_several_pieces_the_earliest_counts(tmp_path):
    """Measuring again cannot replace a result that is there."""
    first = piece(started="2026-01-01T00:00:00Z")
    later = piece(started="2026-01-02T00:00:00Z", values={"score": (9.0,) * 5}, torch="2.14.0")
    stored(tmp_path, later, first)
    ledger = read_ledger(Folder(tmp_path))
    assert ledger.counting("coin", VERSION) == {("fair", 0): first}
    assert ledger.evidence == (first, later)
    assert ledger.problems == ()


def test_one_machine_with_two_results_is_a_conflict(tmp_path):
    """Both files are kept, the later one is named, the earlier one counts."""
    first = piece(started="2026-01-01T00:00:00Z", values={"score": (math.nan,) * 5})
    same = piece(started="2026-01-02T00:00:00Z", values={"score": (math.nan,) * 5})
    other = piece(started="2026-01-03T00:00:00Z", values={"score": (9.0,) * 5})
    paths = stored(tmp_path, first, same, other)
    ledger = read_ledger(Folder(tmp_path))
    assert [(p.code, p.place.path) for p in ledger.problems] == [
        ("evidence-conflict", paths[2].relative_to(tmp_path).as_posix())
    ]
    assert paths[0].name in ledger.problems[0].found
    assert len(ledger.evidence) == 3


def test_values_stop_at_the_first_gap(tmp_path):
    """Blocks after a missing one wait for it; another arm is not held up."""
    stored(tmp_path, piece(block=0), piece(block=1), piece(block=3), piece("bent", 1))
    values = read_ledger(Folder(tmp_path)).values("coin", VERSION, ["fair", "bent"])
    assert values == {
        "fair": {"score": piece(block=0).values["score"] + piece(block=1).values["score"]},
        "bent": {},
    }


def test_block_with_other_outcomes_is_a_gap(tmp_path):
    """Seeds of different outcomes are never combined."""
    stored(tmp_path, piece(block=0), piece(block=1, values={"other": (0.0,) * 5}))
    assert len(read_ledger(Folder(tmp_path)).values("coin", VERSION, ["fair"])["fair"]["score"]) == 5


def test_replications_are_apart(tmp_path):
    """An independent set of seeds is never mixed with another."""
    again = piece(replication=1, seeds=block_seeds(VERSION, 0, replication=1))
    stored(tmp_path, piece(), again)
    ledger = read_ledger(Folder(tmp_path))
    assert ledger.counting("coin", VERSION) == {("fair", 0): piece()}
    assert ledger.counting("coin", VERSION, 1) == {("fair", 0): again}


def test_cost_is_the_median_of_the_version_measured_last(tmp_path):
    """What was slower or quicker before a change says nothing; nor do other scales."""
    stored(
        tmp_path,
        piece(block=0, seconds=1.0, version=OTHER_VERSION, started="2026-02-03T00:00:00Z"),
        piece(block=1, seconds=2.0, version=OTHER_VERSION, started="2026-02-01T00:00:00Z"),
        piece(block=0, seconds=9.0, started="2026-02-02T00:00:00Z"),
        piece(block=2, seconds=99.0, scale_name="large", started="2026-02-04T00:00:00Z"),
    )
    ledger = read_ledger(Folder(tmp_path))
    assert ledger.seconds("coin", "fair", scale_name="minimal") == 2.0
    assert ledger.seconds("coin", "bent", scale_name="minimal") is None


def folder_in_place_of_a_file(path):
    """Make a folder."""
    path.mkdir()


def link_to_elsewhere(path):
    """Make a link to valid evidence."""
    path.with_name(".elsewhere").write_bytes(CONTENT)
    path.symlink_to(path.with_name(".elsewhere"))


def pipe(path):
    """Make a pipe, which would block a careless reader for ever."""
    os.mkfifo(path)


def too_large(path):
    """Make a file one byte over the limit."""
    path.write_bytes(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize("make", [folder_in_place_of_a_file, link_to_elsewhere, pipe, too_large])
def test_what_is_no_regular_file_is_refused(tmp_path, make):
    """Only regular files of reasonable size are opened."""
    path = tmp_path / PLACE
    path.parent.mkdir(parents=True)
    make(path)
    (problem,) = read_ledger(Folder(tmp_path)).problems
    assert (problem.code, problem.place.path) == ("evidence-file", PLACE)


def test_unreadable_file_is_a_problem(tmp_path, monkeypatch):
    """Whatever the system says becomes the problem's text."""
    stored(tmp_path, EVIDENCE)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("kb.reading.tree.os.open", refuse)
    (problem,) = read_ledger(Folder(tmp_path)).problems
    assert problem.found == "a file that cannot be read: Permission denied"


@pytest.mark.parametrize("path", ["repro/evidence/stray.json", "repro/evidence/coin/stray.json"])
def test_file_outside_a_version_folder_is_a_problem(tmp_path, path):
    """A misplaced file is named instead of being overlooked."""
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(CONTENT)
    (problem,) = read_ledger(Folder(tmp_path)).problems
    assert (problem.code, problem.place.path) == ("evidence-file", path)


def test_bad_file_does_not_hide_good_ones(tmp_path):
    """Its values are left out; all others count; every bad file is reported."""
    _, cut, unfinished = stored(tmp_path, piece(), piece(block=1), piece(block=2))
    cut.write_bytes(cut.read_bytes()[:-9])
    unfinished.rename(unfinished.with_name(f".{unfinished.name}"))
    ledger = read_ledger(Folder(tmp_path))
    assert ledger.evidence == (piece(),)
    assert [problem.place.path for problem in ledger.problems] == [cut.relative_to(tmp_path).as_posix()]


def test_ledger_cannot_be_changed():
    """It is a value."""
    with pytest.raises(AttributeError):
        Ledger().pieces = ()


@pytest.mark.parametrize("field", sorted(Machine.model_fields))
def test_fingerprint_tells_machines_apart(field):
    """Each field matters; equal machines have equal fingerprints."""
    machine = EVIDENCE.machine
    other = machine.model_copy(update={field: 64 if field == "threads" else "other"})
    assert machine.fingerprint == Machine(**machine.model_dump()).fingerprint != other.fingerprint


def test_the_first_schema_is_still_read():
    """What schema 1 called the protocol is the version, which gives the seeds; the runner is not known."""
    former = piece(schema_version=1)
    name, content = to_file(former)
    assert f'"protocol":"{VERSION}'.encode() in content
    assert b'"version"' not in content
    found = parse(content, f"{former.folder}/{name}")
    assert not isinstance(found, Problem), found
    assert found.evidence == former
    assert (former.version, former.origin, former.measuring) == (VERSION, VERSION, None)


@pytest.mark.parametrize(
    "changes",
    [{"schema_version": 1}, {"version": ..., "protocol": VERSION}, {"protocol": VERSION}],
    ids=["new fields in the first schema", "an old name in the second", "both names"],
)
def test_schemas_are_not_mixed(changes):
    """Each schema has its own names of fields, and all of them."""
    record = {k: v for k, v in (json.loads(CONTENT)["record"] | changes).items() if v is not ...}
    text = canonical_json(record)
    content = f'{{"record":{text},"sha256":"{hashlib.sha256(text.encode()).hexdigest()}"}}\n'.encode()
    assert isinstance(parse(content, PLACE), Problem)


def test_seeds_may_come_from_an_earlier_version():
    """A version that goes on with another's evidence draws that version's seeds, and names it."""
    origin = "cd" * 32
    later = piece(seeds_from=origin, seeds=block_seeds(origin, 0))
    name, content = to_file(later)
    assert not isinstance(parse(content, f"{later.folder}/{name}"), Problem)
    content, path = changed(seeds_from=origin)
    assert refusal(content, path).code == "evidence-seeds"


# What the ledger answers


def ledger_in(root, *pieces):
    """Store pieces and return the ledger that is read."""
    stored(root, *pieces)
    return read_ledger(Folder(root))


def test_a_block_counts_by_its_place_in_the_history_before_its_stated_start(tmp_path):
    """The lower rank wins, whichever start the piece states; without ranks the earlier start does."""
    early, late = piece(started="2026-01-01T00:00:00Z"), piece(started="2026-01-02T00:00:00Z", torch="2.14.0")
    found = ledger_in(tmp_path, early, late)
    first, second = found.pieces
    for ranks, counting in (({second.path: 0, first.path: 1}, late), ({}, early), ({second.path: 5}, late)):
        assert replace(found, ranks=ranks).counting("coin", VERSION) == {("fair", 0): counting}
    assert replace(found, pieces=(second, first)).counting("coin", VERSION) == {("fair", 0): early}


def test_seeds_to_which_no_link_leads_count_nowhere(tmp_path):
    """They hold up no piece that is read after them."""
    found = ledger_in(tmp_path, piece(), piece("bent"))
    strange = found.pieces[0].evidence.model_copy(update={"seeds_from": "e" * 64})
    mixed = replace(found, pieces=(found.pieces[0]._replace(evidence=strange), *found.pieces))
    assert mixed.counting("coin", VERSION) == {("fair", 0): piece(), ("bent", 0): piece("bent")}


def test_sets_of_seeds_are_listed_by_version(tmp_path):
    """In the order of their numbers, and under every name of the version."""
    pieces = [
        piece(version=version, replication=number, seeds=block_seeds(version, 0, replication=number))
        for version, numbers in ((VERSION, (3, 0)), (OTHER_VERSION, (1,)))
        for number in numbers
    ]
    found = ledger_in(tmp_path, *pieces)
    assert found.replications("coin", VERSION) == (0, 3)
    assert found.replications("coin", OTHER_VERSION) == (1,)
    assert found.replications("dice", VERSION) == ()
    assert found.going_on("f" * 64, VERSION).replications("coin", "f" * 64) == (0, 3)


def test_a_ledger_is_narrowed_and_extended(tmp_path):
    """To one experiment, without the problems of others; by a piece that comes last."""
    found = ledger_in(tmp_path, piece(), piece("bent"))
    (tmp_path / "repro/evidence/coin/stray.json").write_bytes(CONTENT)
    troubled = read_ledger(Folder(tmp_path))
    assert (len(troubled.problems), troubled.only("coin").problems) == (1, ())
    assert troubled.only("coin").pieces == found.pieces
    assert troubled.only("dice").pieces == ()
    assert found.extended(found.pieces[0]).pieces == (*found.pieces, found.pieces[0])
    with pytest.raises(KeyError):
        found.file_of(piece("other"))


def test_evidence_is_found_by_the_claims_that_it_names(tmp_path):
    """Of whatever experiment; in their order."""
    first, second = piece(predictions={"one": VERSION}), piece(block=1, predictions={"one": VERSION})
    found = ledger_in(tmp_path, first, second, piece("bent"))
    assert found.naming("one") == [first, second]
    assert (list(found.naming("two")), list(found.of_experiment("dice"))) == ([], [])


def test_of_three_costs_the_middle_one_is_told(tmp_path):
    """Whatever the order in which they were measured."""
    costs = [piece(block=block, seconds=seconds) for block, seconds in enumerate((3.0, 9.0, 1.0))]
    day = "2025-12-31T00:00:00Z"
    costs += [piece(block=block, seconds=50.0, version=OTHER_VERSION, started=day) for block in (0, 1)]
    assert ledger_in(tmp_path, *costs).seconds("coin", "fair", scale_name="minimal") == 3.0


def test_a_linked_version_with_other_outcomes_leaves_a_gap(tmp_path):
    """What it measured of later blocks waits, and nothing of two kinds is joined."""
    found = ledger_in(tmp_path, piece(), piece(block=1), piece(block=2))
    first, second, third = found.pieces
    other = second.evidence.model_copy(update={"values": {"tails": (1.0,) * 5}})
    mixed = replace(found, pieces=(first, second._replace(evidence=other), third))
    assert mixed.values("coin", VERSION, ["fair"]) == {"fair": {"score": piece().values["score"]}}


def test_a_ledger_of_nothing_is_empty():
    """In every part."""
    empty = Ledger()
    assert empty.pieces == empty.problems == empty.links == empty.controls == ()
    assert empty.origins == empty.ranks == {}


def test_only_the_evidence_of_some_experiments_may_be_read(tmp_path):
    """The folders of others are not looked into, and do not end the reading; strays are told all the same."""
    stored(tmp_path, piece())
    for other in ("alloy", "zinc"):
        (tmp_path / f"repro/evidence/{other}/0").mkdir(parents=True)
        (tmp_path / f"repro/evidence/{other}/0/stray.json").write_bytes(CONTENT)
    assert len(read_ledger(Folder(tmp_path)).problems) == 2
    found = read_ledger(Folder(tmp_path), {"coin"})
    assert (found.evidence, found.problems) == ((piece(),), ())
    assert read_ledger(Folder(tmp_path), {"alloy"}).evidence == ()


class Refusing:
    """A project in which one path cannot be read."""

    def __init__(self, root, refused, kind="unreadable"):
        self._folder, self._refused, self._kind = Folder(root), refused, kind

    def list(self, path):
        """List a folder, or refuse."""
        if path == self._refused:
            raise TreeError(self._kind, "a folder that is locked")
        return self._folder.list(path)

    def read(self, path, *, limit):
        """Read a file, or refuse."""
        if path == self._refused:
            raise TreeError(self._kind, "a file that is locked")
        return self._folder.read(path, limit=limit)


@pytest.mark.parametrize(
    ("refused", "kind", "words"),
    [
        (EVIDENCE.folder, "unreadable", "a folder that is locked"),
        (PLACE, "unreadable", "a file that is locked"),
        (PLACE, "size", f"more than {MAX_BYTES} bytes"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_reason(tmp_path, refused, kind, words):
    """At its first character, as a file or folder; what is too large has its own words."""
    stored(tmp_path, EVIDENCE)
    [problem] = read_ledger(Refusing(tmp_path, refused, kind)).problems
    assert (problem.code, problem.place, problem.found) == ("evidence-file", Place(refused, 1, 1), words)
    allowed = "at most 1 MiB" if kind == "size" else "<arm>-b<block>-<hash16>.json, as a regular file"
    assert problem.allowed.endswith(allowed)


def test_every_file_of_the_evidence_has_its_digest(tmp_path):
    """Also those that the ledger refuses; what cannot be read gives its reason."""
    stray = "repro/evidence/coin/stray.txt"
    files = stored(tmp_path, EVIDENCE, piece("zinc"))
    (tmp_path / stray).write_bytes(b"")
    hashes = {
        file.relative_to(tmp_path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (*files, tmp_path / stray)
    }
    path, *_ = hashes
    assert digests(Folder(tmp_path)) == hashes
    assert digests(Refusing(tmp_path, path)) == hashes | {path: "a file that is locked"}
    folder = EVIDENCE.folder
    assert digests(Refusing(tmp_path, folder)) == {stray: hashes[stray], folder: "a folder that is locked"}


def test_files_are_told_apart_by_their_names(tmp_path):
    """Controls lie beside the evidence and are not taken for it."""
    coin = SimpleNamespace(name="coin", code=EVIDENCE.code, scales={"minimal": SCALE}, arms=("fair",))
    controls = controls_of(coin, VERSION)
    path, content = as_controls_file(controls)
    assert parse_any(content, path).controls == controls
    assert parse_any(CONTENT, PLACE).evidence == EVIDENCE
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(content)
    found = ledger_in(tmp_path, EVIDENCE)
    assert ([each.path for each in found.controls], found.evidence) == ([path], (EVIDENCE,))

"""A link lets evidence go on under a new test version, where it is true of evidence that is there."""

import hashlib
import json
from types import SimpleNamespace

import pytest

from kb.evidence.file import Filed, as_file
from kb.evidence.ledger import canonical_json, ledger_of, parse_any, read_ledger
from kb.evidence.links import CODES, Compared, FiledLink, Link, as_link_file, parse_link, values_digest
from kb.evidence.seeds import block_seeds
from kb.reading.tree import Folder
from kb.reading.version import version_of
from kb.text.problems import Problem
from repro.ledger import LedgerError, append, append_link
from tests.evidence_of import MACHINE, evidence_of

SCALE = {"flips": 100}


def version(text):
    """Return a test version of the coin, and the code that it is made of."""
    code = {"coin": hashlib.sha256(text.encode()).hexdigest()}
    return version_of(code, SCALE), code


(OLD, _), (NEW, _), (NEWER, _) = version("old"), version("new"), version("newer")
CODE_OF = dict(version(text) for text in ("old", "new", "newer", "aside"))
ASIDE = version("aside")[0]


def piece(arm="fair", block=0, of=OLD, values=None, **changes):
    """Return a block of the coin; `seeds_from` gives it another version's seeds."""
    script = SimpleNamespace(name="coin", code=CODE_OF[of], scales={"minimal": SCALE})
    seeds = block_seeds(changes.get("seeds_from") or of, block, replication=changes.get("replication", 0))
    found = values or tuple((seed % 1000 + len(arm)) / 7 for seed in seeds)
    return evidence_of(script, of, arm, block, found, **{"seeds": seeds, **changes})


def compared(evidence, **changes):
    """Return what a link says of one block, whose values came out the same."""
    filed, _ = as_file(evidence)
    digest = values_digest(evidence)
    fields = {
        "arm": evidence.arm,
        "block": evidence.block,
        "replication": evidence.replication,
        "evidence": filed.sha256,
        "before": digest,
        "now": digest,
        "difference": 0.0,
    }
    return Compared(**fields | changes)


def link(*pieces, of=NEW, same_as=OLD, **changes):
    """Return a link that compared some pieces."""
    fields = {
        "schema_version": 1,
        "kind": "link",
        "experiment": "coin",
        "version": of,
        "same_as": same_as,
        "code": CODE_OF[of],
        "scale": SCALE,
        "scale_name": "minimal",
        "compared": tuple(compared(each) for each in pieces),
        "left_out": (),
        "tolerance": 0.0,
        "started": "2026-02-01T00:00:00Z",
        "seconds": 1.0,
        "python": "3.11.0",
        "torch": "2.13.0",
        "numpy": "2.4.0",
        "lock": "0" * 64,
        "measuring": "1" * 64,
        "machine": MACHINE,
        "sandbox": "S0",
        "engine": "local",
        "runner": "0",
        "commit": "a" * 40,
        "dirty": False,
    }
    return Link(**fields | changes)


def ledger(*items):
    """Return the ledger of pieces of evidence and links, read from their bytes."""
    files = (as_link_file(item) if isinstance(item, Link) else evidence_file(item) for item in items)
    return ledger_of(parse_any(content, path) for path, content in files)


def evidence_file(evidence):
    """Return path and bytes of a piece."""
    filed, content = as_file(evidence)
    return filed.path, content


def test_evidence_goes_on_under_a_linked_version():
    """What counts for the earlier version counts for the later one, and the other way round."""
    first = piece()
    before, after = ledger(first), ledger(first, link(first))
    assert before.counting("coin", NEW) == {}
    assert after.counting("coin", NEW) == after.counting("coin", OLD) == {("fair", 0): first}
    assert (after.origin(NEW), after.is_same(NEW, OLD), after.is_same(ASIDE, OLD)) == (OLD, True, False)
    assert after.values("coin", NEW, ["fair"]) == {"fair": {"score": first.values["score"]}}
    assert after.problems == ()


def test_links_form_chains():
    """A version may go on with one that itself went on; all seeds are those of the first."""
    first = piece()
    second = piece(block=1, of=NEW, seeds_from=OLD, started="2026-02-02T00:00:00Z")
    again = link(first, second, of=NEWER, same_as=NEW, started="2026-03-01T00:00:00Z")
    found = ledger(again, second, link(first), first)
    assert found.problems == ()
    assert found.origin(NEWER) == OLD
    assert found.counting("coin", NEWER) == {("fair", 0): first, ("fair", 1): second}


def test_blocks_of_linked_versions_count_by_their_start():
    """Of one block measured under both versions the one that was started first counts."""
    first = piece(started="2026-01-05T00:00:00Z")
    later = piece(of=NEW, seeds_from=OLD, started="2026-02-05T00:00:00Z", values=(0.0,) * 5)
    found = ledger(first, later, link(first))
    assert found.counting("coin", NEW) == {("fair", 0): first}


def test_each_replication_goes_on_with_its_own_seeds():
    """Links speak of a version, and so of all its replications."""
    first, other = piece(), piece(replication=1)
    found = ledger(first, other, link(first))
    assert found.counting("coin", NEW, 1) == {("fair", 0): other}


def test_two_links_to_one_test_are_one():
    """Comparing again adds a link that changes nothing."""
    first = piece()
    found = ledger(first, link(first), link(first, started="2026-02-03T00:00:00Z"))
    assert (found.origin(NEW), found.problems, len(found.links)) == (OLD, (), 2)


def test_seeds_of_another_version_need_a_link():
    """Nobody can choose seeds by naming another version."""
    found = ledger(piece(of=NEW, seeds_from=OLD))
    assert [problem.code for problem in found.problems] == ["unlinked-evidence"]
    assert found.counting("coin", NEW) == found.counting("coin", OLD) == {}


FIRST, BENT = piece(), piece("bent")
UNFOLLOWED = {
    "of evidence that is gone": ("link-evidence", [link(FIRST)]),
    "of another version": (
        "link-evidence",
        [piece(of=ASIDE), link(piece(of=ASIDE))],
    ),
    "of another arm": (
        "link-evidence",
        [FIRST, link(FIRST, compared=(compared(FIRST, arm="bent"),))],
    ),
    "of other values": (
        "link-evidence",
        [FIRST, link(FIRST, compared=(compared(FIRST, before="0" * 64, now="0" * 64),))],
    ),
    "of one arm of two": ("link-arms", [FIRST, BENT, link(FIRST)]),
    "to itself": ("link-circle", [FIRST, link(FIRST, of=OLD)]),
    "back again": (
        "link-circle",
        [FIRST, link(FIRST), link(FIRST, of=OLD, same_as=NEW, started="2026-02-02T00:00:00Z")],
    ),
    "to two versions": (
        "link-conflict",
        [
            FIRST,
            piece(of=ASIDE),
            link(FIRST),
            link(piece(of=ASIDE), same_as=ASIDE, started="2026-02-02T00:00:00Z"),
        ],
    ),
    "beside evidence of its own": ("link-conflict", [FIRST, piece(of=NEW), link(FIRST)]),
}


@pytest.mark.parametrize(("code", "items"), UNFOLLOWED.values(), ids=UNFOLLOWED)
def test_a_link_that_is_not_true_is_a_problem_and_not_followed(code, items):
    """Evidence that is there must hold what a link says, of every arm, and lead to one version."""
    found = ledger(*items)
    assert [problem.code for problem in found.problems] == [code]
    last = items[-1]
    assert found.origin(last.version) != last.same_as or last.version == last.same_as
    assert found.problems[0].place.path == as_link_file(last)[0]


def test_arms_may_be_left_out_and_may_come_later():
    """An arm that the script lost is named; one measured after the link does not count against it."""
    later = piece("bent", started="2026-03-01T00:00:00Z")
    assert ledger(FIRST, BENT, link(FIRST, left_out=("bent",))).problems == ()
    assert ledger(FIRST, later, link(FIRST)).problems == ()


def written(record):
    """Return path and bytes of any record, with its right hash."""
    text = canonical_json(record)
    digest = hashlib.sha256(text.encode()).hexdigest()
    path = f"repro/evidence/coin/{NEW[:12]}/same-as-{OLD[:12]}-{digest[:16]}.json"
    return path, f'{{"record":{text},"sha256":"{digest}"}}\n'.encode()


PATH, CONTENT = as_link_file(link(FIRST))
RECORD = json.loads(CONTENT)["record"]
OTHERS = {**RECORD["compared"][0], "now": "2" * 64, "difference": 0.125}
BAD_FILES = {
    "empty": (PATH, b"", "not a record"),
    "a list": (PATH, b"[]", "not a record"),
    "cut off": (PATH, CONTENT[:-20], "not a record"),
    "nested": (PATH, b"[" * 100_000, "not a record"),
    "edited": (PATH, CONTENT.replace(b'"seconds":1.0', b'"seconds":2.0'), "the bytes are not those"),
    "spaced": (PATH, CONTENT.replace(b'"seconds":1.0', b'"seconds": 1.0'), "the bytes are not those"),
    "elsewhere": (PATH.replace("coin", "dice"), CONTENT, "belongs to repro/evidence/coin/"),
    "under evidence's name": (PATH.replace("same-as-", "fair-"), CONTENT, "belongs to"),
    "from a dirty checkout": (*written(RECORD | {"dirty": True}), "dirty: input should be False"),
    "without a commit": (*written(RECORD | {"commit": None}), "commit: input should be a valid string"),
    "nothing compared": (*written(RECORD | {"compared": []}), "compared: tuple should have at least 1"),
    "unknown field": (*written(RECORD | {"trust": 1}), "trust: extra inputs"),
    "another code": (*written(RECORD | {"code": {"coin": "3" * 64}}), "does not follow from code and scale"),
    "another scale": (*written(RECORD | {"scale": {"flips": 7}}), "does not follow from code and scale"),
    "other values": (*written(RECORD | {"compared": [OTHERS]}), "equal bits are required"),
    "beyond its tolerance": (*written(RECORD | {"compared": [OTHERS], "tolerance": 0.1}), "the tolerance"),
}


@pytest.mark.parametrize(("path", "content", "found"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_damaged_link_is_refused(path, content, found):
    """Links are read without trust, as evidence is."""
    problem = parse_link(content, path)
    assert isinstance(problem, Problem)
    assert (problem.code, found in problem.found) == ("link-file", True), problem.found


def test_a_link_is_read_as_it_was_written():
    """Also one that allowed some difference."""
    near = link(FIRST, compared=(compared(FIRST, now="2" * 64, difference=0.01),), tolerance=0.02)
    for each in (link(FIRST), near):
        path, content = as_link_file(each)
        found = parse_link(content, path)
        assert isinstance(found, FiledLink), found
        assert (found.link, as_link_file(found.link)) == (each, (path, content))
        assert found.sha256[:16] in path


def test_every_code_has_a_bad_link():
    """No rule without a file that breaks it."""
    assert {code for code, _ in UNFOLLOWED.values()} | {"link-file", "unlinked-evidence"} == CODES.keys()


def test_only_equal_numbers_have_equal_digests():
    """Minus zero differs from zero in one bit, and NaN is distinguished from infinity."""
    digests = {
        values_digest(piece(values=(x, 0.0, 0.0, 0.0, 0.0))) for x in (0.0, -0.0, float("nan"), float("inf"))
    }
    assert len(digests) == 4
    assert isinstance(as_file(FIRST)[0], Filed)


def test_a_link_is_stored_as_it_will_be_read(tmp_path):
    """With the pieces that it compared beside it; one that its reader would refuse is not stored."""
    first = piece()
    append(tmp_path, first)
    made = link(first)
    filed = append_link(tmp_path, made)
    found = read_ledger(Folder(tmp_path))
    assert (filed.link, found.links, found.problems) == (made, (filed,), ())
    with pytest.raises(LedgerError, match="; allowed are ") as caught:
        append_link(tmp_path, made.model_copy(update={"code": CODE_OF[NEWER]}))
    assert caught.value.path.parent == (tmp_path / filed.path).parent
    assert read_ledger(Folder(tmp_path)).links == (filed,)

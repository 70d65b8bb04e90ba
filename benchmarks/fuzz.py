"""Hand damaged input to every reader, many times: each answers with what it read or with its own refusal.

Inputs are good ones with bytes flipped, cut, repeated and spliced, or with one value exchanged for another
and then sealed with the right hash and name, as somebody would who edits evidence by hand. Anything that a
reader raises besides its own kind of refusal ends the run, with the input that did it.

Run: python benchmarks/fuzz.py [CASES] [SEED]
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kb.evidence.file import parse
from kb.evidence.ledger import ledger_of
from kb.evidence.links import PREFIX, parse_link
from kb.evidence.record import canonical_json
from kb.evidence.strays import fitted
from kb.judging.judgement import judge_base
from kb.reading.base import Base
from kb.reading.diagnosis import validate
from kb.reading.experiment import read_script
from kb.reading.lab import lab_of
from kb.reading.load import load_base
from kb.reading.script_syntax import ScriptError
from kb.reading.tree import Folder
from kb.records.claims import Claim, Source, Tombstone
from kb.records.debates import Debate
from kb.records.fields import Record
from kb.text.guarded_text import GuardError, guarded
from kb.text.problems import Problem, render_terminal
from kb.text.yaml_guard import compose
from repro.cli import cli
from repro.worker.messages import read_line
from tests.conftest import write_project
from tests.measured import measure

TOKENS = (
    *(
        b": ",
        b"\n",
        b"- ",
        b"&a ",
        b"*a",
        b"!!x ",
        b"[",
        b"{",
        b"}",
        b"]",
        b'"',
        b"'",
        b"\\",
        b"\x1b]0;x\x07",
    ),
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\\ud800", b"1e999", b"NaN"),
    *(b"-Infinity", b"null", b"true", b"-0", b"9" * 400, b"[" * 2000, b"{" * 500, b"<<<<<<< HEAD\n", b"\r\n"),
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        10**30,
        -(10**400),
        0.5,
        -1e308,
        5e-324,
        "",
        "x",
        "../x",
        "\x1b[2J",
        "\ud800",
    ),
    *("1", "2026-01-31T00:00:00Z", "9999-12-31T23:59:59Z", "0" * 64, [], {}, [1], [None] * 5, [0.0] * 5),
    *([1e308] * 5, [{"nonfinite": "nan"}] * 5, [{"nonfinite": "no"}] * 5, {"a": 1}, {"nonfinite": "inf"}),
    *({"score": [1.0, 2.0, 3.0, 4.0, 5.0]}, [[]] * 5, "loaded", "fair", "minimal", "S3", 2, 3, 79, 80),
)
WORDS = (
    *(
        "--root",
        "--json",
        "--help",
        "-h",
        "--version",
        "--all",
        "--stale",
        "--seeds",
        "--setting",
        "--dry-run",
    ),
    *("--set", "--replication", "--device", "--timeout", "--memory", "--jobs", "--engine", "--cluster", "--"),
    *("--coverage", "--format", "sarif", "github", "json", "--state", "--controls", "--same", "--tolerance"),
    *(
        "toy-claim",
        "toy-source",
        "coin",
        "toys/",
        "toy",
        "claims",
        "-1",
        "0",
        "5",
        "1e999",
        "nan",
        "",
        " ",
        "-",
    ),
    *("cuda", "cuda:99", "4G", "0G", "HEAD", "HEAD~9", "flips=5", "flips=", "=", "flips=[1]", "..", "/", "."),
    *(
        "\x1b[2J",
        "\udcff",
        "é",
        "x" * 5000,
        "🙂",
        "x/" * 2500,
        "a\0b",
        "inf",
        "9" * 400,
        "9" * 5000,
        "0.5",
        "toy-claim=refuted",
        "reproduced",
        "claims/toys/toy-claim.yaml",
    ),
)
COMMANDS = (
    *(
        "list",
        "show",
        "status",
        "why",
        "whatif",
        "graph",
        "next",
        "conflicts",
        "plan",
        "check",
        "diff",
        "log",
    ),
    *("impact", "review", "verify", "nonsense"),
)
"""Commands that only read; `run` is asked for its plan alone."""
Case = Callable[[random.Random], bool]
"""Makes one input, hands it to its reader, and says whether that took it."""


def damaged(content: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return bytes with one to four places replaced, removed, repeated, spliced or cut off."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed[at : at + rng.randint(0, 8)] = rng.choice(TOKENS)
            case 2:
                changed[at:at] = changed[at : at + rng.randint(1, 200)]
            case 3:
                del changed[at : at + rng.randint(1, 60)]
            case 4:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                changed[at : at + rng.randint(0, 80)] = other[start : start + rng.randint(1, 80)]
            case _:
                del changed[at:]
    return bytes(changed)


def with_another_value(document: Any, rng: random.Random) -> Any:
    """Return a JSON document in which one value, at any depth, is exchanged, left out or moved."""
    copied = json.loads(json.dumps(document))
    parent = copied
    while True:
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        if not keys:
            return copied
        key = rng.choice(keys)
        inner = parent[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.6:
            parent = inner
            continue
        match rng.randrange(8):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[f"{key}{rng.choice(('x', '', '_', 'é'))}"] = inner
            case 2 if isinstance(inner, int | float) and not isinstance(inner, bool):
                parent[key] = inner * rng.choice((-1, 0, 2, 10, 0.1, 1e300))
            case _:
                parent[key] = rng.choice(VALUES)
        return copied


def sealed(record: Any) -> tuple[str, bytes]:
    """Return where a record would lie and its bytes, with the right hash, as far as it can be written."""
    try:
        text = canonical_json(record)
    except ValueError:
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = record if isinstance(record, dict) else {}
    folder = f"repro/evidence/{known.get('experiment')}/{str(known.get('version'))[:12]}"
    name = f"{known.get('arm')}-b{known.get('block')}-{digest[:16]}.json"
    return f"{folder}/{name}", f'{{"record":{text},"sha256":"{digest}"}}\n'.encode()


class Corpus(NamedTuple):
    """Good inputs, all of them the project's own.

    Attributes:
        records: The bytes of records, with what each must hold.
        evidence: The bytes of evidence, by path.
        links: The bytes of links, by path.
        scripts: The texts of experiments, by name.
    """

    records: list[tuple[type[Record], bytes]]
    evidence: list[tuple[str, bytes]]
    links: list[tuple[str, bytes]]
    scripts: list[tuple[str, str]]


def corpus(root: Path) -> Corpus:
    """Return the good inputs of a project."""
    models: dict[str, type[Record]] = {"sources": Source, "debates": Debate}
    records = [
        (models.get(path.parent.name, Tombstone if b"moved_to:" in content else Claim), content)
        for path in sorted(root.glob("claims/*/*.yaml"))
        for content in [path.read_bytes()]
    ]
    stored = [
        (path.relative_to(root).as_posix(), path.read_bytes())
        for path in sorted(root.glob("repro/evidence/*/*/*.json"))
    ]
    links = [item for item in stored if Path(item[0]).name.startswith(PREFIX)]
    evidence = [item for item in stored if item not in links]
    scripts = [
        (path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(root.glob("repro/experiments/[a-z]*.py"))
    ]
    return Corpus(records, evidence, links, scripts)


def record_case(known: Corpus) -> Case:
    """Return a case of a record's bytes, read as `repro check` reads them."""
    texts = [content for _, content in known.records]

    def case(rng: random.Random) -> bool:
        model, good = rng.choice(known.records)
        try:
            composed = compose(guarded(damaged(good, texts, rng)))
        except GuardError:
            return False
        record, faults = validate(model, composed)
        return record is not None and not faults

    return case


def evidence_case(known: Corpus) -> Case:
    """Return a case of the bytes of one piece of evidence, raw or sealed."""
    texts = [content for _, content in known.evidence]

    def case(rng: random.Random) -> bool:
        return not isinstance(parse(*_evidence(known, texts, rng)[::-1]), Problem)

    return case


def _evidence(known: Corpus, texts: Sequence[bytes], rng: random.Random) -> tuple[str, bytes]:
    path, good = rng.choice(known.evidence)
    if rng.random() < 0.3:
        return path, damaged(good, texts, rng)
    return sealed(with_another_value(json.loads(good)["record"], rng))


def link_case(known: Corpus) -> Case:
    """Return a case of the bytes of a link."""
    texts = [content for _, content in known.links]

    def case(rng: random.Random) -> bool:
        path, good = rng.choice(known.links)
        if rng.random() < 0.5:
            return not isinstance(parse_link(damaged(good, texts, rng), path), Problem)
        _, content = sealed(with_another_value(json.loads(good)["record"], rng))
        return not isinstance(parse_link(content, path), Problem)

    return case


def ledger_case(project: Path) -> Case:
    """Return a case of a whole ledger in which one piece was edited: it is read, fitted and judged."""
    base, known = load_base(Folder(project)), corpus(project)
    texts = [content for _, content in known.evidence]
    good = [parse(content, path) for path, content in known.evidence]

    def case(rng: random.Random) -> bool:
        path, content = _evidence(known, texts, rng)
        rest = rng.sample(good, rng.randint(0, len(good)))
        ledger = fitted(base, ledger_of([*rest, parse(content, path)]))
        judge_base(base, ledger)
        _printed(base, ledger.problems)
        return not ledger.problems

    return case


def _printed(base: Base, problems: Sequence[Problem]) -> None:
    del base
    text = render_terminal(problems)
    if "\x1b" in text:
        raise AssertionError(f"a problem steers the terminal: {text!r}")
    text.encode()


def script_case(known: Corpus) -> Case:
    """Return a case of a script's text."""
    lab = dict(lab_of(Folder(ROOT)))
    texts = [text.encode() for _, text in known.scripts]

    def case(rng: random.Random) -> bool:
        name, good = rng.choice(known.scripts)
        try:
            read_script(name, guarded(damaged(good.encode(), texts, rng)), lab)
        except (GuardError, ScriptError):
            return False
        except (RecursionError, MemoryError, ValueError):  # which `load_base` tells as problems of the script
            return False
        return True

    return case


MESSAGE: dict[str, Any] = {
    "block": 0,
    "started": "2026-01-31T00:00:00Z",
    "seconds": 0.5,
    "values": {"score": [0.0, 1.0, 2.0, 3.0, {"nonfinite": "nan"}]},
    "curves": {"score_curve": [[0.0, 1.0]] * 5},
    "peak_memory_bytes": 1,
    "versions": ["3", "2", "2"],
    "machine": {"system": "", "cpu": "", "capability": "", "blas": "", "threads": 1},
    "sandbox": "S2",
    "notes": ["why"],
}
ERROR = {"block": 0, "error": {"kind": "exception", "message": "why", "traceback_tail": "where"}}
LINES = tuple(json.dumps(each).encode() for each in (MESSAGE, ERROR, {"exit_code": 0}))


def line_case(rng: random.Random) -> bool:
    """Hand a line of a worker to the engine's reader, and say whether it is a message."""
    good = rng.choice(LINES)
    if rng.random() < 0.5:
        line = damaged(good, LINES, rng)
    else:
        line = json.dumps(with_another_value(json.loads(good), rng)).encode()
    try:
        read_line(line)
    except ValueError:
        return False
    return True


def words_case(project: Path) -> Case:
    """Return a case of a command line that only reads."""

    def case(rng: random.Random) -> bool:
        command = rng.choice((*COMMANDS, "run"))
        words = [rng.choice(WORDS) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 5)))]
        if command == "run":
            words = [word for word in words if word != "--"]
            words.append("--dry-run")
        if command == "verify":
            words = [word for word in words if word not in ("--same", "--controls")]
        done = CliRunner().invoke(cli, ["--root", str(project), command, *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            done.exception.add_note(f"{command} {words!r}")
            raise done.exception
        return done.exit_code == 0

    return case


def surfaces(cases: int, project: Path) -> Iterator[tuple[str, int, Case]]:
    """Yield the name, the number of cases and the case of every reader.

    Args:
        cases: How many cases in all; slow readers get fewer of them.
        project: A small project with evidence, for ledgers and command lines.
    """
    known = corpus(ROOT)
    own = known if known.links else known._replace(links=known.evidence)
    yield "records", cases * 40 // 100, record_case(known)
    yield "evidence", cases * 30 // 100, evidence_case(known)
    yield "links", cases * 5 // 100, link_case(own)
    yield "lines of a worker", cases * 24 // 100, line_case
    yield "ledgers, read and judged", max(1, cases * 7 // 1000), ledger_case(project)
    yield "scripts", max(1, cases * 2 // 1000), script_case(known)
    yield "command lines", max(1, cases // 400), words_case(project)


def main(cases: int, seed: int) -> int:
    """Run all cases, print a row for each reader and return how many cases there were."""
    total, start = 0, time.perf_counter()
    print(f"{'what':<28}{'cases':>11}{'taken':>11}{'uncaught':>10}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder))
        measure(project)
        for name, count, case in surfaces(cases, project):
            began, taken = time.perf_counter(), 0
            for number in range(count):
                try:
                    taken += case(random.Random(f"{seed} {name} {number}"))  # noqa: S311 # no secret
                except BaseException as error:
                    error.add_note(f"seed {seed}, {name}, case {number}")
                    raise
            total += count
            print(f"{name:<28}{count:>11,}{taken:>11,}{0:>10}{time.perf_counter() - began:>9.0f}", flush=True)
    print(f"{'all':<28}{total:>11,}{'':>11}{0:>10}{time.perf_counter() - start:>9.0f}")
    return total


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    main(*(numbers + [1_010_000, 1][len(numbers) :]))

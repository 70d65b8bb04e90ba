"""Damage every record in many ways: reading must end in records or problems, never in a traceback.

Each mutation changes one file in a copy of the project that holds only this record and what it names. `repro
check` and one other command answer, and pages are built if there is no problem. The run counts exit codes and
the problem codes of the damaged file; a traceback or another exit code ends the run.

Run: python benchmarks/mutations.py [MUTATIONS] [SEED]
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Folder
from kb.site.render import redirects, render
from repro.cli import cli

ROOT = Path(__file__).resolve().parents[1]
BYTES = [
    *(b": ", b"\n", b"- ", b"&a ", b"*a", b"!!x ", b"[", b"{", b"#", b"'", b'"', b"", b"\t", b"1e999"),
    *(b"\xe2\x80\xae", b"\x00", b"\xff", b"\xef\xbb\xbf", b"---\n", b"<<: *a\n", b"%YAML 1.1\n"),
]
VALUES = [
    *(
        "null",
        "true",
        "1",
        "-1",
        "0.5",
        "1e300",
        "'1'",
        "[]",
        "{}",
        "''",
        "[a, b]",
        "[[[[1]]]]",
        "{a: {b: c}}",
    ),
    *(
        "no",
        "0777",
        "1:30",
        "2017-12-05",
        "javascript:alert(1)",
        "../x",
        "x" * 5000,
        "{claim: 1}",
        "[1, null]",
    ),
]
FIELDS = [
    *(
        "title",
        "kind",
        "claims",
        "none",
        "moved_to",
        "split_into",
        "planned",
        "protocol",
        "predictions",
        "of",
    ),
    *(
        "contrast",
        "between",
        "equals",
        "within",
        "rate",
        "estimand",
        "scale",
        "revisions",
        "controls",
        "sides",
    ),
    *("slips", "paragraphs", "untested", "not_testable", "relations", "stated_in", "if", "DOI", "issued"),
]
OTHERS = [["check", "--json"], ["check", "--coverage"], ["list"], ["status"], ["show", "ID"], ["why", "ID"]]
"""Commands, one of which answers besides `check`."""
NAMING = re.compile(rb"[a-z0-9]+(?:[-_][a-z0-9]+)*")
Damage = Callable[[bytes, Sequence[str], random.Random], bytes]


def bytes_changed(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return the content with some bytes replaced, inserted, removed or copied."""
    del ids
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(changed) + 1), rng.choice([0, 1, 1, 2, 8])
        copied = changed[at : at + rng.randint(1, 60)]
        changed[at : at + length] = rng.choice([bytes([rng.randrange(256)]), rng.choice(BYTES), copied])
    return bytes(changed)


def lines_changed(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return the content with a line removed, doubled, moved or indented."""
    del ids
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    line = lines.pop(at)
    where = rng.choice([at, rng.randrange(len(lines) + 1)])
    lines[where:where] = rng.choice([[], [line, line], [line], [b"  " + line], [line[2:]]])
    return b"\n".join(lines)


def values_changed(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return the content with the value after a key replaced by one of another type, or by any word."""
    del ids
    new = rng.choice([rng.choice(VALUES), _word(content, rng)])
    return _one_replaced(rb": [^\n,}\]]+", content, f": {new}", rng)


def fields_changed(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return the content with a key replaced by that of another field."""
    del ids
    return _one_replaced(rb"\b\w+:", content, f"{rng.choice(FIELDS)}:", rng)


def ids_changed(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return the content with the id of one record replaced by that of another, or by its own."""
    known = b"|".join(re.escape(name.encode()) for name in sorted(ids, key=len, reverse=True))
    return _one_replaced(rb"\b(?:" + known + rb")\b", content, rng.choice([*ids, "nobody"]), rng)


def words_changed(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return the content with a word that looks like a name replaced by another from the content."""
    del ids
    return _one_replaced(rb"\b" + NAMING.pattern + rb"\b", content, _word(content, rng), rng)


def tombstone(content: bytes, ids: Sequence[str], rng: random.Random) -> bytes:
    """Return a tombstone instead of the content, or in front of it."""
    targets = [rng.choice(ids) for _ in range(rng.randint(0, 3))]
    line = rng.choice([f"moved_to: {rng.choice(ids)}\n", f"split_into: [{', '.join(targets)}]\n"]).encode()
    return rng.choice([line, line + content])


DAMAGES: tuple[Damage, ...] = (
    bytes_changed,
    lines_changed,
    values_changed,
    fields_changed,
    ids_changed,
    words_changed,
    tombstone,
)


def _word(content: bytes, rng: random.Random) -> str:
    return rng.choice(NAMING.findall(content)).decode()


def _one_replaced(pattern: bytes, content: bytes, new: str, rng: random.Random) -> bytes:
    found = [*re.finditer(pattern, content)]
    if not found:
        return content
    start, end = rng.choice(found).span()
    return content[:start] + new.encode() + content[end:]


def answers(project: Path, record_id: str, rng: random.Random) -> Iterator[tuple[str, int, str]]:
    """Yield the name, exit code and output of `check` and one other command; then build pages if all is well.

    Raises:
        RuntimeError: A command ended neither well nor with a reported problem.
        Exception: Whatever else a command raised; that is the kind of failure sought.
    """
    good = False
    for words in (["check"], rng.choice(OTHERS)):
        line = [record_id if word == "ID" else word for word in words]
        done = CliRunner().invoke(cli, ["--root", str(project), *line], catch_exceptions=False)
        if done.exit_code not in (0, 2):
            raise RuntimeError(f"{line} ended with {done.exit_code}: {done.output}")
        good = good or (words == ["check"] and done.exit_code == 0)
        yield words[0], done.exit_code, done.output
    if good:
        site = Site(read(Folder(project)), project)
        pages = [*render(site), *redirects(site)]
        yield "pages", 0, f"{len(pages)}"


def damaged(project: Path, path: str, rng: random.Random, times: int) -> Iterator[tuple[str, bytes]]:
    """Rewrite a project's file a number of times, each time damaged in another way, and finally restore it.

    Args:
        project: The project's folder.
        path: The file, relative to the folder.
        rng: Chooses the damage.
        times: How many times.
    """
    file = project / path
    good = file.read_bytes()
    ids = sorted({record.stem for record in project.glob("claims/*/*.yaml")})
    for _ in range(times):
        damage = rng.choice(DAMAGES)
        content = damage(good, ids, rng)
        file.write_bytes(content)
        yield damage.__name__, content
    file.write_bytes(good)


def neighbourhood(root: Path, path: str, target: Path) -> Path:
    """Copy a record and all records, scripts and evidence that it names into a folder, and return that."""
    words = {word.decode() for word in NAMING.findall((root / path).read_bytes())}
    for name in [path, *_named(root, words)]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target / name)
    (target / "repro").mkdir(exist_ok=True)
    for script in (target / "repro").glob("experiments/*.py"):
        evidence = f"repro/evidence/{script.stem}"
        if (root / evidence).is_dir():
            shutil.copytree(root / evidence, target / evidence)
    (target / "site").mkdir()
    (target / "site/templates").symlink_to(root / "site/templates")
    return target


def _named(root: Path, words: Iterable[str]) -> Iterator[str]:
    for word in words:
        for found in (*root.glob(f"claims/*/{word}.yaml"), *root.glob(f"repro/experiments/{word}.py")):
            yield found.relative_to(root).as_posix()


class Counts(NamedTuple):
    """The outcome of the mutations."""

    kinds: Counter[str]
    exits: Counter[str]
    codes: Counter[str]


def mutate(root: Path, path: str, rng: random.Random, times: int, counts: Counts) -> None:
    """Damage one record a number of times and count what the commands say.

    Raises:
        Exception: What a command raised, with the content that caused it as a note.
    """
    own_problem = re.compile(rf"^{re.escape(path)}:\d+:\d+: error\[([\w-]+)\]", re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        project = neighbourhood(root, path, Path(folder))
        for kind, content in damaged(project, path, rng, times):
            counts.kinds[kind] += 1
            try:
                for name, code, output in answers(project, Path(path).stem, rng):
                    counts.exits[f"{name} {code}"] += 1
                    counts.codes.update(own_problem.findall(output))
            except BaseException as error:
                error.add_note(f"{path}, {kind}:\n{content!r}")
                raise


def main(mutations: int, seed: int) -> None:
    """Damage the project's own records a number of times and print the outcome."""
    paths = sorted(file.relative_to(ROOT).as_posix() for file in ROOT.glob("claims/*/*.yaml"))
    counts = Counts(Counter(), Counter(), Counter())
    started = time.perf_counter()
    for number, path in enumerate(paths):
        times = mutations // len(paths) + (number < mutations % len(paths))
        mutate(ROOT, path, random.Random(f"{seed} {path}"), times, counts)  # noqa: S311 # no secret
    seconds = time.perf_counter() - started
    for title, counter in counts._asdict().items():
        print(f"{title}: " + ", ".join(f"{name} {count}" for name, count in counter.most_common()))
    print(f"{len(counts.codes)} codes met in the damaged files themselves")
    print(f"{counts.kinds.total()} mutations of {len(paths)} records, no traceback, {seconds:.0f} s")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    main(*(numbers + [10_000, 1][len(numbers) :]))

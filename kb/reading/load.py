"""The only reader of records and scripts: a tree of files in, records and all problems out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from kb.reading.base import Base, Document
from kb.reading.collector import without_collector
from kb.reading.diagnosis import validate
from kb.reading.experiment import SCRIPTS, Script, read_script, script_path
from kb.reading.files import DEBATES, OVERVIEWS, SOURCES, RecordFile, record_files
from kb.reading.former import former_outcomes, in_todays_names
from kb.reading.lab import lab_of
from kb.reading.outcomes import read_outcomes
from kb.reading.overviews import TEXTS, Overview, parse
from kb.reading.script_syntax import ScriptError
from kb.reading.texts import read_content, read_text
from kb.reading.tree import Folder, Tree, TreeError
from kb.records.claims import TOMBSTONE, Claim, Source, Tombstone
from kb.records.debates import Debate
from kb.records.fields import NAME, Record
from kb.text.guarded_text import Fault, GuardError, guarded
from kb.text.problems import Place, Problem, in_order
from kb.text.yaml_guard import Composed, compose

__all__ = ["Base", "load_base", "load_claims", "record_in"]

CODES = {
    "bad-name": "The name of a script is not one that a module can have.",
    "bad-script": "An experiment's script does not keep the contract.",
}
_ALLOWED_NAME = "a lower-case letter a-z, then such letters, digits and underscores; at most 64 characters"


@dataclass
class _Reading:
    """What has been read so far."""

    claims: dict[str, Claim] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    debates: dict[str, Debate] = field(default_factory=dict)
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    overviews: dict[str, Overview] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, name: str, path: str, fault: Fault, line: str = "") -> None:
        """Keep a fault of a file as a problem, and remember that the file exists but is wrong."""
        place = Place(path, fault.line, fault.column)
        self.unread.add(name)
        self.problems.append(
            Problem(fault.code, place, fault.found, fault.allowed, fault.advice, fault.nearest, line)
        )


def load_base(tree: Tree, *, today: str | None = None) -> Base:
    """Read every record and script of a project; what is wrong becomes problems, never an exception.

    Args:
        tree: The project's files.
        today: Date as `2026-01-31`; if given, sources issued later are problems.
    """
    with without_collector():
        return _load(tree, today)


def load_claims(tree: Tree, ids: Collection[str]) -> Base:
    """Read no more than some claims and their scripts; all other records count as unread.

    Rules over several records see only these. If an id does not belong to a claim, everything is read.
    """
    with without_collector():
        base = _load(tree, None, only=ids)
        return base if ids and base.claims.keys() == set(ids) else _load(tree, None)


def _load(tree: Tree, today: str | None, *, only: Collection[str] | None = None) -> Base:
    reading = _Reading()
    files, problems = record_files(tree)
    reading.problems += problems
    reading.unread.update(PurePosixPath(problem.place.path).stem for problem in problems)
    chosen = [file for file in files if only is None or file.id in only]
    reading.unread.update(file.id for file in files if only is not None and file.id not in only)
    for file in chosen:
        _read_record(reading, file, _opened(tree, file))
    wanted = None if only is None else {c.protocol.experiment for c in reading.claims.values() if c.protocol}
    lab = lab_of(tree)
    for name in _experiments(reading, tree):
        if wanted is None or name in wanted:
            _read_script(reading, tree, name, lab)
        else:
            reading.unread.add(name)
    if only is None:
        _read_overviews(reading, tree)
    return _whole(reading, today)


def _whole(reading: _Reading, today: str | None) -> Base:
    base = Base(
        claims=dict(sorted(reading.claims.items())),
        sources=dict(sorted(reading.sources.items())),
        debates=dict(sorted(reading.debates.items())),
        tombstones=dict(sorted(reading.tombstones.items())),
        overviews=reading.overviews,
        scripts=reading.scripts,
        topics=dict(sorted(reading.topics.items())),
        paths=dict(sorted(reading.paths.items())),
        documents=reading.documents,
        unread=frozenset(reading.unread),
        today=today,
    )
    return replace(base, problems=in_order([*reading.problems, *_broken_rules(base)]))


def _broken_rules(base: Base) -> Iterator[Problem]:
    from kb.reading.rules import rules

    for rule in rules():
        yield from rule.check(base)


def _opened(tree: Tree, file: RecordFile) -> Composed | tuple[Fault, str]:
    """Return a file's values, or the fault for which it was refused with the line that it is in."""
    content = b""
    try:
        content = read_content(tree, file.path)
        composed = compose(guarded(content))
        return replace(composed, value=in_todays_names(composed.value)) if _is_former(tree) else composed
    except GuardError as error:
        return error.fault, _line(content, error.fault)


def _is_former(tree: Tree) -> bool:
    """Is it a state of the project that is kept for its history, rather than the files that people edit?"""
    return not isinstance(tree, Folder)


def _read_record(reading: _Reading, file: RecordFile, opened: Composed | tuple[Fault, str]) -> None:
    reading.paths[file.id] = file.path
    if not isinstance(opened, Composed):
        reading.refuse(file.id, file.path, *opened)
        return
    document = Document(file.path, opened.text)
    reading.documents[file.id] = document
    record, faults = validate(_model(file.folder, opened), opened)
    for fault in faults:
        reading.refuse(file.id, file.path, fault, document.line(fault.line))
    if faults:
        return
    match record:
        case Source():
            reading.sources[file.id] = record
        case Debate():
            reading.debates[file.id] = record
        case Tombstone():
            reading.tombstones[file.id] = record
        case Claim():
            reading.claims[file.id] = record
            reading.topics[file.id] = file.folder


def record_in(content: bytes, folder: str) -> Record | None:
    """Return the record in the bytes of a file, such as a former one; None if it breaks today's rules.

    Args:
        content: All bytes of the file.
        folder: `sources`, `debates` or a topic.
    """
    try:
        composed = compose(content.decode("utf-8").replace("\r\n", "\n"))
    except (GuardError, UnicodeDecodeError):
        return None
    composed = replace(composed, value=in_todays_names(composed.value))
    record, _ = validate(_model(folder, composed), composed)
    return record


def _model(folder: str, composed: Composed) -> type[Record]:
    """Return what a file must hold; one field of a tombstone makes a file of a topic one."""
    models: dict[str, type[Record]] = {SOURCES: Source, DEBATES: Debate}
    is_tombstone = isinstance(composed.value, dict) and any(key in composed.value for key in TOMBSTONE)
    return models.get(folder, Tombstone if is_tombstone else Claim)


def _line(content: bytes, fault: Fault) -> str:
    """Return the line that holds a fault, as far as it is text; empty for a file with a byte order mark."""
    if fault.code == "byte-order-mark":
        return ""
    lines = content.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    return lines[fault.line - 1] if fault.line <= len(lines) else ""


def _experiments(reading: _Reading, tree: Tree) -> list[str]:
    """Return the names of the experiments that have a script, in order."""
    try:
        names = [entry.name for entry in tree.list(SCRIPTS)]
    except TreeError as error:
        advice = "make it readable for you"
        reading.refuse("", SCRIPTS, Fault("unreadable-file", 1, 1, error.found, "a readable folder", advice))
        return []
    return [name.removesuffix(".py") for name in names if name.endswith(".py") and name[0] != "_"]


def _read_overviews(reading: _Reading, tree: Tree) -> None:
    """Read the texts about many verdicts, in order of names; none if the project has no such folder."""
    try:
        is_there = any(entry.name == OVERVIEWS and entry.is_folder for entry in tree.list("claims"))
    except TreeError:  # `record_files` says so
        return
    try:
        names = [entry.name for entry in tree.list(TEXTS) if entry.name.endswith(".md")] if is_there else []
    except TreeError as error:
        advice = "make it readable for you"
        reading.refuse("", TEXTS, Fault("unreadable-file", 1, 1, error.found, "a readable folder", advice))
        return
    for name in names:
        path, stem = f"{TEXTS}/{name}", name.removesuffix(".md")
        try:
            reading.overviews[stem] = parse(stem, path, read_text(tree, path))
        except GuardError as error:
            reading.refuse(stem, path, error.fault)


def _read_script(reading: _Reading, tree: Tree, name: str, lab: Mapping[str, str]) -> None:
    path = script_path(name)
    if flaw := _flaw_in_name(name):
        reading.refuse(name, path, flaw)
        return
    try:
        source = read_text(tree, path)
    except GuardError as error:
        reading.refuse(name, path, error.fault)
        return
    try:
        outcomes = former_outcomes if _is_former(tree) else read_outcomes
        reading.scripts[name] = read_script(name, source, lab, outcomes=outcomes)
    except ScriptError as error:
        fault = _script_fault(str(error), error.line)
    except (GuardError, TreeError, SyntaxError) as error:
        fault = _script_fault(f"a module of the lab cannot be read: {error}", 1)
    except (RecursionError, MemoryError, ValueError) as error:
        fault = _script_fault(f"the script cannot be read: {error}", 1)
    else:
        return
    lines = source.split("\n")
    reading.refuse(name, path, fault, lines[fault.line - 1] if fault.line <= len(lines) else "")


def _flaw_in_name(name: str) -> Fault | None:
    """Return what is wrong with the name of a script, which is a module and a word on command lines."""
    if re.fullmatch(NAME, name) and len(name) <= 64:
        return None
    near = "_".join(re.findall(r"[a-z0-9]+", name.lower())).lstrip("0123456789_")[:64].rstrip("_")
    found = f"the name {name!a}" if len(name) <= 64 else f"a name of {len(name)} characters"
    return Fault("bad-name", 1, 1, found, _ALLOWED_NAME, "rename the file", near or None)


def _script_fault(message: str, line: int) -> Fault:
    allowed = "a docstring, ARMS, OUTCOMES, Scale, MINIMAL, LARGE, TRIAL and measure"
    return Fault(
        "bad-script", line, 1, message, allowed, "compare it with another script in repro/experiments"
    )

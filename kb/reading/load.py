"""The only reader of `claims/` and `repro/experiments/`: all files in, records and all problems out."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from kb.reading.base import Base, Document
from kb.reading.collector import without_collector
from kb.reading.diagnosis import validate
from kb.reading.experiment import Script, ScriptError, read_script
from kb.reading.files import DEBATES, SOURCES, RecordFile, record_files
from kb.reading.former import in_todays_names
from kb.reading.halves import in_halves
from kb.records.claims import TOMBSTONE, Claim, Source, Tombstone
from kb.records.debates import Debate
from kb.records.fields import Record
from kb.text.guarded_text import Fault, GuardError, read_text
from kb.text.problems import Place, Problem, in_order
from kb.text.yaml_guard import Composed, compose

__all__ = ["Base", "lab_folder", "load_base", "load_claims", "record_in"]

CODES = {"bad-script": "An experiment's script does not keep the contract."}


@dataclass
class _Reading:
    """What has been read so far."""

    root: Path
    claims: dict[str, Claim] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    debates: dict[str, Debate] = field(default_factory=dict)
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, name: str, path: str, fault: Fault, line: str = "") -> None:
        """Keep a fault of a file as a problem, and remember that the file is there but wrong."""
        place = Place(path, fault.line, fault.column)
        self.unread.add(name)
        self.problems.append(
            Problem(fault.code, place, fault.found, fault.allowed, fault.advice, fault.nearest, line)
        )


def load_base(root: Path, *, today: str | None = None) -> Base:
    """Read every record and script of a project; what is wrong becomes problems, never an exception.

    Args:
        root: The project's folder.
        today: Date as `2026-01-31`; where given, sources issued later are problems.
    """
    with without_collector():
        return _load(root, today)


def load_claims(root: Path, ids: Collection[str]) -> Base:
    """Read no more than some claims and their scripts; all other records count as unread.

    Rules over several records see only these. Where an id is none of a claim, everything is read.
    """
    with without_collector():
        base = _load(root, None, only=ids)
        return base if ids and base.claims.keys() == set(ids) else _load(root, None)


def _load(root: Path, today: str | None, *, only: Collection[str] | None = None) -> Base:
    reading = _Reading(root)
    files, problems = record_files(root)
    reading.problems += problems
    reading.unread.update(Path(problem.place.path).stem for problem in problems)
    chosen = [file for file in files if only is None or file.id in only]
    reading.unread.update(file.id for file in files if only is not None and file.id not in only)
    opened = in_halves(lambda part: [_opened(root, file) for file in part], chosen)
    for file, content in zip(chosen, opened, strict=True):
        _read_record(reading, file, content)
    wanted = None if only is None else {c.protocol.experiment for c in reading.claims.values() if c.protocol}
    for path in _script_files(reading, root / "repro" / "experiments"):
        if wanted is None or path.stem in wanted:
            _read_script(reading, path)
        else:
            reading.unread.add(path.stem)
    return _whole(reading, today)


def _whole(reading: _Reading, today: str | None) -> Base:
    base = Base(
        root=reading.root,
        claims=dict(sorted(reading.claims.items())),
        sources=dict(sorted(reading.sources.items())),
        debates=dict(sorted(reading.debates.items())),
        tombstones=dict(sorted(reading.tombstones.items())),
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


def _opened(root: Path, file: RecordFile) -> Composed | tuple[Fault, str]:
    """Return a file's values, or the fault for which it was refused with the line that it is in."""
    text = ""
    try:
        text = read_text(root / file.path)
        return compose(text)
    except GuardError as error:
        return error.fault, _line(text, root / file.path, error.fault)


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
    """Return the record in the bytes of a file, such as a former one; nothing where it breaks today's rules.

    Args:
        content: Of the file.
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


def _line(text: str, path: Path, fault: Fault) -> str:
    """Return the line a fault is in; of a file whose text was refused, the line as far as it is text."""
    if text:
        lines = text.split("\n")
        return lines[fault.line - 1] if fault.line <= len(lines) else ""
    if fault.code not in ("not-utf8", "forbidden-character", "not-nfc"):
        return ""
    return path.read_bytes().decode("utf-8", "backslashreplace").split("\n")[fault.line - 1]


def _script_files(reading: _Reading, folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == ".py" and p.name[0] not in "_.")
    except FileNotFoundError:
        return []
    except OSError as error:
        found, advice = f"a folder that cannot be read: {error.strerror}", "make it readable for you"
        path = folder.relative_to(reading.root).as_posix()
        reading.refuse("", path, Fault("unreadable-file", 1, 1, found, "a readable folder", advice))
        return []


def _read_script(reading: _Reading, path: Path) -> None:
    place = path.relative_to(reading.root).as_posix()
    lines: list[str] = []
    try:
        lines = read_text(path).split("\n")
        script = read_script(path, lab_folder(reading.root))
    except GuardError as error:
        fault = error.fault
    except (ScriptError, SyntaxError) as error:
        number = error.lineno if isinstance(error, SyntaxError) else error.line
        fault = _script_fault(str(error), number or 1)
    except (RecursionError, MemoryError, ValueError, OSError) as error:
        fault = _script_fault(f"the script cannot be read: {error}", 1)
    else:
        reading.scripts[path.stem] = script
        return
    reading.refuse(path.stem, place, fault, lines[fault.line - 1] if fault.line <= len(lines) else "")


def _script_fault(message: str, line: int) -> Fault:
    allowed = "a docstring, ARMS, OUTCOMES, Scale, MINIMAL, LARGE and measure"
    return Fault(
        "bad-script", line, 1, message, allowed, "compare it with another script in repro/experiments"
    )


def lab_folder(root: Path) -> Path:
    """Return the lab that a project's scripts import: its own, or else the installed one."""
    own = root / "repro" / "lab"
    if own.is_dir():
        return own
    spec = importlib.util.find_spec("repro")
    locations = spec.submodule_search_locations if spec else None
    return Path(locations[0]) / "lab" if locations else own

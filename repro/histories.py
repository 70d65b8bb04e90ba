"""Walks through the commits of a project: every version of a claim, with all that it was judged by.

Stored states come from `repro.vcs`; `kb.time.history` interprets the versions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

from kb.evidence.ledger import EVIDENCE_FOLDER, AnyFiled, Ledger, ledger_of, parse_any
from kb.evidence.order import Order
from kb.judging.first_versions import with_first_versions
from kb.project import read
from kb.reading.experiment import Script, read_script
from kb.reading.files import KINDS
from kb.reading.former import former_outcomes
from kb.reading.lab import lab_of, module_name
from kb.reading.load import record_in
from kb.reading.script_syntax import ScriptError
from kb.reading.tree import Folder, Tree
from kb.records.claims import Claim
from kb.records.fields import Record
from kb.text.guarded_text import GuardError, guarded
from kb.time.history import Event, Told, Version, history
from repro.vcs import Change, HistoryError, Repository

CLAIMS, SCRIPTS, LAB = "claims", "repro/experiments", "repro/lab"
FOLDERS = (CLAIMS, SCRIPTS, LAB, EVIDENCE_FOLDER)
"""Everything from which a verdict follows."""
_ValueT = TypeVar("_ValueT")


def histories(
    repository: Repository, tree: Tree, claims: Collection[str] | None = None
) -> dict[str, tuple[Event, ...]]:
    """Return the events of some claims, or of all that exist or ever existed, by claim.

    Whatever in the project's folder is not committed forms the last version.

    Args:
        repository: The project's commits.
        tree: The project's files as they are in its folder.
        claims: Ids of claims.

    Raises:
        HistoryError: There is no git, no repository or no commit, or a part of the history is missing.
    """
    found: dict[str, list[Version]] = {}
    replay = _Replay(repository, _Scripts(repository, lab_of(tree)), claims)
    for commit in repository.commits(*FOLDERS):
        for claim_id in replay.apply(commit.changes):
            version = replay.version(claim_id, commit.sha, commit.time)
            found.setdefault(claim_id, []).append(version)
    for claim_id, version in _uncommitted(tree, claims, found, replay.order):
        found.setdefault(claim_id, []).append(version)
    return {claim_id: history(claim_id, versions) for claim_id, versions in found.items()}


def histories_of(root: Path) -> Told:
    """Return the events of all claims of the project in a folder, or why git cannot tell."""
    try:
        with Repository(root) as repository:
            return Told(histories(repository, Folder(root)))
    except HistoryError as error:
        return Told({}, str(error))


def _uncommitted(
    tree: Tree, claims: Collection[str] | None, committed: Collection[str], order: Order
) -> Iterator[tuple[str, Version]]:
    """Yield the versions of claims that are in the project's folder today."""
    project = read(tree, only=claims, order=order)
    base, ledger = project.base, project.ledger
    for claim_id in claims if claims is not None else {**dict.fromkeys(committed), **base.claims}:
        record = base.claims.get(claim_id) or base.tombstones.get(claim_id)
        experiment = _experiment(record)
        topic = PurePosixPath(base.paths[claim_id]).parent.name if claim_id in base.paths else None
        if topic is None and claim_id not in committed:
            continue  # no such claim ever existed
        evidence = ledger.only(experiment)
        yield claim_id, Version(None, "", topic, record, base.scripts.get(experiment), evidence)


def _experiment(record: Record | None) -> str:
    return record.protocol.experiment if isinstance(record, Claim) and record.protocol else ""


@dataclass
class _Scripts:
    """Former scripts, each with the lab of its time."""

    known: Repository
    other_lab: Mapping[str, str]
    """The lab that scripts import as long as the project has none of its own."""
    read: dict[tuple[str, str, frozenset[tuple[str, str]]], Script | None] = field(default_factory=dict)

    def script(self, name: str, blob: str, lab: Mapping[str, str]) -> Script | None:
        """Return a script with a state of the lab, or None if it breaks today's contract.

        Args:
            name: Name of the experiment.
            blob: The script's content.
            lab: The content of each module's file, by the file's name.
        """
        key = (name, blob, frozenset(lab.items()))
        if key not in self.read:
            self.read[key] = None
            with suppress(GuardError, ScriptError, SyntaxError, RecursionError, MemoryError, ValueError):
                modules = {module_name(file): guarded(self.known.read(lab[file])) for file in lab}
                source = guarded(self.known.read(blob))
                self.read[key] = read_script(
                    name, source, modules or self.other_lab, outcomes=former_outcomes
                )
        return self.read[key]


@dataclass
class _Replay:
    """The files from which verdicts follow, after some of the commits."""

    known: Repository
    former: _Scripts
    wanted: Collection[str] | None
    records: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The topic and the content of each claim's file."""
    scripts: dict[str, str] = field(default_factory=dict)
    lab: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)
    """The content of each piece, by experiment and path."""
    read: dict[str, Record | None] = field(default_factory=dict)
    filed: dict[str, AnyFiled] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    """Ledgers by experiment, kept for as long as its evidence stays the same."""
    first: dict[str, int] = field(default_factory=dict)
    """Number of the commit that first added each piece of evidence."""
    applied: int = 0
    """The number of commits so far."""

    def apply(self, changes: Iterable[Change]) -> list[str]:
        """Apply the changes of a commit and return the wanted claims that they may affect."""
        changes = list(changes)
        self.applied += 1
        # A file that moves is written in one place and deleted in another; the deletion must not win.
        for change in sorted(changes, key=lambda change: change.blob is not None):
            self._apply(PurePosixPath(change.path), change.blob)
        touched = {PurePosixPath(change.path) for change in changes}
        claims = {path.stem for path in touched if _is_claim(path)}
        experiments = {path.stem for path in touched if path.parent == PurePosixPath(SCRIPTS)}
        experiments |= {path.parts[2] for path in touched if path.is_relative_to(EVIDENCE_FOLDER)}
        if any(path.is_relative_to(LAB) for path in touched):
            experiments |= self.scripts.keys()
        claims |= {i for i in self._candidates() if _experiment(self._record(i)) in experiments}
        return sorted(claims if self.wanted is None else claims & set(self.wanted))

    def _candidates(self) -> list[str]:
        return [i for i in self.records if self.wanted is None or i in self.wanted]

    def _apply(self, path: PurePosixPath, blob: str | None) -> None:
        if _is_claim(path):
            _put(self.records, path.stem, (path.parent.name, blob) if blob else None)
        elif path.parent == PurePosixPath(SCRIPTS) and path.suffix == ".py":
            _put(self.scripts, path.stem, blob)
        elif path.parent == PurePosixPath(LAB):
            _put(self.lab, path.name, blob)
        elif path.is_relative_to(EVIDENCE_FOLDER) and path.suffix == ".json":
            _put(self.evidence.setdefault(path.parts[2], {}), str(path), blob)
            self.first.setdefault(str(path), self.applied)
            self.ledgers.pop(path.parts[2], None)

    def version(self, claim_id: str, sha: str, time: str) -> Version:
        """Return a claim as it is now, with everything that it is judged by."""
        if claim_id not in self.records:
            return Version(sha, time)
        topic, _ = self.records[claim_id]
        record = self._record(claim_id)
        experiment = _experiment(record)
        blob = self.scripts.get(experiment)
        script = self.former.script(experiment, blob, self.lab) if blob else None
        ledger = with_first_versions(self._ledger(experiment), [script] if script else [])
        return Version(sha, time, topic, record, script, ledger)

    def _record(self, claim_id: str) -> Record | None:
        topic, blob = self.records[claim_id]
        if blob not in self.read:
            self.read[blob] = record_in(self.known.read(blob), topic)
        return self.read[blob]

    def _ledger(self, experiment: str) -> Ledger:
        if experiment not in self.ledgers:
            files = self.evidence.get(experiment, {})
            pieces = (self._piece(path, blob) for path, blob in files.items())
            self.ledgers[experiment] = ledger_of(pieces, order=self.order)
        return self.ledgers[experiment]

    def order(self, paths: Collection[str]) -> Mapping[str, int]:
        """Return the number of the commit that added each of some pieces."""
        return {path: self.first[path] for path in paths if path in self.first}

    def _piece(self, path: str, blob: str) -> AnyFiled:
        if blob not in self.filed:
            self.filed[blob] = parse_any(self.known.read(blob), path)
        return self.filed[blob]


def _is_claim(path: PurePosixPath) -> bool:
    parts = path.parts
    return len(parts) == 3 and parts[0] == CLAIMS and parts[1] not in KINDS and path.suffix == ".yaml"


def _put(table: dict[str, _ValueT], key: str, value: _ValueT | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value

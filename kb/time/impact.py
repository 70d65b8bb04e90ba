"""What a change does to the knowledge base: records, standings, links, conflicts, runs that fall due.

The state before and the state after are given whole. Evidence is held apart from all else: it may be added,
and whatever else happens to it is a breach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kb.evidence.ledger import Ledger
from kb.reading.base import Base
from kb.reasoning.conflicts import Conflict, conflicts
from kb.reasoning.cost import Run, is_due, runs
from kb.time.changes import Difference, Whole, compare
from kb.time.suspects import Suspect

Suspects = Mapping[str, tuple[Suspect, ...]]
"""Suspect links by claim."""


@dataclass(frozen=True)
class Snapshot:
    """The knowledge base at one time, with its evidence.

    Attributes:
        files: SHA-256 of every file of evidence by its path, whether it can be trusted or not.
    """

    whole: Whole
    ledger: Ledger
    suspects: Suspects
    files: Mapping[str, str]


class Files(NamedTuple):
    """Paths that are there in one state only, or hold another content; each in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Impact:
    """What a change does.

    Attributes:
        records: Files of claims, sources, debates and scripts.
        evidence: Files of evidence.
        difference: Claims, relations, verdicts and standings that differ.
        suspects: Links that become suspect.
        conflicts: Sets of claims that cannot all stand, and could before.
        runs: Runs that fall due with the change.
    """

    records: Files
    evidence: Files
    difference: Difference
    suspects: tuple[Suspect, ...]
    conflicts: tuple[Conflict, ...]
    runs: tuple[Run, ...]

    @property
    def is_breach(self) -> bool:
        """Was evidence changed or deleted?"""
        return bool(self.evidence.changed or self.evidence.removed)


def impact(before: Snapshot, after: Snapshot) -> Impact:
    """Return what lies between two states."""
    return Impact(
        records=_files(_texts(before.whole.base), _texts(after.whole.base)),
        evidence=_files(before.files, after.files),
        difference=compare(before.whole, after.whole),
        suspects=_new_suspects(before.suspects, after.suspects),
        conflicts=_new_conflicts(before, after),
        runs=_runs(before, after),
    )


def _texts(base: Base) -> dict[str, str]:
    records = {document.path: document.text for document in base.documents.values()}
    scripts = {f"repro/experiments/{name}.py": script.source for name, script in base.scripts.items()}
    return records | scripts


def _files(before: Mapping[str, str], after: Mapping[str, str]) -> Files:
    shared = before.keys() & after.keys()
    return Files(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(path for path in shared if before[path] != after[path])),
        tuple(sorted(before.keys() - after.keys())),
    )


def _new_suspects(before: Suspects, after: Suspects) -> tuple[Suspect, ...]:
    known = {_link(link) for link in _all(before)}
    return tuple(link for link in _all(after) if _link(link) not in known)


def _all(suspects: Suspects) -> Iterable[Suspect]:
    return (link for links in suspects.values() for link in links)


def _link(link: Suspect) -> tuple[object, ...]:
    return link.claim_id, link.kind, link.target, link.changed


def _new_conflicts(before: Snapshot, after: Snapshot) -> tuple[Conflict, ...]:
    known = {(each.claims, each.kind) for each in _conflicts(before)}
    return tuple(each for each in _conflicts(after) if (each.claims, each.kind) not in known)


def _conflicts(state: Snapshot) -> tuple[Conflict, ...]:
    return tuple(conflicts(state.whole.base, state.ledger, state.whole.judgements))


def _runs(before: Snapshot, after: Snapshot) -> tuple[Run, ...]:
    """Return the runs of claims that are due now, and were not, or were for another protocol."""
    former, now = before.whole, after.whole
    fresh = [
        claim_id
        for claim_id, judgement in now.judgements.items()
        if is_due(now.base, judgement)
        and not (
            claim_id in former.judgements
            and is_due(former.base, former.judgements[claim_id])
            and former.base.claims[claim_id].protocol == now.base.claims[claim_id].protocol
            and former.judgements[claim_id].version == judgement.version
        )
    ]
    return runs(now.base, after.ledger, now.judgements, fresh)

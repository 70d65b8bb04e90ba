"""What a change does to the knowledge base: records, standings, links, conflicts, runs that become due.

The states before and after are given whole. Evidence is kept apart from everything else: it may be added,
and anything else that happens to it is a breach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kb.evidence.ledger import digests
from kb.judging.judgement import Judgement
from kb.judging.verdict import level_after
from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.conflicts import Conflict, conflicts
from kb.reasoning.cost import Run, is_due, runs
from kb.time.changes import Difference, compare
from kb.time.suspects import Suspect
from kb.words.earlier_tests import changes

Suspects = Mapping[str, tuple[Suspect, ...]]
"""Suspect links by claim."""


class Snapshot(NamedTuple):
    """The knowledge base at one time, with the links that were suspect then."""

    project: Project
    suspects: Suspects


class Files(NamedTuple):
    """Paths that exist in only one state, or whose content differs; each kind in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class NewTest(NamedTuple):
    """A claim of which a change makes another test.

    Attributes:
        number: Which test of the claim it is, from 2.
        level: The error level at which its findings are judged.
        changed: What has changed since the test before, in words.
    """

    claim_id: str
    number: int
    level: float
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Impact:
    """What a change does.

    Attributes:
        records: Files of claims, sources, debates and scripts.
        evidence: Files of evidence.
        difference: Claims, relations, verdicts and standings that differ.
        suspects: Links that become suspect.
        conflicts: Sets of claims that cannot all stand, but could before.
        runs: Runs that become due with the change.
        tests: Claims that are tested once more, and judged more strictly, with the change.
    """

    records: Files
    evidence: Files
    difference: Difference
    suspects: tuple[Suspect, ...]
    conflicts: tuple[Conflict, ...]
    runs: tuple[Run, ...]
    tests: tuple[NewTest, ...] = ()

    @property
    def is_breach(self) -> bool:
        """Was evidence changed or deleted?"""
        return bool(self.evidence.changed or self.evidence.removed)


def impact(before: Snapshot, after: Snapshot) -> Impact:
    """Return what changes between two states."""
    former, now = before.project, after.project
    return Impact(
        records=_files(_texts(former.base), _texts(now.base)),
        evidence=_files(digests(former.tree), digests(now.tree)),
        difference=compare(former, now),
        suspects=_new_suspects(before.suspects, after.suspects),
        conflicts=_new_conflicts(former, now),
        runs=_runs(former, now),
        tests=tuple(_tests(former, now)),
    )


def _tests(before: Project, after: Project) -> Iterator[NewTest]:
    """Yield each claim that has more superseded tests than before, declared or not."""
    for claim_id, judgement in after.judgements.items():
        former = before.judgements.get(claim_id)
        if judgement.tests and len(judgement.tests) > (len(former.tests) if former else 0):
            tests = judgement.tests
            yield NewTest(claim_id, len(tests) + 1, level_after(len(tests)), tuple(changes(tests[-1])))


def _texts(base: Base) -> dict[str, str]:
    records = {document.path: document.text for document in base.documents.values()}
    scripts = {script.path: script.source for script in base.scripts.values()}
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


def _new_conflicts(before: Project, after: Project) -> tuple[Conflict, ...]:
    known = {(each.claims, each.kind) for each in _conflicts(before)}
    return tuple(each for each in _conflicts(after) if (each.claims, each.kind) not in known)


def _conflicts(project: Project) -> tuple[Conflict, ...]:
    return tuple(conflicts(project.base, project.ledger, project.judgements))


def _runs(before: Project, after: Project) -> tuple[Run, ...]:
    """Return the runs of claims that are due now but were not before, or only for another version."""
    fresh = [claim_id for claim_id in after.judgements if _is_newly_due(claim_id, before, after)]
    return runs(after.base, after.ledger, after.judgements, fresh)


def _is_newly_due(claim_id: str, before: Project, after: Project) -> bool:
    former, now = before.judgements.get(claim_id), after.judgements[claim_id]
    if not is_due(after.base, now):
        return False
    if former is None or not is_due(before.base, former):
        return True
    protocols = [project.base.claims[claim_id].protocol for project in (before, after)]
    return protocols[0] != protocols[1] or _versions(former) != _versions(now)


def _versions(judgement: Judgement) -> list[str]:
    return [setting.version for setting in judgement.settings]

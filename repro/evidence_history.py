"""Evidence compared with the history of the repository: what came first, what is gone, what is impossible.

A record states its own commit and start, but these can be anything in a file made by hand. The history is
harder to rewrite, so it decides which of two pieces counts, and knows what was removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from kb.evidence.ledger import EVIDENCE_FOLDER, Ledger
from kb.evidence.order import Order, OrderError
from kb.text.problems import Place, Problem
from repro.removed_evidence import REMOVED
from repro.vcs import Commit, HistoryError, Repository

CODES = {
    "evidence-commit": "The history does not have the commit at which evidence says that it was measured.",
    "evidence-dirty": "Evidence was measured in a checkout that differed from its commit.",
    "evidence-time": "A measurement began in the future, or after the commit that added it.",
    "evidence-deleted": "Evidence that the history contains is gone.",
}
CLOCKS = timedelta(hours=1)
"""The largest difference between the clocks of two machines."""


class _Origin(NamedTuple):
    """What a piece, a link or a file of controls says of its origin."""

    path: str
    commit: str | None
    is_dirty: bool | None
    started: str


@dataclass(frozen=True)
class EvidenceHistory:
    """What git knows of the evidence of the project in a folder; git is asked on first use."""

    root: Path

    def order(self, paths: Collection[str]) -> Mapping[str, int]:
        """Return the number of the commit that added each of some files, if one did.

        Raises:
            OrderError: There is no git or no repository, or a part of the history is missing.
        """
        try:
            first = self._first
        except HistoryError as error:
            raise OrderError(str(error)) from error
        return {path: first[path][0] for path in paths if path in first}

    def problems(self, ledger: Ledger, *, now: str) -> Iterator[Problem]:
        """Yield what contradicts the history.

        Args:
            ledger: All evidence that lies in the project's folder.
            now: The time, such as `2026-01-31T23:59:59Z`.

        Raises:
            HistoryError: There is no git or no repository, or a part of the history is missing.
        """
        yield from self._deleted()
        latest = datetime.fromisoformat(now) + CLOCKS
        for each in _origins(ledger):
            yield from self._unknown(each)
            yield from self._mistimed(each, latest)

    @cached_property
    def _known(self) -> tuple[list[Commit], frozenset[str]]:
        """Return the commits that changed evidence, and the names of all that led to today's state."""
        with Repository(self.root) as repository:
            return repository.commits(EVIDENCE_FOLDER), repository.ancestry()

    @cached_property
    def _first(self) -> dict[str, tuple[int, str]]:
        """Return number and time of the commit that first added each file."""
        found: dict[str, tuple[int, str]] = {}
        for number, commit in enumerate(self._known[0]):
            for change in commit.changes:
                found.setdefault(change.path, (number, commit.time))
        return found

    def _deleted(self) -> Iterator[Problem]:
        """Yield a problem for each file that is gone, except those named in `repro.removed_evidence`."""
        last = {change.path: (change, commit) for commit in self._known[0] for change in commit.changes}
        for path, (change, commit) in last.items():
            is_excused = change.blob is None and commit.sha in REMOVED
            if not is_excused and not (self.root / path).exists():
                short = commit.sha[:12]
                by = "it is not in the folder" if change.blob else f"commit {short} removed it"
                holding = short if change.blob else f"{short}~"
                yield Problem(
                    "evidence-deleted",
                    Place(path, 1, 1),
                    f"the history had this file, and {by}",
                    "evidence that stays; it is never removed, whatever it shows",
                    f"restore it: git checkout {holding} -- {path}",
                )

    def _unknown(self, each: _Origin) -> Iterator[Problem]:
        advice = "measure it from a clean checkout of a commit that stays, and merge without squashing"
        place = Place(each.path, 1, 1)
        allowed = "a commit of the history of what is checked out"
        if each.commit is None:
            yield Problem("evidence-commit", place, "no commit", allowed, advice)
        elif each.commit not in self._known[1]:
            yield Problem("evidence-commit", place, f"commit {each.commit[:12]}", allowed, advice)
        if each.is_dirty is not False:
            found = "files differed from the commit" if each.is_dirty else "whether files differed is unknown"
            yield Problem("evidence-dirty", place, found, "a checkout without changes", advice)

    def _mistimed(self, each: _Origin, latest: datetime) -> Iterator[Problem]:
        began = datetime.fromisoformat(each.started)
        brought = self._first.get(each.path)
        place, advice = Place(each.path, 1, 1), "set the clock of the machine that measured, and measure anew"
        if began > latest:
            yield Problem("evidence-time", place, f"a start at {each.started}", "a time in the past", advice)
        elif brought and began > datetime.fromisoformat(brought[1]) + CLOCKS:
            found = f"a start at {each.started}, and a commit that added it at {brought[1]}"
            yield Problem("evidence-time", place, found, "a start before the commit", advice)


def _origins(ledger: Ledger) -> Iterator[_Origin]:
    for piece in ledger.pieces:
        found = piece.evidence
        yield _Origin(piece.path, found.commit, found.dirty, found.started)
    for link in ledger.links:
        yield _Origin(link.path, link.link.commit, link.link.dirty, link.link.started)
    for filed in ledger.controls:
        yield _Origin(filed.path, filed.controls.commit, filed.controls.dirty, filed.controls.started)


def order_of(root: Path) -> Order:
    """Return the function that tells which evidence of the project in a folder came first in its history."""
    return EvidenceHistory(root).order

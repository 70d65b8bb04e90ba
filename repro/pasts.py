"""The records as they were when each claim's latest evidence was taken, as far as git can tell.

Evidence names the commit it was taken from. Where that checkout had other changes, or the commit is gone, as
after a squashed pull request, the commit that brought the evidence stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import NamedTuple

from kb.evidence.ledger import EVIDENCE_FOLDER, Evidence, Ledger
from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reading.load import record_in
from kb.records.claims import Claim, Source
from kb.records.fields import Record
from kb.time.suspects import UNKNOWN, Past, Suspect, latest_piece, suspects
from repro.vcs import Contents, HistoryError, commits, contents, tree


class _Former(NamedTuple):
    """A record's file at some time."""

    folder: str
    blob: str


Tree = Mapping[str, _Former]
"""By the record's id."""


def suspect_links(
    base: Base, ledger: Ledger, judgements: Mapping[str, Judgement]
) -> dict[str, tuple[Suspect, ...]]:
    """Return the suspect links of every claim that has some, told from git as far as there is one.

    Args:
        base: All records.
        ledger: All evidence.
        judgements: Of every claim.
    """
    try:
        with contents(base.root) as known:
            return suspects(base, judgements, _Reader(base, ledger, known).pasts(judgements))
    except HistoryError:  # no git, or a content that a partial clone left out
        return suspects(base, judgements, UNKNOWN)


@dataclass
class _Reader:
    """Reads former records, each of them once, and those that are as today not at all."""

    base: Base
    ledger: Ledger
    known: Contents
    trees: dict[str, Tree | None] = field(default_factory=dict)
    records: dict[_Former, Record | None] = field(default_factory=dict)

    def pasts(self, judgements: Mapping[str, Judgement]) -> dict[str, Past]:
        """Return the records at the time of each claim's latest evidence, where a commit is known for it."""
        found: dict[str, Past] = {}
        for claim_id, judgement in judgements.items():
            piece = latest_piece(judgement)
            trees = (self.tree(sha) for sha in self.commits_of(piece)) if piece else iter(())
            there = next((each for each in trees if each is not None), None)
            if piece and there is not None:
                found[claim_id] = Past(piece.started[:10], partial(self.record, there))
        return found

    def commits_of(self, piece: Evidence) -> Iterator[str]:
        """Yield the commits whose records the evidence may have been taken for, the likeliest first."""
        if piece.commit and piece.dirty is False:
            yield piece.commit
        bringing = self.bringing.get(self.ledger.path(piece))
        if bringing:
            yield bringing

    @cached_property
    def bringing(self) -> dict[str, str]:
        """Return for each piece that was ever committed the first commit with it."""
        found: dict[str, str] = {}
        for commit in commits(self.base.root, EVIDENCE_FOLDER):
            for change in commit.changes:
                found.setdefault(change.path, commit.sha)
        return found

    def tree(self, sha: str) -> Tree | None:
        """Return all records of a commit, or nothing where git does not have it."""
        if sha not in self.trees:
            self.trees[sha] = None
            with suppress(HistoryError):
                files = {
                    PurePosixPath(path): blob for path, blob in tree(self.base.root, sha, "claims").items()
                }
                self.trees[sha] = {path.stem: _Former(path.parent.name, blob) for path, blob in files.items()}
        return self.trees[sha]

    def record(self, there: Tree, record_id: str) -> Claim | Source | None:
        """Return a record as it was, or nothing where it was not there or breaks today's rules."""
        former = there.get(record_id)
        if former is None:
            return None
        if former not in self.records:
            content = self.known.read(former.blob)
            document = self.base.documents.get(record_id)
            today = self.base.claims.get(record_id) or self.base.sources.get(record_id)
            is_same = document is not None and document.text.encode() == content
            self.records[former] = today if is_same else record_in(content, former.folder)
        found = self.records[former]
        return found if isinstance(found, Claim | Source) else None

"""The records as they were when each claim's latest evidence was taken, as far as git can tell.

Evidence names the commit it was taken from. If that checkout had uncommitted changes, or the commit is gone,
as after a squashed pull request, the commit that added the evidence stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from kb.evidence.ledger import EVIDENCE_FOLDER, Evidence
from kb.project import Project
from kb.reading.files import record_files
from kb.reading.load import record_in
from kb.reading.texts import read_content
from kb.reading.tree import Tree
from kb.records.claims import Claim, Source
from kb.records.fields import Record
from kb.text.guarded_text import GuardError
from kb.time.suspects import UNKNOWN, Past, Suspect, latest_piece, suspects
from repro.vcs import HistoryError, Repository, Revision


class _Former(NamedTuple):
    """The project's files at one time, with the file of each record by its id."""

    tree: Tree
    paths: Mapping[str, str]


def suspect_links(project: Project, root: Path) -> dict[str, tuple[Suspect, ...]]:
    """Return the suspect links of every claim that has some, using git if it is available.

    Args:
        project: The project whose links are examined.
        root: The folder in which git knows what the records were when evidence was taken.
    """
    try:
        with Repository(root) as repository:
            return suspects(project, _Reader(project, repository).at_evidence())
    except HistoryError:  # no git, or content that a partial clone left out
        return suspects(project, UNKNOWN)


@dataclass
class _Reader:
    """Reads former records, each only once, and those that have not changed since not at all."""

    project: Project
    repository: Repository
    former: dict[str, _Former | None] = field(default_factory=dict)
    records: dict[tuple[str, bytes], Record | None] = field(default_factory=dict)

    def at_evidence(self) -> dict[str, Past]:
        """Return the records at the time of each claim's latest evidence, if its commit is known."""
        found: dict[str, Past] = {}
        for claim_id, judgement in self.project.judgements.items():
            piece = latest_piece(judgement)
            states = (self.at(sha) for sha in self.commits_of(piece)) if piece else iter(())
            there = next((each for each in states if each is not None), None)
            if piece and there is not None:
                found[claim_id] = Past(piece.started[:10], partial(self.record, there))
        return found

    def commits_of(self, piece: Evidence) -> Iterator[str]:
        """Yield the commits for whose records the evidence may have been taken, the likeliest first."""
        if piece.commit and piece.dirty is False:
            yield piece.commit
        bringing = self.bringing.get(self.project.ledger.file_of(piece).path)
        if bringing:
            yield bringing

    @cached_property
    def bringing(self) -> dict[str, str]:
        """Return, for each piece that was ever committed, the first commit that holds it."""
        found: dict[str, str] = {}
        for commit in self.repository.commits(EVIDENCE_FOLDER):
            for change in commit.changes:
                found.setdefault(change.path, commit.sha)
        return found

    def at(self, sha: str) -> _Former | None:
        """Return the project's files at a commit, or None if git does not have it."""
        if sha not in self.former:
            self.former[sha] = None
            with suppress(HistoryError):
                tree = Revision(self.repository, sha)
                files, _ = record_files(tree)
                self.former[sha] = _Former(tree, {file.id: file.path for file in files})
        return self.former[sha]

    def record(self, there: _Former, record_id: str) -> Claim | Source | None:
        """Return a record as it was, or None if it was not there or breaks today's rules."""
        path = there.paths.get(record_id)
        if path is None:
            return None
        try:
            content = read_content(there.tree, path)
        except GuardError:
            return None
        base, folder = self.project.base, path.split("/")[1]
        document = base.documents.get(record_id)
        if document is not None and document.text.encode() == content:
            found: Record | None = base.claims.get(record_id) or base.sources.get(record_id)
        else:
            if (folder, content) not in self.records:
                self.records[folder, content] = record_in(content, folder)
            found = self.records[folder, content]
        return found if isinstance(found, Claim | Source) else None

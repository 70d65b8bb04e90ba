"""The knowledge base that one tree of files holds: read once, and judged when somebody asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from kb.evidence.ledger import Ledger, read_ledger
from kb.evidence.order import Order
from kb.evidence.strays import fitted
from kb.judging.certainty import Certainty, certainty
from kb.judging.first_versions import with_first_versions
from kb.judging.judgement import Judgement, coarse_resolutions, judge_base, undeclared_revisions
from kb.reading.base import Base
from kb.reading.load import load_base, load_claims
from kb.reading.tree import Tree
from kb.reasoning.accounts import Account, accounts
from kb.reasoning.standing import Standing, standings
from kb.text.problems import Problem


@dataclass(frozen=True)
class Project:
    """Records, scripts and evidence, and what follows from them.

    Attributes:
        tree: The files that it was read from.
        base: All records and scripts.
        ledger: All evidence.
    """

    tree: Tree
    base: Base
    ledger: Ledger

    @cached_property
    def judgements(self) -> Mapping[str, Judgement]:
        """Return the judgement of every claim, by id."""
        return judge_base(self.base, self.ledger)

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """Return the standing of every claim that a protocol tests, by id in alphabetical order."""
        return standings(self.base, self.judgements)

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """Return what speaks for and against every claim that has no verdict, by id."""
        return accounts(self.base, self.judgements, self.standings)

    @cached_property
    def certainties(self) -> Mapping[str, Certainty]:
        """Return how sure the verdict of every claim is on which something is decided, by id."""
        found = {i: certainty(self.base, self.ledger, each) for i, each in self.judgements.items()}
        return {claim_id: each for claim_id, each in found.items() if each is not None}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong in records, scripts and evidence."""
        return (*self.base.problems, *self.ledger.problems)

    @property
    def contradictions(self) -> tuple[Problem, ...]:
        """Return what only judging shows: predictions changed after evidence, decades that are hidden."""
        return (
            *undeclared_revisions(self.base, self.judgements),
            *coarse_resolutions(self.base, self.judgements),
        )


def read(
    tree: Tree,
    *,
    today: str | None = None,
    only: Collection[str] | None = None,
    order: Order | None = None,
) -> Project:
    """Read a project; what is wrong in it becomes problems, never an exception.

    Args:
        tree: The project's files.
        today: Date as `2026-01-31`; if given, sources issued later are problems.
        only: Ids of the only claims that are wanted, with their scripts and evidence; if one of them is not
            the id of a claim, everything is read.
        order: Tells which of two pieces of evidence for one block came first in the history, and is used only
            if there are two; without it the piece that states the earlier start counts.
    """
    if only is None:
        base, ledger = load_base(tree, today=today), read_ledger(tree, order=order)
    else:
        base = load_claims(tree, only)
        ledger = read_ledger(tree, base.scripts, order=order)
    return Project(tree, base, fitted(base, ledger))


def read_former(tree: Tree, *, order: Order | None = None) -> Project:
    """Read a project as it was at a revision, where evidence may still go by the first formula.

    Args:
        tree: The project's files at the revision.
        order: As for `read`.
    """
    found = read(tree, order=order)
    return replace(found, ledger=with_first_versions(found.ledger, found.base.scripts.values()))

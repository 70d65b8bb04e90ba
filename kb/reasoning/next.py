"""Which run would change most standings for its cost: due runs and unwritten experiments, ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import get_args

from kb.evidence.ledger import Ledger
from kb.judging.judgement import Judgement, State, joined
from kb.judging.verdict import VerdictState
from kb.reading.base import Base
from kb.reasoning.cost import Run, runs
from kb.reasoning.relations import ClaimRelations, relations_of
from kb.reasoning.standing import OWN, Known, StandingName, known_of, standings_of

VERDICTS: tuple[VerdictState, ...] = get_args(VerdictState)
Prior = Mapping[State, float]


@dataclass(frozen=True)
class Candidate:
    """A run that is due, or an experiment that is still to be written.

    Attributes:
        expected_changes: Standings that would change, averaged over the verdicts each claim could have, the
            claims of one run taken one by one.
    """

    run: Run
    expected_changes: float

    @property
    def per_second(self) -> float | None:
        """Return the expected changes per processor second; None if the cost is unknown."""
        seconds = self.run.cost.seconds
        return None if seconds is None else self.expected_changes / seconds


def prior(judgements: Mapping[str, Judgement]) -> dict[State, float]:
    """Return the prior probability of each verdict: its share so far, with each counted once more."""
    seen = Counter(judgement.state for judgement in judgements.values())
    total = sum(seen[state] + 1 for state in VERDICTS)
    return {state: (seen[state] + 1) / total for state in VERDICTS}


def candidates(base: Base, ledger: Ledger, judgements: Mapping[str, Judgement]) -> tuple[Candidate, ...]:
    """Return everything that could be run or written, the most changes per second first.

    Those of unknown cost come last, the most changes first.
    """
    expected = _Expected(relations_of(base), known_of(judgements), prior(judgements))
    found = [
        Candidate(
            run,
            sum(expected.expected_changes(i, _others(judgements[i], run.setting)) for i in run.claims),
        )
        for run in runs(base, ledger, judgements, base.claims)
    ]
    return tuple(sorted(found, key=_rank))


def _others(judgement: Judgement, setting: str) -> tuple[State, ...]:
    """Return the verdicts of a claim at its other settings."""
    return tuple(each.state for each in judgement.judged if each.name != setting)


def _rank(candidate: Candidate) -> tuple[bool, float, float, str]:
    rate = candidate.per_second
    return rate is None, -(rate or 0.0), -candidate.expected_changes, candidate.run.experiment


class _Expected:
    """Expected changes under one prior, with today's standings worked out once."""

    def __init__(self, relations: ClaimRelations, known: Mapping[str, Known], weights: Prior) -> None:
        self.relations, self.known, self.weights = relations, known, weights
        self.today = self.names(known)

    def names(self, known: Mapping[str, Known]) -> dict[str, StandingName]:
        return {i: standing.standing for i, standing in standings_of(self.relations, known).items()}

    def expected_changes(self, claim_id: str, others: Collection[State] = ()) -> float:
        """Return the mean number of standings that a verdict on the claim changes.

        Args:
            claim_id: The claim's id.
            others: Its verdicts at other settings, from which a new one may differ.
        """
        return sum(
            self.weights[state]
            * self.changed({**self.known, claim_id: Known(joined([*others, state], state))})
            for state in self.weights
            if others or state in OWN  # a verdict that decides nothing changes nothing
        )

    def changed(self, known: Mapping[str, Known]) -> int:
        after = self.names(known)
        return sum(after[claim_id] != name for claim_id, name in self.today.items())

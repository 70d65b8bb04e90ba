"""What would follow if verdicts were others than they are: the standings that change, each with its reason.

Nothing is stored; a supposition lives as long as the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kb.judging.judgement import Judgement, State
from kb.reasoning.standing import Standing


class Change(NamedTuple):
    """A standing before and after."""

    before: Standing
    after: Standing

    @property
    def claim_id(self) -> str:
        """Return the claim that it is about."""
        return self.after.claim_id


def suppose(judgements: Mapping[str, Judgement], states: Mapping[str, State]) -> dict[str, Judgement]:
    """Return judgements in which some claims have other states; what is as it was keeps its evidence.

    Supposing the former states again gives the former standings.

    Raises:
        KeyError: There is no such claim.
    """
    supposed = {
        claim_id: Judgement(claim_id, state)
        for claim_id, state in states.items()
        if judgements[claim_id].state != state
    }
    return {**judgements, **supposed}


def changes(before: Mapping[str, Standing], after: Mapping[str, Standing]) -> tuple[Change, ...]:
    """Return every claim whose standing differs, by id; another reason for the same standing is no change."""
    return tuple(
        Change(before[claim_id], standing)
        for claim_id, standing in sorted(after.items())
        if before[claim_id].standing != standing.standing
    )

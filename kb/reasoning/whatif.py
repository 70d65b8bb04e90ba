"""What would follow from different verdicts: the standings that would change, each with its reason.

Nothing is stored; a supposition lives as long as the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kb.judging.judgement import Judgement, State
from kb.reasoning.standing import Standing, StandingName


class Change(NamedTuple):
    """A standing before and after; None while no protocol tests the claim and no verdict is supposed."""

    claim_id: str
    before: Standing | None
    after: Standing | None


def suppose(judgements: Mapping[str, Judgement], states: Mapping[str, State]) -> dict[str, Judgement]:
    """Return judgements in which some claims have other states; unchanged claims keep their evidence.

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
    """Return every claim whose standing differs, by id; a new reason for the same standing is no change."""
    found = (Change(i, before.get(i), after.get(i)) for i in sorted(before.keys() | after.keys()))
    return tuple(change for change in found if _name(change.before) != _name(change.after))


def _name(standing: Standing | None) -> StandingName | None:
    return standing.standing if standing else None

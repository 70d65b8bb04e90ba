"""What a claim stands beside: its relations in both directions, and the debates in which it takes a side."""

from __future__ import annotations

from typing import NamedTuple

from kb.reading.base import Base
from kb.records.relations import RELATIONS


class Neighbour(NamedTuple):
    """The other end of a relation."""

    claim_id: str
    because: str


def relations(base: Base, claim_id: str) -> list[tuple[str, list[Neighbour]]]:
    """Return a claim's neighbours under the words for their relation, in both directions."""
    grouped: dict[str, list[Neighbour]] = {
        word: [] for row in RELATIONS.values() for word in (row.verb, row.reverse)
    }
    for relation in base.claims[claim_id].relations:
        if relation.claim in base.claims:
            grouped[RELATIONS[relation.type].verb].append(Neighbour(relation.claim, relation.because))
    for other_id, other in base.claims.items():
        for relation in other.relations:
            if relation.claim == claim_id:
                grouped[RELATIONS[relation.type].reverse].append(Neighbour(other_id, relation.because))
    return [(word, neighbours) for word, neighbours in grouped.items() if neighbours]


def debates_of(base: Base, claim_id: str) -> list[tuple[str, str]]:
    """Return (id, side) of every debate in which a claim stands on a side."""
    return [
        (debate_id, side.name)
        for debate_id, debate in base.debates.items()
        for side in debate.sides
        if claim_id in side.claims
    ]

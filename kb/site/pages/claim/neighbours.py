"""The neighbours of a claim: its relations in both directions, and the debates that it takes part in."""

from __future__ import annotations

from typing import NamedTuple

from kb.reading.base import Base
from kb.reasoning.accounts import Account, Entry
from kb.records.claims import Relation
from kb.records.relations import RELATIONS
from kb.words.accounts import WEIGHTS, Weight, WeightWords


class Neighbour(NamedTuple):
    """The other end of a relation."""

    claim_id: str
    because: str
    on: tuple[str, ...] = ()
    """The predictions on which the relation rests, in whole sentences."""


def relations(base: Base, claim_id: str) -> list[tuple[str, list[Neighbour]]]:
    """Return a claim's neighbours under the words for their relation, in both directions."""
    grouped: dict[str, list[Neighbour]] = {
        word: [] for row in RELATIONS.values() for word in (row.verb, row.reverse)
    }
    for relation in base.claims[claim_id].relations:
        if relation.claim in base.claims:
            grouped[RELATIONS[relation.type].verb].append(
                Neighbour(relation.claim, relation.because, said(base, claim_id, relation))
            )
    for other_id, other in base.claims.items():
        for relation in other.relations:
            if relation.claim == claim_id:
                grouped[RELATIONS[relation.type].reverse].append(
                    Neighbour(other_id, relation.because, said(base, other_id, relation))
                )
    return [(word, neighbours) for word, neighbours in grouped.items() if neighbours]


def said(base: Base, claim_id: str, relation: Relation) -> tuple[str, ...]:
    """Return the texts of the predictions that a claim's relation names."""
    protocol = base.claims[claim_id].protocol
    predictions = protocol.predictions if protocol else ()
    return tuple(prediction.says for prediction in predictions if prediction.name in (relation.on or ()))


def weighed(base: Base, account: Account) -> list[tuple[WeightWords, list[tuple[Entry, Neighbour]]]]:
    """Return the entries of an account under the words for their weight, with what each rests on."""
    grouped: dict[Weight, list[tuple[Entry, Neighbour]]] = {weight: [] for weight in WEIGHTS}
    for entry in account:
        link = entry.links[-1]
        near = Neighbour(entry.claim_id, entry.because, said(base, link.claim_id, link.relation))
        grouped[entry.weight].append((entry, near))
    return [(WEIGHTS[weight], entries) for weight, entries in grouped.items() if entries]


def debates_of(base: Base, claim_id: str) -> list[tuple[str, str]]:
    """Return (id, side) of every debate in which a claim is on a side."""
    return [
        (debate_id, side.name)
        for debate_id, debate in base.debates.items()
        for side in debate.sides
        if claim_id in side.claims
    ]

"""A relation between two claims as a clause."""

from __future__ import annotations

from kb.records.claims import Relation
from kb.records.relations import RELATIONS


def relation_clause(claim_id: str, relation: Relation) -> str:
    """Return a relation that a claim states, such as `a depends on b: without b there is no a`."""
    clause = f"{claim_id} {RELATIONS[relation.type].clause} {relation.claim}"
    strictly = ", and only one of the two can hold" if relation.strict else ""
    return f"{clause}{strictly}: {relation.because}"

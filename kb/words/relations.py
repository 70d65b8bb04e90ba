"""A relation between two claims as a clause."""

from __future__ import annotations

from kb.records.claims import Relation
from kb.records.relations import RELATIONS


def relation_clause(claim_id: str, relation: Relation) -> str:
    """Return a relation that a claim states, such as `a depends on b: without b there is no a`."""
    clause = f"{claim_id} {RELATIONS[relation.type].clause} {relation.claim}"
    strictly = ", and only one of the two can hold" if relation.strict else ""
    return f"{clause}{_by(relation.on or ())}{strictly}: {relation.because}"


def _by(names: tuple[str, ...]) -> str:
    """Return the predictions that a relation names, such as ` by its predictions p and q`."""
    if not names:
        return ""
    *first, last = names
    listed = f"{', '.join(first)} and {last}" if first else last
    return f" by its {'predictions' if first else 'prediction'} {listed}"

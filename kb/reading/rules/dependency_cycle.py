"""No claim rests on itself through others."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.circles import circles
from kb.records.claims import Relation
from kb.records.relations import RELATIONS
from kb.text.problems import Problem

CODES = {"dependency-cycle": "Claims depend on each other in a circle."}


def check(base: Base) -> Iterator[Problem]:
    """Return one problem for each set of claims that all rest on each other, at its first claim."""
    graph = {
        claim_id: [r.claim for r in claim.relations if _is_base(r) and r.claim != claim_id]
        for claim_id, claim in base.claims.items()
    }
    for circle in circles(graph):
        first, second = circle.ids[:2]
        pairs = [(_is_base(relation), relation.claim) for relation in base.claims[first].relations]
        yield base.problem(
            "dependency-cycle",
            first,
            ("relations", pairs.index((True, second)), "claim"),
            found=str(circle),
            allowed="depends_on without circles",
            advice="remove the dependency that is not meant; supports may form circles",
        )


def _is_base(relation: Relation) -> bool:
    return RELATIONS[relation.type].effect == "base"

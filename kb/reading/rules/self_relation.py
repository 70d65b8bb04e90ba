"""A claim has no relation to itself."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"self-relation": "A relation leads from a claim to itself."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each relation from a claim to itself."""
    for claim_id, claim in base.claims.items():
        for i, relation in enumerate(claim.relations):
            if relation.claim == claim_id:
                yield base.problem(
                    "self-relation",
                    claim_id,
                    ("relations", i, "claim"),
                    found=f"the relation {relation.type} from the claim to itself",
                    allowed="another claim",
                    advice="name the claim that was meant, or remove the relation",
                )

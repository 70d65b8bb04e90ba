"""No claim both supports and contradicts another."""

from __future__ import annotations

from collections.abc import Iterator

from kb.base import Base
from kb.problems import Problem

CODES = {"supports-and-contradicts": "A claim supports and contradicts the same claim."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each contradiction of a claim that the same claim supports."""
    for claim_id, claim in base.claims.items():
        supported = {relation.claim for relation in claim.relations if relation.type == "supports"}
        for i, relation in enumerate(claim.relations):
            if relation.type == "contradicts" and relation.claim in supported:
                yield base.problem(
                    "supports-and-contradicts",
                    claim_id,
                    ("relations", i, "type"),
                    found=f"contradicts {relation.claim}, which the claim also supports",
                    allowed="one of supports and contradicts for each claim",
                    advice="remove one; if both hold in part, split the other claim",
                )

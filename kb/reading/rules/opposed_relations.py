"""No claim contradicts another that it also supports or rests on."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"supports-and-contradicts": "A claim contradicts a claim that it also supports or rests on."}

AGREEING = {"supports": "supports", "depends_on": "rests on"}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each contradiction of a claim that the same claim supports or rests on."""
    for claim_id, claim in base.claims.items():
        agreed = {r.claim: AGREEING[r.type] for r in claim.relations if r.type in AGREEING}
        for i, relation in enumerate(claim.relations):
            if relation.type == "contradicts" and relation.claim in agreed:
                yield base.problem(
                    "supports-and-contradicts",
                    claim_id,
                    ("relations", i, "type"),
                    found=f"contradicts {relation.claim}, which the claim also {agreed[relation.claim]}",
                    allowed="contradicts only where the claim neither supports nor rests on the other",
                    advice="remove one; if both hold in part, split the other claim",
                )

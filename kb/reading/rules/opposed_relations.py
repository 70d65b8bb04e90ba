"""No claim contradicts another that it also supports or rests on."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.records.relations import RELATIONS
from kb.text.problems import Problem

CODES = {"supports-and-contradicts": "A claim contradicts a claim that it also supports or rests on."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each contradiction of a claim that the same claim supports or rests on."""
    for claim_id, claim in base.claims.items():
        meanings = [(relation, RELATIONS[relation.type]) for relation in claim.relations]
        agreed = {r.claim: means.verb.lower() for r, means in meanings if means.effect in ("base", "support")}
        for i, (relation, means) in enumerate(meanings):
            if means.effect == "against" and relation.claim in agreed:
                yield base.problem(
                    "supports-and-contradicts",
                    claim_id,
                    ("relations", i, "type"),
                    found=f"{means.clause} {relation.claim}, which the claim also {agreed[relation.claim]}",
                    allowed="contradicts only where the claim neither supports nor rests on the other",
                    advice="remove one; if both hold in part, split the other claim",
                )

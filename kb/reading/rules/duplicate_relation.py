"""Two claims have at most one relation of each type in one direction."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"duplicate-relation": "The same relation is listed twice."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each relation that repeats an earlier one of the same claim."""
    for claim_id, claim in base.claims.items():
        seen: set[tuple[str, str]] = set()
        for i, relation in enumerate(claim.relations):
            link = (relation.type, relation.claim)
            if link in seen:
                yield base.problem(
                    "duplicate-relation",
                    claim_id,
                    ("relations", i),
                    found=f"the relation {relation.type} {relation.claim} a second time",
                    allowed="each type of relation to a claim once",
                    advice="join the two reasons in one relation",
                )
            seen.add(link)

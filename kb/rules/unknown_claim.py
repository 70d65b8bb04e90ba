"""The target of a relation must be a claim."""

from __future__ import annotations

from collections.abc import Iterator

from kb.base import Base
from kb.problems import Problem
from kb.spelling import nearest

CODES = {"unknown-claim": "A relation leads to a claim that has no record."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each relation whose target has no file."""
    known = {*base.claims, *base.unread}
    for claim_id, claim in base.claims.items():
        for i, relation in enumerate(claim.relations):
            if relation.claim not in known:
                yield base.problem(
                    "unknown-claim",
                    claim_id,
                    ("relations", i, "claim"),
                    found=f"the claim {relation.claim}, which has no record",
                    allowed="the name of a claim's file in any topic, without .yaml",
                    advice="correct it, or write that claim first",
                    nearest=nearest(relation.claim, base.claims),
                )

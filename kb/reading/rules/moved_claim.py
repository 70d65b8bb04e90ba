"""Records name claims by the ids that they have today."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.mentions import mentions
from kb.text.problems import Problem

CODES = {"moved-claim": "A record names a claim by an id that it no longer has."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each mention of a tombstone outside of tombstones."""
    for record_id, keys, claim_id in mentions(base):
        if claim_id in base.tombstones:
            today = " or ".join(base.successors(claim_id) or base.tombstones[claim_id].targets)
            yield base.problem(
                "moved-claim",
                record_id,
                keys,
                found=f"the claim {claim_id}, which is {today} now",
                allowed="the id that a claim has today; old ids are kept for links from outside",
                advice=f"write {today}",
            )

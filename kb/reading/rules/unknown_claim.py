"""Every claim that is named has a record."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.mentions import forwardings, mentions
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {"unknown-claim": "A relation, debate, paragraph, text or tombstone names a claim without a record."}
ALLOWED = "the name of a claim's file in any topic, without .yaml"


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each mention of a claim that has no file."""
    known = {*base.claims, *base.tombstones, *base.unread}
    for overview in base.overviews.values():
        for statement in overview.statements:
            for claim_id in statement.claims:
                if claim_id not in base.claims and claim_id not in base.unread:
                    yield Problem(
                        "unknown-claim",
                        statement.place,
                        f"the claim {claim_id}, which has no record",
                        ALLOWED,
                        "correct it, or name the claims that took its place",
                        nearest(claim_id, base.claims),
                        overview.text.split("\n")[statement.place.line - 1],
                    )
    for record_id, keys, claim_id in (*mentions(base), *forwardings(base)):
        if claim_id not in known:
            yield base.problem(
                "unknown-claim",
                record_id,
                keys,
                found=f"the claim {claim_id}, which has no record",
                allowed=ALLOWED,
                advice="correct it, or write that claim first",
                nearest=nearest(claim_id, base.claims),
            )

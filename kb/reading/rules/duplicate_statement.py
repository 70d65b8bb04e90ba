"""No two claims make the same statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"duplicate-statement": "Two claims have the same statement."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each claim whose statement equals an earlier one but for case and punctuation."""
    seen: dict[str, str] = {}
    for claim_id, claim in base.claims.items():
        words = re.sub(r"\W+", " ", claim.statement.casefold()).strip()
        if words in seen:
            yield base.problem(
                "duplicate-statement",
                claim_id,
                ("statement",),
                found=f"the statement of {seen[words]}",
                allowed="a statement of its own for each claim",
                advice="add the second source to the first claim, or say what differs",
            )
        seen.setdefault(words, claim_id)

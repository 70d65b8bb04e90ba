"""An appearance in a source, with its stance and place, is listed once."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"duplicate-appearance": "The same appearance in a source is listed twice."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each entry of `stated_in` that equals an earlier one."""
    for claim_id, claim in base.claims.items():
        for i, appearance in enumerate(claim.stated_in):
            if appearance in claim.stated_in[:i]:
                yield base.problem(
                    "duplicate-appearance",
                    claim_id,
                    ("stated_in", i),
                    found=f"{appearance.source} a second time, with the same stance and place",
                    allowed="each place in a source once",
                    advice="give the other place, or remove the entry",
                )

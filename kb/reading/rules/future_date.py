"""Nothing was issued after today."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"future-date": "A source is dated after today."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each source issued later than the day of the check, if that day is known."""
    for source_id, source in base.sources.items():
        issued = source.issued or ""
        if base.today and issued > base.today[: len(issued)]:
            yield base.problem(
                "future-date",
                source_id,
                ("issued",),
                found=f"the date {issued}, which is still to come",
                allowed=f"dates up to {base.today}",
                advice="look the date up again",
            )

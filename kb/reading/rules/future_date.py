"""Nothing was issued, opened, numbered or reviewed after today."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.records.dates import moments
from kb.records.identifiers import month_of_arxiv
from kb.records.sources import Source
from kb.text.problems import Keys, Problem

CODES = {"future-date": "A source or a review is dated after today."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each date later than the day of the check, if that day is known."""
    if base.today is None:
        return
    for source_id, source in base.sources.items():
        for keys, date, shown in _dates(source):
            if date > base.today[: len(date)]:
                yield _problem(base, source_id, keys, shown)
    for claim_id, claim in base.claims.items():
        if claim.reviewed and claim.reviewed.date > base.today:
            yield _problem(base, claim_id, ("reviewed", "date"), f"the date {claim.reviewed.date}")


def _dates(source: Source) -> Iterator[tuple[Keys, str, str]]:
    """Yield each date of a source: its keys, in digits, and as it is shown."""
    for field in ("issued", "original_date", "accessed"):
        text = getattr(source, field)
        for moment in moments(text) if text else ():
            if moment.year > 0:
                yield (Source.model_fields[field].alias or field,), moment.iso, f"the date {text}"
    if source.arxiv:
        yield ("arxiv",), month_of_arxiv(source.arxiv), f"the arXiv number {source.arxiv}"


def _problem(base: Base, record_id: str, keys: Keys, shown: str) -> Problem:
    return base.problem(
        "future-date",
        record_id,
        keys,
        found=f"{shown}, which is still to come",
        allowed=f"dates up to {base.today}",
        advice="look the date up again",
    )

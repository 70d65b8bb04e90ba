"""Which paragraphs of the sources that were read whole say something, and which claims they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kb.reading.base import Base
from kb.records.sources import Source


class Row(NamedTuple):
    """One paragraph.

    Attributes:
        number: From 1.
        anchor: Its first and last words.
        claims: Ids of its claims that could be read.
        none: Why it asserts nothing; empty where it asserts something.
    """

    number: int
    anchor: tuple[str, str]
    claims: tuple[str, ...]
    none: str

    @property
    def is_missing(self) -> bool:
        """Does it assert something of which no claim could be read?"""
        return not self.none and not self.claims


class Coverage(NamedTuple):
    """All paragraphs of one source."""

    source_id: str
    title: str
    rows: tuple[Row, ...]

    @property
    def asserting(self) -> tuple[Row, ...]:
        """Return the paragraphs that assert something."""
        return tuple(row for row in self.rows if not row.none)

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the ids of all claims, each once, in order of appearance."""
        return tuple(dict.fromkeys(claim_id for row in self.rows for claim_id in row.claims))


def coverage(base: Base) -> tuple[Coverage, ...]:
    """Return the coverage of every source that lists its paragraphs, in order of ids."""
    return tuple(
        Coverage(source_id, source.title, tuple(_rows(base, source)))
        for source_id, source in base.sources.items()
        if source.paragraphs
    )


def _rows(base: Base, source: Source) -> Iterator[Row]:
    for number, paragraph in enumerate(source.paragraphs, start=1):
        claims = tuple(claim_id for claim_id in paragraph.claims or () if claim_id in base.claims)
        yield Row(number, paragraph.anchor, claims, paragraph.none or "")

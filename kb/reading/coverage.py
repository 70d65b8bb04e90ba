"""What the sources that were read whole assert, paragraph by paragraph, and which claims hold it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kb.reading.base import Base
from kb.records.sources import Paragraph, Source


class Asserted(NamedTuple):
    """One thing that a paragraph asserts.

    Attributes:
        says: What it is, in our words; empty where the paragraph lists only claims.
        claims: Ids of its claims that could be read.
        none: Why there is no claim for it; empty if there are claims.
    """

    says: str
    claims: tuple[str, ...]
    none: str

    @property
    def is_missing(self) -> bool:
        """Has it neither a claim that could be read nor a reason?"""
        return not self.none and not self.claims


class Row(NamedTuple):
    """One paragraph.

    Attributes:
        number: From 1.
        anchor: Its first and last words.
        assertions: What it asserts, in order; one for all claims if it does not list them one by one.
        none: Why it asserts nothing; empty if it asserts something.
    """

    number: int
    anchor: tuple[str, str]
    assertions: tuple[Asserted, ...]
    none: str

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the ids of its claims that could be read, each once."""
        return tuple(dict.fromkeys(claim_id for asserted in self.assertions for claim_id in asserted.claims))

    @property
    def is_missing(self) -> bool:
        """Does it assert something that has neither a claim that could be read nor a reason?"""
        return any(asserted.is_missing for asserted in self.assertions)


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
    def assertions(self) -> tuple[Asserted, ...]:
        """Return everything that is asserted, in order of appearance."""
        return tuple(asserted for row in self.rows for asserted in row.assertions)

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
        yield Row(number, paragraph.anchor, tuple(_asserted(base, paragraph)), paragraph.none or "")


def _asserted(base: Base, paragraph: Paragraph) -> Iterator[Asserted]:
    if paragraph.claims is not None:
        yield Asserted("", _known(base, paragraph.claims), "")
    for assertion in paragraph.assertions or ():
        yield Asserted(assertion.says, _known(base, assertion.claims or ()), assertion.none or "")


def _known(base: Base, claims: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(claim_id for claim_id in claims if claim_id in base.claims)

"""What people write: sources and claims as strict immutable models; protocols come from `kb.protocol`.

This room knows shapes, not files: reading and positions are in `kb.load`, rules that need more
than one record in `kb.rules`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from kb.protocol import (
    Control,
    Deviation,
    Estimand,
    Prediction,
    Protocol,
    Revision,
    predictions_digest,
)
from kb.record_fields import (
    ArxivNumber,
    Date,
    Doi,
    Flaw,
    Identifier,
    Line,
    Name,
    Record,
    Text,
    Url,
    one_of,
)

__all__ = [
    "Appearance",
    "Claim",
    "Control",
    "Date",
    "Deviation",
    "Estimand",
    "Identifier",
    "Kind",
    "Line",
    "Locator",
    "Name",
    "Person",
    "Prediction",
    "Protocol",
    "Record",
    "Relation",
    "RelationType",
    "Reported",
    "Revision",
    "Source",
    "Stance",
    "Text",
    "Url",
    "predictions_digest",
]

CODES = {
    "person-name": "A person has no name, or two kinds of name.",
    "impossible-date": "A date that no calendar has, or a year before printing or beyond this century.",
    "empty-locator": "A locator says nothing.",
    "long-anchor": "An anchor quotes more than five words.",
    "strict-relation": "A relation other than `contradicts` is strict.",
    "testability-choice": "Not exactly one of `protocol`, `not_testable` and `untested` is given.",
    "missing-scope": "A claim with a protocol does not say in what setting it is tested.",
}

FIRST_YEAR, LAST_YEAR = 1450, 2099
ANCHOR_WORDS = 5
TESTABILITY = ("protocol", "not_testable", "untested")

Kind = Literal["empirical", "theoretical", "methodological", "historical", "normative"]
Stance = Literal["asserts", "disputes", "qualifies", "reports"]
RelationType = Literal["depends_on", "supports", "contradicts", "refines", "explains"]


class Person(Record):
    """A name as in CSL: `family` and `given`, or `literal` for a group or a pen name."""

    family: Line | None = None
    """Family name."""
    given: Line | None = None
    """Given names or initials."""
    literal: Line | None = None
    """The whole name of a group, or a pen name."""

    @property
    def full(self) -> str:
        """Return the name as it is read aloud."""
        return self.literal or " ".join(part for part in (self.given, self.family) if part)

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the choice of names."""
        if (self.literal is None) == (self.family is None) or (self.literal and self.given):
            yield Flaw(
                "person-name",
                "a person with " + (" and ".join(self.model_fields_set) or "no name"),
                "family, with given where there is one; or literal for a group or a pen name",
                "write {family: Doe, given: Jane} or {literal: The Doe Group}",
            )


class Source(Record):
    """A paper, talk, essay, post or repository, in CSL's fields, and what of it was verified."""

    title: Line
    """Title as published."""
    type: Literal[
        "article-journal", "paper-conference", "post-weblog", "speech", "software", "thesis", "article"
    ]
    """Kind of publication, as in CSL."""
    author: Annotated[tuple[Person, ...], Field(min_length=1)]
    """Authors in their order."""
    issued: Date | None = None
    """Date of publication in quotes, as far as known."""
    URL: Url | None = None
    """Address at which a reader finds it."""
    DOI: Doi | None = None
    """Digital object identifier without address."""
    arxiv: ArxivNumber | None = None
    """arXiv number in quotes, without version."""
    container_title: Line | None = Field(default=None, alias="container-title")
    """Journal, proceedings, blog or event."""
    verified: Literal["text", "abstract", "secondary", "memory"]
    """What of it was read: the text, its abstract, others' accounts of it, or nothing."""
    note: Text | None = None
    """Anything a reader of the source should know."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the date."""
        if self.issued and not _is_date(self.issued):
            yield Flaw(
                "impossible-date",
                f"the date {self.issued}",
                f"a day of the calendar, from {FIRST_YEAR} to {LAST_YEAR}",
                "look the date up again; leave out month or day where they are unknown",
                ("issued",),
            )


def _is_date(text: str) -> bool:
    parts = [int(part) for part in text.split("-")]
    try:
        year = dt.date(*[*parts, 1, 1][:3]).year
    except ValueError:
        return False
    return FIRST_YEAR <= year <= LAST_YEAR


class Locator(Record):
    """Where in a source a claim stands; the anchor is at most five words at its start and its end."""

    section: Line | None = None
    """Heading or part."""
    paragraph: Annotated[int, Field(ge=1)] | None = None
    """Number of the paragraph, from 1."""
    page: Line | None = None
    """Page or pages in quotes."""
    time: Line | None = None
    """Position in a recording, such as 12:30, in quotes."""
    anchor: tuple[Line, Line] | None = None
    """First and last words of the passage, at most five each."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the place that is given."""
        if not self.model_fields_set:
            yield Flaw(
                "empty-locator",
                "a locator that says nothing",
                "section, paragraph, page, time or anchor",
                "say where in the source the claim stands",
            )
        for i, words in enumerate(self.anchor or ()):
            if len(words.split()) > ANCHOR_WORDS:
                yield Flaw(
                    "long-anchor",
                    f"an anchor of {len(words.split())} words",
                    f"at most {ANCHOR_WORDS} words at the start and at the end of the passage",
                    "keep only as many words as find the place; nothing is quoted here",
                    ("anchor", i),
                )


class Appearance(Record):
    """One source that states, disputes, qualifies or reports the claim."""

    source: Identifier
    """Id of the source."""
    by: Line | None = None
    """Who says it, where the source has several voices."""
    stance: Stance
    """What the source does with the claim."""
    locator: Locator
    """Where in the source."""


class Relation(Record):
    """A directed link to another claim; of a `strict` contradiction only one side can hold."""

    type: RelationType
    """How this claim bears on the other."""
    claim: Identifier
    """Id of the other claim."""
    because: Line
    """Why."""
    strict: bool = False
    """For `contradicts`: only one of the two can hold."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with `strict`."""
        if self.strict and self.type != "contradicts":
            yield Flaw(
                "strict-relation",
                f"a relation {self.type} that is strict",
                "strict: true with `type: contradicts`, where only one side can hold",
                "remove strict",
                ("strict",),
            )


class Reported(Record):
    """A number of the source itself, for comparison beside ours."""

    what: Line
    """What was measured."""
    value: float
    """The number."""
    from_: Identifier = Field(alias="from")
    """Id of the source."""


class Claim(Record):
    """One statement somebody made that could be wrong, in our own words.

    Exactly one of `protocol`, `not_testable` and `untested` must be given.
    """

    model_config = ConfigDict(json_schema_extra=one_of(*TESTABILITY))

    title: Annotated[Line, StringConstraints(max_length=90)]
    """The claim as a headline of at most 90 characters."""
    kind: Kind
    """What kind of statement it is."""
    statement: Text
    """The claim in our own words, understandable alone."""
    stated_in: Annotated[tuple[Appearance, ...], Field(min_length=1)]
    """Sources and what they do with it."""
    relations: tuple[Relation, ...] = ()
    """Links to other claims."""
    scope: Text | None = None
    """The setting in which the protocol tests it."""
    protocol: Protocol | None = None
    """How it is tested."""
    not_testable: Text | None = None
    """Why no experiment could tell."""
    untested: Text | None = None
    """What a test would take."""
    reported: tuple[Reported, ...] = ()
    """The sources' own numbers, shown beside ours."""
    pitfalls: Text | None = None
    """What is easily misread or done wrong."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the way it is to be tested."""
        given = [name for name in TESTABILITY if getattr(self, name) is not None]
        if len(given) != 1:
            yield Flaw(
                "testability-choice",
                f"a claim with {' and '.join(given) or 'none of ' + ', '.join(TESTABILITY)}",
                "exactly one of protocol, not_testable: reason, and untested: what it would take",
                "remove one of them" if given else "say how it is tested, or why it is not",
                (given[1],) if given else (),
            )
        if self.protocol and self.scope is None:
            yield Flaw(
                "missing-scope",
                "a claim with a protocol but without scope",
                "scope: the setting in which the protocol tests the statement",
                "add a line `scope: ...` with sizes, data and precision",
            )

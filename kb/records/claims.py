"""What people write of claims, as strict immutable models; other records have modules of their own.

This module knows shapes, not files: reading and positions are in `kb.reading.load`, rules that need more
than one record in `kb.reading.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from kb.records.answers import Answer
from kb.records.fields import (
    Date,
    Flaw,
    Identifier,
    Line,
    Name,
    PersonName,
    Record,
    Text,
    Url,
    listed_twice,
    one_of,
)
from kb.records.protocol import (
    Control,
    Deviation,
    Estimand,
    Prediction,
    Protocol,
    Revision,
    predictions_digest,
)
from kb.records.relations import RELATIONS, RelationType
from kb.records.reviews import Review, Seen
from kb.records.sources import Locator, Paragraph, Person, Slip, Source

__all__ = [
    "Answer",
    "Appearance",
    "Claim",
    "ClaimKind",
    "Control",
    "Date",
    "Deviation",
    "Estimand",
    "Identifier",
    "Line",
    "Locator",
    "Name",
    "Paragraph",
    "Person",
    "Prediction",
    "Protocol",
    "Record",
    "Relation",
    "RelationType",
    "Reported",
    "Review",
    "Revision",
    "Seen",
    "Slip",
    "Source",
    "Stance",
    "Text",
    "Tombstone",
    "Url",
    "predictions_digest",
]

CODES = {
    "quoted-nobody": "A quotation does not say whose words are quoted.",
    "predictions-of-a-base": "A relation `depends_on` names predictions, which are those of the wrong claim.",
    "strict-relation": "A relation other than `contradicts` is strict.",
    "testability-choice": "Not exactly one of `protocol`, `not_testable` and `untested` is given.",
    "answer-without-protocol": "A claim that no protocol tests has an answer.",
    "missing-scope": "A claim with a protocol does not say in what setting it is tested.",
    "tombstone-choice": "Neither or both of `moved_to` and `split_into` are given.",
}

TESTABILITY = ("protocol", "not_testable", "untested")
TOMBSTONE = ("moved_to", "split_into")

ClaimKind = Literal["empirical", "theoretical", "methodological", "historical", "normative"]
Stance = Literal["asserts", "disputes", "qualifies", "reports", "cites"]
"""What a source does with a claim; one that `cites` it points to who says it, and does not say it."""


class Appearance(Record):
    """One source that states, disputes, qualifies, reports or merely cites the claim."""

    source: Identifier
    """Id of the source."""
    by: PersonName | None = None
    """Who says it, where the source has several voices or quotes somebody."""
    quoted_by: PersonName | None = None
    """Who quotes them there, where it is not their own words in their own text."""
    stance: Stance
    """What the source does with the claim; `cites` where it points to who says it, without saying it."""
    locator: Locator
    """Where in the source."""

    @property
    def taken_by(self) -> str | None:
        """Return who takes the stance: the person who quotes, or else who says it; None for the authors."""
        return self.quoted_by or self.by

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the naming of who is quoted."""
        if self.quoted_by is not None and self.by is None:
            yield Flaw(
                "quoted-nobody",
                f"a quotation by {self.quoted_by} without the person quoted",
                "quoted_by only beside by, the person whose words are quoted",
                "name who is quoted under `by`, or write the name of the voice there",
                ("quoted_by",),
            )


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
    on: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    """Predictions of this claim on which the relation rests; without them it rests on the whole verdict."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with `strict` and with `on`."""
        if self.on and RELATIONS[self.type].points_back:
            yield Flaw(
                "predictions-of-a-base",
                f"a relation {self.type} that names predictions of this claim",
                "on: [predictions] with a relation by which this claim bears on the other",
                "remove on",
                ("on",),
            )
        yield from listed_twice("on", self.on or ())
        if self.strict and RELATIONS[self.type].effect != "against":
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
    kind: ClaimKind
    """What kind of statement it is."""
    aliases: Annotated[tuple[Line, ...], Field(max_length=12)] = ()
    """Other words under which people look for it."""
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
    answer: Answer | None = None
    """What came out, in a reviewed sentence or two."""
    pitfalls: Text | None = None
    """What is easily misread or done wrong."""
    reviewed: Review | None = None
    """The last look at its links, from `repro review`."""

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
        if self.answer and self.protocol is None:
            yield Flaw(
                "answer-without-protocol",
                "an answer of a claim that has no protocol",
                "answer only beside protocol: it says what came out of the test",
                "remove the answer, or write a protocol",
                ("answer",),
            )


class Tombstone(Record):
    """What is left in the place of a claim that now has another id, so that no old link dies."""

    model_config = ConfigDict(json_schema_extra=one_of(*TOMBSTONE))

    moved_to: Identifier | None = None
    """Id of the claim that took its place."""
    split_into: Annotated[tuple[Identifier, ...], Field(min_length=2)] | None = None
    """Ids of the claims that it was taken apart into."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the ids that stand for the old one."""
        return self.split_into or ((self.moved_to,) if self.moved_to else ())

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the choice of fields."""
        if (self.moved_to is None) == (self.split_into is None):
            yield Flaw(
                "tombstone-choice",
                "a tombstone with both moved_to and split_into",
                "moved_to: id, or split_into: [ids]",
                "remove one of the two",
                ("split_into",),
            )
        yield from listed_twice("split_into", self.split_into or ())

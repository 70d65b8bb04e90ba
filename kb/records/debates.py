"""Debates: a question, the sides with their claims, and the experiment that would tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kb.records.answers import DebateAnswer
from kb.records.fields import Flaw, Identifier, Line, Record, Text, listed_twice
from kb.text.problems import Keys

CODES = {"claim-on-two-sides": "A debate names a claim twice, on one side or on two."}


class Side(Record):
    """What one side of a debate holds, with its claims."""

    name: Line
    """What it holds, as a headline."""
    claims: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """Ids of the claims that it stands on."""


class Discriminating(Record):
    """The experiment on which the sides would come out differently."""

    what: Text
    """What to measure, in words."""
    claims: tuple[Identifier, ...] = ()
    """Ids of the claims whose protocols are that experiment, or part of it."""

    def flaws(self) -> Iterator[Flaw]:
        """Return where a claim is named a second time."""
        return listed_twice("claims", self.claims)


class Condition(Record):
    """A prediction, and how it comes out where a reading obtains."""

    claim: Identifier
    """Id of the claim that makes the prediction."""
    prediction: Identifier
    """Name of the prediction."""
    is_: Literal["reproduced", "contradicted"] = Field(alias="is")
    """How it comes out where the reading obtains."""


class Reading(Record):
    """One result that the discriminating experiment may have, and what it would mean."""

    if_: Line = Field(alias="if")
    """The result."""
    then: Line
    """What it would mean for the sides."""
    when: tuple[Condition, ...] = ()
    """Predictions by which one sees whether it obtained: all of them must come out as said."""

    def flaws(self) -> Iterator[Flaw]:
        """Return where a prediction is named a second time."""
        return listed_twice("when", [f"{each.claim}: {each.prediction}" for each in self.when])


class Debate(Record):
    """A question on which sources take sides."""

    title: Annotated[Line, StringConstraints(max_length=90)]
    """The debate as a headline of at most 90 characters."""
    aliases: Annotated[tuple[Line, ...], Field(max_length=12)] = ()
    """Other words under which people look for it."""
    question: Text
    """What is asked, understandable alone."""
    sides: Annotated[tuple[Side, ...], Field(min_length=2)]
    """Two or more sides with their claims."""
    discriminating: Discriminating
    """The experiment that would tell them apart."""
    readings: Annotated[tuple[Reading, ...], Field(min_length=1)]
    """What each result would mean."""
    answer: DebateAnswer | None = None
    """What the verdicts say so far on the question."""

    @property
    def named(self) -> Iterator[tuple[Keys, str]]:
        """Yield every mention of a claim: the keys to it from the record's start, and the id."""
        for i, side in enumerate(self.sides):
            for k, claim_id in enumerate(side.claims):
                yield ("sides", i, "claims", k), claim_id
        for i, claim_id in enumerate(self.discriminating.claims):
            yield ("discriminating", "claims", i), claim_id
        for i, reading in enumerate(self.readings):
            for k, condition in enumerate(reading.when):
                yield ("readings", i, "when", k, "claim"), condition.claim

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the ids of the claims that are to tell the sides apart, each once, in order."""
        conditions = (condition.claim for reading in self.readings for condition in reading.when)
        return tuple(dict.fromkeys([*self.discriminating.claims, *conditions]))

    def flaws(self) -> Iterator[Flaw]:
        """Return where a side or a claim is named a second time."""
        yield from listed_twice("sides", [side.name for side in self.sides], "name")
        yield from listed_twice("readings", [reading.if_ for reading in self.readings], "if")
        seen: dict[str, str] = {}
        for i, side in enumerate(self.sides):
            for k, claim_id in enumerate(side.claims):
                if claim_id in seen:
                    yield Flaw(
                        "claim-on-two-sides",
                        f"the claim {claim_id}, which is listed under {seen[claim_id]!r} already",
                        "each claim of a debate once, on the side that holds it",
                        "leave it where it belongs; a claim that both sides accept does not tell them apart",
                        ("sides", i, "claims", k),
                    )
                seen.setdefault(claim_id, side.name)

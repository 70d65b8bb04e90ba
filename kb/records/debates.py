"""Debates: a question, the sides with their claims, and the experiment that would tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints

from kb.records.fields import Flaw, Identifier, Line, Record, Text

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


class Reading(Record):
    """One result that the discriminating experiment may have, and what it would mean."""

    if_: Line = Field(alias="if")
    """The result."""
    then: Line
    """What it would mean for the sides."""


class Debate(Record):
    """A question on which sources take sides."""

    title: Annotated[Line, StringConstraints(max_length=90)]
    """The debate as a headline of at most 90 characters."""
    question: Text
    """What is asked, understandable alone."""
    sides: Annotated[tuple[Side, ...], Field(min_length=2)]
    """Two or more sides with their claims."""
    discriminating: Discriminating
    """The experiment that would tell them apart."""
    readings: Annotated[tuple[Reading, ...], Field(min_length=1)]
    """What each result would mean."""

    def flaws(self) -> Iterator[Flaw]:
        """Return where a claim is named a second time."""
        seen: dict[str, str] = {}
        for i, side in enumerate(self.sides):
            for k, claim_id in enumerate(side.claims):
                if claim_id in seen:
                    yield Flaw(
                        "claim-on-two-sides",
                        f"the claim {claim_id}, which stands under {seen[claim_id]!r} already",
                        "each claim of a debate once, on the side that holds it",
                        "leave it where it belongs; a claim that both sides accept tells them not apart",
                        ("sides", i, "claims", k),
                    )
                seen.setdefault(claim_id, side.name)

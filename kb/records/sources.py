"""Where claims come from: a source with its people, the places in it, its paragraphs and its slips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from kb.records.fields import Flaw, Identifier, Line, Record, Text, listed_twice, one_of
from kb.records.people import Person
from kb.records.works import Work
from kb.text.problems import Keys

__all__ = ["Assertion", "Locator", "Paragraph", "Person", "Slip", "Source", "Verified"]

CODES = {
    "empty-locator": "A locator says nothing.",
    "long-anchor": "An anchor quotes more than five words.",
    "paragraph-choice": "Not exactly one of `claims`, `assertions` and `none` is given for a paragraph.",
    "assertion-choice": "Neither or both of `claims` and `none` are given for an assertion.",
}

ANCHOR_WORDS = 5


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
        yield from _anchor_flaws(self.anchor)


def _anchor_flaws(anchor: tuple[str, str] | None) -> Iterator[Flaw]:
    for i, words in enumerate(anchor or ()):
        if len(words.split()) > ANCHOR_WORDS:
            yield Flaw(
                "long-anchor",
                f"an anchor of {len(words.split())} words",
                f"at most {ANCHOR_WORDS} words at the start and at the end of the passage",
                "keep only as many words as find the place; nothing is quoted here",
                ("anchor", i),
            )


class Slip(Record):
    """An error in a source, told fairly: what stands there and what is right."""

    what: Text
    """What the source says, in our own words."""
    instead: Text
    """What is right, and how one knows."""
    locator: Locator
    """Where in the source."""


class Assertion(Record):
    """One thing that a paragraph asserts, in our own words: the claims that hold it, or why it has none."""

    model_config = ConfigDict(json_schema_extra=one_of("claims", "none"))

    says: Line
    """The assertion in a few words of ours."""
    claims: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    """Ids of the claims that it states, disputes, qualifies, reports or cites."""
    none: Text | None = None
    """Why there is no claim for it."""

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the choice between claims and none."""
        if (self.claims is None) == (self.none is None):
            yield Flaw(
                "assertion-choice",
                "an assertion with "
                + ("neither claims nor none" if self.none is None else "claims and none"),
                "claims: [ids] that hold it, or none: why there is no claim for it",
                "add one of the two" if self.none is None else "remove one of the two",
                () if self.none is None else ("none",),
            )
        yield from listed_twice("claims", self.claims or ())


PARAGRAPH = ("claims", "assertions", "none")


class Paragraph(Record):
    """One paragraph of a source that is read whole: what it asserts, or why it asserts nothing."""

    model_config = ConfigDict(json_schema_extra=one_of(*PARAGRAPH))

    anchor: tuple[Line, Line]
    """First and last words of the paragraph, at most five each."""
    claims: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    """Ids of the claims that it states, disputes, qualifies, reports or cites, one for each assertion."""
    assertions: Annotated[tuple[Assertion, ...], Field(min_length=1)] | None = None
    """Each thing that it asserts, one by one, so that none goes uncovered."""
    none: Text | None = None
    """Why it asserts nothing to test."""

    @property
    def named(self) -> tuple[tuple[Keys, str], ...]:
        """Return the ids of its claims as they are listed, each with the keys that lead to it."""
        whole = tuple((("claims", i), named) for i, named in enumerate(self.claims or ()))
        return whole + tuple(
            (("assertions", i, "claims", k), named)
            for i, assertion in enumerate(self.assertions or ())
            for k, named in enumerate(assertion.claims or ())
        )

    @property
    def stated(self) -> tuple[str, ...]:
        """Return the ids of its claims, each once."""
        return tuple(dict.fromkeys(claim_id for _, claim_id in self.named))

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the choice between claims, assertions and none, and with the anchor."""
        given = [name for name in PARAGRAPH if getattr(self, name) is not None]
        if len(given) != 1:
            yield Flaw(
                "paragraph-choice",
                f"a paragraph with {' and '.join(given) or 'neither claims, assertions nor none'}",
                "claims: [ids], assertions: each with its claims, or none: why it asserts nothing to test",
                "leave one of them" if given else "add one of the three",
                (given[1],) if given else (),
            )
        yield from listed_twice("claims", self.claims or ())
        yield from _anchor_flaws(self.anchor)


Verified = Literal["text", "abstract", "secondary", "memory"]
"""How much of a source was read."""


class Source(Work):
    """A paper, book, talk, essay, post or repository, in CSL's fields, and what of it was verified."""

    verified: Verified
    """What of it was read: the text, its abstract, others' accounts of it, or nothing."""
    note: Text | None = None
    """Anything a reader of the source should know."""
    slips: tuple[Slip, ...] = ()
    """Errors in the source that a reader should not take over."""
    paragraphs: tuple[Paragraph, ...] = ()
    """Of a source that was read whole: every paragraph in order, with what it asserts."""

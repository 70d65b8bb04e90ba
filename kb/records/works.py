"""Works of others as bibliographies name them: the types and most variables of CSL 1.0.2.

The names are CSL's own, so that a record can be copied from a reference manager, and exported to one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from kb.records.fields import (
    ArxivNumber,
    Date,
    Day,
    Doi,
    Flaw,
    Isbn,
    Issn,
    Line,
    Record,
    Url,
    WorkTitle,
    listed_twice,
)
from kb.records.people import Person

CODES = {
    "author-choice": "A source names nobody who made it and is not anonymous, or is anonymous with authors."
}

WorkType = Literal[
    "article-journal",
    "paper-conference",
    "post-weblog",
    "speech",
    "software",
    "thesis",
    "article",
    "article-magazine",
    "article-newspaper",
    "bill",
    "book",
    "broadcast",
    "chapter",
    "classic",
    "collection",
    "dataset",
    "document",
    "entry",
    "entry-dictionary",
    "entry-encyclopedia",
    "event",
    "figure",
    "graphic",
    "hearing",
    "interview",
    "legal_case",
    "legislation",
    "manuscript",
    "map",
    "motion_picture",
    "musical_score",
    "pamphlet",
    "patent",
    "performance",
    "periodical",
    "personal_communication",
    "post",
    "regulation",
    "report",
    "review",
    "review-book",
    "song",
    "standard",
    "treaty",
    "webpage",
]
"""Every type of CSL 1.0.2, those of most sources here first."""
People = Annotated[tuple[Person, ...], Field(min_length=1, validate_default=False)]


def _written(value: Any) -> Any:
    return str(value) if type(value) is int else value  # not of a boolean


Numbered = Annotated[
    Line, BeforeValidator(_written), Field(json_schema_extra={"type": ["string", "integer"]})
]
"""What CSL calls a number, such as 12, XII, 3-4 or S2; in a record it needs no quotes."""

MAKERS = ("author", "editor", "director", "interviewer", "translator", "container_author", "recipient")
"""The fields that hold people; whoever is named in the first that is given made the work."""


def _any_of_makers() -> Any:
    names = ("author", "editor", "director", "anonymous")
    return {"anyOf": [{"required": [name]} for name in names]}


class Work(Record):
    """A work in the variables of CSL."""

    model_config = ConfigDict(json_schema_extra=_any_of_makers())

    title: WorkTitle
    """Title as published."""
    type: WorkType
    """Kind of publication, as in CSL."""
    author: People = ()
    """Authors in their order."""
    anonymous: bool = False
    """Whether the work names nobody who made it."""
    issued: Date | None = None
    """Date of publication in quotes, as far as known."""
    URL: Url | None = None
    """Address at which a reader finds it."""
    DOI: Doi | None = None
    """Digital object identifier without address."""
    arxiv: ArxivNumber | None = None
    """arXiv number in quotes, without version."""
    container_title: WorkTitle | None = Field(default=None, alias="container-title")
    """Journal, proceedings, book, blog or event."""
    editor: People = ()
    """Editors in their order."""
    translator: People = ()
    """Translators."""
    director: People = ()
    """Directors of a film or broadcast."""
    interviewer: People = ()
    """Who asks in an interview."""
    container_author: People = Field(default=(), alias="container-author")
    """Authors of the book that a chapter is in."""
    recipient: People = ()
    """To whom a letter is written."""
    volume: Numbered | None = None
    """Volume."""
    issue: Numbered | None = None
    """Issue of a journal."""
    page: Numbered | None = None
    """Page or pages, such as 433-460."""
    number: Numbered | None = None
    """Number of a report, patent or standard."""
    edition: Numbered | None = None
    """Edition."""
    version: Numbered | None = None
    """Version of software or data."""
    collection_title: WorkTitle | None = Field(default=None, alias="collection-title")
    """Series."""
    collection_number: Numbered | None = Field(default=None, alias="collection-number")
    """Number within the series."""
    publisher: Line | None = None
    """Publisher, university or institution."""
    publisher_place: Line | None = Field(default=None, alias="publisher-place")
    """Where the publisher is."""
    event_title: WorkTitle | None = Field(default=None, alias="event-title")
    """Conference or meeting."""
    event_place: Line | None = Field(default=None, alias="event-place")
    """Where it was held."""
    genre: Line | None = None
    """Kind within the type, such as PhD thesis."""
    medium: Line | None = None
    """Medium, such as video."""
    language: Line | None = None
    """Language of the work, such as de or pt-BR."""
    original_title: WorkTitle | None = Field(default=None, alias="original-title")
    """Title of the work that this one translates or reprints."""
    original_date: Date | None = Field(default=None, alias="original-date")
    """When that was published, in quotes."""
    archive: Line | None = None
    """Archive that holds a manuscript."""
    archive_location: Line | None = None
    """Where in the archive."""
    ISBN: Isbn | None = None
    """International standard book number."""
    ISSN: Issn | None = None
    """International standard serial number."""
    accessed: Day | None = None
    """Day on which the address was last opened, in quotes."""

    @property
    def makers(self) -> tuple[str, tuple[Person, ...]]:
        """Return whom the work is by: the field that says so, and the people; nobody if it is anonymous."""
        named = ((field, getattr(self, field)) for field in MAKERS)
        return next(((field, people) for field, people in named if people), ("author", ()))

    def flaws(self) -> Iterator[Flaw]:
        """Return what is wrong with the people that are named."""
        if self.anonymous and self.author:
            yield Flaw(
                "author-choice",
                "an anonymous work with an author",
                "author: [people], or anonymous: true where the work names nobody",
                "remove one of the two",
                ("anonymous",),
            )
        if not (self.anonymous or self.author or self.editor or self.director):
            yield Flaw(
                "author-choice",
                "a source without author",
                "a source with author, editor or director; or anonymous: true where the work names nobody",
                "add a line `author: [{family: ..., given: ...}]`",
            )
        for field in MAKERS:
            yield from listed_twice(field, [person.full for person in getattr(self, field)])

"""Overviews: texts by hand about many verdicts, in `claims/overviews/`, one sentence per line.

A line that speaks of evidence ends with a mark that names the claims, and the digest of the verdicts on them
that the sentence was confirmed for: `Tickets win. {lottery-ticket-exists, lottery-init-matters: 1a2b3c4d}`.
A line `# Title` is the overview's title, a line `## Heading` opens a section, an empty line ends a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kb.reading.files import OVERVIEWS
from kb.records.fields import IDENTIFIER
from kb.text.problems import Place

TEXTS = f"claims/{OVERVIEWS}"
_NAME = IDENTIFIER.strip("^$")
MARK = re.compile(rf"\s*\{{(?P<claims>{_NAME}(?:, {_NAME})*)(?:: (?P<of>[0-9a-f]{{8}}))?\}}$")
"""At the end of a line: the claims that its sentence speaks of, and the digest of their verdicts."""


class Statement(NamedTuple):
    """One line of an overview, a sentence as a rule.

    Attributes:
        says: Its text, without the mark.
        claims: The claims whose verdicts it speaks of; none if it speaks of no evidence.
        of: The digest that it carries; empty if it carries none.
        place: Where it begins.
    """

    says: str
    claims: tuple[str, ...]
    of: str
    place: Place


class Section(NamedTuple):
    """A heading, empty above the first one, with the paragraphs below it."""

    heading: str
    paragraphs: tuple[tuple[Statement, ...], ...]

    @property
    def slug(self) -> str:
        """Return the heading as an anchor."""
        return "-".join(re.findall(r"[a-z0-9]+", self.heading.lower()))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Return all lines in their order."""
        return tuple(each for paragraph in self.paragraphs for each in paragraph)


class Overview(NamedTuple):
    """One file, named by its stem."""

    id: str
    path: str
    text: str
    title: str
    sections: tuple[Section, ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Return all lines in their order."""
        return tuple(each for section in self.sections for each in section.statements)


def parse(overview_id: str, path: str, text: str) -> Overview:
    """Return the overview that a text is."""
    title, sections = "", []
    for heading, lines in _sections(text):
        if heading.startswith("# "):
            title = heading.removeprefix("# ").strip()
        paragraphs = tuple(_paragraphs(path, lines))
        name = heading.removeprefix("## ").strip() if heading.startswith("## ") else ""
        if name or paragraphs:
            sections.append(Section(name, paragraphs))
    return Overview(overview_id, path, text, title, tuple(sections))


Lines = list[tuple[int, str]]
"""Lines with their numbers, counted from 1."""


def _sections(text: str) -> Iterator[tuple[str, Lines]]:
    heading, lines = "", Lines()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(("# ", "## ")):
            yield heading, lines
            heading, lines = line, Lines()
        else:
            lines.append((number, line))
    yield heading, lines


def _paragraphs(path: str, lines: Lines) -> Iterator[tuple[Statement, ...]]:
    found: list[Statement] = []
    for number, line in [*lines, (0, "")]:
        if line.strip():
            found.append(_statement(line.strip(), Place(path, number, 1)))
        elif found:
            yield tuple(found)
            found = []


def _statement(line: str, place: Place) -> Statement:
    mark = MARK.search(line)
    if mark is None:
        return Statement(line, (), "", place)
    return Statement(line[: mark.start()], tuple(mark["claims"].split(", ")), mark["of"] or "", place)

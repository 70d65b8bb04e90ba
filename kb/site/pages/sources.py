"""Sources with their claims in reading order, and how their paragraphs are covered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kb.exports import heads
from kb.exports.published import Site
from kb.reading.coverage import coverage
from kb.reading.load import Base
from kb.records.claims import Appearance
from kb.site.appearances import passage, place_in
from kb.site.page import Page, page_from
from kb.site.templates import authors
from kb.words.sources import CHECKED

WIDE = ("navigation", "toc")
OTHERS = {
    "editor": "Edited by",
    "director": "Directed by",
    "interviewer": "Asked by",
    "translator": "Translated by",
    "container_author": "Book by",
    "recipient": "To",
}
"""The term for people who are not the authors, by their field."""
FACTS = {
    "volume": "Volume",
    "issue": "Issue",
    "page": "Pages",
    "number": "Number",
    "edition": "Edition",
    "version": "Version",
    "collection_title": "Series",
    "collection_number": "Number in the series",
    "publisher": "Publisher",
    "publisher_place": "Place",
    "event_title": "Event",
    "event_place": "Held in",
    "medium": "Medium",
    "language": "Language",
    "original_title": "Original title",
    "archive": "Archive",
    "archive_location": "Location",
    "ISBN": "ISBN",
    "ISSN": "ISSN",
}
"""The term for each further fact of a work, by its field."""
LAST = 10**6
"""Sorts claims without a paragraph after all others."""


def pages(site: Site) -> Iterator[Page]:
    """Yield the sources, their overview and the coverage."""
    covered = coverage(site.base)
    said = _by_source(site.base)
    title, description = "Sources", "Every source with how much of it was checked."
    yield page_from(
        site, "sources/index.md", "sources", title, description, hide=WIDE, covered=covered, said=said
    )
    title, description = "Coverage", "Which paragraph of which essay makes which claims."
    yield page_from(
        site, "coverage.md", "coverage", title, description, hide=WIDE, covered=covered, passage=passage
    )
    for source_id in site.base.sources:
        yield _source(site, source_id, said.get(source_id, []))


def _by_source(base: Base) -> dict[str, list[tuple[str, Appearance]]]:
    """Return the claims of each source in the order in which a reader meets them."""
    found: dict[str, list[tuple[str, Appearance]]] = {}
    for claim_id, claim in base.claims.items():
        for said in claim.stated_in:
            found.setdefault(said.source, []).append((claim_id, said))
    for source_id, pairs in found.items():
        first = _first_paragraphs(base, source_id)
        pairs.sort(key=partial(_reading_order, first))
    return found


def _first_paragraphs(base: Base, source_id: str) -> dict[str, int]:
    """Return the number of the first paragraph with each claim, for a source that was read whole."""
    first: dict[str, int] = {}
    paragraphs = base.sources[source_id].paragraphs if source_id in base.sources else ()
    for number, paragraph in enumerate(paragraphs, start=1):
        for claim_id in paragraph.stated:
            first.setdefault(claim_id, number)
    return first


def _reading_order(first: dict[str, int], pair: tuple[str, Appearance]) -> tuple[int, str]:
    claim_id, said = pair
    return said.locator.paragraph or first.get(claim_id, LAST), claim_id


def _source(site: Site, source_id: str, said: list[tuple[str, Appearance]]) -> Page:
    source = site.base.sources[source_id]
    written_by = authors(source)
    shown: dict[str, Any] = {
        "source_id": source_id,
        "source": source,
        "authors": written_by,
        "checked": CHECKED[source.verified],
        "named": [(term, people) for field, term in OTHERS.items() if (people := getattr(source, field))],
        "facts": [
            (term, fact) for field, term in FACTS.items() if (fact := getattr(source, field)) is not None
        ],
        "said": [
            (claim_id, item, place_in(item.locator), passage(source, item.locator.anchor))
            for claim_id, item in said
        ],
        "slips": [
            (slip, place_in(slip.locator), passage(source, slip.locator.anchor)) for slip in source.slips
        ],
    }
    path, told = f"sources/{source_id}.md", f"{source.title}, {written_by}"
    return page_from(site, path, "source", source.title, told, head=heads.source(site, source_id), **shown)

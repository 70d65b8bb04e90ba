"""Where a claim is said: who takes which stance, in which place of which source, and how to open it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from kb.reading.base import Base
from kb.records.claims import Appearance, Locator
from kb.records.sources import Source
from kb.site.templates import authors
from kb.words.sources import STANCES


class Said(NamedTuple):
    """One appearance of a claim in a source: what was done by whom, and where to read it."""

    appearance: Appearance
    source: Source
    by: str
    where: str
    passage: str | None


def appearances(base: Base, claim_id: str) -> list[Said]:
    """Return where a claim is said, in the order of its record; sources that do not exist are left out."""
    return [_said(base, item) for item in base.claims[claim_id].stated_in if item.source in base.sources]


def _said(base: Base, appearance: Appearance) -> Said:
    source = base.sources[appearance.source]
    by = f"{STANCES[appearance.stance]} {appearance.taken_by or authors(source)}"
    if appearance.quoted_by is not None:
        by += f", quoting {appearance.by}"
    return Said(
        appearance,
        source,
        by,
        place_in(appearance.locator),
        passage(source, appearance.locator.anchor),
    )


def place_in(locator: Locator) -> str:
    """Return a locator in words; empty where only an anchor is given."""
    parts = (
        locator.section and f"section “{locator.section}”",
        locator.paragraph and f"paragraph {locator.paragraph}",
        locator.page and f"page {locator.page}",
        locator.time and f"at {locator.time}",
    )
    return ", ".join(part for part in parts if part)


def passage(source: Source, anchor: tuple[str, str] | None) -> str | None:
    """Return the link that opens a source at a passage, if the source is a page on the web."""
    if source.URL is None or anchor is None:
        return None
    start, end = (quote(words, safe="").replace("-", "%2D") for words in anchor)
    return f"{source.URL}{':' if '#' in source.URL else '#:'}~:text={start},{end}"

"""The page of what was measured, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from kb.exports.published import Site
from kb.site.page import Page, page_from


class EvidenceDay(NamedTuple):
    """Evidence that was measured for one experiment on one day."""

    day: str
    experiment: str
    seeds: int
    arms: int
    is_current: bool


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    title, description = "Changes", "What was measured, day by day."
    found = list(events(site))
    hide = ("navigation", "toc")
    words = (site, "changes.md", "changes", title, description)
    yield page_from(*words, hide=hide, events=found, knows_history=site.knows_history)


def events(site: Site) -> Iterator[EvidenceDay]:
    """Yield what was measured, the latest day first."""
    current = {
        site.ledger.origin(found.version) for each in site.judgements.values() for found in each.settings
    }
    seeds: Counter[tuple[str, str, bool]] = Counter()
    arms: dict[tuple[str, str, bool], set[str]] = {}
    for piece in site.ledger.evidence:
        key = (piece.started[:10], piece.experiment, site.ledger.origin(piece.version) in current)
        seeds[key] += len(piece.seeds)
        arms.setdefault(key, set()).add(piece.arm)
    for (day, experiment, is_current), count in sorted(
        seeds.items(), key=lambda item: (item[0][0], item[0][1]), reverse=True
    ):
        yield EvidenceDay(day, experiment, count, len(arms[day, experiment, is_current]), is_current)

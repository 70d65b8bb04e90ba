"""The page of what to run, to write or to record next."""

from __future__ import annotations

from collections.abc import Iterator

from kb.exports.published import Site
from kb.reasoning.conflicts import conflicts
from kb.reasoning.next import candidates
from kb.site.page import Page, page_from

MOST = 40
"""The most runs and scripts that the page lists."""


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    found = candidates(site.base, site.ledger, site.judgements)
    waiting = [i for i, claim in site.base.claims.items() if claim.untested]
    yield page_from(
        site,
        "open.md",
        "open",
        "Open",
        "What to run, write or record next.",
        hide=("navigation", "toc"),
        candidates=found[:MOST],
        left_out=max(0, len(found) - MOST),
        conflicts=conflicts(site.base, site.ledger, site.judgements),
        untested=waiting,
    )

"""The start page and the pages about the whole: what is open, what was measured, what changed, citing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from kb.exports import badges, citation, heads
from kb.judging.judgement import Judgement
from kb.reasoning.conflicts import conflicts
from kb.reasoning.next import candidates
from kb.site.page import Page, Site
from kb.site.pages import claim_page, stats_page
from kb.site.pages.debate_pages import MAIN, bearings_on, holders
from kb.site.pages.plain import in_plain_words

WORKED_EXAMPLE = "gd-stalls-two-layer-linear"
WIDE = ("navigation", "toc")
LATEST = 5
LEADING = 3
"""Holders of a side that the start page names."""
MOST_OPEN = 40


class Event(NamedTuple):
    """Evidence that was taken for one experiment on one day."""

    day: str
    experiment: str
    seeds: int
    arms: int
    is_current: bool


def pages(site: Site) -> Iterator[Page]:
    """Yield the start page and every page about the whole."""
    changes = list(events(site))
    yield _start(site, changes)
    yield _open(site)
    yield stats_page.page(site)
    yield site.page(
        "changes.md", "changes", "Changes", "What was measured, day by day.", hide=WIDE, events=changes
    )
    measured = {piece.experiment for piece in site.ledger.evidence}
    description = "Everything here to take away, with its licence."
    yield site.page(
        "data.md", "data", "Data", description, hide=WIDE, measured=measured, address=site.address
    )
    yield _cite(site)


def _cite(site: Site) -> Page:
    """Return the page on citing, with the worked example or else the first claim as example."""
    known = [i for i in (WORKED_EXAMPLE, *site.base.claims) if i in site.base.claims]
    example = known[0] if known else ""
    return site.page(
        "cite.md",
        "cite",
        "Cite",
        "How to cite this site, a claim or a measurement.",
        hide=WIDE,
        example=example,
        whole=citation.bibtex([citation.of_site(site)]),
        cited=citation.bibtex([citation.of_claim(site, example)]) if example else "",
        badge=site.absolute(f"badge/{example}"),
        drawn=badges.drawn(site, example) if example else "",
        shown_at=site.absolute(f"claims/{example}/"),
    )


def events(site: Site) -> Iterator[Event]:
    """Yield what was measured, the latest day first."""
    current = {judgement.protocol for judgement in site.judgements.values()}
    seeds: Counter[tuple[str, str, bool]] = Counter()
    arms: dict[tuple[str, str, bool], set[str]] = {}
    for piece in site.ledger.evidence:
        key = (piece.started[:10], piece.experiment, piece.protocol in current)
        seeds[key] += len(piece.seeds)
        arms.setdefault(key, set()).add(piece.arm)
    for (day, experiment, is_current), count in sorted(
        seeds.items(), key=lambda item: (item[0][0], item[0][1]), reverse=True
    ):
        yield Event(day, experiment, count, len(arms[day, experiment, is_current]), is_current)


def _start(site: Site, changes: list[Event]) -> Page:
    shown: dict[str, Any] = {"example": None, "figure": None, "plain": "", "main": None}
    example = _example(site)
    if example is not None:
        figure = claim_page.figure(site.base, example, "seeds-example", predictions=1, controls=False)
        shown |= {"example": example, "figure": figure, "plain": in_plain_words(example)}
    main_id = MAIN if MAIN in site.base.debates else next(iter(site.base.debates), None)
    if main_id is not None:
        debate = site.base.debates[main_id]
        sides = [(side, bearings_on(site.base, site.judgements, side.claims)) for side in debate.sides]
        held = {side.name: holders(site.base, side.claims, LEADING) for side in debate.sides}
        shown |= {"main": debate, "main_id": main_id, "sides": sides, "holders": held}
    description = "What the claims of the deep-learning alchemy debate are worth when they are measured."
    return site.page(
        "index.md",
        "start",
        "Assay",
        description,
        hide=WIDE,
        head=heads.start(site, description),
        groups=site.by_group,
        changes=changes[:LATEST],
        **shown,
    )


def _example(site: Site) -> Judgement | None:
    """Return the worked example, or else the first claim that was measured."""
    measured = (i for i, found in site.judgements.items() if found.verdict and found.verdict.seeds)
    chosen = WORKED_EXAMPLE if WORKED_EXAMPLE in site.judgements else next(measured, None)
    return None if chosen is None else site.judgements[chosen]


def _open(site: Site) -> Page:
    found = candidates(site.base, site.ledger, site.judgements)
    waiting = [i for i, claim in site.base.claims.items() if claim.untested]
    return site.page(
        "open.md",
        "open",
        "Open",
        "What to run, write or record next.",
        hide=WIDE,
        candidates=found[:MOST_OPEN],
        left_out=max(0, len(found) - MOST_OPEN),
        conflicts=conflicts(site.base, site.ledger, site.judgements),
        untested=waiting,
    )

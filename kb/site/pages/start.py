"""The start page: an honest answer, how predictions came out, surprises, and the subjects people come for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kb.exports import heads
from kb.exports.published import Site
from kb.reading.overviews import Section
from kb.site.figures.shares import Share, shares_figure
from kb.site.page import Page, page_from
from kb.site.pages.changes import events
from kb.site.pages.debates import MAIN, holders
from kb.site.pages.overviews import START, SURPRISES, passages
from kb.site.pages.people import Row, Speaker, people, scorecard
from kb.words.findings import is_good
from kb.words.numbers import count

WORKED_EXAMPLE = "gd-stalls-two-layer-linear"
TITLE = "Is deep learning alchemy?"
LATEST = 3
MOST_SURPRISES = 3
LEADING = 1
"""The most holders of each side whose scorecards the start page shows."""


class Voice(NamedTuple):
    """Somebody who speaks for a side, with how the claims that they speak of came out."""

    person: Speaker
    side: str
    rows: tuple[Row, ...]


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    description = "What the claims of the deep-learning alchemy debate are worth when they are measured."
    shown = passages(site, site.base.overviews.get(START))
    yield page_from(
        site,
        "index.md",
        "start",
        TITLE,
        description,
        hide=("navigation", "toc"),
        head=heads.start(site, description),
        lead=shown[0] if shown else None,
        subjects=shown[1:],
        surprises=_surprises(site),
        groups=site.by_group,
        changes=list(events(site))[:LATEST],
        voices=list(_voices(site)),
        example=_example(site),
        **_predictions(site),
    )


def _surprises(site: Site) -> list[Any]:
    """Return the first surprises, each with its figure."""
    overview = site.base.overviews.get(SURPRISES)
    if overview is None:
        return []
    named: list[Section] = [section for section in overview.sections if section.heading]
    chosen = overview._replace(sections=tuple(named[:MOST_SURPRISES]))
    return passages(site, chosen, with_figures=True)


def _example(site: Site) -> str | None:
    """Return the claim of the command to try, or else the first that was measured."""
    measured = (i for i, found in site.judgements.items() if found.verdict and found.verdict.seeds)
    return WORKED_EXAMPLE if WORKED_EXAMPLE in site.judgements else next(measured, None)


def _predictions(site: Site) -> dict[str, Any]:
    """Return how many predictions held, failed and are open, drawn, and how they were written and checked."""
    verdicts = {i: each.verdict for i, each in site.judgements.items() if each.verdict and each.verdict.seeds}
    findings = [finding for verdict in verdicts.values() for finding in verdict.findings]
    controls = [finding for verdict in verdicts.values() for finding in verdict.controls]
    protocols = [site.base.claims[i].protocol for i in verdicts]
    shares = [
        Share("held", "reproduced", sum(each.decision == "reproduced" for each in findings)),
        Share("failed", "contradicted", sum(each.decision == "contradicted" for each in findings)),
        Share("open", "inconclusive", sum(each.decision == "inconclusive" for each in findings)),
    ]
    said = f"{count(len(findings), 'prediction')} of {count(len(verdicts), 'tested claim')}"
    return {
        "shares": shares,
        "shares_of": said,
        "bar": shares_figure(shares, said, figure_id="predictions") if findings else None,
        "controls": len(controls),
        "passed": sum(is_good(each) is True for each in controls),
        "explored": sum(protocol is not None and protocol.explored is True for protocol in protocols),
    }


def _voices(site: Site) -> Iterator[Voice]:
    """Yield whoever asserts most of each side of the main debate."""
    debate = site.base.debates.get(MAIN)
    known = {person.name: person for person in people(site.base)}
    for side in debate.sides if debate else ():
        for name in holders(site.base, side.claims, LEADING):
            yield Voice(known[name], side.name, scorecard(site, known[name]))

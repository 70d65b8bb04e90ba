"""The start page: the debate, a worked example, and what was measured last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from kb.exports import heads
from kb.exports.published import Site
from kb.judging.judgement import Judgement
from kb.site.figures.findings import verdict_figure
from kb.site.page import Page, page_from
from kb.site.pages.changes import events
from kb.site.pages.debates import MAIN, holders, measured_claims
from kb.words.summaries import in_plain_words

WORKED_EXAMPLE = "gd-stalls-two-layer-linear"
LATEST = 5
LEADING = 3
"""The most holders of a side that the start page names."""


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    description = "What the claims of the deep-learning alchemy debate are worth when they are measured."
    yield page_from(
        site,
        "index.md",
        "start",
        "Assay",
        description,
        hide=("navigation", "toc"),
        head=heads.start(site, description),
        groups=site.by_group,
        changes=list(events(site))[:LATEST],
        **_example(site),
        **_debate(site),
    )


def _example(site: Site) -> dict[str, Any]:
    """Return the worked example with its first prediction drawn, if anything was measured."""
    example = _chosen(site)
    if example is None:
        return {"example": None}
    return {"example": example, "figure": _drawn(site, example), "plain": in_plain_words(example)}


def _chosen(site: Site) -> Judgement | None:
    """Return the worked example, or else the first claim that was measured."""
    measured = (i for i, found in site.judgements.items() if found.verdict and found.verdict.seeds)
    chosen = WORKED_EXAMPLE if WORKED_EXAMPLE in site.judgements else next(measured, None)
    return None if chosen is None else site.judgements[chosen]


def _drawn(site: Site, example: Judgement) -> Markup | None:
    verdict = example.verdict
    if verdict is None or verdict.seeds == 0:
        return None
    title = site.base.claims[example.claim_id].title
    return verdict_figure(verdict, title, figure_id="seeds-example", predictions=1, controls=False)


def _debate(site: Site) -> dict[str, Any]:
    """Return the main debate with what bears on its sides and who holds them, if there is a debate."""
    main_id = MAIN if MAIN in site.base.debates else next(iter(site.base.debates), None)
    if main_id is None:
        return {"main": None}
    debate = site.base.debates[main_id]
    return {
        "main": debate,
        "main_id": main_id,
        "sides": [(side, measured_claims(site.base, site.judgements, side.claims)) for side in debate.sides],
        "holders": {side.name: holders(site.base, side.claims, LEADING) for side in debate.sides},
    }

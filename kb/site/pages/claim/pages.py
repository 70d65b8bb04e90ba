"""The page of each claim, made of its sections, and the page of its history."""

from __future__ import annotations

from collections.abc import Iterator

from kb.exports import heads
from kb.exports.published import Site
from kb.reading.base import Base
from kb.site.appearances import appearances
from kb.site.cards import card_of
from kb.site.figures.neighbourhood import Neighbourhoods
from kb.site.figures.timeline import timeline
from kb.site.page import Page, page_from, page_of
from kb.site.pages.claim.sections import parts
from kb.site.pages.claim.subject import Subject
from kb.site.templates import plain
from kb.words.states import STATES


def pages(site: Site) -> Iterator[Page]:
    """Yield the page of each claim, and the page of its history if that is known."""
    near = Neighbourhoods(site.base, site.judgements)
    for claim_id in site.base.claims:
        yield _claim(Subject(site, claim_id, near))
        if claim_id in site.histories:
            yield _history(site, claim_id)


def _claim(subject: Subject) -> Page:
    site, claim_id = subject.site, subject.claim_id
    state = STATES[subject.judgement.state].word.lower()
    return page_of(
        f"claims/{claim_id}.md",
        "\n\n\n".join(parts(subject).values()),
        subject.claim.title,
        site.told[claim_id].text,
        words=_search_words(site.base, claim_id),
        head={**heads.claim(site, claim_id), "card": card_of(subject.judgement.state)},
    )._replace(title=f"{plain(subject.claim.title)} \u2013 {state}", aliases=subject.claim.aliases)


def _search_words(base: Base, claim_id: str) -> str:
    """Return the words by which the search finds a claim: its statement and its sources."""
    cited = {said.appearance.source: said.source.title for said in appearances(base, claim_id)}
    claim = base.claims[claim_id]
    return " · ".join([claim.statement.strip(), *cited.values()])


def _history(site: Site, claim_id: str) -> Page:
    """Return the page of a claim's history; the claim's own page only links to it."""
    events = site.histories[claim_id]
    return page_from(
        site,
        f"claims/{claim_id}/history.md",
        "history",
        f"History: {site.base.claims[claim_id].title}",
        "What changed in the record, the code and the evidence, and the state that followed.",
        in_search=False,
        history=events,
        claim_id=claim_id,
        timeline=timeline(events, figure_id="timeline"),
    )

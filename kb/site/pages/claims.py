"""The table of all claims, a page for each value of a facet, and a page for each claim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kb.exports import heads
from kb.reading.base import Base
from kb.site.figures.neighbourhood import Neighbourhoods
from kb.site.figures.timeline import timeline
from kb.site.page import Page, Site, page_of
from kb.site.pages.appearances import appearances
from kb.site.pages.claim.sections import parts
from kb.site.pages.claim.subject import Subject
from kb.site.pages.people import Person, people
from kb.words.standings import STANDINGS
from kb.words.states import GROUP_OF, STATES

FREQUENT = 3
"""Claims of a person who is offered in the table's filter; everybody has a page."""


class Facet(NamedTuple):
    """One way of choosing claims.

    Attributes:
        name: What the address of a filtered table calls it.
        label: What a reader calls it.
        values: Slug and words of each value that some claim has, with those claims.
        folder: Where the pages of the values stand; empty where they have none of their own.
    """

    name: str
    label: str
    values: tuple[tuple[str, str, tuple[str, ...]], ...]
    folder: str


def pages(site: Site) -> Iterator[Page]:
    """Yield the table, the facets' pages and the claims' pages."""
    spoken = people(site.base)
    found = facets(site, spoken)
    title, description = "Claims", "Every claim with the state that the evidence gives it."
    yield site.page(
        "claims/index.md",
        "claims",
        title,
        description,
        hide=("navigation", "toc"),
        head={"script": "assets/claims.js"},
        by_state=site.by_state,
        facets=found,
        groups=site.by_group,
        group_of=GROUP_OF,
        speakers=_speakers(spoken),
    )
    for facet in found:
        if facet.folder:
            yield from _facet_pages(site, facet)
    near = Neighbourhoods(site.base, site.judgements)
    for claim_id in site.base.claims:
        yield _claim(site, near, claim_id)
        if claim_id in site.histories:
            yield _history(site, claim_id)


def facets(site: Site, spoken: Iterable[Person]) -> tuple[Facet, ...]:
    """Return every facet with the values that occur."""
    claims = site.base.claims
    frequent = sorted((p for p in spoken if len(p.claims) >= FREQUENT), key=lambda p: p.name.split()[-1])
    states = [(STATES[s].slug, STATES[s].word, tuple(ids)) for s, ids in site.by_state.items()]
    groups = [(g.slug, g.word, tuple(ids)) for g, ids, _ in site.by_group if ids]
    return (
        Facet("group", "Outcome", tuple(groups), ""),
        Facet("verdict", "Verdict", tuple(states), "verdicts"),
        Facet(
            "standing", "Standing", _grouped((i, s.standing) for i, s in site.standings.items()), "standings"
        ),
        Facet("topic", "Topic", _grouped(site.base.topics.items()), "topics"),
        Facet("kind", "Kind", _grouped((i, claim.kind) for i, claim in claims.items()), "kinds"),
        Facet("person", "Person", tuple((p.id, p.name, p.claims) for p in frequent), ""),
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    grouped: dict[str, list[str]] = {}
    for claim_id, value in pairs:
        grouped.setdefault(value, []).append(claim_id)
    order: dict[str, int] = {name: place for place, name in enumerate(STANDINGS)}
    names = sorted(grouped, key=lambda name: (order.get(name, 0), name))
    return tuple((name, name.replace("-", " "), tuple(grouped[name])) for name in names)


def _speakers(spoken: Iterable[Person]) -> dict[str, list[str]]:
    """Return for each claim the ids of the people that the table's filter offers."""
    found: dict[str, list[str]] = {}
    for person in spoken:
        if len(person.claims) >= FREQUENT:
            for claim_id in person.claims:
                found.setdefault(claim_id, []).append(person.id)
    return found


def _facet_pages(site: Site, facet: Facet) -> Iterator[Page]:
    title, folder = f"Claims by {facet.label.lower()}", facet.folder
    yield site.page(
        f"{folder}/index.md", "facet", title, f"{title}.", in_search=False, facet=facet, value=None
    )
    for slug, words, claims in facet.values:
        yield site.page(
            f"{folder}/{slug}.md",
            "facet",
            f"{facet.label}: {words}",
            f"{len(claims)} claims.",
            in_search=False,
            facet=facet,
            value=(slug, words, claims),
            means=next((s.means for s in STATES.values() if s.slug == slug), "")
            if facet.name == "verdict"
            else "",
        )


def _claim(site: Site, near: Neighbourhoods, claim_id: str) -> Page:
    found = parts(Subject(site, claim_id, near))
    return page_of(
        f"claims/{claim_id}.md",
        "\n\n\n".join(found.values()),
        site.base.claims[claim_id].title,
        site.told[claim_id].text,
        words=_search_words(site.base, claim_id),
        head=heads.claim(site, claim_id),
    )


def _search_words(base: Base, claim_id: str) -> str:
    """Return the words by which the search finds a claim: its statement and where it is said."""
    cited = {said.appearance.source: said.source.title for said in appearances(base, claim_id)}
    return " · ".join([base.claims[claim_id].statement.strip(), *cited.values()])


def _history(site: Site, claim_id: str) -> Page:
    """Return the page of what became of a claim; the claim's own page only links to it."""
    title = f"History of {claim_id}"
    told = "What changed in the record, the code and the evidence, and the state that followed."
    events = site.histories[claim_id]
    drawn = timeline(events, figure_id="timeline")
    shown: dict[str, Any] = {"history": events, "claim_id": claim_id, "timeline": drawn}
    return site.page(f"claims/{claim_id}/history.md", "history", title, told, in_search=False, **shown)

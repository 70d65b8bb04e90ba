"""Lists of claims: the table of all of them, and a page for each value of a facet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kb.exports.published import Site
from kb.site.page import Page, page_from
from kb.site.pages.people import Speaker, people
from kb.words.numbers import count
from kb.words.standings import STANDINGS
from kb.words.states import GROUP_OF, STATES

FREQUENT = 3
"""The fewest claims of a person who is offered in the table's filter; everybody has a page."""


class Value(NamedTuple):
    """A value of a facet that some claim has.

    Attributes:
        slug: What addresses call it.
        words: What a reader calls it.
        claims: Ids of the claims that have it.
        means: One sentence; may be empty.
    """

    slug: str
    words: str
    claims: tuple[str, ...]
    means: str = ""


class Facet(NamedTuple):
    """One way of choosing claims.

    Attributes:
        name: What the address of a filtered table calls it.
        label: What a reader calls it.
        values: In the order of lists.
        folder: The folder of the values' pages; empty if they have no pages of their own.
    """

    name: str
    label: str
    values: tuple[Value, ...]
    folder: str


def pages(site: Site) -> Iterator[Page]:
    """Yield the table, and the pages of the facets that have any."""
    spoken = people(site.base)
    found = facets(site, spoken)
    title, description = "Claims", "Every claim with the state that the evidence gives it."
    yield page_from(
        site,
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


def facets(site: Site, spoken: Iterable[Speaker]) -> tuple[Facet, ...]:
    """Return every facet with the values that occur."""
    claims = site.base.claims
    frequent = sorted((p for p in spoken if len(p.claims) >= FREQUENT), key=lambda p: p.name.split()[-1])
    states = [
        Value(STATES[state].slug, STATES[state].word, tuple(ids), STATES[state].means)
        for state, ids in site.by_state.items()
    ]
    groups = [Value(group.slug, group.word, tuple(ids)) for group, ids, _ in site.by_group if ids]
    return (
        Facet("group", "Outcome", tuple(groups), ""),
        Facet("verdict", "Verdict", tuple(states), "verdicts"),
        Facet(
            "standing", "Standing", _grouped((i, s.standing) for i, s in site.standings.items()), "standings"
        ),
        Facet("topic", "Topic", _grouped(site.base.topics.items()), "topics"),
        Facet("kind", "Kind", _grouped((i, claim.kind) for i, claim in claims.items()), "kinds"),
        Facet("person", "Person", tuple(Value(p.id, p.name, p.claims) for p in frequent), ""),
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> tuple[Value, ...]:
    grouped: dict[str, list[str]] = {}
    for claim_id, value in pairs:
        grouped.setdefault(value, []).append(claim_id)
    order: dict[str, int] = {name: place for place, name in enumerate(STANDINGS)}
    names = sorted(grouped, key=lambda name: (order.get(name, 0), name))
    return tuple(Value(name, name.replace("-", " "), tuple(grouped[name])) for name in names)


def _speakers(spoken: Iterable[Speaker]) -> dict[str, list[str]]:
    """Return for each claim the ids of the people that the table's filter offers."""
    found: dict[str, list[str]] = {}
    for person in spoken:
        if len(person.claims) >= FREQUENT:
            for claim_id in person.claims:
                found.setdefault(claim_id, []).append(person.id)
    return found


def _facet_pages(site: Site, facet: Facet) -> Iterator[Page]:
    title, folder = f"Claims by {facet.label.lower()}", facet.folder
    yield page_from(
        site, f"{folder}/index.md", "facet", title, f"{title}.", in_search=False, facet=facet, value=None
    )
    for value in facet.values:
        yield page_from(
            site,
            f"{folder}/{value.slug}.md",
            "facet",
            f"{facet.label}: {value.words}",
            f"{count(len(value.claims), 'claim')}.",
            in_search=False,
            facet=facet,
            value=value,
        )

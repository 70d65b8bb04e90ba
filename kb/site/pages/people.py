"""Who says what: speakers and authors with a scorecard, their sources and their claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from kb.exports.published import Site
from kb.reading.load import Base
from kb.reasoning.people import people as named
from kb.records.claims import Appearance, Stance
from kb.site.appearances import place_in
from kb.site.page import Page, page_from
from kb.words.sources import DOES
from kb.words.states import GROUP_OF, GROUPS


@dataclass(frozen=True)
class Speaker:
    """Somebody who takes a stance, alone or as an author of the source that does.

    Attributes:
        sources: Ids of the sources of which they are an author.
        said: Each claim with its appearance, in order of sources and of ids.
    """

    id: str
    name: str
    sources: list[str] = field(default_factory=list)
    said: list[tuple[str, Appearance]] = field(default_factory=list)

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the ids of the claims, each once."""
        return tuple(dict.fromkeys(claim_id for claim_id, _ in self.said))

    def stance(self, appearance: Appearance) -> Stance:
        """Return the stance that is theirs: who is quoted asserts what another source reports."""
        is_quoted = appearance.quoted_by is not None and appearance.by == self.name
        return "asserts" if is_quoted and appearance.stance == "reports" else appearance.stance


class Counted(NamedTuple):
    """The claims of one outcome."""

    word: str
    claims: tuple[str, ...]


class Row(NamedTuple):
    """A line of a scorecard: a stance as a verb, and how the claims of that stance came out."""

    stance: str
    groups: tuple[Counted, ...]


class Place(NamedTuple):
    """Where somebody takes a stance.

    Attributes:
        quoted_by: Who quotes them there; empty if they speak for themselves.
    """

    source_id: str
    where: str
    quoted_by: str


class Stated(NamedTuple):
    """A claim with the places where somebody takes one stance towards it."""

    claim_id: str
    places: tuple[Place, ...]


class Part(NamedTuple):
    """The claims towards which somebody takes one stance, as a verb, in the order of outcomes."""

    stance: str
    claims: tuple[Stated, ...]


def people(base: Base) -> list[Speaker]:
    """Return everybody who is an author or is named as a speaker, those with most claims first."""
    found: dict[str, Speaker] = {}
    everybody = named(base)

    def known(name: str) -> Speaker:
        return found.setdefault(everybody[name].id, Speaker(*everybody[name]))

    for source_id, source in base.sources.items():
        for author in source.author:
            known(author.full).sources.append(source_id)
    for claim_id, claim in base.claims.items():
        for said in claim.stated_in:
            if said.source in base.sources:
                authors = [author.full for author in base.sources[said.source].author]
                voices = (name for name in (said.by, said.quoted_by) if name)
                for name in dict.fromkeys(voices) or authors:
                    known(name).said.append((claim_id, said))
    for person in found.values():
        person.said.sort(key=lambda pair: (pair[1].source, pair[1].locator.paragraph or 0))
    return sorted(found.values(), key=lambda person: (-len(person.claims), person.id))


def scorecard(site: Site, person: Speaker) -> tuple[Row, ...]:
    """Return how the claims came out towards which somebody takes a stance, a row for each stance."""
    return tuple(_row(site, stance, claims) for stance, claims in _by_stance(person).items())


def _by_stance(person: Speaker) -> Mapping[Stance, dict[str, list[Appearance]]]:
    """Return the claims of each stance that somebody takes, with their appearances."""
    found: dict[Stance, dict[str, list[Appearance]]] = {stance: {} for stance in DOES}
    for claim_id, said in person.said:
        found[person.stance(said)].setdefault(claim_id, []).append(said)
    return {stance: claims for stance, claims in found.items() if claims}


def _row(site: Site, stance: Stance, claims: Iterable[str]) -> Row:
    groups = tuple(
        Counted(group.word, tuple(i for i in claims if site.judgements[i].state in group.states))
        for group in GROUPS
    )
    return Row(DOES[stance], groups)


def _parts(site: Site, person: Speaker) -> Iterator[Part]:
    order = [group.slug for group in GROUPS]
    for stance, claims in _by_stance(person).items():
        ranked = sorted(claims, key=lambda i: order.index(GROUP_OF[site.judgements[i].state]))
        yield Part(DOES[stance], tuple(Stated(i, _places(person, claims[i])) for i in ranked))


def _places(person: Speaker, said: Iterable[Appearance]) -> tuple[Place, ...]:
    found = (
        Place(
            item.source,
            place_in(item.locator),
            (item.quoted_by or "") if item.by == person.name else "",
        )
        for item in said
    )
    return tuple(dict.fromkeys(found))


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview and a page for each person."""
    everybody = people(site.base)
    title, description = "People", "Everybody who says something here, with what they say."
    yield page_from(
        site, "people/index.md", "people", title, description, hide=("navigation", "toc"), people=everybody
    )
    for person in everybody:
        yield page_from(
            site,
            f"people/{person.id}.md",
            "person",
            person.name,
            f"What {person.name} says, and what the evidence makes of it.",
            person=person,
            rows=scorecard(site, person),
            parts=list(_parts(site, person)),
        )

"""Who says what: speakers and authors with their sources and claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kb.exports.published import Site
from kb.reading.load import Base
from kb.reasoning.people import people as named
from kb.records.claims import Appearance
from kb.site.appearances import place_in
from kb.site.page import Page, page_from


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


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview and a page for each person."""
    everybody = people(site.base)
    title, description = "People", "Everybody who says something here, with what they say."
    yield page_from(
        site, "people/index.md", "people", title, description, hide=("navigation", "toc"), people=everybody
    )
    for person in everybody:
        said = [(i, item, place_in(item.locator)) for i, item in person.said]
        yield page_from(
            site,
            f"people/{person.id}.md",
            "person",
            person.name,
            f"What {person.name} says, and what the evidence makes of it.",
            in_search=False,
            person=person,
            said=said,
        )

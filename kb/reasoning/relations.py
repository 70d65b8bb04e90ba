"""Relations by which claims bear on each other: what rests on, contradicts or supports what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from kb.reading.base import Base
from kb.records.claims import Relation, RelationType
from kb.records.relations import RELATIONS


class Link(NamedTuple):
    """A relation with the claim that states it."""

    claim_id: str
    relation: Relation

    @property
    def target(self) -> str:
        """Return the claim that the relation is about."""
        return self.relation.claim

    def other(self, claim_id: str) -> str:
        """Return the end of the relation that is not the given claim."""
        return self.target if claim_id == self.claim_id else self.claim_id


Links = Mapping[str, list[Link]]


@dataclass(frozen=True)
class ClaimRelations:
    """The relations of a base, looked up by the claim that they bear on.

    Relations to oneself and to claims that do not exist are left out; `repro check` reports them. Lists are
    in the order of the other end's id, whatever the order of the files.

    Attributes:
        claims: All ids, in alphabetical order.
        rests_on: What each claim depends on.
        carries: What depends on each claim.
        against: Contradictions of each claim; a strict one counts against both of its ends, because only one
            of them can hold, whichever of the two states it.
        support: Supports of each claim.
    """

    claims: tuple[str, ...]
    rests_on: Links = field(repr=False)
    carries: Links = field(repr=False)
    against: Links = field(repr=False)
    support: Links = field(repr=False)


def relations_of(base: Base) -> ClaimRelations:
    """Return the relations by which claims bear on one another."""
    rests_on: dict[str, list[Link]] = defaultdict(list)
    carries: dict[str, list[Link]] = defaultdict(list)
    against: dict[str, list[Link]] = defaultdict(list)
    support: dict[str, list[Link]] = defaultdict(list)
    claims = tuple(sorted(base.claims))
    for claim_id in claims:
        for relation in base.claims[claim_id].relations:
            if relation.claim == claim_id or relation.claim not in base.claims:
                continue
            link = Link(claim_id, relation)
            match RELATIONS[relation.type].effect:
                case "base":
                    rests_on[claim_id].append(link)
                    carries[relation.claim].append(link)
                case "against":
                    against[relation.claim].append(link)
                    if relation.strict:
                        against[claim_id].append(link)
                case "support":
                    support[relation.claim].append(link)
                case "none":
                    pass
    tables = (rests_on, carries, against, support)
    return ClaimRelations(claims, *(_in_order(table) for table in tables))


def _in_order(table: Links) -> Links:
    def order(end: str, link: Link) -> tuple[str, bool]:
        return link.other(end), not link.relation.strict

    return {end: sorted(links, key=partial(order, end)) for end, links in table.items()}


def routes(links: Links, start: str) -> dict[str, tuple[Link, ...]]:
    """Return the shortest chain of links from a claim to each one it reaches, the nearest claims first."""
    found: dict[str, tuple[Link, ...]] = {start: ()}
    waiting = [start]
    for here in waiting:
        for link in links.get(here, ()):
            there = link.other(here)
            if there not in found:
                found[there] = (*found[here], link)
                waiting.append(there)
    del found[start]
    return found


def reach(links: Links, starts: Iterable[str]) -> set[str]:
    """Return every claim to which links lead from the starts in one or more steps, circles allowed."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        here = waiting.pop()
        for link in links.get(here, ()):
            there = link.other(here)
            if there not in found:
                found.add(there)
                waiting.append(there)
    return found


class Edge(NamedTuple):
    """One claim bearing on another."""

    start: str
    end: str
    type: RelationType


def edges_of(base: Base) -> list[Edge]:
    """Return every relation as one claim bearing on another; what a claim depends on bears on it."""
    found = []
    for claim_id, claim in base.claims.items():
        for relation in claim.relations:
            if relation.claim in base.claims and relation.claim != claim_id:
                ends = (claim_id, relation.claim)
                start, end = ends[::-1] if RELATIONS[relation.type].points_back else ends
                found.append(Edge(start, end, relation.type))
    return found

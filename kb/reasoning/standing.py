"""The standing of each testable claim in the graph: from its own verdict, else from those of others.

A claim without a protocol has no standing: what bears on it is its account (`kb.reasoning.accounts`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from kb.judging.judgement import Judgement, State
from kb.judging.verdict import Verdict
from kb.reading.base import Base
from kb.reasoning.relations import ClaimRelations, Link, Links, reach, relations_of
from kb.records.relations import RELATIONS
from kb.words import standings as words
from kb.words.clauses import ClaimName, Clause, clause_text
from kb.words.standings import Rule, StandingName
from kb.words.states import STATES

__all__ = ["OWN", "Known", "Rule", "Standing", "StandingName", "known_of", "standings", "standings_of"]

OWN: Mapping[str, StandingName] = {
    "reproduced": "established",
    "contradicted": "refuted",
    "split": "split",
    "varies": "varies",
}
"""Verdicts that give a claim its standing without any help."""
WITHOUT_PROTOCOL = frozenset[State](["not testable", "untested"])
"""States of claims that no protocol tests and that therefore have no standing."""


class Known(NamedTuple):
    """The part of what a claim's own evidence says that can matter to other claims.

    Attributes:
        held: The predictions that were reproduced at every setting with a verdict.
    """

    state: State
    held: frozenset[str] = frozenset()

    def bears(self, on: Iterable[str] | None) -> bool:
        """Does it bear on other claims through a relation that rests on these predictions?

        All predictions of a reproduced claim held. A claim that is split, or varies, speaks only by those
        predictions that a relation names. Evidence without a verdict says nothing.
        """
        if self.state == "reproduced":
            return True
        return on is not None and self.state in OWN and self.held.issuperset(on)


def known_of(judgements: Mapping[str, Judgement]) -> dict[str, Known]:
    """Return what the evidence says of every claim, by id."""
    return {claim_id: Known(judgement.state, _held(judgement)) for claim_id, judgement in judgements.items()}


def _held(judgement: Judgement) -> frozenset[str]:
    """Return the predictions that were reproduced at every setting with a verdict."""
    if judgement.state not in OWN:
        return frozenset()
    found = [_reproduced(setting.verdict) for setting in judgement.settings if setting.verdict]
    return frozenset.intersection(*found) if found else frozenset()


def _reproduced(verdict: Verdict) -> frozenset[str]:
    return frozenset(f.prediction.name for f in verdict.findings if f.decision == "reproduced")


@dataclass(frozen=True)
class Standing:
    """A claim's standing with its shortest derivation.

    Attributes:
        rule: Which of the rules of `standings` gave it; `none` if none applies.
        links: The fewest relations that lead to it, from this claim to the one whose own verdict carries it;
            none if that is the claim itself.
        also: Further contradictions that would give the same standing as the one in `links`.
        state: The claim's own state.
        despite: What speaks against a claim that is nevertheless established by its own verdict.
    """

    claim_id: str
    standing: StandingName
    rule: Rule
    state: State
    links: tuple[Link, ...] = ()
    also: tuple[Link, ...] = ()
    despite: tuple[Clause, ...] = ()

    @property
    def route(self) -> tuple[str, ...]:
        """Return the claims along `links`, this one first."""
        route = [self.claim_id]
        for link in self.links:
            route.append(link.other(route[-1]))
        return tuple(route)

    @property
    def premise(self) -> str:
        """Return the claim whose own verdict, or lack of one, carries the standing."""
        return self.route[-1]

    @property
    def backers(self) -> tuple[str, ...]:
        """Return the claims at the other end of the first of `links` and of `also`, each once."""
        links = (*self.links[:1], *self.also)
        return tuple(dict.fromkeys(link.other(self.claim_id) for link in links))

    @property
    def because(self) -> tuple[str, ...]:
        """Return the reasons in words, the nearest first."""
        return tuple(map(clause_text, self.reasons))

    @property
    def reasons(self) -> tuple[Clause, ...]:
        """Return the reasons in pieces, the nearest first."""
        match self.rule:
            case "verdict":
                return (words.in_spite_of(STATES[self.state].reason, self.despite),)
            case "none":
                return (words.unhelped(STATES[self.state].reason),)
            case "contradiction":
                return tuple(map(words.contradicted_by, self.backers))
            case "base" | "exclusion":
                return tuple(self._chain())

    def _chain(self) -> Iterable[Clause]:
        """Yield the claims it rests on up to the refuted one, and why that one is refuted."""
        here: str = "it"
        is_base = False
        for link, there in zip(self.links, self.route[1:], strict=True):
            is_base = RELATIONS[link.relation.type].effect == "base"
            yield words.rests_on(here, there) if is_base else words.excluded_by(here, there)
            here = ClaimName(there)
        if is_base:
            yield words.refuted_itself(here)


def standings(base: Base, judgements: Mapping[str, Judgement]) -> dict[str, Standing]:
    """Return the standing of every claim that a protocol tests, by id in alphabetical order.

    Rules, the first that applies wins:

    1. Its own verdict makes it established, refuted, split or varying.
    2. Without a verdict, it is refuted where a claim speaks against it by a strict contradiction, unless that
       claim rests on it and would pull away its own base.
    3. Resting (`depends_on`, transitively) on a refuted claim makes it undermined.
    4. A claim that speaks against it by a plain contradiction makes it contested.
    5. Else it is open.

    A claim speaks by a relation when it was reproduced, or when the predictions that the relation names were
    and the claim has a verdict. Evidence that does not decide (inconclusive, invalid, stale) counts as none.
    Nothing is lent by support: no example establishes what it is an example of.
    """
    return standings_of(relations_of(base), known_of(judgements))


def standings_of(found: ClaimRelations, known: Mapping[str, Known]) -> dict[str, Standing]:
    """Return the standings that follow from relations and evidence alone; see `standings` for the rules."""
    states = {i: known[i].state for i in found.claims if known[i].state not in WITHOUT_PROTOCOL}
    own = {i: Standing(i, OWN[state], "verdict", state) for i, state in states.items() if state in OWN}
    against = {i: links for i in states if (links := speaking(found.against, known, i))}
    result = dict(own)
    for i in against.keys() - own.keys():
        strict = [link for link in against[i] if link.relation.strict and not _stands_on(found, link, i)]
        if strict:
            result[i] = _of_links(i, "refuted", "exclusion", strict, states[i])
    undermining = _ways_down(found.carries, [s for s in result.values() if s.standing == "refuted"])
    for i, state in states.items():
        if i in own:
            if state == "reproduced":
                result[i] = replace(own[i], despite=_despite(i, undermining.get(i), against.get(i, [])))
        elif i not in result:
            result[i] = _without_verdict(i, state, undermining.get(i), against.get(i))
    return {i: result[i] for i in states}


def speaking(links: Links, known: Mapping[str, Known], claim_id: str) -> list[Link]:
    """Return the relations of a claim through which measurements of the other end bear on it."""
    return [link for link in links.get(claim_id, ()) if speaks(link, known, claim_id)]


def speaks(link: Link, known: Mapping[str, Known], claim_id: str) -> bool:
    """Do measurements of the other end of a relation bear on a claim?

    The predictions that a relation names are those of the claim that states it. If the claim itself states a
    strict contradiction, the whole of the other end has to be reproduced.
    """
    other = link.other(claim_id)
    return known[other].bears(link.relation.on if other == link.claim_id else None)


def _stands_on(found: ClaimRelations, link: Link, claim_id: str) -> bool:
    """Does the other end of a relation rest on the claim?"""
    return claim_id in reach(found.rests_on, [link.other(claim_id)])


def _despite(claim_id: str, chain: tuple[Link, ...] | None, against: list[Link]) -> tuple[Clause, ...]:
    """Return what speaks against an established claim: a refuted base first, then contradictions."""
    found = []
    if chain:
        bases = [link.target for link in chain if RELATIONS[link.relation.type].effect == "base"]
        found.append(words.rests_on_refuted(bases[-1]))
    others = dict.fromkeys(link.other(claim_id) for link in against)
    return (*found, *map(words.contradicted_by, others))


def _of_links(claim_id: str, standing: StandingName, rule: Rule, links: list[Link], state: State) -> Standing:
    return Standing(claim_id, standing, rule, state, (links[0],), tuple(links[1:]))


def _without_verdict(
    claim_id: str, state: State, chain: tuple[Link, ...] | None, against: list[Link] | None
) -> Standing:
    if chain:
        return Standing(claim_id, "undermined", "base", state, chain)
    if against:
        return _of_links(claim_id, "contested", "contradiction", against, state)
    return Standing(claim_id, "open", "none", state)


def _ways_down(carries: Links, refuted: Iterable[Standing]) -> dict[str, tuple[Link, ...]]:
    """Return the chain to a refuted claim for every claim that rests on one and is not refuted itself.

    Each gets the chain with the fewest relations; among several, the first by the ids along it. Circles do no
    harm, because every claim is reached from a refuted one, and only once.
    """
    starts = {standing.claim_id: standing for standing in refuted}
    found: dict[str, tuple[Link, ...]] = {}
    order = count()  # settles ties between relations that say the same twice
    waiting = sorted((len(s.links), s.route, next(order), s.links) for s in starts.values())  # hence a heap
    while waiting:
        length, route, _, links = heapq.heappop(waiting)
        claim_id = route[0]
        if claim_id in found:
            continue
        if claim_id not in starts:
            found[claim_id] = links
        for link in carries.get(claim_id, ()):
            above = link.claim_id
            if above not in found and above not in starts:
                heapq.heappush(waiting, (length + 1, (above, *route), next(order), (link, *links)))
    return found

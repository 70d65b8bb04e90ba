"""What the graph makes of each claim, in one pass: its own verdict first, then what its neighbours' imply."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from kb.judging.judgement import Judgement, State
from kb.reading.base import Base
from kb.reasoning.relations import ClaimRelations, Link, Links, reach, relations_of
from kb.records.relations import RELATIONS
from kb.words import standings as words
from kb.words.clauses import ClaimName, Clause, clause_text
from kb.words.standings import Rule, StandingName
from kb.words.states import STATES

__all__ = ["OWN", "Rule", "Standing", "StandingName", "standings", "standings_of"]

OWN: dict[State, StandingName] = {"reproduced": "established", "contradicted": "refuted", "split": "split"}
"""Verdicts that give a claim its standing without any help."""


@dataclass(frozen=True)
class Standing:
    """A claim's standing with the shortest way to it.

    Attributes:
        rule: Which of the rules of `standings` gave it; `none` where none applies.
        links: The fewest relations that lead to it, from this claim to the one whose own verdict carries it;
            none where that is the claim itself.
        also: Further relations that would do as well as the one in `links`, where that is a contradiction
            or a support.
        state: The claim's own state.
    """

    claim_id: str
    standing: StandingName
    rule: Rule
    state: State
    links: tuple[Link, ...] = ()
    also: tuple[Link, ...] = ()

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
                return ((STATES[self.state].reason,),)
            case "none":
                return (words.unhelped(STATES[self.state].reason),)
            case "support":
                return tuple(map(words.supported_by, self.backers))
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
    """Return the standing of every claim, by id in alphabetical order.

    Rules, the first that applies wins:

    1. A contradicted claim is refuted; so is one without a verdict of its own in a strict contradiction with
       a settled claim, unless that claim rests on it and would pull away its own base.
    2. Resting (`depends_on`, transitively) on a refuted claim makes it undermined.
    3. Being contradicted by a claim that was reproduced and is not undermined makes it contested.
    4. Its own verdict makes it established or split.
    5. Support by an established claim makes it supported; else it is open.

    Settled is what was reproduced, rests on nothing contradicted, and is contradicted by no other such claim.
    Evidence that does not decide (inconclusive, invalid, stale) counts as none. No claim lends anything that
    it does not owe to a verdict of its own, so nothing supports itself through a circle.
    """
    return standings_of(relations_of(base), {claim_id: j.state for claim_id, j in judgements.items()})


def standings_of(found: ClaimRelations, states: Mapping[str, State]) -> dict[str, Standing]:
    """Return the standing of every claim from relations and states alone; see `standings` for the rules."""
    reproduced = {claim_id for claim_id in found.claims if states[claim_id] == "reproduced"}
    contradicted = {claim_id for claim_id in found.claims if states[claim_id] == "contradicted"}
    result = {i: Standing(i, "refuted", "verdict", states[i]) for i in contradicted}
    firm = reproduced - reach(found.carries, contradicted)
    settled = {i for i in firm if not _stated_by(firm, found.against, i)}
    for i in found.claims:
        if states[i] not in OWN and (strict := _exclusions(found, settled, i)):
            result[i] = _of_links(i, "refuted", "exclusion", strict, states)
    result |= _undermined(found.carries, result, states)
    sound = reproduced - result.keys()
    contested = {i: links for i in found.claims if (links := _stated_by(sound, found.against, i))}
    for i in contested.keys() - result.keys():
        result[i] = _of_links(i, "contested", "contradiction", contested[i], states)
    established = sound - result.keys()
    for i in found.claims:
        if i not in result:
            result[i] = _undisputed(i, _stated_by(established, found.support, i), states)
    return {i: result[i] for i in found.claims}


def _stated_by(claims: set[str], links: Links, claim_id: str) -> list[Link]:
    """Return the relations of a claim whose other end is one of some claims."""
    return [link for link in links.get(claim_id, ()) if link.other(claim_id) in claims]


def _exclusions(found: ClaimRelations, settled: set[str], claim_id: str) -> list[Link]:
    strict = [link for link in _stated_by(settled, found.against, claim_id) if link.relation.strict]
    return [link for link in strict if claim_id not in reach(found.rests_on, [link.other(claim_id)])]


def _of_links(
    claim_id: str, standing: StandingName, rule: Rule, links: list[Link], states: Mapping[str, State]
) -> Standing:
    return Standing(claim_id, standing, rule, states[claim_id], (links[0],), tuple(links[1:]))


def _undisputed(claim_id: str, backing: list[Link], states: Mapping[str, State]) -> Standing:
    state = states[claim_id]
    if state in OWN:
        return Standing(claim_id, OWN[state], "verdict", state)
    if backing:
        return _of_links(claim_id, "supported", "support", backing, states)
    return Standing(claim_id, "open", "none", state)


def _undermined(
    carries: Links, refuted: Mapping[str, Standing], states: Mapping[str, State]
) -> dict[str, Standing]:
    """Return the standing of every claim that rests on a refuted one and is not refuted itself.

    Each gets the chain with the fewest relations; among those the first by the ids along it. Circles do no
    harm, because every claim is reached from a refuted one, and only once.
    """
    found: dict[str, Standing] = {}
    order = count()  # settles ties between relations that say the same twice
    waiting = [(len(s.links), s.route, next(order), s.links) for s in refuted.values()]
    heapq.heapify(waiting)
    while waiting:
        length, route, _, links = heapq.heappop(waiting)
        claim_id = route[0]
        if claim_id in found:
            continue
        if claim_id not in refuted:
            found[claim_id] = Standing(claim_id, "undermined", "base", states[claim_id], links)
        for link in carries.get(claim_id, ()):
            above = link.claim_id
            if above not in found and above not in refuted:
                heapq.heappush(waiting, (length + 1, (above, *route), next(order), (link, *links)))
    return found

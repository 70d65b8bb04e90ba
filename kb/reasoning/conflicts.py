"""Which claims cannot all stand, who holds them, and which run would decide.

To hold a claim is to hold everything that it rests on (`depends_on`, transitively). Claims cannot all stand
when holding them means holding both sides of a contradiction

- that is strict, because only one side can hold (`exclusion`);
- one side of which was reproduced, because the other side is then against evidence (`evidence`);
- of any kind, where a single claim rests on both sides, itself counted (`circular`).

Only claims that a protocol tests can be in conflict: what speaks for and against the others is in their
accounts. Anything else, such as a plain contradiction between claims that have not been tested, is an open
argument and not a conflict. A set in which some claim is refuted or undermined is settled and left out. A set
is minimal: the conflict is gone when a claim is taken away, or replaced by one that it rests on. Hence every
set has one or two claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from kb.evidence.ledger import Ledger
from kb.judging.judgement import Judgement, State
from kb.reading.base import Base
from kb.reasoning.cost import Run, is_due, runs
from kb.reasoning.relations import ClaimRelations, Link, Links, reach, relations_of
from kb.reasoning.standing import OWN, Known, Standing, known_of, speaks, standings_of
from kb.records.claims import Claim, Stance

ConflictKind = Literal["exclusion", "evidence", "circular"]
FALLEN = frozenset(["refuted", "undermined"])
"""Standings of claims that have fallen, whatever becomes of the others."""
FELLING: tuple[State, ...] = ("reproduced", "contradicted")
"""Verdicts that can make a claim fall: on itself, on a claim it rests on, or on one that excludes it."""


@dataclass(frozen=True)
class Conflict:
    """A minimal set of claims that cannot all stand.

    Attributes:
        claims: One or two ids, in alphabetical order.
        contradictions: The relations that cause it.
        deciders: Runs that may settle it, the cheapest first, those of unknown cost last.
        debates: Debates in which each of the claims is on a side.
        telling: Runs that such a debate names because they tell its sides apart, in the same order.
    """

    claims: tuple[str, ...]
    kind: ConflictKind
    contradictions: tuple[Link, ...]
    deciders: tuple[Run, ...]
    debates: tuple[str, ...]
    telling: tuple[Run, ...]


def conflicts(base: Base, ledger: Ledger, judgements: Mapping[str, Judgement]) -> tuple[Conflict, ...]:
    """Return all minimal conflicts, by the ids of their claims."""
    relations = relations_of(base)
    found = minimal_sets(relations, known_of(judgements))
    return tuple(
        Conflict(
            claims,
            kind,
            links,
            _deciders(base, ledger, judgements, relations, claims),
            _debates(base, claims),
            _telling(base, ledger, judgements, claims),
        )
        for claims, (kind, links) in sorted(found.items())
    )


Sets = dict[tuple[str, ...], tuple[ConflictKind, tuple[Link, ...]]]


def minimal_sets(relations: ClaimRelations, known: Mapping[str, Known]) -> Sets:
    """Return the claims of each minimal conflict, with its kind and the contradictions that cause it."""
    stands = _standing(standings_of(relations, known))
    pairs = _contradictions(relations, known, stands)
    ends_of_pairs = {i for ends in pairs for i in ends}
    below = _cones(relations.rests_on, ends_of_pairs)
    above = _cones(relations.carries, ends_of_pairs)
    both = {ends: above[ends[0]] & above[ends[1]] & stands & relations.rests_on.keys() for ends in pairs}
    alone = set[str]().union(*both.values())
    circular: Sets = {
        (i,): ("circular", tuple(link for ends, links in pairs.items() if i in both[ends] for link in links))
        for i in sorted(alone - reach(relations.carries, alone))
    }
    biting = {ends: links for ends, links in pairs.items() if _bites(ends, links, known)}
    return circular | {
        ends: ("exclusion" if any(link.relation.strict for link in links) else "evidence", links)
        for ends, links in biting.items()
        if not any(below[end] & alone for end in ends) and not _has_lower(ends, biting, below)
    }


def _cones(links: Links, starts: Iterable[str]) -> dict[str, set[str]]:
    """Return for each claim itself and all to which links lead from it, as `reach` does, for many at once."""
    neighbours = {
        claim_id: {link.other(claim_id) for link in of_claim} for claim_id, of_claim in links.items()
    }
    found = {}
    for start in starts:
        cone, fresh = {start}, {start}
        while fresh:
            fresh = set[str]().union(*(neighbours.get(i, ()) for i in fresh)) - cone
            cone |= fresh
        found[start] = cone
    return found


def _standing(found: Mapping[str, Standing]) -> set[str]:
    return {claim_id for claim_id, standing in found.items() if standing.standing not in FALLEN}


def _contradictions(
    relations: ClaimRelations, known: Mapping[str, Known], stands: set[str]
) -> dict[tuple[str, str], tuple[Link, ...]]:
    """Return the contradictions between claims that stand, by their two ends in alphabetical order."""
    found: dict[tuple[str, str], tuple[Link, ...]] = {}
    for claim_id, links in relations.against.items():
        for link in links:
            ends = (min(link.claim_id, link.target), max(link.claim_id, link.target))
            if claim_id == link.target and stands.issuperset(ends) and not _is_void(link, known):
                found[ends] = (*found.get(ends, ()), link)
    return found


def _is_void(link: Link, known: Mapping[str, Known]) -> bool:
    """Does a plain contradiction rest on what was measured and did not hold?"""
    stating = known[link.claim_id]
    return not link.relation.strict and stating.state in OWN and not stating.bears(link.relation.on)


def _bites(ends: tuple[str, str], links: Iterable[Link], known: Mapping[str, Known]) -> bool:
    return any(link.relation.strict or any(speaks(link, known, end) for end in ends) for link in links)


def _has_lower(
    ends: tuple[str, str], biting: Iterable[tuple[str, str]], below: Mapping[str, set[str]]
) -> bool:
    """Does the conflict remain when claims are replaced by some that they rest on?"""
    one, other = (below[end] for end in ends)
    return any((a in one and b in other) or (b in one and a in other) for a, b in biting if (a, b) != ends)


def _deciders(
    base: Base,
    ledger: Ledger,
    judgements: Mapping[str, Judgement],
    relations: ClaimRelations,
    claims: tuple[str, ...],
) -> tuple[Run, ...]:
    """Return the runs that are due and may end in a verdict that makes a claim of the set fall."""
    known = known_of(judgements)
    near = sorted(_near(relations, claims))
    settling = [i for i in near if is_due(base, judgements[i]) and _settles(relations, known, i, claims)]
    return tuple(sorted(runs(base, ledger, judgements, settling), key=_price))


def _price(run: Run) -> tuple[bool, float, str]:
    seconds = run.cost.seconds
    return seconds is None, seconds or 0.0, run.experiment


def _near(relations: ClaimRelations, claims: tuple[str, ...]) -> set[str]:
    """Return the claims whose verdicts may make one of a set fall: itself, its bases, and their opponents."""
    held = {*claims} | reach(relations.rests_on, claims)
    return held | {link.other(i) for i in held for link in relations.against.get(i, ())}


def _settles(
    relations: ClaimRelations, known: Mapping[str, Known], claim_id: str, claims: tuple[str, ...]
) -> bool:
    """Is there a verdict on a claim after which some claim of a set no longer stands?"""
    for state in FELLING:
        after = standings_of(relations, {**known, claim_id: Known(state)})
        if any(after[member].standing in FALLEN for member in claims):
            return True
    return False


def _debates(base: Base, claims: Iterable[str]) -> tuple[str, ...]:
    wanted = {*claims}
    sides = {i: {c for side in debate.sides for c in side.claims} for i, debate in base.debates.items()}
    return tuple(debate_id for debate_id, held in sides.items() if wanted <= held)


def _telling(
    base: Base, ledger: Ledger, judgements: Mapping[str, Judgement], claims: tuple[str, ...]
) -> tuple[Run, ...]:
    named = {i for debate in _debates(base, claims) for i in base.debates[debate].discriminating.claims}
    known = sorted(named & base.claims.keys())
    return tuple(sorted(runs(base, ledger, judgements, known), key=_price))


def voices(base: Base, claim: Claim, stance: Stance) -> tuple[str, ...]:
    """Return who takes a stance towards a claim: who quotes or speaks, or else the authors of the source."""
    found: dict[str, None] = {}
    for said in claim.stated_in:
        if said.stance == stance:
            source = base.sources.get(said.source)
            authors = [person.full for person in source.author] if source else []
            found |= dict.fromkeys([said.taken_by] if said.taken_by else authors)
    return tuple(found)

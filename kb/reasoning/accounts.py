"""What speaks for and against a claim without a verdict: the claims it leans on, and how each came out.

An account gives no standing. It lists what was measured, or could be, that bears on a claim which no protocol
tests or which its own evidence does not decide yet; readers know it as the claim's ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kb.judging.judgement import Judgement, State
from kb.reading.base import Base
from kb.reasoning.relations import ClaimRelations, Link, relations_of, routes
from kb.reasoning.standing import OWN, Known, Standing, known_of, speaks
from kb.records.relations import RELATIONS
from kb.words.accounts import WEIGHTS, Role, Weight, base_clause, spoken_clause
from kb.words.clauses import Clause, clause_text


@dataclass(frozen=True)
class Entry:
    """Another claim that bears on the one whose account it is in.

    Attributes:
        claim_id: The other claim.
        role: What it is to the claim: a base that the claim rests on, a support, or a contradiction.
        links: The relations from the claim to the other one; several only towards a base.
        state: The state of the other claim.
        weight: Whether the entry speaks for or against the claim, for neither, or is open.
    """

    claim_id: str
    role: Role
    links: tuple[Link, ...]
    state: State
    weight: Weight

    @property
    def clause(self) -> Clause:
        """Return the entry in words, in pieces."""
        if self.role == "base":
            return base_clause(tuple(link.target for link in self.links), self.state, self.weight)
        verb = RELATIONS[self.links[0].relation.type].clause
        return spoken_clause(self.claim_id, verb, self.state, self.weight, named=self.on is not None)

    @property
    def words(self) -> str:
        """Return the entry in words."""
        return clause_text(self.clause)

    @property
    def on(self) -> tuple[str, ...] | None:
        """Return the predictions of the other claim on which the relation rests, if it names any."""
        [link, *_] = self.links
        return link.relation.on if link.claim_id == self.claim_id else None

    def as_data(self) -> dict[str, Any]:
        """Return the entry as plain JSON data."""
        return {
            "claim": self.claim_id,
            "role": self.role,
            "weight": self.weight,
            "state": self.state,
            "on": list(self.on or ()),
            "words": self.words,
            "because": self.because,
        }

    @property
    def because(self) -> str:
        """Return the reason of the relation with the other claim."""
        return self.links[-1].relation.because


Account = tuple[Entry, ...]
"""For, against, neither, open; within each, bases first, then supports, then contradictions."""


def accounts(
    base: Base, judgements: Mapping[str, Judgement], standings: Mapping[str, Standing]
) -> dict[str, Account]:
    """Return the account of every claim that has no verdict, by id; empty where nothing bears on it."""
    relations, known = relations_of(base), known_of(judgements)
    return {i: account(relations, known, standings, i) for i in relations.claims if known[i].state not in OWN}


def account(
    relations: ClaimRelations, known: Mapping[str, Known], standings: Mapping[str, Standing], claim_id: str
) -> Account:
    """Return what bears on one claim, and how each of these came out."""
    order = [*WEIGHTS]
    entries = _entries(relations, known, standings, claim_id)
    return tuple(sorted(entries, key=lambda entry: order.index(entry.weight)))


def _entries(
    relations: ClaimRelations, known: Mapping[str, Known], standings: Mapping[str, Standing], claim_id: str
) -> Iterator[Entry]:
    for base_id, links in routes(relations.rests_on, claim_id).items():
        state, standing = known[base_id].state, standings.get(base_id)
        yield Entry(base_id, "base", links, state, _of_base(state, standing))
    for link in relations.support.get(claim_id, ()):
        yield _spoken(link, "support", known, claim_id)
    for link in relations.against.get(claim_id, ()):
        yield _spoken(link, "against", known, claim_id)


def _of_base(state: State, standing: Standing | None) -> Weight:
    """Weigh a base: a refuted one, by whatever rule, speaks against the claims that rest on it."""
    if standing is not None and standing.standing == "refuted":
        return "against"
    if state == "reproduced":
        return "for"
    return "neither" if state in OWN else "open"


def _spoken(link: Link, role: Role, known: Mapping[str, Known], claim_id: str) -> Entry:
    other = link.other(claim_id)
    state = known[other].state
    return Entry(other, role, (link,), state, _of_speaker(link, role, known, claim_id))


def _of_speaker(link: Link, role: Role, known: Mapping[str, Known], claim_id: str) -> Weight:
    if speaks(link, known, claim_id):
        return "for" if role == "support" else "against"
    return "neither" if known[link.other(claim_id)].state in OWN else "open"

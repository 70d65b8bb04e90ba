"""The project as it is published: what all pages and all files for programs are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kb.evidence.ledger import Ledger
from kb.exports.claim_document import LOCAL, absolute
from kb.judging.judgement import Judgement, State
from kb.judging.stats import e_bh
from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.accounts import Account
from kb.reasoning.answers import Spoken, spoken_answers, spoken_statements
from kb.reasoning.standing import Standing
from kb.text.problems import Place
from kb.time.history import Event
from kb.words.findings import StateSentence, state_pieces
from kb.words.marks import Mark, marks, reading
from kb.words.states import GROUPS, STATES, Group


@dataclass(frozen=True)
class Site:
    """A project with an address and with the histories of its claims.

    Attributes:
        project: Records and evidence, judged.
        root: The folder with `site/`, which holds the templates and the hand-written pages.
        address: Where the site is published, for whatever needs full addresses; it ends in a slash.
        repository: Address of the repository on the web; empty if unknown.
        histories: For each claim, what changed over time, as far as it is known.
        knows_history: Could the history be read? If not, readers are told that it is missing.
    """

    project: Project
    root: Path
    address: str = LOCAL
    repository: str = ""
    histories: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    knows_history: bool = True

    @property
    def base(self) -> Base:
        """Return all records and scripts."""
        return self.project.base

    @property
    def ledger(self) -> Ledger:
        """Return all evidence."""
        return self.project.ledger

    @property
    def judgements(self) -> Mapping[str, Judgement]:
        """Return the judgement of every claim, by id."""
        return self.project.judgements

    @property
    def standings(self) -> Mapping[str, Standing]:
        """Return the standing of every claim that a protocol tests, by id."""
        return self.project.standings

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Return what speaks for and against every claim that has no verdict, by id."""
        return self.project.accounts

    @cached_property
    def named(self) -> Mapping[str, tuple[str, ...]]:
        """Return what each id of a claim stands for: itself, or the claims that took its place."""
        base = self.base
        return {i: (i,) for i in base.claims} | {i: base.successors(i) for i in base.tombstones}

    @cached_property
    def told(self) -> Mapping[str, StateSentence]:
        """Return, for each claim, its state in one sentence, in pieces."""
        return {i: state_pieces(self.base.claims[i], j) for i, j in self.judgements.items()}

    @cached_property
    def answers(self) -> Mapping[str, Spoken]:
        """Return the answers of claims and debates that have one, by id."""
        return spoken_answers(self.base, self.judgements)

    @cached_property
    def statements(self) -> Mapping[Place, Spoken]:
        """Return the sentences of overviews that speak of verdicts, by where they stand."""
        found = spoken_statements(self.base, self.judgements)
        return {each.place: each for spoken in found.values() for each in spoken if each.place is not None}

    def marks(self, claim_id: str) -> tuple[Mark, ...]:
        """Return what a reader has to know at once beside the verdict of a claim; nothing without one."""
        claim, judgement = self.base.claims[claim_id], self.judgements[claim_id]
        cited = (
            (said.stance, self.base.sources[said.source].verified)
            for said in claim.stated_in
            if said.source in self.base.sources
        )
        verdicts = sum(each.verdict is not None for each in self.judgements.values())
        sure, survives = self.project.certainties.get(claim_id), claim_id in self.surviving
        return tuple(marks(judgement, sure, reading(cited), verdicts=verdicts, survives=survives))

    def absolute(self, target: str) -> str:
        """Return the full address of something that is named relative to the site's root."""
        return absolute(self.address, target)

    @cached_property
    def by_state(self) -> dict[State, list[str]]:
        """Return the ids of all claims by state, in the order of lists and without empty states."""
        grouped = {state: [i for i, j in self.judgements.items() if j.state == state] for state in STATES}
        return {state: claim_ids for state, claim_ids in grouped.items() if claim_ids}

    @cached_property
    def by_group(self) -> list[tuple[Group, list[str], str]]:
        """Return, for what stands, falls, splits, waits or cannot be tested, its claims and its first row."""
        found = []
        for group in GROUPS:
            states = [state for state in group.states if state in self.by_state]
            claims = [claim_id for state in states for claim_id in self.by_state[state]]
            found.append((group, claims, STATES[states[0]].slug if states else "table"))
        return found

    @cached_property
    def decided(self) -> tuple[str, ...]:
        """Return the ids of the claims whose predictions are all decided, by a test that is valid."""
        return tuple(i for i, judgement in self.judgements.items() if STATES[judgement.state].rating)

    @cached_property
    def surviving(self) -> frozenset[str]:
        """Return those whose verdict still stands when all verdicts are taken together, by e-BH at 5 %."""
        verdicts = {i: judgement.verdict for i, judgement in self.judgements.items() if judgement.verdict}
        kept = e_bh([verdict.log_e for verdict in verdicts.values()]) if verdicts else ()
        return frozenset(i for i, is_kept in zip(verdicts, kept, strict=True) if is_kept) & {*self.decided}

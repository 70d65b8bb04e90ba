"""What a claim's verdict rests on: machines, arms with their blocks, earlier tests and replications."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kb.evidence import record
from kb.evidence.ledger import Evidence
from kb.judging.judgement import Judgement, State
from kb.judging.verdict import Verdict
from kb.records.claims import Claim
from kb.words.arms import Texts, arm_text
from kb.words.earlier_tests import came_out, earlier_test_clause
from kb.words.settings import replication_clause, setting_text


class Machine(NamedTuple):
    """A machine that measured."""

    fingerprint: str
    words: str


class MeasuredArm(NamedTuple):
    """The counting blocks of one arm: how many, their seconds, the last day and the machines."""

    arm: str
    blocks: int
    seconds: float
    day: str
    machines: str


class Former(NamedTuple):
    """Former predictions: why they were changed, and the verdict that they would give."""

    number: int
    because: str
    verdict: Verdict


def machine_words(machine: record.Machine) -> str:
    """Return what a reader needs to know of a machine: its processor and its system."""
    return f"{machine.gpu or machine.cpu}, {machine.system}"


def machines(evidence: Iterable[Evidence]) -> list[Machine]:
    """Return every machine that measured, each once."""
    found = {piece.machine.fingerprint: machine_words(piece.machine) for piece in evidence}
    return [Machine(*pair) for pair in sorted(found.items())]


def measured_arms(evidence: Iterable[Evidence], texts: Texts) -> list[MeasuredArm]:
    """Return what was measured of each arm, in order of names."""
    found: dict[str, list[Evidence]] = {}
    for piece in evidence:
        found.setdefault(piece.arm, []).append(piece)
    return [
        MeasuredArm(
            arm_text(arm, texts),
            len(pieces),
            sum(piece.seconds for piece in pieces),
            max(piece.started for piece in pieces)[:10],
            ", ".join(sorted({piece.machine.fingerprint for piece in pieces})),
        )
        for arm, pieces in sorted(found.items())
    ]


def revisions(claim: Claim, judgement: Judgement) -> list[Former]:
    """Return the former predictions, the oldest first."""
    former = claim.protocol.revisions if claim.protocol else ()
    return [
        Former(number, old.because, verdict)
        for number, (old, verdict) in enumerate(zip(former, judgement.earlier, strict=False))
        if verdict is not None
    ]


class EarlierTest(NamedTuple):
    """A superseded test: its state if it has one, what it was, and what has changed since."""

    state: State | None
    came_out: str
    words: str


def earlier_tests(judgement: Judgement) -> list[EarlierTest]:
    """Return the superseded tests of a claim, the oldest first."""
    return [
        EarlierTest(test.verdict.state if test.verdict else None, came_out(test), earlier_test_clause(test))
        for test in judgement.tests
    ]


def replications(judgement: Judgement) -> list[str]:
    """Return how each independent set of seeds came out, named by its setting if there are several."""
    has_several = len(judgement.settings) > 1
    return [
        f"{setting_text(found.name)}, {replication_clause(each)}" if has_several else replication_clause(each)
        for found in judgement.settings
        for each in found.replications
    ]

"""How sure a verdict is: what it takes to turn it, and what speaks against leaning on it. It changes none.

The levels are those of GRADE (Guyatt et al. 2008, doi:10.1136/bmj.39489.470347.AD): a verdict starts high and
loses one level for each doubt. The doubts are ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kb.evidence.ledger import Evidence, Ledger
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Finding, Values
from kb.judging.judgement import Judgement, SettingJudgement
from kb.judging.verdict import Verdict, VerdictState, judge
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.records.claims import Protocol

Level = Literal["high", "moderate", "low", "very low"]
Doubt = Literal["distant", "one setting", "fragile", "near", "one machine"]
LEVELS: tuple[Level, ...] = ("high", "moderate", "low", "very low")
DECIDED: tuple[VerdictState, ...] = ("reproduced", "contradicted", "split")
HARMLESS = {"reproduced": ("against the claim",), "contradicted": ("for the claim",)}
"""Where a deviation may lean without making a verdict less sure: what held in spite of it holds the more."""
MOST_TESTS = 5
"""The most further tests of a claim whose price is tried."""
NEAR = 0.5
"""Half-widths of its interval within which a bound is near: an interval twice as wide would reach it."""


class Nearness(NamedTuple):
    """A decided finding with its distance from its bound.

    Attributes:
        gap: From the nearest end of the interval to the bound, in the unit of the bound.
        widths: The same in half-widths of the interval.
    """

    finding: Finding
    gap: float
    widths: float


@dataclass(frozen=True)
class Certainty:
    """How sure the verdict of a claim is at its main setting.

    Attributes:
        level: One lower than high for each doubt, and never below very low.
        doubts: What speaks against leaning on it, in the order of `Doubt`.
        turning: The seeds without any one of which the verdict would be another, each with that one.
        further_tests: How many further tests of the claim it would survive, each at half the level, of
            `MOST_TESTS` that are tried.
    """

    level: Level
    doubts: tuple[Doubt, ...]
    turning: tuple[tuple[int, VerdictState], ...]
    further_tests: int


def certainty(base: Base, ledger: Ledger, judgement: Judgement) -> Certainty | None:
    """Return how sure the verdict of a claim is, or None where nothing is decided."""
    main, protocol = judgement.main, base.claims[judgement.claim_id].protocol
    if main is None or main.verdict is None or protocol is None or main.verdict.state not in DECIDED:
        return None
    script = base.scripts[protocol.experiment]
    values = ledger.values(script.name, main.version, protocol.arms, judgement.replication)
    turning = tuple(_turning(protocol, script, values, main.verdict))
    further = _further_tests(protocol, script, values, main.verdict)
    doubts = tuple(_doubts(protocol, judgement, main, is_fragile=bool(turning) or further == 0))
    return Certainty(LEVELS[min(len(doubts), len(LEVELS) - 1)], doubts, turning, further)


def nearest(findings: Sequence[Finding]) -> Nearness | None:
    """Return the decided finding that is nearest to its bound, in half-widths of its interval."""
    decided = [_nearness(finding) for finding in findings if finding.decision != "inconclusive"]
    return min((near for near in decided if near), key=lambda near: near.widths, default=None)


def _nearness(finding: Finding) -> Nearness | None:
    goal, (lower, upper) = finding.goal, finding.interval
    if finding.decision == "reproduced":
        gap = min(lower - goal.lower, goal.upper - upper)
    else:
        gap = max(goal.lower - upper, lower - goal.upper)
    half = (upper - lower) / 2
    if not math.isfinite(gap) or not math.isfinite(half):
        return None
    return Nearness(finding, gap, gap / half if half else math.inf)


def _turning(
    protocol: Protocol, script: Script, values: Values, verdict: Verdict
) -> Iterator[tuple[int, VerdictState]]:
    """Yield each seed without which the verdict would be another, and that one.

    The first look is at one seed fewer than usual, since that many are left of the least number.
    """
    for seed in range(verdict.seeds):
        left = {
            arm: {name: (*of_seeds[:seed], *of_seeds[seed + 1 :]) for name, of_seeds in outcomes.items()}
            for arm, outcomes in values.items()
        }
        then = judge(protocol, script.outcomes, left, superseded=verdict.superseded, first=LEAST_SEEDS - 1)
        if then.state != verdict.state:
            yield seed, then.state


def _further_tests(protocol: Protocol, script: Script, values: Values, verdict: Verdict) -> int:
    for count in range(MOST_TESTS):
        then = judge(protocol, script.outcomes, values, superseded=verdict.superseded + count + 1)
        if then.state != verdict.state:
            return count
    return MOST_TESTS


def _doubts(
    protocol: Protocol, judgement: Judgement, main: SettingJudgement, *, is_fragile: bool
) -> Iterator[Doubt]:
    harmless = {"neither way", *HARMLESS.get(main.state, ())}
    if any(deviation.leans not in harmless for deviation in protocol.deviations):
        yield "distant"
    if len(judgement.judged) == 1:
        yield "one setting"
    if is_fragile:
        yield "fragile"
    near = nearest([*main.verdict.findings, *main.verdict.controls]) if main.verdict else None
    if near is not None and near.widths < NEAR:
        yield "near"
    agreeing = [each.again for each in main.replays if each.agreement != "different"]
    if len(_processors([*main.evidence, *agreeing])) == 1:
        yield "one machine"


def _processors(evidence: Sequence[Evidence]) -> set[tuple[str, str, str | None]]:
    """Return the kinds of machine that measured; the number of threads does not make another one."""
    return {(piece.machine.cpu, piece.machine.capability, piece.machine.gpu) for piece in evidence}

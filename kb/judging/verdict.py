"""Protocol and raw values in, findings and a verdict out: pure, recomputed on every build, stored nowhere.

The rule in short. Each prediction is looked at after every block of five seeds, through an interval that
stays valid however often one looks. It is reproduced when the interval lies inside the predicted range,
contradicted when it lies wholly outside, else inconclusive. Adding blocks shrinks the interval, so what is
decided stays decided, unless a seed diverges later or the blocks turn out not to be alike; either can only
take a decision back. A control is a bound that must fail where the effect should be absent, or one that must
hold for the test to have power; if a control comes out wrong, there is no verdict. Nor is there one if a
control of the experiment itself failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ldexp
from typing import Literal

from kb.judging.bounds import Decision
from kb.judging.details import FailedControl
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Finding, Values, find
from kb.reading.outcomes import Outcome
from kb.records.claims import Protocol

__all__ = ["ALPHA", "Finding", "Values", "Verdict", "VerdictState", "is_decided", "judge", "level_after"]

ALPHA = 0.05
"""Probability that an interval ever misses the truth, before any test of the claim is superseded."""

VerdictState = Literal["reproduced", "contradicted", "split", "inconclusive", "invalid"]


@dataclass(frozen=True)
class Verdict:
    """A claim's protocol judged.

    Attributes:
        alpha: Error probability of each interval: 0.05, halved by every superseded test of the claim.
        superseded: How many tests of the claim are superseded.
        seeds: The most seeds that any prediction has.
        log_e: Least log e-value among the predictions, hence one for all of them; at most 0 when
            inconclusive or invalid.
        failing: The controls of the experiment itself that failed.
    """

    state: VerdictState
    findings: tuple[Finding, ...]
    controls: tuple[Finding, ...]
    alpha: float
    superseded: int
    seeds: int
    log_e: float
    failing: tuple[FailedControl, ...] = ()


def level_after(superseded: int) -> float:
    """Return the error probability of every finding of a claim that was tested so many times before.

    Raises:
        ValueError: The number is negative.
    """
    if superseded < 0:
        raise ValueError(f"superseded tests are counted from 0; found {superseded}")
    return ldexp(ALPHA, -superseded)


def judge(
    protocol: Protocol,
    outcomes: Mapping[str, Outcome],
    values: Values,
    *,
    superseded: int = 0,
    first: int = LEAST_SEEDS,
    failing: tuple[FailedControl, ...] = (),
) -> Verdict:
    """Judge every prediction and control of a protocol.

    Args:
        protocol: Predictions and controls, each with a bound.
        outcomes: The experiment's outcomes by name; their resolution is the least standard deviation used.
        values: What was measured; an arm that is missing has no seeds.
        superseded: How many earlier tests of the claim have evidence; each halves alpha.
        first: Least number of seeds before the first look.
        failing: The controls of the experiment itself that failed; any leaves no verdict.

    Raises:
        ValueError: The experiment has no such outcome, or `superseded` is negative.
    """
    alpha = level_after(superseded)
    by_name = {prediction.name: prediction for prediction in protocol.predictions}
    parts = [(prediction, None) for prediction in protocol.predictions]
    controls = [(control.applied(by_name), control) for control in protocol.controls]
    judged = [find(*part, outcomes, values, alpha=alpha, first=first) for part in (*parts, *controls)]
    findings, checks = tuple(judged[: len(parts)]), tuple(judged[len(parts) :])
    state = "invalid" if failing else _state([finding.decision for finding in findings], checks)
    log_e = min(finding.log_e for finding in findings)
    if state in ("inconclusive", "invalid"):
        log_e = min(log_e, 0.0)
    seeds = max(finding.seeds for finding in findings)
    return Verdict(state, findings, checks, alpha, superseded, seeds, log_e, failing)


def is_decided(verdict: Verdict) -> bool:
    """Would more seeds change nothing?

    An inconclusive finding asks for more, unless its blocks contradict each other. So does an open control,
    unless the predictions fail anyway. A control that holds ends the matter.
    """
    if verdict.state != "inconclusive":
        return True
    parts = (*verdict.findings, *verdict.controls)
    return not any(part.asks_for_seeds for part in parts)


def _state(findings: list[Decision], controls: Sequence[Finding]) -> VerdictState:
    """Join decisions; an open prediction leaves the claim open, whatever the others say.

    It may still turn a contradiction into a split, and a reader would take half for the whole. If every
    prediction fails, it does not matter whether a bound that must fail elsewhere does so; but the test
    must have had the power to find what was predicted.
    """
    opened = [control for control in controls if control.decision == "inconclusive"]
    if any(control.is_wrong for control in controls):
        return "invalid"
    if "inconclusive" in findings or any(control.must_hold for control in opened):
        return "inconclusive"
    if "reproduced" not in findings:
        return "contradicted"
    if opened:
        return "inconclusive"
    return "split" if "contradicted" in findings else "reproduced"

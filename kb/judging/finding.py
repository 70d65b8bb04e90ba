"""One prediction and raw values in, one finding out: estimate, interval, decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log10, nan
from typing import Literal

from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.bounds import Decision, target
from kb.judging.details import Caution, Detail
from kb.judging.estimands import LEAST_SEEDS, Case, Estimand, estimand_of
from kb.judging.stats import Interval, is_finite
from kb.reading.outcomes import Outcome
from kb.records.claims import Control, Prediction

Values = Mapping[str, Mapping[str, Sequence[float]]]
"""Measured values by arm, then by outcome: one number per seed, in seed order from 0 without gaps."""


@dataclass(frozen=True)
class Finding:
    """One prediction, or one control, judged.

    Attributes:
        prediction: What was predicted; for a control, the prediction whose bound it applies, or its own.
        outcome: The experiment's description of the outcome that is bounded.
        estimand: What is estimated.
        bound: The range that the prediction gives for its values.
        goal: The range that the estimate must lie in, in the unit of the estimate.
        values: One number per seed, in the units of the prediction: the arm's, or first arm minus second;
            NaN and inf as measured.
        seeds: Seeds that all arms have in common.
        estimate: Mean of the values that are finite (diverged ones replaced, where the prediction gives a
            number for them), or share of seeds that meet the bound; NaN when there are none.
        interval: For the mean, or for the share of seeds that meet the bound, at the end.
        trail: The interval after each block.
        detail: Why it came out so, if there is something to add.
        seeds_needed: Seeds likely needed in all, when inconclusive; None when no number would suffice.
        log_e: Log e-value at the end for the decision against its being wrong. When inconclusive, for what
            the estimate points to, on finite values.
        is_deterministic: Is the spread below the outcome's resolution, so that the resolution was used?
        nonfinite: Seeds that diverged.
        warnings: What a reader should also know.
    """

    prediction: Prediction
    outcome: Outcome
    estimand: Estimand
    bound: Interval
    goal: Interval
    arms: tuple[str, ...]
    is_control: bool
    control: Control | None
    values: tuple[float, ...]
    seeds: int
    estimate: float
    interval: Interval
    trail: tuple[Interval, ...]
    decision: Decision
    detail: Detail
    seeds_needed: int | None
    log_e: float
    is_deterministic: bool
    nonfinite: int
    warnings: tuple[Caution, ...]

    @property
    def must(self) -> Literal["fail", "hold"]:
        """Return what the bound must do for the claim to stand."""
        return "hold" if self.control is None else self.control.must

    @property
    def must_hold(self) -> bool:
        """Must the bound hold, as for a prediction or a control for the power of the test?"""
        return self.must == "hold"

    @property
    def is_wrong(self) -> bool:
        """Did a control come out wrong, so that the test says nothing?"""
        if self.control is None:
            return False
        return self.decision == ("contradicted" if self.must_hold else "reproduced")

    @property
    def is_coarse(self) -> bool:
        """Does the outcome's resolution hide differences between seeds of a factor of ten or more?"""
        finite = [value for value in self.values if is_finite(value)]
        if not self.is_deterministic or len(finite) < 2:
            return False
        if self.prediction.units != "linear":
            return max(finite) - min(finite) >= 1
        if min(finite) <= 0 <= max(finite):
            return False
        least, most = sorted((abs(min(finite)), abs(max(finite))))
        return most >= 10 * least

    @property
    def asks_for_seeds(self) -> bool:
        """Is it open, and may more seeds decide it? They cannot when blocks contradict each other."""
        return self.decision == "inconclusive" and self.detail is not Detail.DISAGREE


def find(
    prediction: Prediction,
    control: Control | None,
    outcomes: Mapping[str, Outcome],
    values: Values,
    *,
    alpha: float,
    first: int = LEAST_SEEDS,
) -> Finding:
    """Judge one prediction, or the bound of a prediction in the arms of a control.

    Args:
        prediction: What was predicted.
        control: The control whose arms to judge, or None for the prediction's own.
        outcomes: The experiment's outcomes by name; their resolution is the least standard deviation used.
        values: What was measured; an arm that is missing has no seeds.
        alpha: Probability that the interval ever misses the truth.
        first: Least number of seeds before the first look.

    Raises:
        ValueError: The experiment has no such outcome.
    """
    if prediction.outcome not in outcomes:
        known = ", ".join(outcomes)
        raise ValueError(f"the experiment has no outcome {prediction.outcome}; it has {known}")
    arms = (control or prediction).arms
    raw = [[float(v) for v in values.get(arm, {}).get(prediction.outcome, ())] for arm in arms]
    series = _series(raw, prediction.units)
    policy = prediction.on_nonfinite
    if control and control.must == "fail" and policy == "worst":
        policy = "best"  # the worst that can happen in a control is that the bound holds there
    filled = series if isinstance(policy, str) else tuple(v if is_finite(v) else policy for v in series)
    floor = _floor(raw, prediction.units, outcomes[prediction.outcome].resolution)
    case = Case(filled, target(prediction), policy, floor, alpha, first)
    estimand = estimand_of(prediction)
    result = estimand.judge(case)
    return Finding(
        prediction=prediction,
        outcome=outcomes[prediction.outcome],
        estimand=estimand,
        bound=case.bound,
        goal=estimand.goal(case.bound),
        arms=arms,
        is_control=control is not None,
        control=control,
        values=series,
        seeds=len(series),
        estimate=result.estimate,
        interval=result.trail[-1] if result.trail else estimand.everything,
        trail=result.trail,
        decision=result.decision,
        detail=result.detail,
        seeds_needed=result.seeds_needed,
        log_e=result.log_e,
        is_deterministic=_is_deterministic(case),
        nonfinite=sum(not is_finite(value) for value in series),
        warnings=_diverged(series) + estimand.cautions(case),
    )


def _series(raw: list[list[float]], units: str) -> tuple[float, ...]:
    """Return one number per seed, over the seeds that all arms have."""
    if units != "linear":
        raw = [[log10(value) if value > 0 else nan for value in column] for column in raw]
    if len(raw) == 2:
        return tuple(first - second for first, second in zip(*raw, strict=False))
    return tuple(raw[0])


def _floor(raw: list[list[float]], units: str, resolution: float) -> float:
    """Return the resolution in the unit of the values.

    In decades it is what one resolution adds to the smallest value measured in the first block: were later
    blocks to count, they would change intervals before them.
    """
    if units == "linear":
        return resolution
    positive = [value for column in raw for value in column[:BLOCK_SIZE] if 0 < value < inf]
    return log10(min(positive) + resolution) - log10(min(positive)) if positive else resolution


def _is_deterministic(case: Case) -> bool:
    spread = case.moments.deviation if len(case.finite) > 1 else inf
    return spread == 0 or spread < case.floor


def _diverged(series: tuple[float, ...]) -> tuple[Caution, ...]:
    return () if all(map(is_finite, series)) else (Caution.DIVERGED,)

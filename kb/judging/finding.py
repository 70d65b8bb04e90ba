"""One prediction and raw values in, one finding out: estimate, interval, decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log10, nan

from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.bounds import (
    Decision,
    Policy,
    decide,
    extend,
    meets,
    rate_target,
    supports_direction,
    target,
    way_of_missing,
)
from kb.judging.stats import (
    ALL_RATES,
    WHOLE_LINE,
    Interval,
    Moments,
    boundaries,
    confidence_sequence,
    disagrees,
    is_finite,
    log_e_inside,
    log_e_outside,
    log_e_rate,
    moments,
    rate_interval,
    rate_seeds_needed,
    running_intersection,
    seeds_needed,
)
from kb.reading.experiment import Outcome
from kb.records.claims import Control, Prediction

LEAST_SEEDS = 5
"""Fewer seeds decide nothing."""
TOO_FEW = f"needs at least {LEAST_SEEDS} seeds"
DISAGREE = "blocks disagree"
FINAL = (TOO_FEW, DISAGREE)
"""Details for which nobody can say how many seeds would do."""

Values = Mapping[str, Mapping[str, Sequence[float]]]
"""Arm, then outcome, then one number a seed in seed order from 0 without gaps."""


@dataclass(frozen=True)
class Finding:
    """One prediction, or one control, judged.

    Attributes:
        prediction: What was predicted; of a control, the prediction whose bound must fail.
        values: One number per seed, in the units of the prediction: the arm's, or first arm minus second;
            NaN and inf as measured.
        seeds: Seeds that all arms have in common.
        estimate: Mean of the values that are finite (diverged ones replaced, where the prediction gives a
            number for them), or share of seeds that meet the bound; NaN when there are none.
        interval: For the mean, or for the share of seeds that meet the bound, at the end.
        trail: The interval after each block.
        detail: How it came out, in words that `kb.words.findings` explains, or empty.
        seeds_needed: Seeds likely needed in all, when inconclusive; None when no number of them would do.
        log_e: Log e-value at the end for the decision against its being wrong. When inconclusive, for what
            the estimate points to, on finite values.
        is_deterministic: Is the spread below the outcome's resolution, so that the resolution was used?
        nonfinite: Seeds that diverged.
        warnings: What a reader should know besides.
    """

    prediction: Prediction
    arms: tuple[str, ...]
    is_control: bool
    control: Control | None
    values: tuple[float, ...]
    seeds: int
    estimate: float
    interval: Interval
    trail: tuple[Interval, ...]
    decision: Decision
    detail: str
    seeds_needed: int | None
    log_e: float
    is_deterministic: bool
    nonfinite: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Case:
    """What a prediction is judged on: values with diverged ones replaced where a number is given for them."""

    values: tuple[float, ...]
    goal: Interval
    policy: Policy
    floor: float
    alpha: float

    @cached_property
    def finite(self) -> list[float]:
        return [value for value in self.values if is_finite(value)]

    @cached_property
    def moments(self) -> Moments:
        return moments(self.finite)


@dataclass(frozen=True)
class _Result:
    estimate: float
    trail: tuple[Interval, ...]
    decision: Decision
    detail: str
    log_e: float
    seeds_needed: int | None = None


def find(
    prediction: Prediction,
    control: Control | None,
    outcomes: Mapping[str, Outcome],
    values: Values,
    *,
    alpha: float,
) -> Finding:
    """Judge one prediction, or the bound of a prediction in the arms of a control.

    Args:
        prediction: What was predicted.
        control: The control whose arms to judge, or None for the prediction's own.
        outcomes: The experiment's outcomes by name; their resolution is the least standard deviation used.
        values: What was measured; an arm that is missing has no seeds.
        alpha: Probability that the interval ever misses the truth.

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
    if control and policy == "worst":
        policy = "best"  # the worst that can happen in a control is that the bound holds there
    filled = series if isinstance(policy, str) else tuple(v if is_finite(v) else policy for v in series)
    floor = _floor(raw, prediction.units, outcomes[prediction.outcome].resolution)
    case = _Case(filled, target(prediction), policy, floor, alpha)
    everything = WHOLE_LINE if prediction.estimand == "mean" else ALL_RATES
    result = _judge_mean(case) if prediction.estimand == "mean" else _judge_rate(case, prediction)
    return Finding(
        prediction=prediction,
        arms=arms,
        is_control=control is not None,
        control=control,
        values=series,
        seeds=len(series),
        estimate=result.estimate,
        interval=result.trail[-1] if result.trail else everything,
        trail=result.trail,
        decision=result.decision,
        detail=result.detail,
        seeds_needed=result.seeds_needed,
        log_e=result.log_e,
        is_deterministic=_is_deterministic(case),
        nonfinite=sum(not is_finite(value) for value in series),
        warnings=_warnings(case, series, prediction),
    )


def _series(raw: list[list[float]], units: str) -> tuple[float, ...]:
    """Return one number a seed, over the seeds that all arms have."""
    if units == "log10":
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


def _judge_mean(case: _Case) -> _Result:
    count = len(case.values)
    met = confidence_sequence(case.values, block=BLOCK_SIZE, alpha=case.alpha, floor=case.floor)
    diverged = next((i for i, value in enumerate(case.values) if not is_finite(value)), count)
    trail = tuple(
        interval if end <= diverged else extend(interval, case.goal, case.policy)
        for interval, end in zip(met, boundaries(count, BLOCK_SIZE), strict=True)
    )
    estimate = case.moments.mean if case.finite else nan
    decision, detail = _decide_mean(case, met, trail)
    if detail == "diverged":
        # With nothing to average, the evidence is that against half of the seeds staying finite.
        log_e = log_e_rate(count, count, 0.5) if decision == "contradicted" else 0.0
        return _Result(estimate, trail, decision, detail, log_e)
    log_e = _log_e(
        decision,
        inside=log_e_inside(case.finite, case.goal, floor=case.floor),
        outside=log_e_outside(case.finite, case.goal, floor=case.floor),
    )
    is_open = decision == "inconclusive" and detail not in FINAL
    return _Result(estimate, trail, decision, detail, log_e, _needed(case) if is_open else None)


def _decide_mean(case: _Case, met: tuple[Interval, ...], trail: tuple[Interval, ...]) -> tuple[Decision, str]:
    if len(case.values) < LEAST_SEEDS:
        return "inconclusive", TOO_FEW
    if not case.finite:
        return "inconclusive" if case.policy == "best" else "contradicted", "diverged"
    if disagrees(met):
        return "inconclusive", DISAGREE
    decision = decide(trail[-1], case.goal)
    if decision == "contradicted":
        return decision, way_of_missing(trail[-1], case.goal)
    if decision == "reproduced":
        return decision, ""
    if decide(met[-1], case.goal) != "inconclusive":
        return decision, "diverged in part"
    return decision, "direction supported" if supports_direction(trail[-1], case.goal) else ""


def _log_e(decision: Decision, *, inside: float, outside: float) -> float:
    return {"reproduced": inside, "contradicted": outside, "inconclusive": max(inside, outside)}[decision]


def _needed(case: _Case) -> int | None:
    """Return the seeds likely needed, or None when even an interval without width would not decide."""
    mean, deviation = case.moments.mean, max(case.moments.deviation, case.floor)
    point = Interval(mean, mean)
    if len(case.finite) < len(case.values):
        point = extend(point, case.goal, case.policy)
    if decide(point, case.goal) == "inconclusive":
        return None
    distance = min(abs(mean - bound) for bound in case.goal)
    return seeds_needed(distance, deviation, count=len(case.values), block=BLOCK_SIZE, alpha=case.alpha)


def _judge_rate(case: _Case, prediction: Prediction) -> _Result:
    is_strict, goal = prediction.estimand == "win_rate", rate_target(prediction)
    hits = [
        meets(value, case.goal, is_strict=is_strict) if is_finite(value) else case.policy == "best"
        for value in case.values
    ]
    count = len(hits)
    if not count:
        return _Result(nan, (), "inconclusive", TOO_FEW, 0.0)
    intervals = (rate_interval(sum(hits[:end]), end, case.alpha) for end in boundaries(count, BLOCK_SIZE))
    trail = running_intersection(intervals, everything=ALL_RATES)
    rate = sum(hits) / count
    decision, detail = _decide_rate(trail, goal, count)
    log_e = _log_e(
        decision,
        inside=log_e_rate(sum(hits), count, min(goal.lower, rate)),
        outside=log_e_rate(sum(hits), count, max(goal.lower, rate)),
    )
    needed = None
    if decision == "inconclusive" and detail not in FINAL:
        needed = rate_seeds_needed(rate, goal.lower, count=count, block=BLOCK_SIZE, alpha=case.alpha)
    return _Result(rate, trail, decision, detail, log_e, needed)


def _decide_rate(trail: tuple[Interval, ...], goal: Interval, count: int) -> tuple[Decision, str]:
    if count < LEAST_SEEDS:
        return "inconclusive", TOO_FEW
    if disagrees(trail):
        return "inconclusive", DISAGREE
    decision = decide(trail[-1], goal)
    return decision, "too rare" if decision == "contradicted" else ""


def _is_deterministic(case: _Case) -> bool:
    spread = case.moments.deviation if len(case.finite) > 1 else inf
    return spread == 0 or spread < case.floor


def _warnings(case: _Case, series: tuple[float, ...], prediction: Prediction) -> tuple[str, ...]:
    found = [] if all(map(is_finite, series)) else ["some seeds diverged"]
    if prediction.estimand != "success_rate" and len(case.finite) >= LEAST_SEEDS and _sides_disagree(case):
        found.append("mean and win rate disagree")
    return tuple(found)


def _sides_disagree(case: _Case) -> bool:
    """Do most seeds lie on the other side of a single bound than their mean?"""
    if inf not in (case.goal.upper, -case.goal.lower):
        return False
    bound = case.goal.lower if case.goal.upper == inf else case.goal.upper
    lead = sum(value > bound for value in case.finite) - sum(value < bound for value in case.finite)
    return (case.moments.mean - bound) * lead < 0

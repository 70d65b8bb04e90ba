"""What is estimated from a prediction's values, and everything that depends on it.

`estimand_of` is the one place that asks a prediction for its estimand. All others ask the object that it
returns: which range its estimate must lie in, where it lies before anything is measured, how it is judged and
what is to be said besides. What a bound on it is called stands in `kb.words.bounds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, nan
from typing import Protocol, assert_never

from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.bounds import (
    Decision,
    Policy,
    decide,
    extend,
    meets,
    supports_direction,
    way_of_missing,
)
from kb.judging.details import Caution, Detail
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
from kb.records.claims import Prediction

LEAST_SEEDS = 5
"""Fewer seeds decide nothing."""


@dataclass(frozen=True)
class Case:
    """What an estimand is judged on.

    Attributes:
        values: One number per seed in seed order; diverged ones replaced where the prediction gives a number.
        bound: The range that the prediction asks its values for.
        policy: What a diverged seed counts as.
        floor: Least standard deviation to believe in, in the unit of the values.
        alpha: Probability that the interval ever misses the truth.
    """

    values: tuple[float, ...]
    bound: Interval
    policy: Policy
    floor: float
    alpha: float

    @cached_property
    def finite(self) -> list[float]:
        """Return the values that one can compute with."""
        return [value for value in self.values if is_finite(value)]

    @cached_property
    def moments(self) -> Moments:
        """Return number, mean and standard deviation of the finite values."""
        return moments(self.finite)


@dataclass(frozen=True)
class Result:
    """What a case comes to; the fields are those of `kb.judging.finding.Finding`."""

    estimate: float
    trail: tuple[Interval, ...]
    decision: Decision
    detail: Detail
    log_e: float
    seeds_needed: int | None = None


class Estimand(Protocol):
    """What is estimated, as an object that knows how."""

    @property
    def everything(self) -> Interval:
        """Return where the estimate lies before anything is measured."""

    @property
    def is_share(self) -> bool:
        """Is it a share of the seeds, instead of a number in the unit of the values?"""

    def goal(self, bound: Interval) -> Interval:
        """Return the range that the estimate must lie in, from the one that the values are asked for."""

    def judge(self, case: Case) -> Result:
        """Return estimate, intervals and decision."""

    def cautions(self, case: Case) -> tuple[Caution, ...]:
        """Return what a reader should know besides."""


def estimand_of(prediction: Prediction) -> Estimand:
    """Return what a prediction bounds.

    Raises:
        ValueError: The prediction asks for a success rate and states none.
    """
    match prediction.estimand:
        case "mean":
            return Mean()
        case "win_rate":
            return Share(more_than=0.5, is_strict=True)
        case "success_rate":
            if prediction.rate is None:
                raise ValueError(f"prediction {prediction.name} has the estimand success_rate; give its rate")
            return Share(more_than=prediction.rate, is_strict=False)
        case _:
            assert_never(prediction.estimand)


@dataclass(frozen=True)
class Mean:
    """The mean of the values, by the anytime-valid t interval."""

    everything: Interval = WHOLE_LINE
    is_share: bool = False

    def goal(self, bound: Interval) -> Interval:
        """Return the bound itself: it is one on the mean."""
        return bound

    def judge(self, case: Case) -> Result:
        """Judge the mean of the finite values; diverged ones open an end of the interval."""
        count = len(case.values)
        met = confidence_sequence(case.values, block=BLOCK_SIZE, alpha=case.alpha, floor=case.floor)
        diverged = next((i for i, value in enumerate(case.values) if not is_finite(value)), count)
        trail = tuple(
            interval if end <= diverged else extend(interval, case.bound, case.policy)
            for interval, end in zip(met, boundaries(count, BLOCK_SIZE), strict=True)
        )
        estimate = case.moments.mean if case.finite else nan
        decision, detail = _decide_mean(case, met, trail)
        if detail is Detail.DIVERGED:
            # With nothing to average, the evidence is that against half of the seeds staying finite.
            log_e = log_e_rate(count, count, 0.5) if decision == "contradicted" else 0.0
            return Result(estimate, trail, decision, detail, log_e)
        log_e = _log_e(
            decision,
            inside=log_e_inside(case.finite, case.bound, floor=case.floor),
            outside=log_e_outside(case.finite, case.bound, floor=case.floor),
        )
        is_open = decision == "inconclusive" and not detail.is_final
        return Result(estimate, trail, decision, detail, log_e, _mean_seeds_needed(case) if is_open else None)

    def cautions(self, case: Case) -> tuple[Caution, ...]:
        """Warn where most seeds lie on the other side of the bound than their mean."""
        return _caution_on_sides(case)


@dataclass(frozen=True)
class Share:
    """The share of seeds whose value meets the bound, as a probability.

    Attributes:
        more_than: The share that must be exceeded.
        is_strict: Is a value that lies on the bound none that meets it?
    """

    more_than: float
    is_strict: bool
    everything: Interval = ALL_RATES
    is_share: bool = True

    def goal(self, bound: Interval) -> Interval:  # noqa: ARG002  # of every estimand
        """Return all shares above the one to be exceeded."""
        return Interval(self.more_than, inf)

    def judge(self, case: Case) -> Result:
        """Judge the share of seeds that meet the bound; a diverged one does where it counts as the best."""
        hits = [
            meets(value, case.bound, is_strict=self.is_strict) if is_finite(value) else case.policy == "best"
            for value in case.values
        ]
        count = len(hits)
        if not count:
            return Result(nan, (), "inconclusive", Detail.TOO_FEW_SEEDS, 0.0)
        intervals = (rate_interval(sum(hits[:end]), end, case.alpha) for end in boundaries(count, BLOCK_SIZE))
        trail = running_intersection(intervals, everything=self.everything)
        rate = sum(hits) / count
        decision, detail = _decide_share(trail, self.goal(case.bound), count)
        log_e = _log_e(
            decision,
            inside=log_e_rate(sum(hits), count, min(self.more_than, rate)),
            outside=log_e_rate(sum(hits), count, max(self.more_than, rate)),
        )
        needed = None
        if decision == "inconclusive" and not detail.is_final:
            needed = rate_seeds_needed(rate, self.more_than, count=count, block=BLOCK_SIZE, alpha=case.alpha)
        return Result(rate, trail, decision, detail, log_e, needed)

    def cautions(self, case: Case) -> tuple[Caution, ...]:
        """Warn where a win rate says otherwise than the mean would; a success is no matter of the mean."""
        return _caution_on_sides(case) if self.is_strict else ()


def _decide_mean(
    case: Case, met: tuple[Interval, ...], trail: tuple[Interval, ...]
) -> tuple[Decision, Detail]:
    if len(case.values) < LEAST_SEEDS:
        return "inconclusive", Detail.TOO_FEW_SEEDS
    if not case.finite:
        return "inconclusive" if case.policy == "best" else "contradicted", Detail.DIVERGED
    if disagrees(met):
        return "inconclusive", Detail.DISAGREE
    decision = decide(trail[-1], case.bound)
    if decision == "contradicted":
        return decision, way_of_missing(trail[-1], case.bound)
    if decision == "reproduced":
        return decision, Detail.NONE
    if decide(met[-1], case.bound) != "inconclusive":
        return decision, Detail.DIVERGED_IN_PART
    return decision, Detail.DIRECTION if supports_direction(trail[-1], case.bound) else Detail.NONE


def _decide_share(trail: tuple[Interval, ...], goal: Interval, count: int) -> tuple[Decision, Detail]:
    if count < LEAST_SEEDS:
        return "inconclusive", Detail.TOO_FEW_SEEDS
    if disagrees(trail):
        return "inconclusive", Detail.DISAGREE
    decision = decide(trail[-1], goal)
    return decision, Detail.TOO_RARE if decision == "contradicted" else Detail.NONE


def _log_e(decision: Decision, *, inside: float, outside: float) -> float:
    match decision:
        case "reproduced":
            return inside
        case "contradicted":
            return outside
        case "inconclusive":
            return max(inside, outside)


def _mean_seeds_needed(case: Case) -> int | None:
    """Return the seeds likely needed, or None when even an interval without width would not decide."""
    mean, deviation = case.moments.mean, max(case.moments.deviation, case.floor)
    point = Interval(mean, mean)
    if len(case.finite) < len(case.values):
        point = extend(point, case.bound, case.policy)
    if decide(point, case.bound) == "inconclusive":
        return None
    distance = min(abs(mean - end) for end in case.bound)
    return seeds_needed(distance, deviation, count=len(case.values), block=BLOCK_SIZE, alpha=case.alpha)


def _caution_on_sides(case: Case) -> tuple[Caution, ...]:
    is_enough = len(case.finite) >= LEAST_SEEDS
    return (Caution.SIDES,) if is_enough and _sides_disagree(case) else ()


def _sides_disagree(case: Case) -> bool:
    """Do most seeds lie on the other side of a single bound than their mean?"""
    if inf not in (case.bound.upper, -case.bound.lower):
        return False
    end = case.bound.lower if case.bound.upper == inf else case.bound.upper
    lead = sum(value > end for value in case.finite) - sum(value < end for value in case.finite)
    return (case.moments.mean - end) * lead < 0

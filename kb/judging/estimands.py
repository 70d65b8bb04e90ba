"""What is estimated from a prediction's values, and everything that depends on it.

`estimand_of` is the only place that reads a prediction's estimand. All other code uses the object that it
returns: it knows the range for the estimate, the estimate before anything is measured, how to judge values
and what to warn of. The words for a bound on it are in `kb.words.bounds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, nan
from statistics import median
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
    blocks_differ_by_chance,
    boundaries,
    confidence_sequence,
    disagrees,
    is_finite,
    log_e_inside,
    log_e_median_inside,
    log_e_median_outside,
    log_e_outside,
    log_e_rate,
    median_interval,
    moments,
    rate_interval,
    rate_seeds_needed,
    running_intersection,
    seeds_needed,
    skewness,
)
from kb.records.claims import Prediction

LEAST_SEEDS = 10
"""Fewer seeds have no interval and decide nothing: one of five that errs would mar all later ones."""
MOST_SKEW = 1.0
"""Sample skewness beyond which the interval of a mean errs more often than it says."""
CHANCE_OF_BLOCKS = 1e-4
"""Blocks whose difference is less probable than this are taken to depend on more than their seeds.

The base has some 250 findings: at 1e-3 an honest one would be doubted in every fifth build, at 1e-4 in every
fortieth.
"""


@dataclass(frozen=True)
class Case:
    """The values and settings from which an estimand is judged.

    Attributes:
        values: One number per seed in seed order; diverged ones replaced where the prediction gives a number.
        bound: The range that the prediction gives for its values.
        policy: What a diverged seed counts as.
        floor: Least credible standard deviation, in the unit of the values.
        alpha: Probability that the interval ever misses the truth.
        first: Least number of seeds before the first look; fewer decide nothing.
    """

    values: tuple[float, ...]
    bound: Interval
    policy: Policy
    floor: float
    alpha: float
    first: int = LEAST_SEEDS

    @cached_property
    def finite(self) -> list[float]:
        """Return the values that are finite and not too large to compute with."""
        return [value for value in self.values if is_finite(value)]

    @cached_property
    def moments(self) -> Moments:
        """Return number, mean and standard deviation of the finite values."""
        return moments(self.finite)


@dataclass(frozen=True)
class Result:
    """The result of judging a case; the fields are those of `kb.judging.finding.Finding`."""

    estimate: float
    trail: tuple[Interval, ...]
    decision: Decision
    detail: Detail
    log_e: float
    seeds_needed: int | None = None


class Estimand(Protocol):
    """An estimand, as an object that can judge it."""

    @property
    def everything(self) -> Interval:
        """Return the range of possible estimates before anything is measured."""

    @property
    def is_share(self) -> bool:
        """Is it a share of the seeds, instead of a number in the unit of the values?"""

    def goal(self, bound: Interval) -> Interval:
        """Return the range that the estimate must lie in, given the range for the values."""

    def judge(self, case: Case) -> Result:
        """Return estimate, intervals and decision."""

    def cautions(self, case: Case) -> tuple[Caution, ...]:
        """Return what a reader should also know."""


def estimand_of(prediction: Prediction) -> Estimand:
    """Return what a prediction bounds.

    Raises:
        ValueError: The prediction asks for a success rate and states none.
    """
    match prediction.estimand:
        case "mean":
            return Mean()
        case "median":
            return Median()
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
        """Return the bound itself, which is a bound on the mean."""
        return bound

    def judge(self, case: Case) -> Result:
        """Judge the mean of the finite values; diverged ones open an end of the interval."""
        count = len(case.values)
        met = confidence_sequence(
            case.values, block=BLOCK_SIZE, first=case.first, alpha=case.alpha, floor=case.floor
        )
        diverged = next((i for i, value in enumerate(case.values) if not is_finite(value)), count)
        trail = tuple(
            interval if end <= diverged else extend(interval, case.bound, case.policy)
            for interval, end in zip(met, boundaries(count, BLOCK_SIZE, first=case.first), strict=True)
        )
        estimate = case.moments.mean if case.finite else nan
        decision, detail = _decide_middle(case, met, trail, estimate)
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
        """Warn when most seeds lie on the other side of the bound from their mean, or values are skewed."""
        is_skewed = len(case.finite) >= LEAST_SEEDS and abs(skewness(case.finite)) > MOST_SKEW
        return (*_caution_on_sides(case), *((Caution.SKEWED,) if is_skewed else ()))


@dataclass(frozen=True)
class Median:
    """The median of the values, by an interval of order statistics that assumes nothing of their shape."""

    everything: Interval = WHOLE_LINE
    is_share: bool = False

    def goal(self, bound: Interval) -> Interval:
        """Return the bound itself, which is a bound on the median."""
        return bound

    def judge(self, case: Case) -> Result:
        """Judge the median; a diverged value lies beyond every other, on the side that the policy gives."""
        count = len(case.values)
        looks = boundaries(count, BLOCK_SIZE, first=case.first)
        trail = running_intersection(self._interval(case, end) for end in looks)
        estimate = median(case.finite) if case.finite else nan
        decision, detail = _decide_middle(case, trail, trail, estimate)
        ranked = [_replaced(case, case.values, is_low=is_low) for is_low in (True, False)]
        log_e = _log_e(
            decision,
            inside=min(log_e_median_inside(values, case.bound) for values in ranked),
            outside=min(log_e_median_outside(values, case.bound) for values in ranked),
        )
        is_open = decision == "inconclusive" and not detail.is_final
        needed = _median_seeds_needed(case, estimate) if is_open else None
        return Result(estimate, trail, decision, detail, log_e, needed)

    def cautions(self, case: Case) -> tuple[Caution, ...]:
        """Return no warnings: neither skew nor a mean on the other side weakens a median."""
        del case
        return ()

    def _interval(self, case: Case, end: int) -> Interval:
        """Return the interval over the first seeds, wide enough for wherever diverged values may lie."""
        seen = case.values[:end]
        low = median_interval(_replaced(case, seen, is_low=True), case.alpha)
        high = median_interval(_replaced(case, seen, is_low=False), case.alpha)
        return Interval(low.lower, high.upper)


@dataclass(frozen=True)
class Share:
    """The share of seeds whose value meets the bound, as a probability.

    Attributes:
        more_than: The share that must be exceeded.
        is_strict: Does a value that lies exactly on the bound fail to meet it?
    """

    more_than: float
    is_strict: bool
    everything: Interval = ALL_RATES
    is_share: bool = True

    def goal(self, bound: Interval) -> Interval:  # noqa: ARG002  # of every estimand
        """Return all shares above the one to be exceeded."""
        return Interval(self.more_than, inf)

    def judge(self, case: Case) -> Result:
        """Judge the share of seeds that meet the bound; a diverged seed meets it if it counts as the best."""
        hits = [
            meets(value, case.bound, is_strict=self.is_strict) if is_finite(value) else case.policy == "best"
            for value in case.values
        ]
        count = len(hits)
        if not count:
            return Result(nan, (), "inconclusive", Detail.TOO_FEW_SEEDS, 0.0)
        looks = boundaries(count, BLOCK_SIZE, first=case.first)
        intervals = (rate_interval(sum(hits[:end]), end, case.alpha) for end in looks)
        trail = running_intersection(intervals, everything=self.everything)
        rate = sum(hits) / count
        decision, detail = _decide_share(case, trail, self.goal(case.bound))
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
        """Warn when a win rate and the mean disagree; a success rate does not concern the mean."""
        return _caution_on_sides(case) if self.is_strict else ()


def _decide_middle(
    case: Case, met: tuple[Interval, ...], trail: tuple[Interval, ...], estimate: float
) -> tuple[Decision, Detail]:
    """Decide on a mean or a median: `met` holds the intervals of what stayed finite, `trail` those of all."""
    if len(case.values) < case.first:
        return "inconclusive", Detail.TOO_FEW_SEEDS
    if not case.finite:
        return "inconclusive" if case.policy == "best" else "contradicted", Detail.DIVERGED
    doubt = _doubt(case, met, trail[-1], estimate)
    if doubt is not None:
        return "inconclusive", doubt
    decision = decide(trail[-1], case.bound)
    if decision == "contradicted":
        return decision, way_of_missing(trail[-1], case.bound)
    if decision == "reproduced":
        return decision, Detail.NONE
    if decide(met[-1], case.bound) != "inconclusive":
        return decision, Detail.DIVERGED_IN_PART
    return decision, Detail.DIRECTION if supports_direction(trail[-1], case.bound) else Detail.NONE


def _doubt(case: Case, met: tuple[Interval, ...], interval: Interval, estimate: float) -> Detail | None:
    """Return why nothing may be decided although there are enough seeds: signs that they are not alike."""
    if disagrees(met):
        return Detail.DISAGREE
    if not interval.lower <= estimate <= interval.upper:
        return Detail.OUTSIDE
    blocks = [case.values[start : start + BLOCK_SIZE] for start in range(0, len(case.values), BLOCK_SIZE)]
    whole = [block for block in blocks if len(block) == BLOCK_SIZE and all(map(is_finite, block))]
    if blocks_differ_by_chance(whole, floor=case.floor) < CHANCE_OF_BLOCKS:
        return Detail.BLOCKS_DIFFER
    return None


def _replaced(case: Case, values: tuple[float, ...], *, is_low: bool) -> tuple[float, ...]:
    """Return values with those that diverged at one end of the line: the worst end, or the best.

    A bound with one end says which end is the worst. One with two ends does not, so both are tried there.
    """
    has_two_ends = case.bound.lower > -inf and case.bound.upper < inf
    if has_two_ends:
        worst = -inf if is_low else inf
        best = (case.bound.lower + case.bound.upper) / 2
    else:
        worst = -inf if case.bound.lower > -inf else inf
        best = -worst
    end = best if case.policy == "best" else worst
    return tuple(value if is_finite(value) else end for value in values)


def _median_seeds_needed(case: Case, estimate: float) -> int | None:
    """Return the seeds likely needed until the interval excludes the end nearest to the estimate, if any."""
    if not case.finite:
        return None
    end = min(case.bound, key=lambda each: abs(each - estimate))
    beyond = sum(value > end for value in case.finite) / len(case.finite)
    return rate_seeds_needed(beyond, 0.5, count=len(case.values), block=BLOCK_SIZE, alpha=case.alpha)


def _decide_share(case: Case, trail: tuple[Interval, ...], goal: Interval) -> tuple[Decision, Detail]:
    if len(case.values) < case.first:
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
    """Do most seeds lie on the opposite side of a single bound from their mean?"""
    if inf not in (case.bound.upper, -case.bound.lower):
        return False
    end = case.bound.lower if case.bound.upper == inf else case.bound.upper
    lead = sum(value > end for value in case.finite) - sum(value < end for value in case.finite)
    return (case.moments.mean - end) * lead < 0

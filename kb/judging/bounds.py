"""How a number or an interval compares with a prediction's bound; no data, no probability."""

from __future__ import annotations

import math
from typing import Literal

from kb.judging.details import Detail
from kb.judging.stats import Interval
from kb.records.claims import Prediction

Decision = Literal["reproduced", "contradicted", "inconclusive"]
Policy = Literal["worst", "best"] | float
"""Whether a diverged seed counts as the worst value or the best."""


def target(prediction: Prediction) -> Interval:
    """Return the range that the prediction gives for its values; one bound leaves the other end infinite.

    For a ratio, both values and ends of the range are decadic logarithms.

    Raises:
        ValueError: The prediction states no bound.
    """
    if prediction.units == "ratio":
        return _of_ratio(_stated(prediction))
    return _stated(prediction)


def _of_ratio(stated: Interval) -> Interval:
    lower = math.log10(stated.lower) if stated.lower > 0 else -math.inf
    return Interval(lower, math.log10(stated.upper) if stated.upper < math.inf else math.inf)


def _stated(prediction: Prediction) -> Interval:
    """Return the range as the prediction states it."""
    if prediction.at_least is not None:
        return Interval(prediction.at_least, math.inf)
    if prediction.at_most is not None:
        return Interval(-math.inf, prediction.at_most)
    if prediction.between is not None:
        return Interval(*prediction.between)
    if prediction.equals is not None and prediction.within is not None:
        if prediction.units == "ratio":
            return Interval(
                prediction.equals / (1 + prediction.within), prediction.equals * (1 + prediction.within)
            )
        return Interval(prediction.equals - prediction.within, prediction.equals + prediction.within)
    raise ValueError(
        f"prediction {prediction.name} states no bound; "
        "give at_least, at_most, between, or equals together with within"
    )


def meets(value: float, goal: Interval, *, is_strict: bool) -> bool:
    """Does a number lie in the range? A win excludes the ends, a success includes them."""
    if is_strict:
        return goal.lower < value < goal.upper
    return goal.lower <= value <= goal.upper


def decide(interval: Interval, goal: Interval) -> Decision:
    """Say whether an interval lies inside a range or wholly outside it; touching an end decides nothing."""
    if interval.upper < goal.lower or interval.lower > goal.upper:
        return "contradicted"
    is_above = goal.lower == -math.inf or interval.lower > goal.lower
    is_below = goal.upper == math.inf or interval.upper < goal.upper
    return "reproduced" if is_above and is_below else "inconclusive"


def extend(interval: Interval, goal: Interval, policy: Policy) -> Interval:
    """Return where the mean may lie when some seeds diverged and count as the worst, or as the best.

    Under the worst policy every end that the range requires becomes infinite, so the interval is never
    inside. Under the best it stretches towards the range, so it is never outside.
    """
    if policy == "best":
        lower = -math.inf if goal.lower == -math.inf else min(interval.lower, goal.upper)
        upper = math.inf if goal.upper == math.inf else max(interval.upper, goal.lower)
        return Interval(lower, upper)
    lower = -math.inf if goal.lower > -math.inf else interval.lower
    upper = math.inf if goal.upper < math.inf else interval.upper
    return Interval(lower, upper)


def way_of_missing(interval: Interval, goal: Interval) -> Detail:
    """Say how an interval outside the range misses it.

    A range with one end and its bound away from zero predicts an effect in one direction. Missing it is
    `opposite` when the whole interval lies beyond zero, `negligible` when the interval holds zero, and
    `too small` when the direction is right. Of any other range: `too small` below it, `too large` above.
    """
    if goal.lower == -math.inf and goal.upper <= 0:
        return way_of_missing(_mirror(interval), _mirror(goal))
    if interval.lower > goal.upper:
        return Detail.TOO_LARGE
    if goal.upper < math.inf or goal.lower < 0:
        return Detail.TOO_SMALL
    if interval.upper < 0:
        return Detail.OPPOSITE
    return Detail.NEGLIGIBLE if -math.inf < interval.lower <= 0 else Detail.TOO_SMALL


def supports_direction(interval: Interval, goal: Interval) -> bool:
    """Is the sign of the effect beyond doubt and as predicted, whatever its size?"""
    if goal.lower == -math.inf and goal.upper < 0:
        return interval.upper < 0
    return goal.upper == math.inf and goal.lower > 0 and interval.lower > 0


def _mirror(interval: Interval) -> Interval:
    return Interval(-interval.upper, -interval.lower)

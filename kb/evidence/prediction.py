"""What another machine may give for a block: the prediction interval for the mean of further seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import lru_cache

LEVEL = 0.999
"""Probability that the interval contains the mean of seeds from the same distribution."""
ROUNDING = 1e-6
"""Difference relative to the mean that rounding alone explains when the seeds do not differ."""


def is_predicted(known: Sequence[float], found: Sequence[float]) -> bool:
    """Say whether the mean of values lies in the interval that other seeds predict with probability `LEVEL`.

    The interval of Student's t for the mean of m values after n: mean +- t * s * sqrt(1/m + 1/n). Values
    that are not finite are left out; if one side has no finite value, the other must have none.

    Args:
        known: One number per seed of an outcome, at least one in all.
        found: The numbers of the seeds to compare.
    """
    finite = [value for value in known if math.isfinite(value)]
    other = [value for value in found if math.isfinite(value)]
    if not finite or not other:
        return not finite and not other
    mean = statistics.fmean(finite)
    distance = abs(statistics.fmean(other) - mean)
    if distance <= ROUNDING * abs(mean):
        return True
    if len(finite) == 1:
        return True  # one number predicts nothing
    factor = t_quantile(len(finite) - 1) * math.sqrt(1 / len(other) + 1 / len(finite))
    return distance <= factor * statistics.stdev(finite, mean)


@lru_cache(maxsize=256)
def t_quantile(freedom: int, level: float = LEVEL) -> float:
    """Return the t with `level` of Student's distribution between -t and t, found by bisection.

    Args:
        freedom: Degrees of freedom, at least 1.
        level: A probability below 1.
    """
    low, high = 0.0, math.pi / 2  # of the angle whose tangent is t / sqrt(freedom)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < level else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """Return the probability between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2
    term, total = (cosine, 0.0) if is_odd else (1.0, 0.0)
    for step in range(1 + is_odd, freedom, 2):
        total += term
        term *= cosine**2 * step / (step + 1)
    return (angle + sine * total) * 2 / math.pi if is_odd else sine * total

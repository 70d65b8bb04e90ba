"""Anytime-valid intervals and e-values: numbers in, numbers out, by the standard library alone.

An e-process for a hypothesis starts at 1 and, while the hypothesis is true, exceeds 1/alpha at some time
with probability at most alpha. One may therefore look after every block and stop at will. Intervals hold the
hypotheses whose e-process lies below 1/alpha. Nothing here knows claims, arms or bounds. Values, levels
and floors that are out of range raise ValueError.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

LARGEST = 1e300
"""Numbers of larger size count as diverged, because sums of them overflow."""
MOST_SEEDS = 100_000
"""A decision that needs more seeds than this will never come."""


class Interval(NamedTuple):
    """A closed range of numbers; infinite ends are allowed."""

    lower: float
    upper: float


class Moments(NamedTuple):
    """Number of values, their mean, and their standard deviation (divisor n - 1; 0 for a single value)."""

    size: int
    mean: float
    deviation: float


WHOLE_LINE = Interval(-math.inf, math.inf)
ALL_RATES = Interval(0.0, 1.0)


def is_finite(value: float) -> bool:
    """Is the value neither NaN nor larger in size than `LARGEST`, so that one can compute with it?"""
    return abs(value) <= LARGEST


def moments(values: Sequence[float]) -> Moments:
    """Return number, mean and standard deviation, exact to rounding at any offset and any scale."""
    return _moments(tuple(values))


@lru_cache(maxsize=64)  # a finding asks several times about the same seeds
def _moments(values: tuple[float, ...]) -> Moments:
    if not values or not (min(values) >= -LARGEST and max(values) <= LARGEST):
        raise ValueError(f"need at least one value, all of size <= {LARGEST:g}; found {list(values)!r}")
    count = len(values)
    rough = math.fsum(values) / count
    if math.isnan(rough):  # least and greatest value do not see a NaN between them
        raise ValueError(f"need numbers; found {list(values)!r}")
    mean = rough + math.fsum([value - rough for value in values]) / count
    deviation = math.hypot(*[value - mean for value in values]) / math.sqrt(max(count - 1, 1))
    return Moments(count, mean, deviation)


EQUAL = 1e-12
"""Logarithms that differ by less differ by rounding alone."""


@lru_cache(maxsize=4096)
def half_width(count: int, alpha: float = 0.05) -> float:
    """Return the half-width of the t interval in standard deviations; infinite while `count` is too small.

    Closed form of `log_e_t < log(1/alpha)`: with k = 1/(n + 1) and r = ((n + 1)/alpha**2)**(1/n), the
    half-width is sqrt(u * (n - 1)/n), u = (r - 1)/(1 - k*r), and infinite if k*r >= 1.

    Args:
        count: Number of values, n.
        alpha: Probability that the interval misses the mean at some n, between 0 and 1.
    """
    _require_level(alpha)
    if count < 1:
        return math.inf
    log_inverse_k = math.log1p(count)
    log_r = (log_inverse_k - 2 * math.log(alpha)) / count
    if log_r > log_inverse_k - EQUAL:  # as for n = 9 at 1e-4, where the two are the same number
        return math.inf
    u = math.expm1(log_r) / -math.expm1(log_r - log_inverse_k)
    return math.sqrt(u * (count - 1) / count)


def t_interval(values: Sequence[float], *, alpha: float = 0.05, floor: float = 0.0) -> Interval:
    """Return the anytime-valid t interval of the mean (Wang and Ramdas, arXiv:2310.03722; mixture c = 1).

    Args:
        values: One finite number per seed.
        alpha: Probability that the interval misses the mean at some n.
        floor: Least credible standard deviation, in the unit of the values: the measurement's resolution.
            Values that are all equal prove no more than that.

    Returns:
        The interval; the whole line for n <= 4 at alpha = 0.05.
    """
    _require_floor(floor)
    width = half_width(len(values), alpha)
    if math.isinf(width):
        return WHOLE_LINE
    _, mean, deviation = moments(values)
    half = width * max(deviation, floor)
    return Interval(mean - half, mean + half)


def boundaries(count: int, block: int, *, first: int = 0) -> list[int]:
    """Return the numbers of seeds at which to look: after each block, and after the last seed.

    Args:
        count: Number of seeds.
        block: Seeds between two looks.
        first: Least number of seeds before the first look.
    """
    if block < 1:
        raise ValueError(f"block must be at least 1; found {block}")
    looks = [*range(block, count, block), count] if count else []
    return [look for look in looks if look >= first]


def confidence_sequence(
    values: Sequence[float], *, block: int = 5, first: int = 0, alpha: float = 0.05, floor: float = 0.0
) -> tuple[Interval, ...]:
    """Return the running intersection of `t_interval` after each block.

    Values that are not finite are left out, yet keep their place, so that the blocks stay what they are.

    Args:
        values: One number per seed, in seed order.
        block: Seeds between two looks.
        first: Least number of seeds before the first look: an early interval that errs would stay in all
            later ones.
        alpha: Probability that an interval misses the mean at some time.
        floor: As in `t_interval`.
    """
    finite = [value for value in values if is_finite(value)]
    ends = list(accumulate(map(is_finite, values), initial=0))
    prefixes = (finite[: ends[end]] for end in boundaries(len(values), block, first=first))
    return running_intersection(t_interval(prefix, alpha=alpha, floor=floor) for prefix in prefixes)


def running_intersection(
    intervals: Iterable[Interval], *, everything: Interval = WHOLE_LINE
) -> tuple[Interval, ...]:
    """Return the intersection of each interval with all before it.

    If nothing is left, the blocks contradict each other: the model is wrong, or the data are among the
    unlucky share alpha. No number is then credible, so from there on every interval is `everything`,
    which cannot decide anything; `disagrees` tells whether this happened.
    """
    met, lower, upper = [], *everything
    for interval in intervals:
        lower, upper = max(lower, interval.lower), min(upper, interval.upper)
        met.append(Interval(lower, upper) if lower <= upper else everything)
    return tuple(met)


def disagrees(trail: Sequence[Interval]) -> bool:
    """Did a running intersection become empty, so that its intervals widened?"""
    return any(late.lower < early.lower or late.upper > early.upper for early, late in pairwise(trail))


def log_e_t(values: Sequence[float], null: float, *, floor: float = 0.0) -> float:
    """Return the log of the t e-process against "the mean is `null`".

    Gaussian mixture with c = 1 over standardised effects (Wang and Ramdas, arXiv:2310.03722):
    log E = log(k)/2 + n/2 * log((1 + u)/(1 + k*u)) with k = 1/(n + 1) and u = n * (mean - null)**2 / SSE.
    The floor only lowers it. Under normal residuals E ever exceeds 1/alpha with probability <= alpha,
    however often one looks. Read at one time its mean is <= 1 if that time was chosen by looking at signs
    and ratios of value - null alone.

    Args:
        values: One finite number per seed; none at all give 0.
        null: Hypothetical mean, possibly infinite.
        floor: As in `t_interval`.
    """
    _require_floor(floor)
    return _log_e_t(moments(values), null, floor) if values else 0.0


def _log_e_t(found: Moments, null: float, floor: float) -> float:
    count, mean, deviation = found
    k = 1 / (count + 1)
    distance = abs(mean - null) * math.sqrt(count)
    if distance == 0:
        return math.log(k) / 2
    noise = max(deviation, floor) * math.sqrt(count - 1) / distance
    return (math.log(k) + count * math.log1p((1 - k) / (noise * noise + k))) / 2


def log_e_inside(values: Sequence[float], target: Interval, *, floor: float = 0.0) -> float:
    """Return the log e-value for "the mean lies inside `target`", against every mean not inside.

    It is the least `log_e_t` over the means not inside, hence no larger than that of the true mean if the
    true mean is one of them, hence valid. As `log_e_t` falls towards the estimate and rises beyond, the least
    is at an end of the target while the estimate is inside, and otherwise at the estimate, where E <= 1.
    With one end infinite this is the one-sided test.
    """
    if not values:
        return 0.0
    _require_floor(floor)
    found = moments(values)
    nulls = target if target.lower < found.mean < target.upper else (found.mean,)
    return min(_log_e_t(found, null, floor) for null in nulls)


def log_e_outside(values: Sequence[float], target: Interval, *, floor: float = 0.0) -> float:
    """Return the log e-value for "the mean lies outside `target`", against every mean in it.

    The least `log_e_t` over the target, at the point nearest to the estimate; valid as `log_e_inside` is.
    """
    if not values:
        return 0.0
    _require_floor(floor)
    found = moments(values)
    nearest = min(max(found.mean, target.lower), target.upper)
    return _log_e_t(found, nearest, floor)


def log_e_rate(successes: float, count: float, null: float) -> float:
    """Return the log of the Bernoulli e-process against "the probability of success is `null`".

    E = B(k + 1, n - k + 1) / (p**k * (1 - p)**(n - k)), the uniform mixture over alternatives.

    Args:
        successes: Number of successes k, from 0 to `count`; fractions serve to plan ahead.
        count: Number of seeds n.
        null: Hypothetical probability p, from 0 to 1.
    """
    if not 0 <= successes <= count or not 0 <= null <= 1:
        raise ValueError(f"need 0 <= successes <= count, 0 <= null <= 1; found {successes}, {count}, {null}")
    log_beta = math.lgamma(successes + 1) + math.lgamma(count - successes + 1) - math.lgamma(count + 2)
    return log_beta - _log_power(null, successes) - _log_power(1 - null, count - successes)


def _log_power(base: float, exponent: float) -> float:
    if exponent == 0:
        return 0.0
    return exponent * math.log(base) if base > 0 else -math.inf


@lru_cache(maxsize=4096)
def rate_interval(successes: int, count: int, alpha: float = 0.05) -> Interval:
    """Return the anytime-valid interval of a probability: every p with E(p) < 1/alpha.

    Found by bisection and rounded outwards by less than 1e-15.
    """
    _require_level(alpha)
    if count == 0:
        return ALL_RATES
    estimate, limit = successes / count, -math.log(alpha)

    def edge(out: float) -> float:
        inner = estimate
        while abs(out - inner) > 1e-15:
            middle = (out + inner) / 2
            inner, out = (middle, out) if log_e_rate(successes, count, middle) < limit else (inner, middle)
        return out

    return Interval(edge(0.0), edge(1.0))


def median_interval(values: Sequence[float], alpha: float = 0.05) -> Interval:
    """Return the anytime-valid interval of the median: every m whose sign e-process lies below 1/alpha.

    The e-process is that of `log_e_rate` at one half for "a value exceeds m", so it asks nothing of the
    distribution. Its interval is the one between the j-th order statistics from below and from above, j the
    least count on one side that leaves E below 1/alpha.

    Args:
        values: One number per seed; infinite ones are allowed, NaN is not.
        alpha: Probability that the interval misses the median at some n.

    Returns:
        The interval; the whole line for n <= 7 at alpha = 0.05.
    """
    _require_level(alpha)
    if any(map(math.isnan, values)):
        raise ValueError("values must be numbers; found NaN")
    rank = _median_rank(len(values), alpha)
    if rank == 0:
        return WHOLE_LINE
    ranked = sorted(values)
    return Interval(ranked[rank - 1], ranked[-rank])


@lru_cache(maxsize=4096)
def _median_rank(count: int, alpha: float) -> int:
    """Return the least number of values that must lie on one side of the median; 0 if none has to."""
    limit, most = -math.log(alpha), count // 2
    return next((below for below in range(most) if log_e_rate(below, count, 0.5) < limit), most)


def log_e_median(values: Sequence[float], null: float) -> float:
    """Return the log of the sign e-process against "the median is `null`".

    Args:
        values: One number per seed; ties with `null` count on the side that makes the evidence weaker.
        null: Hypothetical median, possibly infinite.
    """
    above = sum(value > null for value in values)
    below = sum(value < null for value in values)
    even = min(max(len(values) / 2, above), len(values) - below)
    return log_e_rate(even, len(values), 0.5)


def log_e_median_inside(values: Sequence[float], target: Interval) -> float:
    """Return the log e-value for "the median lies inside `target`", against every median not inside.

    The least `log_e_median` over the ends of the target, while the estimate is inside; else no evidence.
    """
    if not values:
        return 0.0
    middle = statistics.median(values)
    nulls = target if target.lower < middle < target.upper else (middle,)
    return min((log_e_median(values, null) for null in nulls if math.isfinite(null)), default=0.0)


def log_e_median_outside(values: Sequence[float], target: Interval) -> float:
    """Return the log e-value for "the median lies outside `target`", against every median in it."""
    if not values:
        return 0.0
    middle = statistics.median(values)
    return log_e_median(values, min(max(middle, target.lower), target.upper))


def skewness(values: Sequence[float]) -> float:
    """Return the sample skewness m3 / m2**1.5 of finite values; 0 if they do not differ."""
    found = moments(values)
    centred = [value - found.mean for value in values]
    largest = max(map(abs, centred))
    if largest == 0:
        return 0.0
    scaled = [value / largest for value in centred]
    second = math.fsum(value**2 for value in scaled) / len(scaled)
    third = math.fsum(value**3 for value in scaled) / len(scaled)
    return third / math.pow(second, 1.5)


def blocks_differ_by_chance(blocks: Sequence[Sequence[float]], *, floor: float = 0.0) -> float:
    """Return the probability that blocks of seeds differ at least as much as these if all seeds are alike.

    One-way analysis of variance: under independent normal values the ratio of the mean squares between and
    within blocks has the F distribution with B - 1 and B * (size - 1) degrees of freedom. With five values
    per block the second number is a multiple of four, and its tail is a finite sum.

    Args:
        blocks: Two or more blocks of five finite values each; fewer say nothing and give 1.
        floor: Least credible standard deviation within blocks.
    """
    if len(blocks) < 2:
        return 1.0
    size = len(blocks[0])
    if any(len(block) != size for block in blocks) or size % 2 == 0:
        raise ValueError("blocks must be of one odd size")
    found = [moments(block) for block in blocks]
    between = math.sqrt(size) * moments([each.mean for each in found]).deviation
    within = max(math.hypot(*(each.deviation for each in found)) / math.sqrt(len(found)), floor)
    if within == 0:
        return 1.0 if between == 0 else 0.0
    ratio = between / within
    return f_tail(ratio * ratio, len(blocks) - 1, len(blocks) * (size - 1))


def f_tail(ratio: float, over: int, under: int) -> float:
    """Return P(F > ratio) of the F distribution, by the finite sum for an even number of degrees below.

    With a = under/2 an integer, b = over/2 and x = under/(under + over * ratio) it is the incomplete beta
    function I_x(a, b) = 1 - (1 - x)**b * sum over j < a of Gamma(b + j)/(Gamma(b) * j!) * x**j
    (NIST Digital Library of Mathematical Functions, 8.17).

    Args:
        ratio: Not negative.
        over: Degrees of freedom of the numerator, at least 1.
        under: Degrees of freedom of the denominator, even and at least 2.
    """
    if under % 2 or under < 2 or over < 1 or not ratio >= 0:
        raise ValueError(f"need ratio >= 0, over >= 1 and an even under; found {ratio}, {over}, {under}")
    x, b = under / (under + over * ratio), over / 2
    if x in (0, 1):
        return float(x)
    terms = (
        math.exp(math.lgamma(b + j) - math.lgamma(b) - math.lgamma(j + 1) + j * math.log(x))
        for j in range(under // 2)
    )
    return max(0.0, 1 - math.pow(1 - x, b) * math.fsum(terms))


def e_bh(log_e_values: Sequence[float], level: float = 0.05) -> tuple[bool, ...]:
    """Say which hypotheses the e-BH procedure rejects (Wang and Ramdas, JRSS-B 84:822, 2022).

    With e-values sorted downwards it takes the largest k whose k-th e-value is at least K/(k * level). The
    expected share of false ones among them is at most `level`, however the e-values depend on each other.
    """
    _require_level(level)
    if any(map(math.isnan, log_e_values)):
        raise ValueError(f"log e-values must be numbers; found {list(log_e_values)!r}")
    bars = [math.log(len(log_e_values) / (rank * level)) for rank in range(1, len(log_e_values) + 1)]
    ranked = zip(sorted(log_e_values, reverse=True), bars, strict=True)
    passed = [bar for value, bar in ranked if value >= bar]
    return tuple(bool(passed) and value >= passed[-1] for value in log_e_values)


def seeds_needed(distance: float, deviation: float, *, count: int, block: int, alpha: float) -> int | None:
    """Return how many seeds in all are likely needed until the interval of a mean excludes a bound.

    The answer is a multiple of `block` above `count`, the seeds measured so far, or None when it exceeds
    `MOST_SEEDS`. `distance` from the estimate to the bound and `deviation` are in one unit.
    """
    return _first_multiple(lambda n: half_width(n, alpha) * deviation < distance, count, block)


def rate_seeds_needed(rate: float, bound: float, *, count: int, block: int, alpha: float) -> int | None:
    """Return the same for the interval of a rate, estimated so far at `rate`, to exclude a `bound`."""
    limit = -math.log(alpha)
    return _first_multiple(lambda n: log_e_rate(rate * n, n, bound) >= limit, count, block)


def _first_multiple(decides: Callable[[int], bool], count: int, block: int) -> int | None:
    """Return the first multiple of `block` above `count` that decides; larger ones then decide too."""
    low, high = count // block, MOST_SEEDS // block
    if high <= low or not decides(high * block):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle * block) else (middle, high)
    return high * block


def _require_level(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"a level must lie between 0 and 1; found {alpha!r}")


def _require_floor(floor: float) -> None:
    if not 0 <= floor <= LARGEST:
        raise ValueError(f"a floor must be 0 or a positive number; found {floor!r}")

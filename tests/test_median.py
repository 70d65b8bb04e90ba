"""The median: its interval against scipy's binomial tails and by simulation, and how it is judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from kb.judging.stats import WHOLE_LINE, Interval, log_e_median, log_e_median_outside, median_interval
from kb.judging.verdict import judge
from tests.strategies import OUTCOMES, alphas, any_float, measured, numbers, prediction, protocol

INF, NAN = math.inf, math.nan
SHAPES = {
    "skewed": lambda rng, shape: rng.lognormal(size=shape) - 1,
    "bimodal": lambda rng, shape: np.where(rng.random(shape) < 0.5, -1, 1) * (1 + rng.random(shape)),
    "heavy-tailed": lambda rng, shape: rng.standard_cauchy(shape),
    "tied": lambda rng, shape: rng.integers(-2, 3, shape).astype(float),
}


def finding(values, **fields):
    """Judge the median of one arm."""
    asked = prediction(of="a", estimand="median", **fields)
    return judge(protocol(asked), OUTCOMES, measured(a=values)).findings[0]


def rank_by_root_finding(count, alpha):
    """Return the least rank whose e-value is below 1/alpha, on scipy's beta function."""
    log_e = lambda k: count * math.log(2) + special.betaln(k + 1, count - k + 1)  # noqa: E731 # to solve
    if log_e(0) < -math.log(alpha):
        return 0
    root = optimize.brentq(lambda k: log_e(k) + math.log(alpha), 0, count / 2)
    return math.floor(root) + 1


@given(st.integers(1, 400), alphas)
def test_the_ends_are_order_statistics_at_the_root_of_the_e_process(count, alpha):
    """The j-th from either side, j the first rank at which the e-value is below 1/alpha."""
    rank = rank_by_root_finding(count, alpha)
    expected = (rank, count + 1 - rank) if rank else WHOLE_LINE
    assert median_interval([float(i) for i in range(1, count + 1)], alpha) == expected


@given(st.lists(numbers, min_size=8, max_size=60), numbers)
def test_interval_and_evidence_agree(values, null):
    """A median lies outside the closed interval exactly when its e-value reaches 1/alpha."""
    interval = median_interval(values)
    assert (interval.lower <= null <= interval.upper) == (log_e_median(values, null) < math.log(20))


@pytest.mark.parametrize("count", range(8))
def test_seven_values_say_nothing(count):
    """Eight straight signs are the first that decide."""
    assert median_interval([1.0] * count) == WHOLE_LINE
    assert median_interval([1.0] * 8) == (1.0, 1.0)


@given(st.lists(numbers, min_size=8, max_size=60))
def test_mirrored_values_have_the_mirrored_interval(values):
    """Changing every sign changes and swaps the ends."""
    lower, upper = median_interval(values)
    assert median_interval([-x for x in values]) == (-upper, -lower)


def test_ties_weaken_the_evidence():
    """Those on the null count on whichever side makes it weaker."""
    assert log_e_median([1.0] * 10, 0.0) == log_e_median([*[1.0] * 10], 0.5)
    assert log_e_median([0.0] * 5 + [1.0] * 5, 0.0) < 0
    assert log_e_median_outside([0.0] * 5 + [1.0] * 5, Interval(1.0, INF)) < 0


def test_nan_is_refused():
    """Whoever calls says on which side it counts."""
    with pytest.raises(ValueError, match="values must be numbers; found NaN"):
        median_interval([NAN] * 10)


@pytest.mark.parametrize("name", SHAPES)
def test_the_median_is_missed_in_at_most_five_percent(name):
    """At any of the looks, whatever the shape, ties included."""
    trials, rng = 3000, np.random.default_rng(11)
    missed = 0
    for row in SHAPES[name](rng, (trials, 40)):
        looks = [median_interval(row[:n].tolist()) for n in range(10, 41, 5)]
        missed += any(not lower <= 0 <= upper for lower, upper in looks)
    assert missed <= 0.05 * trials


def test_an_outlier_moves_a_mean_and_no_median():
    """Nor does it widen the interval beyond the second largest value."""
    found = finding([*[1.0, 1.1] * 10, 1e9], at_least=0.5)
    assert (found.decision, found.estimate) == ("reproduced", 1.1)
    assert found.interval.upper == 1.1
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("policy", "bound", "decision"),
    [
        ("worst", {"at_least": 0.5}, "reproduced"),
        ("worst", {"at_most": 1.5}, "reproduced"),
        ("best", {"at_least": 1.5}, "contradicted"),
        ("worst", {"between": (0.5, 1.5)}, "reproduced"),
        (9.0, {"at_least": 0.5}, "reproduced"),
    ],
)
def test_few_diverged_seeds_leave_the_median_where_it_is(policy, bound, decision):
    """They lie beyond all others on one side, and the order statistics do not reach them."""
    assert finding([1.0, 1.1] * 14 + [NAN] * 2, on_nonfinite=policy, **bound).decision == decision


@pytest.mark.parametrize(("policy", "expected"), [("worst", (-INF, 1.1)), ("best", (1.0, INF))])
def test_many_diverged_seeds_open_an_end(policy, expected):
    """At worst the lower end of what must be at least something, at best the upper one."""
    found = finding([1.0, 1.1] * 3 + [NAN] * 4, at_least=0.5, on_nonfinite=policy)
    assert found.interval == expected
    assert found.decision == ("inconclusive" if policy == "worst" else "reproduced")


def test_a_median_is_named_in_its_bound_and_its_decision():
    """Beyond zero is the other way; the seeds needed are those of the sign test."""
    assert finding([-1.0] * 10, at_least=0.5).detail == "opposite"
    assert finding([0.0, 1.0, 2.0, 3.0, 4.0] * 2, at_least=0.5).seeds_needed is not None


@given(st.lists(any_float, max_size=30), numbers, st.sampled_from(["worst", "best", 0.0]))
def test_no_value_breaks_the_median(values, bound, policy):
    """Any floats give an ordered interval and a number as evidence."""
    for fields in ({"at_least": bound}, {"between": (bound, bound + 1)}):
        found = finding(values, on_nonfinite=policy, **fields)
        assert found.interval.lower <= found.interval.upper
        assert not math.isnan(found.log_e)

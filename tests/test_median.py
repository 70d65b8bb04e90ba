"""The median: its interval against scipy's binomial tails and by simulation, and how it is judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from kb.judging.stats import (
    WHOLE_LINE,
    Interval,
    log_e_median,
    log_e_median_inside,
    log_e_median_outside,
    log_e_rate,
    median_interval,
)
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


@pytest.mark.parametrize(
    ("count", "alpha", "ends"),
    [(0, 0.9, WHOLE_LINE), (1, 0.9, WHOLE_LINE), (2, 0.74, WHOLE_LINE), (2, 0.76, (1, 2)), (3, 0.9, (1, 3))],
)
def test_a_lenient_level_takes_the_middle_of_a_few_values(count, alpha, ends):
    """E is 4/3 of two values on one side, 2 of three, and 2/3 of one on each, which is no evidence."""
    assert median_interval([float(i) for i in range(1, count + 1)], alpha) == ends


def test_a_median_whose_evidence_just_reaches_the_level_is_excluded():
    """Twelve values on one side have E = 2**12 / 13, which is not below one over 13 / 2**12."""
    level = 13 / 2**12
    assert log_e_rate(0, 12, 0.5) == -math.log(level)
    assert median_interval([float(i) for i in range(12)], level) == (0, 11)


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


@pytest.mark.parametrize(
    ("null", "above"),
    [(-1.0, 6), (0.0, 4), (0.5, 4), (1.0, 3), (2.0, 1), (3.0, 1), (4.0, 0), (-INF, 6), (INF, 0)],
)
def test_evidence_against_a_median_counts_the_values_on_either_side(null, above):
    """Two values lie at 0, three at 1 and one at 3; those on the null make the halves as even as they can."""
    values = [0.0, 1.0, 3.0, 1.0, 0.0, 1.0]
    assert log_e_median(values, null) == log_e_rate(above, 6, 0.5)


@pytest.mark.parametrize(
    ("ends", "inside", "outside"),
    [
        ((-1.0, INF), 5, 2.5),
        ((-INF, 9.0), 0, 2.5),
        ((0.5, 9.0), 4, 2.5),
        ((0.5, 3.5), 4, 2.5),
        ((-1.0, 3.5), 1, 2.5),
        ((2.5, INF), 2.5, 2),
        ((3.5, INF), 2.5, 1),
        ((-INF, 1.5), 2.5, 3),
        ((0.5, 1.5), 2.5, 3),
        ((2.0, INF), 2.5, 2.5),
        ((-INF, 2.0), 2.5, 2.5),
    ],
)
def test_evidence_on_a_range_is_that_at_its_nearest_end(ends, inside, outside):
    """Of 0, 1, 2, 3 and 4: how many lie above the end against which there is least evidence."""
    values, goal = [3.0, 1.0, 0.0, 4.0, 2.0], Interval(*ends)
    assert log_e_median_inside(values, goal) == log_e_rate(inside, 5, 0.5)
    assert log_e_median_outside(values, goal) == log_e_rate(outside, 5, 0.5)


def test_diverged_values_do_not_lie_on_an_end_that_there_is_not():
    """A range without upper end is left at its lower end alone, and every value at infinity is beyond it."""
    values = [1.0] * 6 + [INF] * 4
    assert log_e_median_inside(values, Interval(0.0, INF)) == log_e_rate(10, 10, 0.5)
    assert log_e_median_inside([INF] * 10, Interval(0.0, INF)) == 0.0
    assert log_e_median_inside(values, WHOLE_LINE) == 0.0


def test_no_values_are_no_evidence_on_a_median():
    """On either side."""
    assert log_e_median_inside([], Interval(0.0, 1.0)) == log_e_median_outside([], Interval(0.0, 1.0)) == 0.0


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


TEN = [1.0, 1.2, 1.4, 1.6, 1.8] * 2


@pytest.mark.parametrize(
    ("policy", "bound", "interval"),
    [
        ("worst", {"at_most": 1.5}, (1.0, INF)),
        ("best", {"at_most": 1.5}, (-INF, 1.8)),
        ("worst", {"between": (1.1, 1.5)}, (-INF, INF)),
        ("best", {"between": (1.1, 1.5)}, (1.0, 1.8)),
        ("best", {"between": (-9.0, 1.5)}, (-3.75, 1.8)),
        ("best", {"between": (1.1, 9.1)}, (1.0, 5.1)),
    ],
)
def test_diverged_seeds_lie_beyond_the_worst_end_or_in_the_middle_of_the_range(policy, bound, interval):
    """The interval of fourteen reaches from the second to the last but one, and four of them diverged."""
    assert median_interval([float(i) for i in range(14)]) == (1, 12)
    found = finding([NAN] * 4 + TEN, on_nonfinite=policy, **bound)
    assert found.interval == interval


def test_evidence_of_a_median_is_that_of_its_decision():
    """With diverged seeds where they count as lying."""
    held = finding([*TEN, NAN], at_least=0.5)
    assert (held.decision, held.log_e) == ("reproduced", log_e_rate(10, 11, 0.5))
    failed = finding([*TEN, NAN], at_least=2.0)
    assert (failed.decision, failed.log_e) == ("contradicted", log_e_rate(11, 11, 0.5))
    unsure = finding([*TEN, NAN], at_least=1.1)
    assert (unsure.decision, unsure.log_e) == ("inconclusive", log_e_rate(8, 11, 0.5))


@pytest.mark.parametrize("bound", [{"between": (-1.7, 1.5)}, {"between": (-1.5, 1.7)}])
def test_evidence_on_a_range_holds_wherever_diverged_seeds_lie(bound):
    """Of 41 values two lie beyond the nearer end, as four do at worst if two that diverged lie there too."""
    values = [*[-1.0, 0.0, 1.0] * 13, NAN, NAN]
    values[:2] = [-1.6, -1.6] if bound["between"][0] == -1.5 else [1.6, 1.6]
    found = finding(values, **bound)
    assert found.decision == "reproduced"
    assert found.log_e == log_e_rate(4, 41, 0.5)
    missed = finding(values, between=(2.0, 3.0))
    assert missed.decision == "contradicted"
    assert missed.log_e == log_e_rate(2, 41, 0.5)


@pytest.mark.parametrize(
    ("bound", "share", "needed"),
    [
        ({"at_least": 1.1}, 0.8, 25),
        ({"at_most": 1.7}, 0.2, 25),
        ({"between": (1.1, 9.0)}, 0.8, 25),
        ({"between": (-9.0, 1.7)}, 0.2, 25),
        ({"between": (-1.5, 1.7)}, 0.2, 25),
        ({"at_least": 1.2}, 0.6, 280),
        ({"at_least": 1.3}, 0.6, 280),
    ],
)
def test_seeds_needed_of_a_median_are_those_of_the_share_beyond_the_nearer_end(bound, share, needed):
    """That share stays as it is until the sign test decides."""
    e_of = lambda count: log_e_rate(share * count, count, 0.5)  # noqa: E731 # for two numbers of seeds
    assert e_of(needed - 5) < math.log(20) <= e_of(needed)
    assert finding(TEN, **bound).seeds_needed == needed


def test_seeds_needed_of_a_median_beside_diverged_ones():
    """Those that stayed finite tell the share; without any of them there is no number."""
    assert finding([*TEN, *[NAN] * 5], at_least=1.1).seeds_needed == 25
    assert finding([NAN] * 10, at_least=1.1, on_nonfinite="best").seeds_needed is None


@given(st.lists(any_float, max_size=30), numbers, st.sampled_from(["worst", "best", 0.0]))
def test_no_value_breaks_the_median(values, bound, policy):
    """Any floats give an ordered interval and a number as evidence."""
    for fields in ({"at_least": bound}, {"between": (bound, bound + 1)}):
        found = finding(values, on_nonfinite=policy, **fields)
        assert found.interval.lower <= found.interval.upper
        assert not math.isnan(found.log_e)

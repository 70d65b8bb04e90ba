"""Seeds that are not alike decide nothing: values that depend on their block, and what is said of skew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from kb.judging.finding import find
from kb.judging.stats import blocks_differ_by_chance, f_tail, skewness
from kb.judging.verdict import is_decided, judge
from kb.reading.outcomes import Outcome
from tests.strategies import OUTCOMES, measured, prediction, protocol


def finding(values, **fields):
    """Judge one prediction on arm `a`."""
    return judge(protocol(prediction(of="a", **fields)), OUTCOMES, measured(a=values)).findings[0]


def by_block(levels, spread=0.01):
    """Return five values around each level."""
    return [level + spread * step for level in levels for step in (-2, -1, 0, 1, 2)]


@given(st.floats(0, 1e4), st.integers(1, 79), st.integers(2, 80))
def test_the_tail_of_f_is_that_of_scipy(ratio, over, blocks):
    """To 1e-10, also where it decides."""
    under = 4 * blocks
    assert f_tail(ratio, over, under) == pytest.approx(scipy_stats.f.sf(ratio, over, under), abs=1e-10)
    edge = scipy_stats.f.isf(1e-4, over, under)
    assert f_tail(edge, over, under) == pytest.approx(1e-4, rel=1e-6)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 7.0])
def test_the_tail_of_f_is_elementary_for_the_fewest_degrees(ratio):
    """With two below, and one or two above, P(F > r) is 1 - sqrt(r / (r + 2)) and 1 / (1 + r)."""
    assert f_tail(ratio, 1, 2) == pytest.approx(1 - math.sqrt(ratio / (ratio + 2)), rel=1e-14)
    assert f_tail(ratio, 2, 2) == pytest.approx(1 / (1 + ratio), rel=1e-14)


def test_the_tail_of_f_at_its_ends():
    """All of it lies above zero, however many the degrees; nothing beyond infinity, and never less."""
    assert f_tail(0.0, 1, 4) == f_tail(0.0, 1999, 8000) == 1.0
    assert f_tail(math.inf, 3, 8) == f_tail(1000.0, 1, 40) == 0.0


@pytest.mark.parametrize(
    ("ratio", "over", "under"), [(-1.0, 1, 4), (1.0, 0, 4), (1.0, 1, 3), (1.0, 1, 0), (math.nan, 1, 4)]
)
def test_degrees_that_there_are_not_are_refused(ratio, over, under):
    """The finite sum needs an even number below."""
    with pytest.raises(ValueError, match="need ratio >= 0"):
        f_tail(ratio, over, under)


@given(st.lists(st.lists(st.integers(-50, 50).map(float), min_size=5, max_size=5), min_size=2, max_size=8))
def test_blocks_are_compared_by_analysis_of_variance(blocks):
    """As scipy's one-way test says, where seeds of a block differ at all."""
    assume(any(len({*block}) > 1 for block in blocks))
    expected = scipy_stats.f_oneway(*blocks).pvalue
    assume(not math.isnan(expected))  # scipy's sum of squares between equal means may round below zero
    assert blocks_differ_by_chance(blocks) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-160, 1.0, 1e160, 1e290])
def test_blocks_are_compared_at_any_scale(scale):
    """Squares neither overflow nor vanish."""
    blocks = [[scale * x for x in block] for block in ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 3.0, 4.0, 5.0, 7.0])]
    assert blocks_differ_by_chance(blocks) == pytest.approx(
        scipy_stats.f_oneway([1, 2, 3, 4, 5], [2, 3, 4, 5, 7]).pvalue
    )


def test_one_block_cannot_differ():
    """It takes two."""
    assert blocks_differ_by_chance([[1.0, 2.0, 3.0, 4.0, 5.0]]) == 1.0


@pytest.mark.parametrize("sizes", [(4, 4), (5, 3), (3, 5), (2, 2, 2)])
def test_blocks_of_even_or_unlike_sizes_are_refused(sizes):
    """The finite sum does not hold for them."""
    with pytest.raises(ValueError, match="blocks must be of one odd size"):
        blocks_differ_by_chance([[float(i) for i in range(size)] for size in sizes])


def test_blocks_of_three_are_compared_as_well():
    """As scipy does; and blocks apart by more than doubles can square surely differ."""
    blocks = [[1.0, 2.0, 4.0], [3.0, 5.0, 4.0], [9.0, 2.0, 3.0]]
    assert blocks_differ_by_chance(blocks) == pytest.approx(scipy_stats.f_oneway(*blocks).pvalue)
    assert blocks_differ_by_chance([[-1e300] * 5, [1e300] * 5], floor=1e-300) == 0.0


def test_blocks_without_spread_differ_unless_the_resolution_says_otherwise():
    """Equal values in each block, other ones in the next."""
    blocks = [[1.0] * 5, [2.0] * 5]
    assert blocks_differ_by_chance(blocks) == 0.0
    assert blocks_differ_by_chance([[1.0] * 5] * 2) == 1.0
    assert blocks_differ_by_chance(blocks, floor=1.0) == pytest.approx(f_tail(2.5, 1, 8))


@pytest.mark.parametrize("estimand", ["mean", "median"])
def test_values_that_depend_on_their_block_decide_nothing(estimand):
    """One data set per block is an easy, honest slip; its interval would be far too narrow."""
    values = by_block([0.6, 0.4, 0.7, 0.5])
    found = finding(values, at_least=0.1, estimand=estimand)
    assert (found.decision, found.detail) == ("inconclusive", "blocks differ more than seeds")
    assert found.seeds_needed is None


def test_more_seeds_may_clear_a_doubt():
    """Chance raises one now and then, so the claim is not taken for settled."""
    asked = protocol(prediction(of="a", at_least=0.1))
    assert not is_decided(judge(asked, OUTCOMES, measured(a=by_block([0.6, 0.4, 0.7, 0.5]))))


def test_a_win_rate_does_not_compare_blocks():
    """It asks nothing of the values but their side."""
    assert finding(by_block([0.6, 0.4, 0.7]), at_least=0.1, estimand="win_rate").decision == "reproduced"


def test_blocks_with_a_diverged_seed_are_not_compared():
    """Only complete blocks of finite values are."""
    values = by_block([0.6, 0.4])
    values[7] = math.nan
    assert finding(values, at_most=0.1).detail != "blocks differ more than seeds"


def test_an_estimate_outside_its_own_interval_decides_nothing():
    """Early seeds fixed an interval that later ones leave."""
    rng = np.random.default_rng(0)
    early, late = rng.normal(0, 0.02, 10).tolist(), rng.normal(1, 3, 30).tolist()
    found = finding([*early, *late], at_most=0.5)
    assert not found.interval.lower <= found.estimate <= found.interval.upper
    assert (found.decision, found.detail) == ("inconclusive", "estimate outside its interval")


def test_honest_seeds_are_seldom_doubted():
    """At most one in a thousand of normal ones, nominally one in ten thousand."""
    rng = np.random.default_rng(1)
    doubted = sum(
        blocks_differ_by_chance(rng.normal(size=(blocks, 5)).tolist()) < 1e-4
        for blocks in (2, 4, 8)
        for _ in range(2000)
    )
    assert doubted <= 6


@given(st.lists(st.integers(-1000, 1000).map(float), min_size=3, max_size=40))
def test_skewness_is_that_of_scipy(values):
    """The third moment over the second to the power of three halves; 0 of equal values."""
    expected = 0.0 if len({*values}) == 1 else scipy_stats.skew(values)
    assert skewness(values) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1.0, -1.0, 1e299])
def test_skewness_is_the_same_in_any_unit(scale):
    """By hand: 0, 0, 0 and 4 have moments 3 and 6 about their mean, hence 6 over 3 to the power of 1.5."""
    expected = math.copysign(6 / 3**1.5, scale)
    assert skewness([scale * x for x in (0.0, 0.0, 0.0, 4.0)]) == pytest.approx(expected, rel=1e-12)
    assert skewness([scale] * 4) == 0.0
    expected = math.copysign(9 / 6.5**1.5, scale)  # of -3, -1, 0 and 4
    assert skewness([scale * x for x in (-2.0, 0.0, 1.0, 5.0)]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "is_noted"),
    [([0.0] * 8 + [9.0, 10.0], True), ([0.0, 1.0] * 5, False), ([0.0] * 4 + [9.0], False)],
)
def test_skewed_values_of_a_mean_are_noted(values, is_noted):
    """From ten seeds on; median and win rate have no need of it."""
    assert ("the values are skewed" in finding(values, at_least=-1.0).warnings) is is_noted
    for estimand in ("median", "win_rate"):
        assert "the values are skewed" not in finding(values, at_least=-1.0, estimand=estimand).warnings


def test_skewness_is_noted_only_beyond_its_limit(monkeypatch):
    """Values that are as skewed as may be are taken as they are."""
    values = [0.0] * 8 + [9.0, 10.0]
    monkeypatch.setattr("kb.judging.estimands.MOST_SKEW", skewness(values))
    assert finding(values, at_least=-1.0).warnings == ()
    monkeypatch.setattr("kb.judging.estimands.MOST_SKEW", math.nextafter(skewness(values), 0))
    assert finding(values, at_least=-1.0).warnings == ("the values are skewed",)


def test_blocks_are_doubted_only_below_the_limit(monkeypatch):
    """Those that differ as much as chance may make them do are taken for alike."""
    values = by_block([0.5, 0.51])
    chance = blocks_differ_by_chance([values[:5], values[5:]])
    monkeypatch.setattr("kb.judging.estimands.CHANCE_OF_BLOCKS", chance)
    assert finding(values, at_least=-1.0).decision == "reproduced"
    monkeypatch.setattr("kb.judging.estimands.CHANCE_OF_BLOCKS", math.nextafter(chance, 1))
    assert finding(values, at_least=-1.0).detail == "blocks differ more than seeds"


@pytest.mark.parametrize(
    ("values", "is_coarse"),
    [
        ([1e-4, 1e-3], True),
        ([1e-4, 9e-4] * 5, False),
        ([1e-4, 1e-3] * 5, True),
        ([-1e-3, -1e-4] * 5, True),
        ([-1e-3, 1e-4] * 5, False),
        ([0.0, 1e-3] * 5, False),
        ([-1e-3, 0.0] * 5, False),
        ([1e-3] * 10, False),
        ([1e-3], False),
        ([], False),
        ([math.nan, 1e-4, 1e-3], True),
        ([math.nan, 1e-3], False),
        ([1.0, 20.0] * 5, False),
    ],
)
def test_a_resolution_that_hides_a_factor_of_ten_is_coarse(values, is_coarse):
    """Where seeds lie on one side of zero, and differ by less than the resolution."""
    outcome = {"loss": Outcome("loss", "loss", "nats", "lower", 0.01)}
    found = find(prediction(of="a", at_least=0.0), None, outcome, measured(a=values), alpha=0.05)
    assert found.is_coarse is is_coarse


@pytest.mark.parametrize(("high", "is_coarse"), [(9e-10, False), (1e-9, True), (1e-8, True)])
def test_a_resolution_of_decades_is_coarse_where_seeds_differ_by_one(high, is_coarse):
    """A bound on decades knows of no other differences."""
    outcome = {"loss": Outcome("loss", "loss", "nats", "lower", 0.01)}
    asked = prediction(of="a", units="log10", at_most=-3.0)
    found = find(asked, None, outcome, measured(a=[1e-10, high] * 5), alpha=0.05)
    assert found.is_coarse is is_coarse

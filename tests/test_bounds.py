"""Every bound against every position of an interval."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from kb.judging.bounds import decide, extend, meets, supports_direction, target, way_of_missing
from kb.judging.stats import WHOLE_LINE, Interval
from kb.records.claims import Prediction
from tests.strategies import intervals, numbers, prediction

INF = math.inf
AT_LEAST_2 = Interval(2.0, INF)
AT_MOST_MINUS_2 = Interval(-INF, -2.0)
TWO_TO_FOUR = Interval(2.0, 4.0)


@pytest.mark.parametrize(
    ("fields", "goal"),
    [
        ({"at_least": 2.0}, (2.0, INF)),
        ({"at_least": 0.0}, (0.0, INF)),
        ({"at_most": 2.0}, (-INF, 2.0)),
        ({"at_most": 0.0}, (-INF, 0.0)),
        ({"between": (1.0, 3.0)}, (1.0, 3.0)),
        ({"equals": 10.0, "within": 0.5}, (9.5, 10.5)),
        ({"equals": 0.0, "within": 0.5}, (-0.5, 0.5)),
    ],
)
def test_each_bound_is_a_range(fields, goal):
    """A bound of any kind asks for values in one range."""
    assert target(prediction(**fields)) == goal


def test_a_prediction_without_bound_is_refused():
    """Records refuse it already; one built past them is named."""
    unbound = Prediction.model_construct(name="p", at_least=None, equals=3.0, within=None)
    with pytest.raises(ValueError, match="prediction p states no bound; give at_least, at_most, between, or"):
        target(unbound)


@pytest.mark.parametrize(
    ("value", "wins", "succeeds"),
    [(1.9, False, False), (2.0, False, True), (3.0, True, True), (4.0, False, True), (4.1, False, False)],
)
def test_ties_are_successes_but_not_wins(value, wins, succeeds):
    """The ends of a range belong to it for a success only."""
    assert meets(value, TWO_TO_FOUR, is_strict=True) is wins
    assert meets(value, TWO_TO_FOUR, is_strict=False) is succeeds


@pytest.mark.parametrize(
    ("ends", "goal", "decision"),
    [
        ((2.1, 9.0), AT_LEAST_2, "reproduced"),
        ((2.0, 9.0), AT_LEAST_2, "inconclusive"),
        ((1.0, 2.0), AT_LEAST_2, "inconclusive"),
        ((1.0, 1.9), AT_LEAST_2, "contradicted"),
        ((3.0, INF), AT_LEAST_2, "reproduced"),
        ((-INF, INF), AT_LEAST_2, "inconclusive"),
        ((-9.0, -2.1), AT_MOST_MINUS_2, "reproduced"),
        ((-9.0, -2.0), AT_MOST_MINUS_2, "inconclusive"),
        ((-2.0, 0.0), AT_MOST_MINUS_2, "inconclusive"),
        ((-1.9, 0.0), AT_MOST_MINUS_2, "contradicted"),
        ((-INF, -3.0), AT_MOST_MINUS_2, "reproduced"),
        ((2.1, 3.9), TWO_TO_FOUR, "reproduced"),
        ((2.0, 3.9), TWO_TO_FOUR, "inconclusive"),
        ((2.1, 4.0), TWO_TO_FOUR, "inconclusive"),
        ((1.0, 2.0), TWO_TO_FOUR, "inconclusive"),
        ((4.0, 5.0), TWO_TO_FOUR, "inconclusive"),
        ((1.0, 1.9), TWO_TO_FOUR, "contradicted"),
        ((4.1, 5.0), TWO_TO_FOUR, "contradicted"),
        ((1.0, 5.0), TWO_TO_FOUR, "inconclusive"),
    ],
)
def test_inside_outside_and_neither(ends, goal, decision):
    """Inside reproduces, entirely outside contradicts, and touching an end decides nothing."""
    assert decide(Interval(*ends), goal) == decision


@pytest.mark.parametrize(
    ("goal", "worst", "best"),
    [
        (AT_LEAST_2, (-INF, 1.0), (0.0, INF)),
        (AT_MOST_MINUS_2, (0.0, INF), (-INF, 1.0)),
        (TWO_TO_FOUR, (-INF, INF), (0.0, 2.0)),
        (Interval(-4.0, -2.0), (-INF, INF), (-2.0, 1.0)),
        (Interval(-1.0, 3.0), (-INF, INF), (0.0, 1.0)),
    ],
)
def test_diverged_seeds_stretch_the_interval(goal, worst, best):
    """The worst opens the ends that have to be shown; the best reaches for the range."""
    assert extend(Interval(0.0, 1.0), goal, "worst") == worst
    assert extend(Interval(0.0, 1.0), goal, math.nan) == worst
    assert extend(Interval(0.0, 1.0), goal, "best") == best


@given(intervals(), intervals())
def test_the_worst_is_never_reproduced_and_the_best_never_contradicted(interval, goal):
    """Whatever the finite seeds say, diverged ones keep their side open."""
    if goal != WHOLE_LINE:
        assert decide(extend(interval, goal, "worst"), goal) != "reproduced"
    assert decide(extend(interval, goal, "best"), goal) != "contradicted"


@given(intervals(), intervals())
def test_the_best_takes_no_reproduction_away(interval, goal):
    """An interval inside the range stays inside."""
    if decide(interval, goal) == "reproduced":
        assert decide(extend(interval, goal, "best"), goal) == "reproduced"


@pytest.mark.parametrize(
    ("ends", "goal", "word"),
    [
        ((-3.0, -0.1), AT_LEAST_2, "opposite"),
        ((-3.0, 0.0), AT_LEAST_2, "negligible"),
        ((-1.0, 1.0), AT_LEAST_2, "negligible"),
        ((0.0, 1.0), AT_LEAST_2, "negligible"),
        ((0.1, 1.0), AT_LEAST_2, "too small"),
        ((-INF, -0.1), AT_LEAST_2, "opposite"),
        ((-INF, 1.0), AT_LEAST_2, "too small"),
        ((-3.0, -0.1), Interval(0.0, INF), "opposite"),
        ((-3.0, -2.5), Interval(-2.0, INF), "too small"),
        ((0.1, 3.0), AT_MOST_MINUS_2, "opposite"),
        ((0.0, 3.0), AT_MOST_MINUS_2, "negligible"),
        ((-1.0, 0.0), AT_MOST_MINUS_2, "negligible"),
        ((-1.0, -0.1), AT_MOST_MINUS_2, "too small"),
        ((-1.0, INF), AT_MOST_MINUS_2, "too small"),
        ((0.1, 3.0), Interval(-INF, 0.0), "opposite"),
        ((2.1, 3.0), Interval(-INF, 2.0), "too large"),
        ((0.0, 1.0), TWO_TO_FOUR, "too small"),
        ((-2.0, -1.0), TWO_TO_FOUR, "too small"),
        ((5.0, 6.0), TWO_TO_FOUR, "too large"),
        ((0.0, 1.0), Interval(-4.0, -2.0), "too large"),
    ],
)
def test_ways_of_missing_a_bound(ends, goal, word):
    """Opposite, negligible or too small for an effect with a direction; too small or too large otherwise."""
    assert way_of_missing(Interval(*ends), goal) == word


@pytest.mark.parametrize(
    ("ends", "goal", "is_supported"),
    [
        ((0.1, 3.0), AT_LEAST_2, True),
        ((0.0, 3.0), AT_LEAST_2, False),
        ((-3.0, -0.1), AT_MOST_MINUS_2, True),
        ((-3.0, 0.0), AT_MOST_MINUS_2, False),
        ((0.1, 3.0), Interval(0.0, INF), False),
        ((-3.0, -0.1), Interval(-INF, 0.0), False),
        ((0.1, 3.0), Interval(-2.0, INF), False),
        ((0.1, 3.0), TWO_TO_FOUR, False),
        ((-3.0, -0.1), Interval(-4.0, -2.0), False),
    ],
)
def test_direction_is_supported_by_the_sign_alone(ends, goal, is_supported):
    """Only a bound away from zero predicts a direction."""
    assert supports_direction(Interval(*ends), goal) is is_supported


@given(numbers)
def test_mirrored_bounds_miss_in_the_same_way(bound):
    """`at_most -m` says of -x what `at_least m` says of x, for an effect with a direction."""
    m = abs(bound)
    for ends in ((m - 3, m - 2), (m - 2 * m - 1, m / 2 - 0.1), (-2.0 - m, -1.0)):
        there, back = Interval(*ends), Interval(-ends[1], -ends[0])
        assert way_of_missing(there, Interval(m, INF)) == way_of_missing(back, Interval(-INF, -m))

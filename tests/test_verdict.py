"""The verdict rule: decisions, diverged seeds, controls, revisions, and the laws that hold for all of it."""

from __future__ import annotations

import math
import random
import time
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kb.judging.bounds import target
from kb.judging.stats import (
    WHOLE_LINE,
    half_width,
    log_e_inside,
    log_e_outside,
    log_e_rate,
    moments,
    rate_interval,
    t_interval,
)
from kb.judging.verdict import ALPHA, is_decided, judge
from kb.records.claims import Control
from tests.strategies import OUTCOMES, alphas, any_float, bounds, measured, numbers, prediction, protocol

INF, NAN = math.inf, math.nan
STEADY = [0.9, 1.0, 1.1, 1.05, 0.95]
"""Five values with mean 1 and deviation 0.079; their interval is 1 +- 0.299."""
TEN = STEADY * 2
"""Ten values whose interval is 1 +- 0.0912."""
ZEROS = [0.0] * 40
UNLIKE = ("blocks disagree", "estimate outside its interval", "blocks differ more than seeds")


def finding(values, **fields):
    """Judge one prediction on arm `a` alone."""
    return judge(protocol(prediction(of="a", **fields)), OUTCOMES, measured(a=values)).findings[0]


def outcome_of(values, **fields):
    """Return decision and detail of one prediction on arm `a`."""
    found = finding(values, **fields)
    return found.decision, found.detail


def control(*arms, of="p"):
    """Return a control on one arm or two."""
    which = {"of": arms[0]} if len(arms) == 1 else {"contrast": arms}
    return Control(prediction=of, because="it must fail there", **which)


# Decisions about a mean


@pytest.mark.parametrize(
    ("bound", "decision", "detail"),
    [
        ({"at_least": 0.8}, "reproduced", ""),
        ({"at_least": 0.95}, "inconclusive", "direction supported"),
        ({"at_least": 1.2}, "contradicted", "too small"),
        ({"at_least": -3.0}, "reproduced", ""),
        ({"at_most": 1.2}, "reproduced", ""),
        ({"at_most": 1.05}, "inconclusive", ""),
        ({"at_most": 0.8}, "contradicted", "too large"),
        ({"at_most": 0.0}, "contradicted", "opposite"),
        ({"at_most": -2.0}, "contradicted", "opposite"),
        ({"between": (0.8, 1.2)}, "reproduced", ""),
        ({"between": (0.95, 1.2)}, "inconclusive", ""),
        ({"between": (1.2, 1.4)}, "contradicted", "too small"),
        ({"between": (0.2, 0.8)}, "contradicted", "too large"),
        ({"equals": 1.0, "within": 0.1}, "reproduced", ""),
        ({"equals": 1.0, "within": 0.09}, "inconclusive", ""),
        ({"equals": 2.0, "within": 0.5}, "contradicted", "too small"),
    ],
)
def test_each_bound_decides(bound, decision, detail):
    """Ten values around 1, within 0.09, against every kind of bound."""
    assert outcome_of(TEN, **bound) == (decision, detail)


def test_a_decision_turns_at_the_end_of_the_interval():
    """A bound just outside the interval is decided, one on its end is not."""
    lower, upper = t_interval(TEN)
    assert outcome_of(TEN, at_least=math.nextafter(lower, -INF)) == ("reproduced", "")
    assert outcome_of(TEN, at_least=lower) == ("inconclusive", "direction supported")
    assert outcome_of(TEN, at_least=upper) == ("inconclusive", "direction supported")
    assert outcome_of(TEN, at_least=math.nextafter(upper, INF)) == ("contradicted", "too small")


@pytest.mark.parametrize(("shift", "detail"), [(-1.2, "opposite"), (-1.0, "negligible"), (-0.8, "too small")])
def test_a_missed_effect_is_named_by_where_it_lies(shift, detail):
    """Beyond zero, around zero, or on the way."""
    values = [x + shift for x in TEN]
    assert outcome_of(values, at_least=2.0) == ("contradicted", detail)
    assert outcome_of([-x for x in values], at_most=-2.0) == ("contradicted", detail)


@pytest.mark.parametrize("count", [0, 1, 5, 9])
def test_fewer_than_ten_seeds_decide_nothing(count):
    """Whatever the estimand, and however clear the values."""
    for estimand in (
        {},
        {"estimand": "median"},
        {"estimand": "win_rate"},
        {"estimand": "success_rate", "rate": 0.1},
    ):
        found = finding([9.0] * count, at_least=1.0, **estimand)
        assert (found.decision, found.detail) == ("inconclusive", "too few seeds")
        assert found.seeds_needed is None
        assert found.seeds == count
        assert (found.trail, found.interval) == ((), found.estimand.everything)


def test_ten_seeds_can_decide():
    """Ten are enough where the effect is large, for every estimand."""
    assert outcome_of(TEN, at_least=0.5) == ("reproduced", "")
    assert outcome_of(TEN, at_least=0.5, estimand="median") == ("reproduced", "")
    assert outcome_of(TEN, at_least=0.5, estimand="success_rate", rate=0.1) == ("reproduced", "")


def test_a_finding_tells_what_it_rests_on():
    """Estimate, interval, trail, evidence and seeds of a plain case."""
    found = finding(TEN, at_least=0.8)
    assert found.values == tuple(TEN)
    assert (found.seeds, found.nonfinite, found.warnings) == (10, 0, ())
    assert found.estimate == moments(TEN).mean
    assert found.trail == (t_interval(TEN),)
    assert found.interval == found.trail[-1]
    assert found.log_e == log_e_inside(TEN, target(found.prediction))
    assert (found.arms, found.is_control, found.control) == (("a",), False, None)
    assert (found.must, found.is_wrong) == ("hold", False)
    assert not found.is_deterministic
    assert found.seeds_needed is None


def test_evidence_is_that_of_the_decision():
    """Contradicted takes the evidence against the range, inconclusive the greater of both."""
    against = finding(TEN, at_least=1.2)
    assert against.log_e == log_e_outside(TEN, target(against.prediction)) > math.log(20)
    for bound in (0.95, 1.05):
        unsure = finding(TEN, at_least=bound)
        inside, outside = (f(TEN, target(unsure.prediction)) for f in (log_e_inside, log_e_outside))
        assert unsure.log_e == max(inside, outside)
        assert inside != outside


def test_seeds_needed_come_from_estimate_spread_and_bound():
    """The first block at which the interval would clear the nearer bound, at today's mean and spread."""
    found = finding(TEN, at_least=0.95)
    spread = moments(TEN).deviation
    assert half_width(found.seeds_needed - 5) * spread >= 0.05 > half_width(found.seeds_needed) * spread
    assert finding(TEN, between=(0.95, 9.0)).seeds_needed == found.seeds_needed
    assert finding(TEN, between=(-9.0, 1.05)).seeds_needed == found.seeds_needed
    assert finding(TEN, at_least=1.05).seeds_needed == found.seeds_needed


def test_an_estimate_on_the_bound_needs_seeds_without_end():
    """No number of seeds is given if none would be enough."""
    assert finding([0.0, 2.0] * 5, at_least=1.0).seeds_needed is None
    assert finding([1.0, 0.0] * 5, at_least=0.5, estimand="win_rate").seeds_needed is None


def test_a_contrast_is_paired_by_seed():
    """First arm minus second; what both arms share cancels."""
    common = [100.0, -50.0, 3.0, 7.0, 20.0] * 2
    arms = measured(a=[x + y for x, y in zip(common, TEN, strict=True)], b=common)
    found = judge(protocol(prediction(at_least=0.8)), OUTCOMES, arms).findings[0]
    assert found.arms == ("a", "b")
    assert found.values == pytest.approx(tuple(TEN), abs=1e-12)
    assert found.decision == "reproduced"


def test_arms_of_different_length_use_their_common_seeds():
    """A gap at the end of one arm waits for its block."""
    found = judge(protocol(prediction(at_least=0.8)), OUTCOMES, measured(a=TEN, b=ZEROS[:5])).findings[0]
    assert found.seeds == 5
    assert found.values == tuple(STEADY)


@pytest.mark.parametrize("values", [{}, {"a": {}}, {"a": {"loss": []}}, {"b": {"loss": [1.0] * 9}}])
@pytest.mark.parametrize("estimand", ["mean", "win_rate"])
def test_an_arm_that_is_missing_has_no_seeds(values, estimand):
    """No arm, no outcome and no value are all the same: nothing is known."""
    asked = protocol(prediction(of="a", at_least=1.0, estimand=estimand))
    verdict = judge(asked, OUTCOMES, values)
    [found] = verdict.findings
    assert (verdict.state, verdict.seeds, found.seeds, found.trail) == ("inconclusive", 0, 0, ())
    assert math.isnan(found.estimate)
    assert found.interval == (WHOLE_LINE if estimand == "mean" else (0.0, 1.0))
    assert found.log_e == verdict.log_e == 0.0
    assert not is_decided(verdict)


def test_whole_numbers_are_numbers():
    """Integers from JSON are judged as floats."""
    assert finding([1, 2, 3, 2, 2], at_least=-9.0).values == (1.0, 2.0, 3.0, 2.0, 2.0)


def test_an_outcome_that_is_not_measured_is_named():
    """The error lists what the experiment has."""
    with pytest.raises(ValueError, match="the experiment has no outcome lost; it has loss, score"):
        finding(TEN, at_least=1.0, outcome="lost")


# Logarithms, ties, zero variance, outliers


def test_log_scale_takes_the_log_of_each_arm():
    """A contrast on the log scale is the log of a ratio."""
    arms = measured(a=[1e3, 1e4, 1e5, 1e4, 1e4], b=[1.0, 10.0, 10.0, 1.0, 10.0])
    found = judge(protocol(prediction(units="log10", at_least=1.0)), OUTCOMES, arms).findings[0]
    assert found.values == (3.0, 3.0, 4.0, 4.0, 3.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, NAN, -INF, INF])
def test_what_has_no_logarithm_diverged(bad):
    """Zero and negative values are not finite on the log scale."""
    found = finding([10.0, bad, 10.0, 100.0, 10.0], units="log10", at_least=0.1)
    assert found.nonfinite == 1
    assert found.decision == "inconclusive"


def test_resolution_on_the_log_scale_is_that_of_the_smallest_first_value():
    """A resolution of 0.5 beside a smallest value of 0.5 is log10(2); later blocks cannot move it."""
    flat = [0.5] * 10
    for values in (flat, [*flat, *[0.49] * 5]):
        asked = prediction(of="a", outcome="score", units="log10", at_most=9.0)
        [found] = judge(protocol(asked), OUTCOMES, {"a": {"score": values}}).findings
        width = half_width(10) * math.log10(2)
        assert found.trail[0] == pytest.approx((math.log10(0.5) - width, math.log10(0.5) + width))


@pytest.mark.parametrize("bad", [0.0, INF, NAN])
def test_log_scale_without_a_finite_positive_value_is_judged_as_diverged(bad):
    """There is nothing to take the resolution from, and nothing to judge."""
    found = finding([bad] * 10, outcome="loss", units="log10", at_least=1.0)
    assert (found.decision, found.detail) == ("contradicted", "diverged")


def test_zero_variance_is_no_proof():
    """Equal values are judged with the resolution as their spread, and marked."""
    arms = {"a": {"score": [3.0] * 10}}
    asked = protocol(prediction(of="a", outcome="score", at_least=2.5))
    found = judge(asked, OUTCOMES, arms).findings[0]
    width = half_width(10) * 0.5
    assert found.interval == pytest.approx((3 - width, 3 + width))
    assert (found.decision, found.is_deterministic) == ("inconclusive", True)
    assert found.seeds_needed == 15


@pytest.mark.parametrize(("bound", "log_e"), [(0.5, log_e_inside), (9.0, log_e_outside)])
def test_the_resolution_lowers_the_evidence(bound, log_e):
    """Equal values are not stronger evidence than their resolution allows, either way."""
    asked = protocol(prediction(of="a", outcome="score", at_least=bound))
    found = judge(asked, OUTCOMES, {"a": {"score": [3.0] * 10}}).findings[0]
    assert found.decision != "inconclusive"
    assert found.log_e == log_e([3.0] * 10, target(found.prediction), floor=0.5)
    assert found.log_e < log_e([3.0] * 10, target(found.prediction))


@pytest.mark.parametrize(
    ("values", "is_deterministic"),
    [
        ([3.0, 3.0, 3.0, 3.0, 3.0], True),
        ([3.0, 3.4, 3.0, 3.4, 3.0], True),
        ([3.0, 4.0, 3.0, 4.0, 3.0], False),
        ([3.0], False),
        ([3.0, 3.0], True),
        ([NAN] * 5, False),
        ([], False),
    ],
)
def test_deterministic_means_a_spread_below_the_resolution(values, is_deterministic):
    """Two values at least are needed to say so."""
    arms = {"a": {"score": values}}
    found = judge(protocol(prediction(of="a", outcome="score", at_least=2.5)), OUTCOMES, arms).findings[0]
    assert found.is_deterministic is is_deterministic


def test_equal_values_are_deterministic_at_any_resolution():
    """A spread of zero is marked even without resolution; a spread as large as the resolution is not."""
    assert finding([3.0] * 5, at_least=2.0).is_deterministic
    arms = {"a": {"score": [2.5, 3.5, 2.5, 3.5, 3.0]}}
    assert moments(arms["a"]["score"]).deviation == 0.5
    found = judge(protocol(prediction(of="a", outcome="score", at_least=0.0)), OUTCOMES, arms).findings[0]
    assert not found.is_deterministic


def test_one_huge_outlier_decides_nothing():
    """It widens the interval as it moves the mean; the warning names the disagreement."""
    found = finding([-1e6, *([1.0, 1.2] * 5)[:9]], at_least=0.5)
    assert found.decision == "inconclusive"
    assert found.warnings == ("mean and win rate disagree", "the values are skewed")


def test_numbers_too_large_to_add_diverged():
    """Beyond 1e300 a value counts as diverged instead of overflowing."""
    assert finding([1e301] * 10, at_least=1.0).detail == "diverged"


# Diverged seeds


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize(
    ("bound", "worst", "best"),
    [
        ({"at_least": 0.8}, ("inconclusive", "diverged in part"), ("reproduced", "")),
        ({"at_least": 1.2}, ("contradicted", "too small"), ("inconclusive", "diverged in part")),
        ({"at_most": 1.2}, ("inconclusive", "diverged in part"), ("reproduced", "")),
        ({"at_most": 0.8}, ("contradicted", "too large"), ("inconclusive", "diverged in part")),
        ({"between": (0.8, 1.2)}, ("inconclusive", "diverged in part"), ("reproduced", "")),
        ({"between": (1.2, 2.0)}, ("inconclusive", "diverged in part"), ("inconclusive", "diverged in part")),
        ({"at_least": 1.0}, ("inconclusive", ""), ("inconclusive", "direction supported")),
    ],
)
def test_some_diverged_seeds(bad, bound, worst, best):
    """At worst they keep the bound from being shown, at best from being refuted."""
    values = [*TEN, bad, *STEADY[:4]]
    assert outcome_of(values, **bound) == worst
    assert outcome_of(values, on_nonfinite="best", **bound) == best
    assert finding(values, **bound).warnings == ("some seeds diverged",)


def test_diverged_seeds_open_one_end_of_the_interval():
    """The finite seeds still bound the other end, and the trail shows from when on."""
    finite = [*TEN, *STEADY[:4]]
    found = finding([*TEN, NAN, *STEADY[:4]], at_least=1.2)
    assert found.trail == (t_interval(TEN), (-INF, min(t_interval(TEN).upper, t_interval(finite).upper)))
    assert found.nonfinite == 1
    assert found.estimate == moments(finite).mean
    assert found.log_e == log_e_outside(finite, target(found.prediction))


def test_a_seed_that_diverges_later_takes_a_decision_back():
    """What was reproduced on finite seeds is not once a seed diverges, at worst."""
    assert outcome_of(TEN, at_least=0.8) == ("reproduced", "")
    assert outcome_of([*TEN, NAN], at_least=0.8) == ("inconclusive", "diverged in part")


@pytest.mark.parametrize(
    ("count", "decision"), [(9, "inconclusive"), (10, "contradicted"), (15, "contradicted")]
)
def test_all_diverged(count, decision):
    """From ten seeds on, nothing but divergence contradicts."""
    found = finding([NAN] * count, at_least=0.8)
    detail = "diverged" if count >= 10 else "too few seeds"
    assert (found.decision, found.detail, found.nonfinite) == (decision, detail, count)
    assert math.isnan(found.estimate)
    assert found.log_e == (log_e_rate(count, count, 0.5) if count >= 10 else 0.0)
    assert found.seeds_needed is None


def test_all_diverged_at_best_stays_open():
    """Nothing finite is nothing shown."""
    found = finding([NAN] * 10, at_least=0.8, on_nonfinite="best")
    assert (found.decision, found.detail, found.log_e) == ("inconclusive", "diverged", 0.0)


def test_fewer_than_five_finite_seeds_reproduce_nothing():
    """Not even at best."""
    found = finding([*[NAN] * 6, 9.0, 9.0, 9.0, 9.1], at_least=0.8, on_nonfinite="best")
    assert found.decision == "inconclusive"


def test_a_number_stands_in_for_diverged_seeds():
    """The stated number enters mean and interval; the values stay as measured."""
    found = finding([*TEN[:9], NAN], at_least=0.8, on_nonfinite=1.0)
    filled = [*TEN[:9], 1.0]
    assert found.estimate == moments(filled).mean
    assert found.interval == t_interval(filled)
    assert found.decision == "reproduced"
    assert math.isnan(found.values[9])
    assert (found.nonfinite, found.warnings) == (1, ("some seeds diverged",))


def test_a_number_stands_in_when_all_diverged():
    """All seeds at the stated number: equal values, judged by their resolution."""
    found = finding([NAN] * 10, at_least=0.8, on_nonfinite=0.1)
    assert (found.estimate, found.decision, found.is_deterministic) == (0.1, "contradicted", True)


def test_seeds_needed_beside_diverged_ones():
    """None where finite seeds could never decide, else a number."""
    values = [*TEN, NAN]
    assert finding(values, at_least=0.97).seeds_needed is None
    assert finding(values, at_least=1.03).seeds_needed is not None
    assert finding(values, at_least=0.97, on_nonfinite="best").seeds_needed is not None
    assert finding(values, at_least=1.03, on_nonfinite="best").seeds_needed is None


@pytest.mark.parametrize(("policy", "wins"), [("worst", 9), ("best", 10), (2.0, 10), (1.0, 9), (0.0, 9)])
def test_diverged_seeds_of_a_rate(policy, wins):
    """They fail at worst, succeed at best, and a number is held against the bound."""
    found = finding([*[3.0] * 9, INF], at_least=1.0, estimand="win_rate", on_nonfinite=policy)
    assert found.estimate == wins / 10


# Blocks that contradict each other


def test_blocks_that_contradict_each_other_decide_nothing():
    """An empty intersection takes the decision back, says so, and asks for no more seeds."""
    moved = [*TEN, *[x + 50 for x in TEN * 6]]
    verdict = judge(protocol(prediction(of="a", at_least=0.5)), OUTCOMES, measured(a=moved))
    [found] = verdict.findings
    assert (found.decision, found.detail) == ("inconclusive", "blocks disagree")
    assert (found.interval, found.seeds_needed) == (WHOLE_LINE, None)
    assert is_decided(verdict)


def test_contradicting_blocks_of_a_rate_decide_nothing():
    """The same for a share of seeds."""
    found = finding([0.0] * 15 + [1.0] * 80, at_least=0.5, estimand="win_rate")
    assert (found.decision, found.detail, found.seeds_needed) == ("inconclusive", "blocks disagree", None)
    assert found.interval == (0.0, 1.0)


def test_one_contradicting_prediction_leaves_others_to_run_for():
    """More seeds still inform the predictions that are open."""
    moved = [*TEN, *[x + 50 for x in TEN * 6]]
    asked = protocol(prediction(of="a", at_least=0.5), prediction(name="q", of="b", at_least=0.97))
    assert not is_decided(judge(asked, OUTCOMES, measured(a=moved, b=TEN)))


# Rates


def test_a_win_rate_needs_ten_straight_wins_by_blocks():
    """Eight straight wins decide, which shows at the first look; one loss among ten leaves it open."""
    assert outcome_of([2.0] * 10, at_least=1.0, estimand="win_rate") == ("reproduced", "")
    assert outcome_of([2.0] * 9 + [0.0], at_least=1.0, estimand="win_rate") == ("inconclusive", "")
    assert outcome_of([0.0] * 10, at_least=1.0, estimand="win_rate") == ("contradicted", "too rare")


def test_a_win_rate_tells_the_share_of_wins():
    """Estimate, interval, trail and evidence are those of the rate."""
    values = [2.0] * 9 + [0.0]
    found = finding(values, at_least=1.0, estimand="win_rate")
    assert found.estimate == 0.9
    assert found.trail == (rate_interval(9, 10),)
    assert found.interval == found.trail[0]
    assert found.log_e == log_e_rate(9, 10, 0.5)


def test_evidence_of_a_rate_is_one_sided():
    """Against the direction of the estimate it is at most 1."""
    lost = finding([0.0] * 9 + [2.0], at_least=1.0, estimand="win_rate")
    assert lost.log_e == log_e_rate(1, 10, 0.5) > 0
    even = finding([0.0, 2.0] * 5, at_least=1.0, estimand="win_rate")
    assert even.log_e == log_e_rate(5, 10, 0.5) < 0
    late = finding([2.0] * 10 + [0.0] * 12, at_least=1.0, estimand="win_rate")
    assert late.decision == "reproduced"
    assert late.log_e == log_e_rate(10, 22, 10 / 22) < 0


def test_ties_are_no_wins():
    """An arm that equals the other never wins, and is not contradicted for a success."""
    assert outcome_of([1.0] * 10, at_least=1.0, estimand="win_rate") == ("contradicted", "too rare")
    assert outcome_of([1.0] * 10, at_least=1.0, estimand="success_rate", rate=0.5) == ("reproduced", "")


def test_a_success_rate_is_held_against_the_stated_rate():
    """Nine of ten are clearly above 0.4, clearly below 0.999, and neither for 0.8."""
    values = [2.0] * 9 + [0.0]
    for rate, decision in ((0.4, "reproduced"), (0.8, "inconclusive"), (0.9999, "contradicted")):
        assert finding(values, at_least=1.0, estimand="success_rate", rate=rate).decision == decision


def test_seeds_needed_of_a_rate():
    """The share stays as it is; 80 % wins need 25 seeds."""
    assert finding([2.0] * 8 + [0.0] * 2, at_least=1.0, estimand="win_rate").seeds_needed == 25


# Warnings


@pytest.mark.parametrize(
    ("values", "warns"),
    [
        ([1.0, 1.0, 1.0, 1.0, -9.0], True),
        ([1.0, 1.0, 1.0, 1.0, -1.0], False),
        ([-1.0, -1.0, -1.0, -1.0, 9.0], True),
        ([-1.0, -1.0, 0.0, 0.0, 9.0], True),
        ([-1.0, 0.0, 0.0, 0.0, 9.0], False),
        ([1.0, -1.0, 0.0, 0.0, 0.0], False),
    ],
)
@pytest.mark.parametrize("estimand", ["mean", "win_rate"])
def test_mean_and_win_rate_on_different_sides_warn(values, warns, estimand):
    """From ten seeds on, a reader learns when most seeds lie on the other side than the mean."""
    ten = values * 2
    asked = ({"at_least": 0.0}, {"at_most": 0.0})
    found = [finding(ten, estimand=estimand, **bound) for bound in asked]
    found.append(finding([x + 3 for x in ten], at_least=3.0, estimand=estimand))
    assert {"mean and win rate disagree" in each.warnings for each in found} == {warns}
    assert finding(values, at_least=0.0, estimand=estimand).warnings == ()


def test_a_success_rate_and_a_range_do_not_warn():
    """They ask for no side."""
    values = [1.0, 1.0, 1.0, 1.0, -9.0] * 2
    assert finding(values, at_least=0.0, estimand="success_rate", rate=0.5).warnings == ()
    assert finding(values, between=(-0.5, 0.5)).warnings == ("the values are skewed",)


# The verdict

GOOD, BAD, OPEN = {"at_least": 0.8}, {"at_least": 1.2}, {"at_least": 0.97}


@pytest.mark.parametrize(
    ("bounds_of_predictions", "state", "decided"),
    [
        ([GOOD], "reproduced", True),
        ([BAD], "contradicted", True),
        ([OPEN], "inconclusive", False),
        ([GOOD, GOOD], "reproduced", True),
        ([BAD, BAD], "contradicted", True),
        ([GOOD, BAD], "split", True),
        ([BAD, GOOD, BAD], "split", True),
        ([GOOD, OPEN], "inconclusive", False),
        ([BAD, OPEN], "inconclusive", False),
        ([GOOD, BAD, OPEN], "inconclusive", False),
    ],
)
def test_predictions_join_to_a_state(bounds_of_predictions, state, decided):
    """All, none, both kinds; one open prediction leaves the claim open."""
    asked = [prediction(name=f"p{i}", of="a", **bound) for i, bound in enumerate(bounds_of_predictions)]
    verdict = judge(protocol(*asked), OUTCOMES, measured(a=TEN))
    assert (verdict.state, is_decided(verdict)) == (state, decided)
    assert len(verdict.findings) == len(asked)


@pytest.mark.parametrize(
    ("bound", "control_values", "state", "decided"),
    [
        (GOOD, ZEROS[:10], "reproduced", True),
        (GOOD, TEN, "invalid", True),
        (GOOD, [], "inconclusive", False),
        (GOOD, [x - 0.2 for x in TEN], "inconclusive", False),
        (BAD, ZEROS[:10], "contradicted", True),
        (BAD, [x + 9 for x in TEN], "invalid", True),
        (BAD, [], "contradicted", True),
        (OPEN, ZEROS[:10], "inconclusive", False),
        (OPEN, TEN, "inconclusive", False),
        (OPEN, [x + 9 for x in TEN], "invalid", True),
    ],
)
def test_a_control_has_the_last_word(bound, control_values, state, decided):
    """One that holds makes the claim invalid; one that is open leaves open all but a contradiction."""
    asked = protocol(prediction(of="a", **bound), controls=(control("c"),))
    verdict = judge(asked, OUTCOMES, measured(a=TEN, c=control_values))
    assert (verdict.state, is_decided(verdict)) == (state, decided)


def test_a_split_claim_waits_for_its_controls():
    """A split says as much as a reproduction, and needs the control as much."""
    predictions = (prediction(of="a", **GOOD), prediction(name="q", of="a", **BAD))
    for values, state in (([], "inconclusive"), (ZEROS, "split"), ([9.0, 9.1] * 5, "invalid")):
        asked = protocol(*predictions, controls=(control("c"),))
        assert judge(asked, OUTCOMES, measured(a=TEN, c=values)).state == state


def test_one_control_that_holds_is_enough():
    """Others that fail, or are open, do not save the claim."""
    controls = (control("c"), control("d"), control("e"))
    arms = measured(a=TEN, c=ZEROS, d=TEN, e=[])
    verdict = judge(protocol(prediction(of="a", **GOOD), controls=controls), OUTCOMES, arms)
    assert verdict.state == "invalid"
    assert [found.decision for found in verdict.controls] == ["contradicted", "reproduced", "inconclusive"]


def test_a_control_asks_its_own_prediction_of_its_own_arms():
    """The named prediction's bound, on the control's arms."""
    asked = [prediction(name="p", **GOOD), prediction(name="q", at_most=0.5, contrast=("b", "a"))]
    ruling = control("d", "c", of="q")
    arms = measured(a=TEN, b=ZEROS[:10], c=ZEROS[:10], d=TEN)
    verdict = judge(protocol(*asked, controls=(ruling,)), OUTCOMES, arms)
    [found] = verdict.controls
    assert (found.prediction, found.control, found.is_control) == (asked[1], ruling, True)
    assert (found.arms, found.values) == (("d", "c"), tuple(TEN))
    assert [f.is_control for f in verdict.findings] == [False, False]


def test_a_control_that_diverged_proves_nothing():
    """Divergence must not pass for failing the bound, unless the prediction gives a number for it."""
    arms = measured(a=TEN, c=[NAN] * 10)
    for policy, state in (("worst", "inconclusive"), ("best", "inconclusive"), (0.0, "reproduced")):
        asked = prediction(of="a", on_nonfinite=policy, **GOOD)
        assert judge(protocol(asked, controls=(control("c"),)), OUTCOMES, arms).state == state


def test_evidence_of_a_verdict_is_its_weakest():
    """The least of the predictions when decided; no more than none when inconclusive or invalid."""
    good, better = prediction(of="a", **GOOD), prediction(name="q", of="a", at_least=0.1)
    verdict = judge(protocol(better, good), OUTCOMES, measured(a=TEN))
    assert verdict.log_e == min(found.log_e for found in verdict.findings) == verdict.findings[1].log_e
    invalid = judge(protocol(good, controls=(control("c"),)), OUTCOMES, measured(a=TEN, c=TEN))
    assert (invalid.state, invalid.log_e) == ("invalid", 0.0)
    unsure = judge(protocol(good, controls=(control("c"),)), OUTCOMES, measured(a=TEN, c=[]))
    assert (unsure.state, unsure.log_e) == ("inconclusive", 0.0)
    even = judge(protocol(prediction(of="a", at_least=1.0)), OUTCOMES, measured(a=[0.0, 2.0] * 5))
    assert even.log_e == even.findings[0].log_e < 0


def test_seeds_of_a_verdict_are_the_most_of_a_prediction():
    """Controls do not count."""
    asked = (prediction(of="a", **GOOD), prediction(name="q", of="b", **GOOD))
    arms = measured(a=STEADY, b=TEN, c=ZEROS)
    assert judge(protocol(*asked, controls=(control("c"),)), OUTCOMES, arms).seeds == 10


# Earlier tests


def test_each_superseded_test_halves_alpha():
    """The fourth test is judged at an eighth of 5 %."""
    asked = protocol(prediction(of="a", **GOOD))
    for superseded, alpha in ((0, 0.05), (1, 0.025), (3, 0.00625)):
        verdict = judge(asked, OUTCOMES, measured(a=TEN), superseded=superseded)
        assert (verdict.alpha, verdict.superseded) == (alpha, superseded)
        assert verdict.findings[0].interval == t_interval(TEN, alpha=alpha)
    assert ALPHA == 0.05


def test_a_superseded_test_can_cost_a_decision():
    """What 5 % decide, less may not: at 2.5 % the interval of ten seeds is wider."""
    bound = (t_interval(TEN, alpha=0.025).lower + t_interval(TEN).lower) / 2
    asked = protocol(prediction(of="a", at_least=bound))
    assert judge(asked, OUTCOMES, measured(a=TEN)).state == "reproduced"
    assert judge(asked, OUTCOMES, measured(a=TEN), superseded=1).state == "inconclusive"


def test_a_superseded_test_counts_for_rates_and_for_seeds_needed():
    """Eight wins no longer do, and more seeds are needed."""
    wins = protocol(prediction(of="a", at_least=1.0, estimand="win_rate"))
    assert judge(wins, OUTCOMES, measured(a=[2.0] * 8), superseded=1).state == "inconclusive"
    for asked in (protocol(prediction(of="a", **OPEN)), wins):
        values = measured(a=TEN if asked != wins else [2.0] * 8 + [0.0] * 2)
        needed = [judge(asked, OUTCOMES, values, superseded=r).findings[0].seeds_needed for r in (0, 9)]
        assert needed[0] < needed[1]


def test_a_negative_number_of_tests_is_refused():
    """There is no way to loosen the level."""
    with pytest.raises(ValueError, match="superseded tests are counted from 0; found -1"):
        judge(protocol(prediction(of="a", **GOOD)), OUTCOMES, {}, superseded=-1)


# Laws


@given(st.lists(numbers, min_size=5, max_size=40), st.lists(numbers, min_size=5, max_size=40))
def test_swapping_the_contrast_negates_the_interval(first, second):
    """Values, estimate and trail change sign, to the last bit."""
    asked = protocol(prediction(at_least=1.0), prediction(name="q", contrast=("b", "a"), at_most=-1.0))
    there, back = judge(asked, OUTCOMES, measured(a=first, b=second)).findings
    assert back.estimate == -there.estimate
    assert back.trail == tuple((-upper, -lower) for lower, upper in there.trail)
    assert (back.decision, back.detail, back.seeds_needed) == (
        there.decision,
        there.detail,
        there.seeds_needed,
    )
    assert back.log_e == there.log_e


@given(st.lists(numbers, min_size=10, max_size=40), bounds(), st.randoms(use_true_random=False))
def test_order_within_blocks_is_irrelevant(values, bound, rng):
    """Shuffling seeds inside their blocks leaves every look as it was."""
    blocks = [values[i : i + 5] for i in range(0, len(values), 5)]
    shuffled = [x for block in blocks for x in rng.sample(block, len(block))]
    before, after = finding(values, **bound), finding(shuffled, **bound)
    for one, other in zip(before.trail, after.trail, strict=True):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-7)
    assert after.estimate == before.estimate


@given(st.lists(numbers, min_size=5, max_size=40), numbers, st.sampled_from([2.0**-40, 0.25, 2.0, 2.0**40]))
def test_another_unit_changes_nothing(values, bound, unit):
    """Outcome and bound scaled together (by a power of two, which rounds nothing) decide alike."""
    before = finding(values, at_least=bound)
    after = finding([unit * x for x in values], at_least=unit * bound)
    assert (after.decision, after.detail, after.seeds_needed) == (
        before.decision,
        before.detail,
        before.seeds_needed,
    )
    assert after.log_e == pytest.approx(before.log_e, rel=1e-9, abs=1e-9)


@given(st.lists(numbers, min_size=5, max_size=40), bounds(), st.integers(1, 20))
def test_a_stricter_level_decides_nothing_new(values, bound, superseded):
    """Each decision at a smaller alpha is the decision at 5 % as well."""
    asked = protocol(prediction(of="a", **bound))
    loose = judge(asked, OUTCOMES, measured(a=values)).findings[0]
    strict = judge(asked, OUTCOMES, measured(a=values), superseded=superseded).findings[0]
    assume(loose.detail not in UNLIKE)
    assert strict.decision in ("inconclusive", loose.decision)
    for narrow, wide in zip(loose.trail, strict.trail, strict=True):
        assert wide.lower <= narrow.lower
        assert narrow.upper <= wide.upper


@given(st.lists(numbers, min_size=10, max_size=40), bounds(), st.sampled_from(["mean", "median", "win_rate"]))
def test_what_is_decided_stays_decided(values, bound, estimand):
    """With finite seeds only blocks that are not alike take a decision back."""
    decisions = [finding(values[:end], estimand=estimand, **bound) for end in range(5, len(values) + 1, 5)]
    for early, late in pairwise(decisions):
        if early.decision != "inconclusive":
            assert late.decision == early.decision or late.detail in UNLIKE


@given(st.lists(any_float, max_size=30), bounds(), st.sampled_from(["worst", "best", 0.0]))
def test_no_value_breaks_the_judge(values, bound, policy):
    """Any floats give a finding whose interval is ordered, and diverged seeds never show the worst side."""
    found = finding(values, on_nonfinite=policy, **bound)
    assert found.interval.lower <= found.interval.upper
    assert not math.isnan(found.log_e)
    if found.nonfinite and policy == "worst":
        assert found.decision != "reproduced"
    if found.nonfinite and policy == "best":
        assert found.decision != "contradicted"


@given(st.lists(numbers, min_size=5, max_size=40), numbers, alphas)
def test_reproduced_and_contradicted_exclude_each_other(values, bound, alpha):
    """`at_least m` and `at_most m` are never both reproduced, and one reproduced contradicts the other."""
    least, most = finding(values, at_least=bound), finding(values, at_most=bound)
    assert (least.decision == "reproduced") == (most.decision == "contradicted")
    assert (least.decision == "contradicted") == (most.decision == "reproduced")


def test_judging_is_fast():
    """A claim of three predictions at 40 seeds takes a few milliseconds at the very most."""
    rng = random.Random(1)
    asked = protocol(
        prediction(at_least=1.0),
        prediction(name="q", between=(0.0, 9.0)),
        prediction(name="r", at_least=1.0, estimand="win_rate"),
    )
    arms = [
        measured(a=[rng.gauss(3, 1) for _ in range(40)], b=[rng.gauss(0, 1) for _ in range(40)])
        for _ in range(50)
    ]
    started = time.process_time()
    for values in arms:
        judge(asked, OUTCOMES, values)
    assert (time.process_time() - started) / len(arms) < 0.005

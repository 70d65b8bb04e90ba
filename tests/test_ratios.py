"""Bounds on the ratio of two arms: judged in decades, written and shown as a factor."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from kb.exports.claim_document import finding_data
from kb.judging.bounds import target
from kb.judging.verdict import judge
from kb.site.figures.findings import axis_unit
from kb.words.bounds import bound_text
from kb.words.measured import measured as measured_text
from tests.strategies import OUTCOMES, measured, prediction, protocol

TIMES = [10.0, 12.0, 14.0, 11.0, 13.0] * 2
ONES = [1.0] * 10


def finding(values, **fields):
    """Judge a ratio of arm `a` to arm `b`."""
    asked = prediction(units="ratio", **fields)
    return judge(protocol(asked), OUTCOMES, measured(a=values, b=ONES)).findings[0]


@pytest.mark.parametrize(
    ("bound", "decision"),
    [
        ({"at_least": 8}, "reproduced"),
        ({"at_least": 20}, "contradicted"),
        ({"at_most": 0.2}, "contradicted"),
        ({"between": (8, 20)}, "reproduced"),
        ({"equals": 12, "within": 0.5}, "reproduced"),
        ({"equals": 100, "within": 0.5}, "contradicted"),
    ],
)
def test_a_ratio_is_judged_in_decades(bound, decision):
    """As `log10` judges it, with the bound's logarithm."""
    assert finding(TIMES, **bound).decision == decision


@pytest.mark.parametrize(
    ("bound", "lower", "upper"),
    [
        ({"at_least": 0.01}, -2, math.inf),
        ({"at_least": 1}, 0, math.inf),
        ({"at_most": 100}, -math.inf, 2),
        ({"between": (0.1, 10)}, -1, 1),
    ],
)
def test_a_bound_on_a_ratio_is_its_logarithm(bound, lower, upper):
    """Also below one, and without an end where the prediction gives none."""
    assert target(prediction(units="ratio", **bound)) == (lower, upper)


def test_a_ratio_equals_within_a_share_of_itself():
    """`equals: 12, within: 0.5` means from 8 to 18."""
    found = finding(TIMES, equals=12.0, within=0.5)
    assert found.bound == pytest.approx((math.log10(8), math.log10(18)))
    assert bound_text(found.prediction, found.outcome) == "between 8 and 18 times"


def test_a_ratio_judges_as_its_logarithm_does():
    """Estimate, interval and evidence are the same numbers."""
    ratio = finding(TIMES, at_least=8.0)
    asked = prediction(units="log10", at_least=math.log10(8))
    decades = judge(protocol(asked), OUTCOMES, measured(a=TIMES, b=ONES)).findings[0]
    assert (ratio.estimate, ratio.trail, ratio.log_e) == (decades.estimate, decades.trail, decades.log_e)


def test_a_ratio_is_shown_as_a_factor():
    """The measurement, its interval and the bound; `1 time` of a bound at one."""
    found = finding(TIMES, at_least=8.0)
    shown = measured_text(found)
    assert shown.estimate == "11.9"
    assert shown.text.startswith("11.9 times (")
    assert bound_text(found.prediction, found.outcome) == "at least 8 times"
    assert axis_unit(found) == "ratio in powers of ten"


def test_a_ratio_below_one_is_said_the_other_way_round():
    """A tenth is ten times less, in what was measured and in the bound."""
    found = finding([1 / times for times in TIMES], at_most=0.2)
    assert measured_text(found).text.endswith("), that is 12 times less")
    assert bound_text(found.prediction, found.outcome) == "at most 0.2 times, that is at least 5 times less"
    assert bound_text(prediction(units="ratio", at_least=0.8), found.outcome) == (
        "at least 0.8 times, that is at most 20 % less"
    )


def test_a_ratio_is_exported_as_a_factor():
    """Estimate, interval, range and unit agree."""
    data = finding_data(finding(TIMES, at_least=8.0))
    assert data.unit == "times"
    assert data.estimate == pytest.approx(10 ** (sum(map(math.log10, TIMES)) / 10))
    assert data.range == (pytest.approx(8), None)
    assert data.interval[0] < data.estimate < data.interval[1]


def test_a_ratio_of_a_median():
    """The median of a ratio is the ratio's median."""
    found = finding(TIMES, at_least=8.0, estimand="median")
    assert measured_text(found).text == "12.0 times (10.0 to 14.0)"


@pytest.mark.parametrize(
    "fields",
    [
        {"of": "a", "at_least": 2.0},
        {"estimand": "win_rate", "at_least": 2.0},
        {"at_least": 0.0},
        {"between": (-1.0, 2.0)},
    ],
)
def test_what_has_no_ratio_is_refused(fields):
    """One arm, a share of seeds, a bound that is not positive."""
    with pytest.raises(ValidationError, match="ratio-choice"):
        prediction(units="ratio", **fields)

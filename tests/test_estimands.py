"""Estimands: one object holds whatever depends on what is estimated, and nobody else needs to know."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, dataclass
from statistics import median
from typing import get_args

import pytest

from kb.exports.claim_document import finding_data
from kb.judging import finding as finding_module
from kb.judging.bounds import decide
from kb.judging.details import Caution, Detail
from kb.judging.estimands import Case, Mean, Median, Result, Share, estimand_of
from kb.judging.finding import Finding
from kb.judging.stats import WHOLE_LINE, Interval
from kb.judging.verdict import Verdict, judge
from kb.records.claims import Claim, Prediction
from kb.records.protocol import Estimand as EstimandName
from kb.site.figures.findings import panels
from kb.site.figures.strip import strip_of
from kb.words import bounds as words
from kb.words.findings import verdict_sentence
from kb.words.measured import measured as measured_text
from tests.strategies import OUTCOMES, measured, prediction, protocol

ANY = Interval(2.0, math.inf)


def test_a_mean_must_lie_where_its_values_are_asked_to():
    """The bound is one on the mean."""
    assert estimand_of(prediction(at_least=2.0)).goal(ANY) == ANY


def test_a_win_rate_is_held_against_one_half():
    """More wins than losses."""
    assert estimand_of(prediction(at_least=2.0, estimand="win_rate")).goal(ANY) == (0.5, math.inf)


def test_a_success_rate_is_held_against_its_own():
    """As many successes as stated."""
    asked = prediction(at_least=2.0, estimand="success_rate", rate=0.9)
    assert estimand_of(asked).goal(ANY) == (0.9, math.inf)


def test_a_success_rate_without_rate_is_refused():
    """Records refuse it already; one built past them is named."""
    unrated = Prediction.model_construct(name="p", estimand="success_rate", rate=None)
    with pytest.raises(ValueError, match="prediction p has the estimand success_rate; give its rate"):
        estimand_of(unrated)


def test_every_estimand_has_its_words():
    """Whatever a record may ask for can be said."""
    assert set(words.ESTIMANDS) == set(get_args(EstimandName))


@pytest.mark.parametrize(
    ("estimand", "bound", "goal"), [("mean", ANY, ANY), ("win_rate", ANY, (0.5, math.inf))]
)
def test_a_finding_carries_what_its_values_and_its_estimate_are_asked_for(estimand, bound, goal):
    """Neither is derived anywhere else."""
    asked = prediction(of="a", at_least=2.0, estimand=estimand)
    [found] = judge(protocol(asked), OUTCOMES, measured(a=[3.0] * 10)).findings
    assert (found.bound, found.goal) == (bound, goal)
    assert found.outcome == OUTCOMES["loss"]


@pytest.mark.parametrize(
    ("estimand", "is_share", "everything"),
    [
        ({"estimand": "mean"}, False, WHOLE_LINE),
        ({"estimand": "median"}, False, WHOLE_LINE),
        ({"estimand": "win_rate"}, True, (0.0, 1.0)),
        ({"estimand": "success_rate", "rate": 0.9}, True, (0.0, 1.0)),
    ],
)
def test_an_estimand_says_what_it_is(estimand, is_share, everything):
    """A share of the seeds, which lies between 0 and 1, or a number in the unit of the values."""
    found = estimand_of(prediction(at_least=2.0, **estimand))
    assert (found.is_share, found.everything) == (is_share, everything)


def test_a_median_must_lie_where_its_values_are_asked_to():
    """As a mean must."""
    assert estimand_of(prediction(at_least=2.0, estimand="median")).goal(ANY) == ANY


@pytest.mark.parametrize("kind", [Case, Result, Mean, Median, Share, Finding, Verdict])
def test_what_is_judged_cannot_be_changed(kind):
    """Neither a case nor what came of it."""
    with pytest.raises(FrozenInstanceError):
        object.__new__(kind).decision = "reproduced"


@dataclass(frozen=True)
class Middle:
    """The median of the values, with the range of the values as its interval: a toy."""

    everything: Interval = WHOLE_LINE
    is_share: bool = False

    def goal(self, bound: Interval) -> Interval:
        """Return the bound."""
        return bound

    def judge(self, case: Case) -> Result:
        """Judge by the range of the values."""
        trail = (Interval(min(case.values), max(case.values)),)
        return Result(median(case.values), trail, decide(trail[-1], case.bound), Detail.NONE, 0.0)

    def cautions(self, case: Case) -> tuple[Caution, ...]:
        """Warn of nothing."""
        assert case.values
        return ()


def test_a_new_estimand_is_judged_worded_drawn_and_exported_from_one_place(monkeypatch):
    """All it takes is an object that `estimand_of` returns, and the wording of a bound on it.

    Here it takes the name of another, because the names that a record may use are the records' own.
    """
    monkeypatch.setattr(finding_module, "estimand_of", lambda _: Middle())
    monkeypatch.setitem(words.ESTIMANDS, "win_rate", "a median of {bound}")
    asked = prediction(of="a", at_least=2.0, estimand="win_rate")
    claim = Claim.model_construct(protocol=protocol(asked))
    verdict = judge(protocol(asked), OUTCOMES, measured(a=[3.0, 4.0, 9.0]))
    [found] = verdict.findings
    assert measured_text(found).text == "4.0 nats (3.0 to 9.0)"
    assert verdict_sentence(claim, verdict) == (
        'Reproduced in our small setting: "It is so" held, with 4.0 nats (3.0 to 9.0) over 3 seeds; '
        "limit: a median of at least 2 nats."
    )
    assert strip_of(found) is not None
    assert len([*panels(verdict, {})]) == 1
    exported = finding_data(found).model_dump(mode="json")
    assert (exported["goal"], exported["measured"]) == ([2.0, None], "4.0 nats (3.0 to 9.0)")


def test_shares_differ_in_what_a_tie_is():
    """A tie is a success but not a win."""
    case = Case((2.0,) * 10, ANY, "worst", 0.0, 0.05)
    assert Share(more_than=0.5, is_strict=True).judge(case).estimate == 0.0
    assert Share(more_than=0.5, is_strict=False).judge(case).estimate == 1.0

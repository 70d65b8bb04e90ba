"""The words of verdicts and findings: golden sentences, honest rounding, ASCII."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.judging.details import Caution, Detail
from kb.judging.finding import find
from kb.judging.verdict import judge
from kb.reading.outcomes import Outcome
from kb.records.claims import Claim, Control
from kb.words.bounds import bound_text, unit
from kb.words.findings import (
    CAUTIONS,
    DETAILS,
    finding_decision,
    finding_notes,
    verdict_sentence,
)
from kb.words.measured import measured as measured_text
from kb.words.numbers import count, number
from tests.strategies import OUTCOMES, bounds, intervals, measured, numbers, prediction, protocol

EXACT = {"loss": Outcome("loss", "final loss", "nats", "lower", 0.0)}
DECADES = {"loss": Outcome("loss", "fall of the loss", "decades", "lower", 0.0)}
TEN = [0.9, 1.0, 1.1, 1.05, 0.95] * 2
GOOD, BAD, OPEN = {"at_least": 0.8}, {"at_least": 1.2}, {"at_least": 0.97}


def judged(*predictions, controls=(), **arms):
    """Judge predictions on arms."""
    return judge(protocol(*predictions, controls=controls), EXACT, measured(**arms))


def sentence(*predictions, controls=(), **arms):
    """Return the verdict sentence of a claim with these predictions on arms."""
    claim = Claim.model_construct(protocol=protocol(*predictions, controls=controls))
    return verdict_sentence(claim, judged(*predictions, controls=controls, **arms))


def named(name="p", arm="a", **fields):
    """Return a prediction on one arm."""
    return prediction(name=name, of=arm, **fields)


def only(values, **fields):
    """Return the finding of one prediction on one arm."""
    return judged(named(**fields), a=values).findings[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (10.0, "10"),
        (16.41, "16.4"),
        (16.97, "17"),
        (-0.5, "-0.5"),
        (999.7, "1000"),
        (4821.7, "4822"),
        (123456.7, "123457"),
        (9999999.4, "9999999"),
        (1e7, "1e7"),
        (1.2345e9, "1.23e9"),
        (-0.00012345, "-0.000123"),
        (1e-5, "0.00001"),
        (1.234e-6, "1.23e-6"),
        (1e300, "1e300"),
        (5e-324, "4.94e-324"),
        (math.nan, "no number"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers_have_three_digits_or_all_whole_ones(value, text):
    """No exponent where people would not write one, and no digits without meaning."""
    assert number(value) == text


def test_numbers_take_other_digits():
    """Bounds are shown as they were written."""
    assert number(0.841344746, 12) == "0.841344746"
    assert number(1 / 3, 2) == "0.33"


@given(st.floats(-1e308, 1e308))
def test_numbers_read_back(value):
    """What is printed lies within half a unit of the third digit."""
    assert float(number(value)) == pytest.approx(value, rel=5.01e-3, abs=1e-320)


@pytest.mark.parametrize(("how_many", "text"), [(0, "0 seeds"), (1, "1 seed"), (2, "2 seeds")])
def test_counts_agree_with_their_noun(how_many, text):
    """One seed, any other number of seeds."""
    assert count(how_many, "seed") == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"at_least": 10.0}, "at least 10 nats"),
        ({"at_least": 1.0}, "at least 1 nat"),
        ({"at_most": -1.0}, "at most -1 nat"),
        ({"at_most": 0.0}, "at most 0 nats"),
        ({"between": (0.5, 1.25)}, "between 0.5 and 1.25 nats"),
        ({"equals": 40.0, "within": 2.0}, "within 2 of 40 nats"),
        ({"equals": 0.0, "within": 2.0}, "within 2 of 0 nats"),
        ({"at_least": 2.0, "estimand": "win_rate"}, "at least 2 nats in more than half of the seeds"),
        (
            {"at_least": 2.0, "estimand": "success_rate", "rate": 0.9},
            "at least 2 nats in more than 90 % of the seeds",
        ),
    ],
)
def test_bounds_in_words(fields, text):
    """Every kind of bound with its unit."""
    assert bound_text(prediction(**fields), EXACT["loss"]) == text


@pytest.mark.parametrize(
    ("unit_name", "text"),
    [
        ("nats", "at least 1 nat"),
        ("units of k(x, x)", "at least 1 unit of k(x, x)"),
        ("loss", "at least 1 loss"),
        ("bias", "at least 1 bias"),
        ("radius", "at least 1 radius"),
        ("axis", "at least 1 axis"),
        ("percent of points", "at least 1 percentage point"),
    ],
)
def test_units_lose_their_plural_after_one(unit_name, text):
    """Only what is a plural does."""
    assert bound_text(prediction(at_least=1.0), Outcome("x", "a number", unit_name, "higher", 0.0)) == text


def test_log_scale_is_in_decades():
    """Whatever the outcome's own unit."""
    assert unit(prediction(units="log10", at_least=1.0), OUTCOMES["loss"]) == "decades"
    assert unit(prediction(at_least=1.0), OUTCOMES["loss"]) == "nats"


def test_a_measurement_shows_two_digits_of_its_width():
    """Estimate and ends have the same digits."""
    assert measured_text(only(TEN, **GOOD)).text == "1.00 nats (0.90 to 1.10)"
    assert measured_text(only([1000 * x for x in TEN], **GOOD)).text == ("1000 nats (900 to 1100)")
    assert measured_text(only([1e-12 * x for x in TEN], **GOOD)).text == (
        "1.00e-12 nats (9.0e-13 to 1.10e-12)"
    )


def test_a_measurement_without_width_shows_three_digits():
    """Equal values at a resolution of zero have an interval of one point."""
    assert measured_text(only([2.0] * 10, **GOOD)).text == "2.00 nats (2.00 to 2.00)"
    assert measured_text(only([0.0] * 10, **GOOD)).text == "0.00 nats (0.00 to 0.00)"


def test_a_measurement_open_at_one_end():
    """Diverged seeds leave one end infinite."""
    found = only([*TEN, math.nan], **BAD)
    assert measured_text(found).text == "1.00 nats (1.10 or less)"


def test_a_measurement_of_a_rate_is_in_percent():
    """Whole percents, rounded outwards."""
    found = only([2.0] * 9 + [0.0], at_least=1.0, estimand="win_rate")
    assert measured_text(found).text == "90 % of the seeds (45 to 100)"
    assert found.interval.upper == pytest.approx(0.9998, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "no value"),
        ([1.0, 3.0], "2.00 nats, no interval yet"),
        ([math.nan] * 5, "no finite value"),
    ],
)
def test_a_measurement_that_lacks_something_says_so(values, text):
    """No seeds, too few, or none finite."""
    assert measured_text(only(values, **GOOD)).text == text


@given(st.lists(numbers, min_size=5, max_size=40), bounds(), st.sampled_from(["mean", "win_rate"]))
def test_printed_intervals_hold_the_true_ones(values, bound, estimand):
    """Rounding outwards never makes a sentence stronger, and costs less than a tenth of the width."""
    found = only(values, estimand=estimand, **bound)
    text = measured_text(found).interval
    if text != "no interval yet":
        factor = 1 if estimand == "mean" else 100
        lower, upper = (float(part) for part in text[1:-1].split(", "))
        assert lower <= found.interval.lower * factor
        assert upper >= found.interval.upper * factor
        width = found.interval.upper - found.interval.lower
        assert estimand != "mean" or upper - lower <= 1.21 * width or width < 1e-9 * max(map(abs, values))


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        ({"at_least": 0.8}, "[0.90, 1.10]"),
        ({"at_least": 0.905}, "[0.908, 1.092]"),
        ({"at_least": 1.095}, "[0.908, 1.092]"),
        ({"at_least": 0.95}, "[0.90, 1.10]"),
    ],
)
def test_a_decided_interval_is_not_rounded_onto_its_bound(bound, text):
    """It has as many digits as show on which side it lies; an open one has no side."""
    assert measured_text(only(TEN, **bound)).interval == text


@pytest.mark.parametrize(
    ("values", "fields", "text"),
    [
        (TEN, GOOD, "held"),
        (TEN, BAD, "failed: smaller than predicted"),
        (
            TEN,
            OPEN,
            "open: the direction is as predicted, the size is open; about 70 seeds would be needed",
        ),
        (TEN, {"at_most": 1.03}, "open: about 70 seeds would be needed"),
        ([0.0, 2.0] * 5, {"at_least": 1.0}, "open: more seeds are unlikely to decide"),
        ([], GOOD, "open: it needs at least 10 seeds"),
        ([math.nan] * 10, GOOD, "failed: every seed diverged"),
    ],
)
def test_decisions_in_words(values, fields, text):
    """State, why, and what it would take."""
    assert finding_decision(only(values, **fields)) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (TEN, "control failed: the limit holds here, where it must fail, so the test is invalid"),
        (
            [0.0] * 10,
            "control passed (no effect shows, and none as large as predicted is left)",
        ),
        ([], "control open (it needs at least 10 seeds)"),
    ],
)
def test_controls_are_said_the_other_way_round(values, text):
    """A control that is contradicted is a control that works."""
    control = Control(prediction="p", of="c", because="it must fail")
    [found] = judged(named(**GOOD), controls=(control,), a=TEN, c=values).controls
    assert finding_decision(found) == text


def test_notes_name_what_a_reader_should_know():
    """Diverged seeds are counted; disagreement and missing spread are explained."""
    assert finding_notes(only(TEN, **GOOD)) == ()
    assert finding_notes(only([*TEN, math.nan], **GOOD)) == ("1 of 11 seeds diverged",)
    assert finding_notes(only([1.0, 1.0, 1.0, 1.0, -9.0] * 2, at_least=0.0)) == (
        "most seeds lie on the other side of the limit from their mean",
        "the values are skewed, and the interval of a mean then errs more often than it says",
    )
    fine = {"loss": Outcome("loss", "final loss", "nats", "lower", 0.01)}
    same = find(prediction(of="a", at_least=0.5), None, fine, {"a": {"loss": (1.0,) * 10}}, alpha=0.05)
    assert finding_notes(same) == ("the seeds agree to measuring precision, which was used as their spread",)


@pytest.mark.parametrize("fields", [{"at_most": 0.5}, {"at_most": -3.0, "units": "log10"}])
def test_a_resolution_that_hides_decades_is_not_called_fine(fields):
    """Dots that span two decades do not stand over a note that the seeds hardly differ."""
    coarse = {"loss": Outcome("loss", "final loss", "nats", "lower", 0.01)}
    values = tuple(10 ** (-10 + seed / 4) for seed in range(10))
    found = find(prediction(of="a", **fields), None, coarse, {"a": {"loss": values}}, alpha=0.05)
    assert found.is_coarse
    assert finding_notes(found)[-1] == (
        "measuring precision was used as the spread of the seeds, although they differ by more than a factor "
        "of ten: it may be too coarse"
    )


CONTROLLED = (Control(prediction="p", contrast=("c", "d"), because="it must fail"),)


SHOWN = "1.00 nats (0.90 to 1.10) over 10 seeds; limit: at least"
LIKELY = "the direction is as predicted, the size is open; about 70 seeds would be needed"


@pytest.mark.parametrize(
    ("least", "text"),
    [
        ([0.8], f'Reproduced: "It is so" held, with {SHOWN} 0.8 nats.'),
        ([1.2], f'Contradicted: "It is so" failed (smaller than predicted), with {SHOWN} 1.2 nats.'),
        ([0.97], f"Inconclusive: {SHOWN} 0.97 nats; {LIKELY}."),
        ([0.8, 0.1], f'Reproduced: both predictions held; closest call: "It is so", with {SHOWN} 0.8 nats.'),
        (
            [1.2, 1.3, 9],
            f'Contradicted: all 3 predictions failed; closest call: "It is so", with {SHOWN} 1.2 nats.',
        ),
        (
            [0.8, 1.2, 0.8],
            f'Split: 2 of 3 predictions held and 1 failed; namely "It is so", with {SHOWN} 1.2 nats.',
        ),
        (
            [9, 0.8, 1.2],
            f'Split: 1 of 3 predictions held and 2 failed; closest call: "It is so", with {SHOWN} 1.2 nats.',
        ),
        (
            [0.8, 0.97, 9],
            f'Inconclusive: 1 of 3 predictions is open; "It is so", with {SHOWN} 0.97 nats; {LIKELY}.',
        ),
        (
            [0.97, 0.96, 9],
            f'Inconclusive: 2 of 3 predictions are open; "It is so", with {SHOWN} 0.97 nats; {LIKELY}.',
        ),
    ],
)
def test_sentences_of_verdicts(least, text):
    """Each state, with one prediction and with several."""
    asked = [named(f"p{i}", at_least=float(bound)) for i, bound in enumerate(least)]
    assert sentence(*asked, a=TEN) == text.replace(":", " in our small setting:", 1)


def test_the_sentence_of_an_invalid_claim_names_the_control_that_held():
    """With what was measured there."""
    asked = prediction(contrast=("a", "d"), **GOOD)
    text = (
        'Invalid in our small setting: "It is so" held in a control, where it must fail (it must fail), '
        f"{SHOWN} 0.8 nats."
    )
    assert sentence(asked, controls=CONTROLLED, a=TEN, c=TEN, d=[0.0] * 10) == text


def test_the_sentence_of_a_claim_that_waits_for_a_control_names_it():
    """The predictions are decided, so the control is all there is to say."""
    asked = prediction(contrast=("a", "d"), **GOOD)
    assert sentence(asked, controls=CONTROLLED, a=TEN, d=[0.0] * 10) == (
        'Inconclusive in our small setting: a control is open, "It is so", with no value over 0 seeds; '
        "limit: at least 0.8 nats; it needs at least 10 seeds."
    )


def test_a_claim_without_protocol_has_no_scale():
    """A former protocol may be judged beside a claim that has none today."""
    claim = Claim.model_construct(protocol=None)
    text = verdict_sentence(claim, judged(named(**GOOD), a=TEN))
    assert text.startswith('Reproduced: "It is so" held, with ')


def test_every_detail_and_caution_has_its_words():
    """Whatever a finding can say is explained, and nothing else is."""
    assert set(DETAILS) == set(Detail)
    assert set(CAUTIONS) == set(Caution)


@given(intervals(), st.lists(numbers, max_size=40), bounds())
def test_sentences_are_ascii_and_one_line(interval, values, bound):
    """Any terminal can show them."""
    text = sentence(named(**bound), a=values)
    assert text.isascii()
    assert re.fullmatch(r"[A-Z][^\n]*\.", text)


@pytest.mark.parametrize(
    ("outcome", "fields", "text"),
    [
        ("decades", {"at_most": -3.0}, "at most 0.001 (1/1,000)"),
        ("decades", {"equals": 0.0, "within": 1.0}, "between 0.1 and 10"),
        ("decades of the label", {"at_most": -3.0}, "at most 0.001 of the label (1/1,000)"),
        ("decades of features", {"at_least": 4.7}, "at least 50119 features"),
        ("share of labels", {"at_most": 0.25}, "at most 25 % of labels"),
        ("percent of points", {"at_most": 25.0}, "at most 25 % of points"),
        (
            "decades per decade of width",
            {"at_most": -0.5},
            "at most -0.5 powers of ten per factor of ten in width",
        ),
    ],
)
def test_bounds_are_told_as_factors_and_percentages(outcome, fields, text):
    """No reader has to know what a decade is."""
    described = Outcome("x", "a number", outcome, "higher", 0.0)
    assert bound_text(named(**fields), described) == text


@pytest.mark.parametrize(
    ("unit_name", "fields", "text"),
    [
        ("decades", {"at_most": -0.18}, "at most 0.661 times, that is at least 34 % less"),
        ("decades", {"at_most": 0.1}, "at most 1.26 times, that is at most 26 % more"),
        ("decades", {"at_most": -1.0}, "at most 0.1 times, that is at least 10 times less"),
        ("percent of points", {"at_least": 1.0}, "at least 1 percentage point"),
        ("share of points", {"at_least": 0.03}, "at least 3 percentage points"),
    ],
)
def test_differences_are_told_as_ratios_and_points(unit_name, fields, text):
    """The difference of two logarithms is a ratio, that of two percentages so many points."""
    described = Outcome("x", "a number", unit_name, "higher", 0.0)
    assert bound_text(prediction(contrast=("a", "b"), **fields), described) == text


def test_factors_that_span_powers_of_ten_have_digits_of_their_own():
    """No end is rounded to nothing, and a decided one stays on its side of the limit."""
    values = [-6.0, -7.0, -5.0, -6.5, -5.5] * 2
    found = judge(protocol(named(at_most=-3.0)), DECADES, measured(a=values)).findings[0]
    shown = measured_text(found)
    lower, upper = (math.log10(float(end)) for end in (shown.lower, shown.upper))
    assert lower <= found.interval.lower
    assert found.interval.upper <= upper < -3
    assert shown.estimate == "1.0e-6"

"""Controls: bounds that must fail where no effect may be, or hold for the test to have power."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from kb.judging.verdict import is_decided, judge
from kb.records.claims import Claim, Control
from kb.site.figures.findings import panels
from kb.words.findings import control_text, finding_decision, is_good, verdict_sentence
from tests.strategies import OUTCOMES, measured, prediction, protocol

TEN = [0.9, 1.0, 1.1, 1.05, 0.95] * 2
ZEROS = [0.0] * 10
GOOD, BAD, OPEN = {"at_least": 0.8}, {"at_least": 1.2}, {"at_least": 0.97}


def own(must="hold", **fields):
    """Return a control on arm `c` with a bound of its own."""
    given = {"name": "works", "says": "It works", "outcome": "loss", "of": "c", "at_least": 0.5, **fields}
    return Control.model_validate({"must": must, "because": "it is needed", **given})


def borrowed(must="hold"):
    """Return a control on arm `c` with the bound of the prediction."""
    return Control(prediction="p", of="c", must=must, because="it is needed")


def verdict(bound, control, c):
    """Judge a prediction on ten values around 1, with one control on values `c`."""
    asked = protocol(prediction(of="a", **bound), controls=(control,))
    return judge(asked, OUTCOMES, measured(a=TEN, c=c))


@pytest.mark.parametrize("control", [own(), borrowed()])
@pytest.mark.parametrize(
    ("bound", "values", "state"),
    [
        (GOOD, TEN, "reproduced"),
        (GOOD, ZEROS, "invalid"),
        (GOOD, [], "inconclusive"),
        (BAD, [], "inconclusive"),
        (BAD, ZEROS, "invalid"),
        (OPEN, ZEROS, "invalid"),
        (OPEN, [2 * x for x in TEN], "inconclusive"),
    ],
)
def test_what_must_hold_decides_whether_there_is_a_verdict(control, bound, values, state):
    """Failing leaves no verdict, and while it is open there is none either, not even a contradiction."""
    assert verdict(bound, control, values).state == state


def test_a_contradiction_stands_where_what_must_hold_does():
    """The test had the power to find what was predicted."""
    assert verdict(BAD, own(), TEN).state == "contradicted"


@pytest.mark.parametrize(
    ("bound", "values", "state"),
    [
        (GOOD, ZEROS, "reproduced"),
        (GOOD, TEN, "invalid"),
        (GOOD, [], "inconclusive"),
        (BAD, [], "contradicted"),
        (BAD, TEN, "invalid"),
    ],
)
def test_what_must_fail_may_have_a_bound_of_its_own(bound, values, state):
    """It is judged like one that borrows the bound of a prediction."""
    assert verdict(bound, own("fail"), values).state == state


def test_an_open_control_asks_for_seeds():
    """More of them may decide it."""
    assert not is_decided(verdict(BAD, own(), []))


@pytest.mark.parametrize(("must", "decision"), [("fail", "inconclusive"), ("hold", "contradicted")])
def test_divergence_never_saves_a_control(must, decision):
    """Where the bound must fail, a diverged seed counts as meeting it; where it must hold, as missing it."""
    [found] = verdict(GOOD, own(must), [math.nan] * 10).controls
    assert found.decision == decision


def test_the_weakest_sentence_of_an_invalid_claim_names_what_had_to_hold():
    """With the numbers of that control."""
    control = own()
    claim = Claim.model_construct(protocol=protocol(prediction(of="a", **GOOD), controls=(control,)))
    text = verdict_sentence(claim, verdict(GOOD, control, ZEROS))
    assert '"It works" failed in a control, where it must hold' in text


@pytest.mark.parametrize(
    ("values", "words", "good"),
    [
        (TEN, "control passed", True),
        (ZEROS, "control failed: the limit fails here, where it must hold, so the test has no power", False),
        ([], "control open", None),
    ],
)
def test_decisions_of_what_must_hold_in_words(values, words, good):
    """They are not those of a control that must fail."""
    [found] = verdict(GOOD, own(), values).controls
    assert finding_decision(found).startswith(words)
    assert is_good(found) is good


@pytest.mark.parametrize(
    ("control", "text"),
    [
        (own(), "It works. This must hold for the test to have power: it is needed."),
        (own("fail"), "It works. This must not hold: it is needed."),
        (borrowed(), "The same bound must hold here: it is needed."),
        (borrowed("fail"), "The same bound must not hold here: it is needed."),
    ],
)
def test_a_control_says_what_it_asks_for(control, text):
    """And why."""
    stated = prediction(of="a", **GOOD)
    assert control_text(control, control.applied({"p": stated})) == text


def test_the_figure_shows_controls_with_a_bound_of_their_own():
    """After the predictions, which have their own controls beneath them."""
    found = verdict(GOOD, own(), TEN)
    assert [strip.label for panel in panels(found, {"a": "an arm"}) for strip in panel.strips] == [
        "an arm",
        "Control: c",
    ]


@pytest.mark.parametrize(
    "fields", [{"prediction": "p"}, {"name": None}, {"says": None}, {"outcome": None}, {"at_least": None}]
)
def test_a_control_borrows_a_bound_or_states_one(fields):
    """Not both, and nothing by halves."""
    control = Control.model_construct(**{**own().model_dump(exclude_unset=True), **fields})
    assert "control-bound" in {flaw.code for flaw in control.flaws()}


def test_most_seeds_is_a_multiple_of_a_block():
    """From ten to four hundred."""
    asked = protocol(prediction(of="a", **GOOD)).model_dump()
    for number in (5, 12, 405):
        with pytest.raises(ValidationError):
            type(protocol(prediction(of="a", **GOOD))).model_validate({**asked, "most_seeds": number})

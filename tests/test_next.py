"""What is worth running: changes of standings to expect for each second, over the verdicts there may be."""

import pytest

from kb.evidence.ledger import Ledger
from kb.reasoning.next import candidates, prior
from tests.reasoning import base_of, claim, judged
from tests.strategies import prediction, protocol


def planned(experiment, seconds=None):
    """Return a protocol that is still to be written, with a stated cost."""
    text = "Arms a and b." if seconds is None else f"Arms a and b; {seconds} seconds."
    return protocol(prediction(at_least=1.0)).model_copy(update={"experiment": experiment, "planned": text})


def ranked(base):
    """Return the candidates of a base in which every protocol is still to be written."""
    states = {i: "to be written" for i, made in base.claims.items() if made.protocol}
    return candidates(base, Ledger(), judged(base, **states))


def test_verdicts_are_as_probable_as_they_were_with_one_more_of_each():
    """Nothing is impossible before it was seen."""
    base = base_of(a=claim(), b=claim(), c=claim(), d=claim())
    found = prior(judged(base, a="reproduced", b="reproduced", c="contradicted"))
    assert found == {
        "reproduced": 3 / 8,
        "contradicted": 2 / 8,
        "split": 1 / 8,
        "inconclusive": 1 / 8,
        "invalid": 1 / 8,
    }


def test_expected_changes_count_every_standing_that_a_verdict_changes():
    """Three verdicts of five change the claim; one contests another claim, one undermines a third."""
    base = base_of(
        a=claim(("contradicts", "b"), protocol=planned("dice", 10)), b=claim(), c=claim(("depends_on", "a"))
    )
    [candidate] = ranked(base)
    assert candidate.expected_changes == pytest.approx(3 / 5 + 1 / 5 + 1 / 5)
    assert candidate.per_second == pytest.approx(candidate.expected_changes / 10)


def test_the_most_changes_for_a_second_come_first_and_unknown_costs_last():
    """Among unknown costs the most changes come first."""
    base = base_of(
        dear=claim(protocol=planned("dear", 100)),
        cheap=claim(protocol=planned("cheap", 1)),
        unknown=claim(protocol=planned("unknown")),
        telling=claim(("supports", "x"), protocol=planned("telling")),
        x=claim(),
    )
    assert [c.run.experiment for c in ranked(base)] == ["cheap", "dear", "telling", "unknown"]


def test_claims_of_one_experiment_are_one_run():
    """Its cost counts once, its changes add up."""
    base = base_of(a=claim(protocol=planned("dice", 10)), b=claim(protocol=planned("dice", 10)))
    [candidate] = ranked(base)
    assert (candidate.run.claims, candidate.run.cost) == (("a", "b"), (10.0, "stated"))
    assert candidate.expected_changes == pytest.approx(2 * 3 / 5)


def test_nothing_due_is_worth_nothing():
    """Claims without a protocol are not candidates."""
    assert ranked(base_of(a=claim())) == ()

"""Whoever tests a claim again after evidence pays with half the level; earlier tests stay in sight."""

import pytest

from kb.judging.judgement import judge_claim
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.words.earlier_tests import before_sentence, changes, level_text, ordinal
from tests.conftest import CLAIM, EXPERIMENT
from tests.evidence_of import evidence_of, ledger_with

RECORD, SCRIPT = "claims/toys/toy-claim.yaml", "repro/experiments/coin.py"
ATTEMPT = EXPERIMENT.replace("    heads = (seeds", "    _attempt = 1\n    heads = (seeds")


def pieces(base, *, shift=0.3, version=None, **changes_of):
    """Return two blocks of both coins, taken with today's script for today's predictions."""
    script, protocol = base.scripts["coin"], base.claims["toy-claim"].protocol
    words = {"predictions": {"toy-claim": protocol.digest}, **changes_of}
    return [
        evidence_of(script, version or script.version(), arm, block, values(block, centre), **words)
        for block in range(2)
        for arm, centre in (("fair", 0.5), ("loaded", 0.5 + shift))
    ]


def values(block, centre):
    """Return five values around a centre."""
    return tuple(centre + 0.01 * ((3 * seed + block) % 7) for seed in range(5))


def written(project, name, text):
    """Write a file of a project and return its records and scripts."""
    (project / name).write_text(text, encoding="utf-8")
    return load_base(Folder(project))


def twice(project, text, *, name=SCRIPT, before=0.3, now=0.3):
    """Return the judgement after a file was changed and the claim measured again."""
    former = pieces(load_base(Folder(project)), shift=before)
    base = written(project, name, text)
    return judge_claim(base, ledger_with([*former, *pieces(base, shift=now)]), "toy-claim")


def test_a_line_that_nothing_reaches_is_no_new_test(project):
    """It draws no new seeds, either."""
    before = load_base(Folder(project)).scripts["coin"].version()
    assert written(project, SCRIPT, f"{EXPERIMENT}\n_ATTEMPT = 1\n").scripts["coin"].version() == before


@pytest.mark.parametrize("text", [ATTEMPT, f"{EXPERIMENT}\nif MINIMAL:\n    _ATTEMPT = 1\n"])
def test_another_attempt_halves_the_level(project, text):
    """A line that changes nothing but the version draws new seeds, and is the second test."""
    found = twice(project, text)
    assert (len(found.tests), found.verdict.alpha) == (1, 0.025)
    assert changes(found.tests[0]) == ["the code of coin"]


def test_renaming_every_arm_sheds_no_test(project):
    """What was measured of arms that the script no longer has was a test, too."""
    former = pieces(load_base(Folder(project)))
    renamed = EXPERIMENT.replace('"fair"', '"even"').replace('"loaded"', '"weighted"')
    claim = CLAIM.replace("[loaded, fair]", "[weighted, even]").replace("of: fair", "of: even")
    written(project, RECORD, claim)
    base = written(project, SCRIPT, renamed)
    assert {*base.scripts["coin"].arms} == {"even", "weighted"}
    found = judge_claim(base, ledger_with(former), "toy-claim")
    assert [len(test.pieces) for test in found.tests] == [4]


def test_moving_a_claim_to_another_experiment_sheds_no_test(project):
    """What was measured for it elsewhere still halves its level."""
    former = pieces(load_base(Folder(project)))
    written(project, "repro/experiments/token.py", EXPERIMENT)
    base = written(project, RECORD, CLAIM.replace("experiment: coin", "experiment: token"))
    found = judge_claim(base, ledger_with(former), "toy-claim")
    assert [test.verdict for test in found.tests] == [None]


def test_arms_that_only_another_claim_judges_are_no_test(project):
    """One claim's evidence costs another of the same experiment nothing."""
    base = load_base(Folder(project))
    other = EXPERIMENT.replace('"loaded": "heads', '"worn": "a loaded coin, worn",\n    "loaded": "heads')
    former = [piece.model_copy(update={"arm": "worn"}) for piece in pieces(base)]
    found = judge_claim(written(project, SCRIPT, other), ledger_with(former), "toy-claim")
    assert found.tests == ()


def test_an_open_claim_is_judged_at_the_lower_level_before_it_is_measured_again(project):
    """Stale evidence counts at once."""
    old = pieces(load_base(Folder(project)))
    found = judge_claim(written(project, SCRIPT, ATTEMPT), ledger_with(old), "toy-claim")
    assert (found.state, len(found.tests)) == ("stale", 1)


def test_another_scale_is_another_test(project):
    """What it was and is now stands in the list."""
    found = twice(project, EXPERIMENT.replace("flips: int = 100", "flips: int = 200"))
    assert "flips 100 -> 200" in changes(found.tests[0])


def test_another_bound_is_another_test_of_the_same_version(project):
    """Values of the version are there for both."""
    found = twice(project, CLAIM.replace("at_least: 0.1", "at_least: 0.2"), name=RECORD)
    (test,) = found.tests
    assert (found.verdict.alpha, changes(test)) == (0.025, ["predictions or controls"])
    assert test.version == found.version


def test_a_linked_version_is_the_same_test(project):
    """What computes the same values costs nothing."""
    former = pieces(load_base(Folder(project)))
    base = written(project, SCRIPT, ATTEMPT)
    ledger = ledger_with(former).going_on(base.scripts["coin"].version(), former[0].version)
    found = judge_claim(base, ledger, "toy-claim")
    assert (found.state, found.tests, found.verdict.alpha) == ("reproduced", (), 0.05)


def test_replications_and_other_claims_evidence_are_no_tests(project):
    """Neither could have decided anything."""
    base = load_base(Folder(project))
    others = [
        *pieces(base, version="f" * 64, predictions={"other-claim": "0" * 64}),
        *pieces(base, version="e" * 64, replication=1),
    ]
    assert judge_claim(base, ledger_with(others), "toy-claim").tests == ()


def test_predictions_written_after_the_values_that_count_are_a_second_test(project):
    """Evidence of today's version that does not name the claim was there to be seen."""
    base = load_base(Folder(project))
    found = judge_claim(base, ledger_with(pieces(base, predictions={"another-claim": "0" * 64})), "toy-claim")
    assert found.verdict.alpha == 0.025
    assert changes(found.tests[0]) == ["predictions, which were written after these values"]


def test_earlier_tests_are_judged_by_todays_predictions(project):
    """The head of a page speaks of them only where one came out otherwise."""
    alike = twice(project, ATTEMPT)
    assert (alike.tests[0].verdict.state, before_sentence(alike)) == ("reproduced", "")


def test_an_earlier_test_that_came_out_otherwise_is_told(project):
    """With its number and what came before."""
    found = twice(project, ATTEMPT, before=0.0)
    assert before_sentence(found) == "Second test of this claim; before: contradicted."
    assert level_text(found) == (
        "Because of 1 earlier test every finding is judged at an error level of 0.025 instead of 0.05."
    )


def test_an_earlier_test_without_the_outcome_is_not_compared(project):
    """It counts all the same."""
    base = load_base(Folder(project))
    old = pieces(base, version="f" * 64, outcome="tails")
    found = judge_claim(base, ledger_with([*old, *pieces(base)]), "toy-claim")
    assert [test.verdict for test in found.tests] == [None]
    assert before_sentence(found) == "Second test of this claim; before: not comparable."


@pytest.mark.parametrize(("number", "word"), [(1, "first"), (10, "tenth"), (11, "11th"), (22, "22nd")])
def test_ordinals_are_words_as_far_as_ten(number, word):
    """Further ones are short."""
    assert ordinal(number) == word

"""Whoever tests a claim again after evidence pays with half the level; earlier tests stay in sight."""

from dataclasses import FrozenInstanceError, replace

import pytest

from kb.evidence.ledger import Ledger
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
    former = [piece.model_copy(update={"arm": "worn"}) for piece in pieces(base, version="f" * 64)]
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
    assert (found.tests[0].digest, found.tests[0].has_other_predictions) == ("", True)


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


def test_an_earlier_test_is_told_apart_by_what_it_was_alone(project):
    """Not by what it is compared with today, which would also fill pages when it is printed."""
    [test] = twice(project, ATTEMPT).tests
    other = replace(test, protocol=None, script=None, ledger=Ledger())
    assert (test == other, test != replace(test, digest="0" * 64)) == (True, True)
    words = ("successor", "protocol", "script", "ledger")
    assert [word for word in words if f"{word}=" in repr(test)] == []
    with pytest.raises(FrozenInstanceError):
        test.level = 0


def test_earlier_tests_come_in_the_order_of_their_start(project):
    """By the first block, then by the last; each knows when it began and ended."""
    base = load_base(Folder(project))
    days = {"a": "2468", "b": "1579", "c": "2367"}
    old = [
        piece.model_copy(update={"started": f"2026-01-0{day}T00:00:00Z"})
        for name in days
        for day, piece in zip(days[name], pieces(base, version=name * 64), strict=True)
    ]
    found = judge_claim(base, ledger_with(old[::-1]), "toy-claim").tests
    assert [test.version[0] for test in found] == ["b", "c", "a"]
    assert [(test.first[9], test.last[9]) for test in found] == [("1", "9"), ("2", "7"), ("2", "8")]
    assert ["".join(piece.started[9] for piece in test.pieces) for test in found] == ["1579", "2367", "2468"]
    assert {test.level for test in found} == {3}


def test_an_earlier_test_is_judged_at_the_level_of_all(project):
    """Two earlier tests halve it twice, for themselves as well."""
    base = load_base(Folder(project))
    old = [*pieces(base, version="a" * 64), *pieces(base, version="b" * 64)]
    found = judge_claim(base, ledger_with([*old, *pieces(base)]), "toy-claim")
    assert {test.verdict.alpha for test in found.tests} == {found.verdict.alpha} == {0.0125}


def test_an_earlier_test_of_bounds_alone_changed_neither_code_nor_scale(project):
    """Whatever the evidence says of them."""
    found = twice(project, CLAIM.replace("at_least: 0.1", "at_least: 0.2"), name=RECORD)
    [test] = found.tests
    assert (test.is_current_version, test.changed_code, test.changed_scale) == (True, (), ())
    assert test.has_other_predictions


def test_changed_code_and_scale_are_named_in_order(project):
    """Fields and modules that were there only then, or only now, have changed as well."""
    base = load_base(Folder(project))
    code = {"coin": base.scripts["coin"].code["coin"], "zinc": "1" * 64, "alloy": "2" * 64}
    old = pieces(base, version="a" * 64, code=code, scale={"weight": 3, "edges": 2})
    [test] = judge_claim(base, ledger_with(old), "toy-claim").tests
    gone = {"alloy", "zinc"}
    assert [name for name in test.changed_code if name in gone] == ["alloy", "zinc"]
    assert "coin" not in test.changed_code
    assert list(test.changed_code) == sorted(test.changed_code)
    assert test.changed_scale == ("edges", "flips", "weight")
    assert not test.is_current_version


def test_changed_code_is_compared_with_what_measured_todays_evidence(project):
    """Later changes, of which a link says that they compute the same, are no change of the test."""
    base = load_base(Folder(project))
    script = base.scripts["coin"]
    old = pieces(base, version="a" * 64, code={"coin": "1" * 64})
    now = pieces(base, version="b" * 64, code={"coin": "1" * 64})
    ledger = ledger_with([*old, *now]).going_on(script.version(), "b" * 64)
    [test] = judge_claim(base, ledger, "toy-claim").tests
    assert test.successor == now[0]
    assert test.changed_code == ()


@pytest.mark.parametrize("changes_of", [{"scale_name": "large"}, {"schema_version": 1}])
def test_evidence_of_another_setting_or_schema_is_no_successor(project, changes_of):
    """Its code says nothing of what has changed at this one."""
    base = load_base(Folder(project))
    old = pieces(base, version="a" * 64)
    [test] = judge_claim(base, ledger_with([*old, *pieces(base, **changes_of)]), "toy-claim").tests
    assert test.successor is None


def test_an_earlier_test_at_a_setting_that_is_gone_is_compared_with_the_main_one(project):
    """At one that is still there, with that."""
    base = load_base(Folder(project))
    old = [*pieces(base, version="a" * 64, scale_name="former"), *pieces(base, version="b" * 64)]
    found = judge_claim(base, ledger_with(old), "toy-claim").tests
    assert {test.setting for test in found} == {"minimal"}
    assert all(test.scale == {"flips": 100} for test in found)


def test_an_earlier_test_is_described_by_its_latest_piece(project):
    """Where links made one test of several versions."""
    base = load_base(Folder(project))
    code = base.scripts["coin"].code
    first, second, third, last = pieces(base, version="a" * 64, schema_version=1)
    other = {"code": {**code, "coin": "1" * 64}, "scale": {"flips": 7}, "schema_version": 2}
    later = {"started": "2026-01-02T00:00:00Z", **other}
    old = [first, second, third, last.model_copy(update=later)]
    now = pieces(base)
    [test] = judge_claim(base, ledger_with([*old, *now]), "toy-claim").tests
    assert (test.changed_code, test.changed_scale) == (("coin",), ("flips",))
    assert test.successor == now[0]


def test_an_earlier_test_in_which_one_arm_lacks_the_outcome_is_not_compared(project):
    """A contrast needs it of both."""
    base = load_base(Folder(project))
    fair = [piece for piece in pieces(base, version="f" * 64) if piece.arm == "fair"]
    loaded = [piece for piece in pieces(base, version="f" * 64, outcome="tails") if piece.arm == "loaded"]
    [test] = judge_claim(base, ledger_with([*fair, *loaded, *pieces(base)]), "toy-claim").tests
    assert test.verdict is None
    assert len(test.pieces) == 4

"""How sure a verdict is follows from what would turn it, and is said beside it without changing it."""

import random
from typing import get_args

import pytest

from kb.judging.certainty import DECIDED, LEVELS, MOST_TESTS, Doubt, certainty, nearest
from kb.judging.judgement import judge_base
from kb.judging.verdict import judge
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.words.certainty import DOUBTS, certainty_sentence, robustness_sentences
from tests.conftest import write_project
from tests.evidence_of import evidence_of, ledger_with

BLOCKS = 4


@pytest.fixture
def base(tmp_path):
    """Return a base with one claim: the loaded coin is at least 0.1 above the fair one."""
    return load_base(Folder(write_project(tmp_path / "project")))


def judged(base, shifts):
    """Return the claim's judgement and certainty where the loaded coin is so far above the fair one."""
    script, dice, pieces = base.scripts["coin"], random.Random(1), []
    words = {"predictions": {"toy-claim": base.claims["toy-claim"].protocol.digest}}
    for block in range(len(shifts) // 5):
        fair = [dice.gauss(0.5, 0.02) for _ in range(5)]
        loaded = [value + shift for value, shift in zip(fair, shifts[5 * block :], strict=False)]
        for arm, values in (("fair", fair), ("loaded", loaded)):
            pieces.append(evidence_of(script, script.version(), arm, block, tuple(values), **words))
    ledger = ledger_with(pieces)
    judgement = judge_base(base, ledger)["toy-claim"]
    return judgement, certainty(base, ledger, judgement)


def values_of(judgement, seeds):
    """Return the values of the evidence by arm and outcome, in the order of seeds."""
    columns = {arm: {"score": [0.0] * seeds} for arm in ("fair", "loaded")}
    for piece in judgement.evidence:
        columns[piece.arm]["score"][5 * piece.block : 5 * piece.block + 5] = piece.values["score"]
    return columns


def spread(centre, width=0.01):
    """Return shifts of four blocks around a centre, evenly and without trend."""
    dice = random.Random(2)
    return [centre + dice.gauss(0, width) for _ in range(5 * BLOCKS)]


def test_what_is_far_from_its_bound_survives_everything(base):
    """No seed turns it, nor the price of as many further tests as are tried."""
    judgement, found = judged(base, spread(0.3))
    assert (judgement.state, found.turning, found.further_tests) == ("reproduced", (), MOST_TESTS)
    assert not {"fragile", "near"} & {*found.doubts}


def test_seeds_that_carry_a_verdict_are_named(base):
    """Left out, they leave it open; judging the rest from nothing says the same."""
    shifts = spread(0.113, 0.012)
    judgement, found = judged(base, shifts)
    assert judgement.state == "reproduced"
    assert found.turning
    assert {state for _, state in found.turning} == {"inconclusive"}
    assert "fragile" in found.doubts


def test_a_seed_left_out_is_left_out_of_every_arm(base):
    """Turning seeds are those without which the protocol is judged otherwise, one at a time."""
    shifts = spread(0.113, 0.012)
    judgement, found = judged(base, shifts)
    protocol, script = base.claims["toy-claim"].protocol, base.scripts["coin"]
    columns = values_of(judgement, len(shifts))
    for seed in range(len(shifts)):
        left = {
            arm: {name: [v for k, v in enumerate(column) if k != seed] for name, column in of_arm.items()}
            for arm, of_arm in columns.items()
        }
        turns = judge(protocol, script.outcomes, left).state != judgement.state
        assert turns == (seed in dict(found.turning)), seed


def test_further_tests_are_those_whose_price_it_survives(base):
    """At half the level once more it would be another."""
    shifts = spread(0.116, 0.012)
    judgement, found = judged(base, shifts)
    protocol, script = base.claims["toy-claim"].protocol, base.scripts["coin"]
    columns = values_of(judgement, len(shifts))
    assert 0 < found.further_tests < MOST_TESTS
    states = [
        judge(protocol, script.outcomes, columns, superseded=k).state for k in range(found.further_tests + 2)
    ]
    assert {*states[:-1]} == {judgement.state} != {states[-1]}


@pytest.mark.parametrize("shifts", [[0.3] * 5, [0.05, 0.15] * 10])
def test_what_is_open_has_no_certainty(base, shifts):
    """Too few seeds, and a bound within the interval."""
    judgement, found = judged(base, shifts)
    assert judgement.state not in DECIDED
    assert found is None


def test_every_doubt_takes_a_level_and_is_said(base):
    """The sentence names the level and each reason, and more than three reasons lower it no further."""
    _, found = judged(base, spread(0.3))
    assert found.level == LEVELS[min(len(found.doubts), 3)]
    sentence = certainty_sentence(found)
    assert sentence.startswith(f"Certainty: {found.level}, because ")
    assert all((words in sentence) == (doubt in found.doubts) for doubt, words in DOUBTS.items())
    assert tuple(DOUBTS) == get_args(Doubt)


def test_no_sentence_is_left_without_a_number(base):
    """What was tried is said with how often, whether or not it changes anything."""
    for centre, width in ((0.3, 0.01), (0.113, 0.012)):
        judgement, found = judged(base, spread(centre, width))
        said = " ".join(robustness_sentences(found, judgement.verdict))
        assert f"{judgement.verdict.seeds} seeds, left out one at a time" in said
        assert ("would leave it inconclusive" in said) == bool(found.turning)


def test_nothing_of_it_changes_a_verdict(base):
    """The state of the claim and of each finding is that of the rule alone."""
    judgement, found = judged(base, spread(0.113, 0.012))
    assert found.level == LEVELS[-1]
    assert judgement.state == "reproduced"
    assert nearest(judgement.verdict.findings).widths > 0

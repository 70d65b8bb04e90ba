"""The boards answer as described, and the attack gains what its closed form says."""

import math
from statistics import NormalDist

import numpy as np
import pytest
import torch

from repro.experiments.leaderboard import MINIMAL, below_half, coarse, ladder, measure, moved, plain, record
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))


def closed_form(guesses, labels):
    """Return the voted vector's error on the public labels that the claim's record states."""
    return 0.5 - math.sqrt(guesses / labels) / (math.pi * math.sqrt(2))


def wrong(rows):
    """Return one seed's submissions as errors on labels."""
    return torch.tensor([rows], dtype=torch.float32)


def test_closed_form_is_the_records():
    """The bounds in the record are the formula's, for 400 and for 100 guesses on 4000 labels."""
    assert closed_form(400, 4000) == pytest.approx(0.4288, abs=5e-5)
    assert closed_form(100, 4000) == pytest.approx(0.4644, abs=5e-5)


def test_closed_form_agrees_with_the_normal_vote():
    """The formula is the first term of the chance that a normal sum of k/2 biased votes is wrong."""
    bias = math.sqrt(2 / (math.pi * 4000))  # mean of |sum of n signs| / n
    assert closed_form(400, 4000) == pytest.approx(NormalDist().cdf(-math.sqrt(200) * bias), abs=5e-4)


def test_closed_form_agrees_with_a_plain_simulation():
    """Votes of lucky guesses, drawn and counted without any board, err as often as the formula says."""
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(40):
        signs = rng.choice(np.array([-1, 1], dtype=np.int8), (100, 1000))  # 1 where a guess is right
        kept = signs[signs.sum(1, dtype=int) > 0].sum(0, dtype=int)
        errors.append((kept < 0).mean() + (kept == 0).mean() / 2)
    assert np.mean(errors) == pytest.approx(closed_form(100, 1000), abs=5 * 0.5 / math.sqrt(40 * 1000))


def test_plain_board_gives_scores_to_five_digits_and_coarse_to_two():
    """Boards differ in the digits that they show."""
    submissions = wrong([[1, 0, 0], [1, 1, 0]])
    assert plain(submissions)[0].tolist() == pytest.approx([0.33333, 0.66667])
    assert coarse(submissions)[0].tolist() == pytest.approx([0.33, 0.67])


def test_record_board_shows_the_best_so_far():
    """A board that moves at any improvement shows the running minimum."""
    submissions = wrong([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]])
    assert record(submissions)[0].tolist() == [0.5, 0.5, 0.25]


def test_ladder_moves_by_a_paired_standard_error_only():
    """One label in a hundred does not move the Ladder, ten do."""
    base = [1.0] * 50 + [0.0] * 50
    slightly, clearly = [0.0, *base[1:]], [0.0] * 10 + base[10:]
    assert ladder(wrong([base, slightly, clearly]))[0].tolist() == pytest.approx([0.5, 0.5, 0.4])


def test_ladder_is_its_description():
    """The batched Ladder is the plain loop of its description, seed by seed."""
    submissions = SEEDS.integers("wrong", 30, 200, high=2).float()
    for answers, rows in zip(ladder(submissions), submissions.double().numpy(), strict=True):
        best, leader, expected = math.inf, np.zeros(200), []
        for row in rows:
            if row.mean() < best - (row - leader).std(ddof=1) / math.sqrt(200):
                best, leader = row.mean(), row
            expected.append(best)
        assert answers.tolist() == pytest.approx(expected)


def test_player_keeps_what_the_board_speaks_well_of():
    """On boards of scores that is a score below one half, on boards of records a fall of the answer."""
    answers = torch.tensor([[0.51, 0.49, 0.49, 0.48]])
    assert below_half(answers).tolist() == [[False, True, True, True]]
    assert moved(answers).tolist() == [[False, True, False, True]]


def test_skilled_guesses_show_on_private_labels():
    """A vote of guesses that are better than chance errs less on labels that answered nothing."""
    assert (measure("skilled", SEEDS, MINIMAL)["private_error"] < 0.45).all()

"""Contests between runs, against counting by hand."""

import torch

from repro.experiments import seed_comparison as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=100, test=20, steps=5, runs=12, contests=300)


def test_two_sides_of_one_network_are_different_runs():
    """Neither runs of a side nor the two sides score all alike."""
    first, second = (experiment.scores(TWO, Seeds(side), SMALL, 8) for side in ((10, 12), (11, 13)))
    assert (first.std(1) > 0).all()
    assert not torch.equal(first.sort().values, second.sort().values)


def test_a_contest_of_all_runs_finds_the_difference_of_their_means():
    """Where each side has as many runs as the largest contest takes, nothing is left to luck."""
    first, second = TWO.normal("first", experiment.MOST), TWO.normal("second", experiment.MOST)
    lead = experiment.leads(TWO, SMALL, first, second)
    whole = (first.mean(1) - second.mean(1))[:, None].expand(-1, SMALL.contests)
    assert torch.allclose(lead[..., -1], whole, atol=1e-6)


def test_a_contest_of_one_run_takes_one_at_random():
    """A run that alone is good wins as often as it is drawn."""
    first = torch.zeros(2, SMALL.runs)
    first[:, 0] = 1.0
    lead = experiment.leads(TWO, SMALL, first, torch.zeros(2, SMALL.runs))
    assert torch.allclose(lead[..., 0].mean(1), torch.full((2,), 1 / SMALL.runs), atol=0.05)


def test_a_far_better_network_is_never_mistaken():
    """A few hidden units lead in no contest, and both leads and mistakes are shares."""
    found = experiment.measure("narrow", TWO, experiment.Scale(steps=60, runs=12, contests=50))
    assert (found["wrong_of_three"] == 0).all()
    assert (found["true_lead"] < 0).all()
    assert found["wrong_curve"].shape == (2, experiment.MOST)

"""Rank correlations over the pairs that are asked for, and nets that drop out."""

import pytest
import torch
from scipy.stats import kendalltau

from repro.experiments import sharpness_and_test as experiment
from repro.lab.mnist1d import mnist1d
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
EVERY_PAIR = torch.ones(9, 9, dtype=torch.bool)


def test_tau_is_that_of_scipy_without_the_nets_that_dropped_out():
    """With ties, and nets that are NaN left out of every pair."""
    one = TWO.integers("one", 9, high=5).float()
    other = TWO.integers("other", 9, high=5).float()
    one[0, 2] = other[1, 4] = torch.nan
    found = experiment.tau(one, other, EVERY_PAIR)
    for row in range(2):
        is_known = ~(one[row].isnan() | other[row].isnan())
        expected = kendalltau(one[row][is_known], other[row][is_known]).statistic
        assert found[row].item() == pytest.approx(expected)


def test_pairs_within_groups_do_not_see_how_groups_differ():
    """Where order agrees within three groups and is turned between them, only the latter is negative."""
    within = torch.tensor([0.0, 1, 2]).repeat(3)
    group = torch.arange(3).repeat_interleave(3)
    is_alike = group.unsqueeze(0) == group.unsqueeze(1)
    one, other = (within + 10 * group).unsqueeze(0), (within - 10 * group).unsqueeze(0)
    assert experiment.tau(one, other, is_alike) == 1
    assert experiment.tau(one, other, EVERY_PAIR) < 0


def test_no_pair_gives_no_correlation():
    """NaN, and not a number that could be taken for none."""
    assert experiment.tau(torch.ones(1, 9), torch.ones(1, 9), EVERY_PAIR).isnan()


def test_nets_that_never_reach_the_loss_drop_out():
    """After a few steps none has, and nothing is measured of any."""
    few = experiment.Scale(points=40, width=4, steps=experiment.EVERY)
    data = mnist1d(TWO, train=40, test=experiment.VALIDATED + experiment.TESTED)
    found = experiment.nets(TWO, data, 8, few)
    assert not found.is_there.any()
    assert found.sharpness.isnan().all()
    assert found.error.isnan().all()


def test_nets_are_taken_where_they_first_reach_the_loss():
    """A net that is there has the loss that was asked for and is not far below it."""
    some = experiment.Scale(points=40, width=30, steps=600)
    data = mnist1d(TWO, train=40, test=experiment.VALIDATED + experiment.TESTED)
    found = experiment.nets(TWO, data, 8, some)
    assert found.is_there.any()
    assert (found.sharpness[found.is_there] > 0).all()
    assert (found.error[found.is_there] < 95).all()

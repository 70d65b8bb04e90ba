"""Ranks of widths, and what nets of one width learn where it is known in advance."""

import pytest
import torch
from scipy.stats import spearmanr

from repro.experiments import width_sweep as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(points=100, steps=200)


def test_the_rank_correlation_is_that_of_scipy():
    """For values in any order."""
    values = TWO.permutations("values", 8).float()
    for found, row in zip(experiment.rank_correlation(values), values, strict=True):
        assert found.item() == pytest.approx(spearmanr(range(8), row).statistic, abs=1e-5)


def test_outcomes_are_what_the_curve_shows():
    """Gain, shortfall and dip are differences between its points, and a dip is at least a shortfall."""
    found = experiment.measure("noisy", TWO, SMALL)
    curve = found["test_accuracy_curve"]
    assert torch.equal(found["gain"], curve[:, -1] - curve[:, 2])
    assert torch.equal(found["shortfall"], curve[:, :-1].amax(1) - curve[:, -1])
    assert (found["dip"] >= found["shortfall"]).all()
    assert torch.equal(found["widest"], curve[:, -1])


def test_three_units_a_point_learn_wrong_labels_by_heart():
    """And random ones leave nothing to be known of new points."""
    found = experiment.measure("random", TWO, SMALL)
    assert (found["train_accuracy"] == 100).all()
    assert torch.allclose(found["test_accuracy_curve"], torch.tensor(10.0), atol=5)

"""The notebook's targets have the condition and the rank that their construction implies."""

import dataclasses

import numpy as np
import torch

from repro.experiments.notebook_target import MINIMAL, built, first_version, later_version, measure
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
SHORT = dataclasses.replace(MINIMAL, steps=20)


def test_condition_number_is_numpys():
    """The condition number is the one that numpy computes, and that the built target was built for."""
    for arm, target, knob in (("first_1e5", first_version, 1e-5), ("built_1e5", built, 1e-5)):
        expected = torch.from_numpy(np.linalg.cond(target(SEEDS, SHORT, knob).numpy())).log10()
        torch.testing.assert_close(measure(arm, SEEDS, SHORT)["log10_condition_number"], expected)
    torch.testing.assert_close(expected, torch.full((5,), 5.0).double())


def test_last_row_is_the_one_the_knob_shrinks():
    """Row scales fall linearly from 1 to the knob, so the last row alone is tiny."""
    largest = later_version(SEEDS, SHORT, 1e-5).amax(-1)  # (seeds, rows)
    assert (largest[:, -1] <= 1e-5).all()
    assert (largest[:, :-1] > 1e-3).all()


def test_share_beyond_rank_is_the_best_fits_loss():
    """No network with six hidden units does better than the share beyond rank six."""
    target = later_version(SEEDS, SHORT, 1e-5)
    left, values, right = torch.linalg.svd(target)
    fit = left[..., :6] * values[:, None, :6] @ right[:, :6]
    unfitted = (target - fit).square().sum((1, 2)) / target.square().sum((1, 2))
    torch.testing.assert_close(
        measure("later_1e5", SEEDS, SHORT)["log10_share_beyond_rank"], unfitted.log10()
    )


def test_targets_of_six_columns_can_be_fitted():
    """A target with as many columns as there are hidden units has nothing beyond the rank."""
    assert measure("first_1e5", SEEDS, SHORT)["log10_share_beyond_rank"].tolist() == [-32.0] * 5

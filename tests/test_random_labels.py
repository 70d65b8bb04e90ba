"""Memorising random labels, at a size where the outcome is certain."""

import torch

from repro.experiments import random_labels as experiment
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3))
SMALL = experiment.Scale(points=120, width=100, steps=300)


def measured(arm, scale=SMALL):
    """Return what an arm gives for three seeds."""
    return experiment.measure(arm, SEEDS, scale)


def test_a_hundred_points_are_learnt_by_heart():
    """A network with a hundred weights per point fits random labels, and does so at an evaluation."""
    found = measured("random_labels")
    assert torch.equal(found["train_accuracy"], torch.full((3,), 100.0))
    assert (found["steps_to_fit"] % experiment.EVERY == 0).all()
    assert (found["steps_to_fit"] <= SMALL.steps).all()
    assert (found["train_accuracy_curve"][:, -1] == found["train_accuracy"]).all()


def test_labels_that_are_not_fitted_take_infinite_steps():
    """A linear classifier cannot fit many random labels, and says so without a number."""
    found = measured("linear_random_labels", experiment.Scale(points=500, steps=40))
    assert (found["train_accuracy"] < 50).all()
    assert found["steps_to_fit"].isinf().all()


def test_first_fit_is_where_the_course_first_reaches_the_share():
    """The steps to fit point at the first evaluation at 99 percent or more."""
    found = measured("right_labels")
    for steps, course in zip(found["steps_to_fit"], found["train_accuracy_curve"], strict=True):
        place = int(steps) // experiment.EVERY - 1
        assert course[place] >= 99
        assert (course[:place] < 99).all()

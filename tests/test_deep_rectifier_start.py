"""First weights of thirty rectified layers, and what of a signal arrives at the top."""

import dataclasses

import torch

from repro.experiments import deep_rectifier_start as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(deep=4, width=8, steps=20)


def test_weights_have_the_deviation_that_the_arm_names():
    """Gain g gives a variance of g over the inputs, and the fixed one a standard deviation of 0.01."""
    shapes = experiment.mlp_shapes(64, 400, 10)
    for gain, deviation in ((2.0, (2 / 64) ** 0.5), (1.0, 1 / 8), (None, 0.01)):
        net = experiment.start(TWO, shapes, gain, lanes=1)
        assert torch.allclose(net.weights["0.weight"].std(), torch.tensor(deviation), rtol=0.02)
        assert not net.weights["0.bias"].any()


def test_lanes_of_a_seed_start_alike():
    """Only the rate differs between the trials of a seed."""
    net = experiment.start(TWO, experiment.mlp_shapes(64, 8, 10), 2.0, lanes=3)
    assert torch.equal(net.flat[0], net.flat[2])
    assert not torch.equal(net.flat[2], net.flat[3])


def test_the_best_rate_is_at_least_as_good_as_any():
    """An arm is judged at the rate that ends highest, and its curve ends there."""
    found = experiment.measure("gain_2", TWO, SMALL)
    assert torch.equal(found["accuracy"], found["accuracy_curve"][:, -1])
    assert (found["accuracy"] > 10).all()


def test_shuffled_labels_keep_their_counts():
    """The same classes occur as often, so that guessing gets as much."""
    order = TWO.permutations("labels", experiment.TRAIN)
    assert (order.sort(1).values == torch.arange(experiment.TRAIN)).all()


def test_depth_is_what_the_arm_says():
    """A shallow net does not know how deep the others are."""
    deeper = dataclasses.replace(SMALL, deep=6)
    shallow = [experiment.measure("shallow_gain_1", TWO, scale)["accuracy"] for scale in (SMALL, deeper)]
    assert torch.equal(*shallow)

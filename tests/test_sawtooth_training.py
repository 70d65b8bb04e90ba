"""The wave as a net, nets with skips, and what is learned within a few steps."""

import pytest
import torch

from repro.experiments import sawtooth_training as experiment
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


@pytest.mark.parametrize("log2_points", [3, 5, 7])
def test_the_construction_is_the_wave(log2_points):
    """Its logits are those of label 0 and 1 by turns, all of the size asked for."""
    x, y = experiment.wave(2, log2_points, has_cosines=False)
    net = initialise(TWO, mlp_shapes(1, *[16] * log2_points, 2), "he")
    experiment.construct(net, log2_points)
    logits = mlp(net.weights, x)
    signs = 2.0 * y - 1
    assert torch.allclose(logits, experiment.STEEP * torch.stack([-signs, signs], 2), atol=0.01)


def test_points_are_standardised_and_labels_alternate():
    """Inputs have mean 0 and variance 1 and lie in order."""
    x, y = experiment.wave(2, 5, has_cosines=False)
    assert x.shape == (2, 32, 1)
    assert x.mean().abs() < 1e-5
    assert (x.std(1) - 1).abs().max() < 1e-5
    assert (x.diff(dim=1) > 0).all()
    assert y[0].tolist() == [0, 1] * 16


def test_the_finest_cosine_is_the_wave_itself():
    """It is 1 on points of label 0 and -1 on the others."""
    x, y = experiment.wave(1, 5, has_cosines=True)
    assert x.shape == (1, 32, 6)
    assert torch.allclose(x[:, :, 5], 1 - 2.0 * y, atol=1e-5)


def test_skips_pass_on_what_enters_them():
    """Where the second layer around which a skip goes is zero, the two layers change nothing."""
    net = initialise(TWO, mlp_shapes(1, 8, 8, 8, 2), "he")
    for name in ("2.weight", "2.bias"):
        net.weights[name].detach().zero_()
    without = {
        name.replace("3.", "1."): net.weights[name] for name in ("0.weight", "0.bias", "3.weight", "3.bias")
    }
    x = TWO.normal("x", 10, 1)
    assert torch.allclose(experiment.with_skips(net.weights, x), mlp(without, x), atol=1e-6)


def test_noise_on_the_construction_is_drawn_for_each_seed_and_shared_by_its_rates():
    """Lanes of a seed start from the same weights, two seeds from different ones near the construction."""
    arm = experiment.ARMS["near_k7"]
    net = experiment.first_weights(TWO, arm, experiment.MINIMAL, 1)
    exact = initialise(TWO, mlp_shapes(1, *[16] * 7, 2), "he", lanes=3)
    experiment.construct(exact, 7)
    assert torch.equal(net.flat[0], net.flat[2])
    assert not torch.equal(net.flat[0], net.flat[3])
    assert ((net.flat - exact.flat).std() - experiment.CLOSE).abs() < 0.001
    x, y = experiment.wave(6, 7, has_cosines=False)
    assert (accuracy(mlp(exact.weights, x), y) == 1).all()


def test_a_coarse_wave_is_learned_and_a_fine_one_with_its_cosines():
    """Within some hundred steps hardly a point is wrong."""
    assert (experiment.measure("shallow_k3", TWO, experiment.Scale(steps=1200))["error"] < 0.05).all()
    assert (experiment.measure("fourier_k7", TWO, experiment.Scale(steps=300))["error"] < 0.05).all()

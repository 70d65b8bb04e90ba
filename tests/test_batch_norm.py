"""The batch-norm experiments, against what can be written down."""

from itertools import pairwise

import pytest
import torch

from repro.experiments import batch_norm, batch_norm_landscape
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.parameters import gradient
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
DEPTH = 3
WIDTHS = (3, *[4] * DEPTH, 2)
X = SEEDS.normal("x", 12, 3)
LABELS = SEEDS.integers("labels", 12, high=2)
QUIET = batch_norm.Noise(torch.ones(5, DEPTH, 4), torch.zeros(5, DEPTH, 4))
NOISE = batch_norm.Noise(
    SEEDS.uniform("stretches", DEPTH, 4, low=1, high=1.25),
    SEEDS.uniform("shifts", DEPTH, 4, low=-0.5, high=0.5),
)


def weights(*, is_normalised, gain=1.0, dtype=torch.float32):
    """Return a small network's weights, with or without norms."""
    shapes = mlp_shapes(*WIDTHS, is_normalised=is_normalised)
    return initialise(SEEDS, shapes, "he", gain=gain, dtype=dtype)


def test_without_noise_nothing_moves():
    """Noise of stretch one and shift zero leaves what leaves the network as it is."""
    for is_normalised in (True, False):
        net = weights(is_normalised=is_normalised).weights
        assert torch.equal(mlp(QUIET.moved(net), X), mlp(net, X))


def test_noise_stretches_and_then_shifts_what_enters_the_first_rectifiers():
    """With or without a norm, what enters is stretched and then shifted."""
    for is_normalised in (True, False):
        net = weights(is_normalised=is_normalised).weights
        calm = batch_norm.entering(net, X, DEPTH)[0]
        found = batch_norm.entering(NOISE.moved(net), X, DEPTH)[0]
        stretches, shifts = NOISE.stretches[:, 0].unsqueeze(1), NOISE.shifts[:, 0].unsqueeze(1)
        torch.testing.assert_close(found, calm * stretches + shifts)


def test_slope_with_noise_is_that_of_the_graph():
    """The gradient by hand, through the noise, is the one of automatic differentiation."""
    for is_normalised in (True, False):
        net = weights(is_normalised=is_normalised, dtype=torch.float64)
        net.flat.mul_(1.1).add_(0.1)
        noise = batch_norm.Noise(*(part.double() for part in NOISE))
        loss = cross_entropy(mlp(noise.moved(net.weights), X.double()), LABELS)
        found = batch_norm.slope(net, noise, X.double(), LABELS)
        torch.testing.assert_close(found, gradient(loss, net), rtol=0, atol=1e-12)


def test_noise_changes_only_when_it_is_drawn():
    """Held noise is the same at all steps, slow noise for as many as it says, and published noise at none."""
    scale = batch_norm.Scale(depth=DEPTH, width=4, steps=40)
    spreads = torch.ones(len(SEEDS) * len(batch_norm.RATES), DEPTH, 4)
    changes = {
        arm: [
            not torch.equal(before.shifts, after.shifts)
            for before, after in pairwise(batch_norm.noises(batch_norm.ARMS[arm], SEEDS, scale, spreads))
        ]
        for arm in ("bn_held", "bn_slow", "bn_noisy")
    }
    assert not any(changes["bn_held"])
    assert [step for step, changed in enumerate(changes["bn_slow"], 1) if changed] == [30]
    assert all(changes["bn_noisy"])


def test_standardised_units_have_mean_zero_and_spread_one():
    """Once standardised, what enters each rectifier of a plain net has mean 0 and standard deviation 1."""
    for module in (batch_norm, batch_norm_landscape):
        net = weights(is_normalised=False, dtype=torch.float64)
        with torch.no_grad():
            module.standardise(net, X.double(), DEPTH)
        for entered in batch_norm.entering(net.weights, X.double(), DEPTH):
            torch.testing.assert_close(entered.mean(1), torch.zeros_like(entered[:, 0]))
            is_alive = entered.std(1) > 0  # behind units that are all dead nothing varies
            torch.testing.assert_close(entered.std(1)[is_alive], torch.ones_like(entered.std(1)[is_alive]))


def test_a_norm_is_blind_to_the_scale_of_its_weights():
    """With batch norm, initial weights of any size give nearly the same inputs of the watched layer."""
    small, large = (weights(is_normalised=True, gain=gain, dtype=torch.float64) for gain in (0.5, 5.0))
    first, second = (batch_norm.entering(net.weights, X.double(), DEPTH)[1] for net in (small, large))
    assert (first - second).abs().median() < 1e-2


def test_a_move_is_counted_in_standard_deviations():
    """A mean that goes from 1 to 4 where the spread is 2 has moved by one and a half."""
    before = batch_norm.Means(torch.tensor([[1.0]]), torch.tensor([[2.0]]))
    after = batch_norm.Means(torch.tensor([[4.0]]), torch.tensor([[9.0]]))
    assert batch_norm.move(before, after).item() == pytest.approx(1.5)


def landscape(net, x=X):
    """Return the landscape of a small network, with its shapes."""
    shapes = {name: weight.shape[1:] for name, weight in net.weights.items()}
    return batch_norm_landscape.Landscape(x, LABELS, shapes, DEPTH)


def test_the_landscape_is_the_loss_of_the_lab_network():
    """With and without norms the landscape has the loss and the gradient of the network that is trained."""
    for is_normalised in (True, False):
        net = weights(is_normalised=is_normalised, dtype=torch.float64)
        loss = cross_entropy(mlp(net.weights, X.double()), LABELS)
        land = landscape(net, X.double())
        torch.testing.assert_close(land.loss(net.flat), loss)
        torch.testing.assert_close(land.slope(net.flat), gradient(loss, net))


def test_held_statistics_are_those_of_the_points_at_the_start():
    """Held statistics give the same loss where they were taken, and another elsewhere."""
    net = weights(is_normalised=True)
    land = landscape(net, SEEDS.normal("many x", 12, 3))
    held = land.holding(net.flat)
    assert (land.loss(net.flat) - held.loss(net.flat)).abs().max() < 0.1  # variances divide by one point less
    scaled = net.flat * 3
    assert (land.loss(scaled) - held.loss(scaled)).abs().min() > 0.1


def test_cosines_of_a_step_of_nothing_are_one():
    """With a step of length zero gradients agree and the loss does not move."""
    net = weights(is_normalised=False)
    land = landscape(net)
    found = batch_norm_landscape.probe(land, net.flat, land.slope(net.flat), torch.zeros(5))
    torch.testing.assert_close(torch.stack([found.layer_cosine, found.step_cosine], 1), torch.ones(5, 2))
    torch.testing.assert_close(found.loss_range, torch.zeros(5))

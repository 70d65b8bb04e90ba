"""Moons and their turn, the reversed gradient, and what the adversary changes."""

import cmath
import math

import torch

from repro.experiments import domain_adversarial as experiment
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.parameters import gradient, unflatten
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


def test_moons_lie_on_two_half_circles():
    """Points lie about the distance of one from the middle of their circle, and have the shares asked for."""
    x, y = experiment.moons(TWO, "source", 1000, share=0.3, turn=0)
    assert y.float().mean(1).tolist() == torch.full((2,), 0.3).tolist()
    middle = torch.where(y.unsqueeze(2) == 1, torch.tensor([0.5, 0.25]), torch.tensor([-0.5, -0.25]))
    offset = x - middle
    assert ((offset.norm(dim=2) - 1).abs() < 5 * experiment.NOISE).all()
    outward = torch.where(y == 1, -offset[:, :, 1], offset[:, :, 1])  # moon 0 opens downwards
    assert (outward > -5 * experiment.NOISE).all()


def test_a_turn_keeps_distances_and_turns_against_the_clock():
    """Points turned by 35 degrees are those not turned, each at an angle that is 35 degrees larger."""
    flat, _ = experiment.moons(TWO, "target", 100, share=0.5, turn=0)
    turned, _ = experiment.moons(TWO, "target", 100, share=0.5, turn=35)
    before, after = torch.view_as_complex(flat), torch.view_as_complex(turned)
    assert torch.allclose(after, before * cmath.exp(1j * math.radians(35)), atol=1e-5)


def slopes(weight):
    """Return the gradient of the domains' loss with an adversary of such a weight, by name."""
    x, y = experiment.moons(TWO, "source", 50, share=0.5, turn=0)
    net = initialise(TWO, experiment.SHAPES, "pytorch_default", dtype=torch.float64)
    classes, domains = experiment.outputs(net, x, weight)
    loss = cross_entropy(domains, y) + 0 * cross_entropy(classes, y)
    return unflatten(gradient(loss, net), experiment.SHAPES)


def test_the_adversarys_gradient_reaches_the_features_reversed():
    """Weighted 0.5 it is minus half of what descent would follow, and the adversary's own is as it was."""
    descent, reversed_half = slopes(-1.0), slopes(0.5)
    for name in ("features.weight", "features.bias"):
        assert torch.allclose(reversed_half[name], -0.5 * descent[name], atol=1e-6)
    for name in ("hidden.weight", "domains.bias"):
        assert torch.allclose(reversed_half[name], descent[name], atol=1e-6)
    assert slopes(0.0)["features.weight"].abs().max() == 0


def test_the_weight_of_the_adversary_rises_from_nothing_to_one():
    """It is 0 at the start, nearly 1 at the end, and grows all the time."""
    course = [experiment.schedule(part / 10) for part in range(11)]
    assert course[0] == 0
    assert 0.999 < course[-1] < 1
    assert course == sorted(course)

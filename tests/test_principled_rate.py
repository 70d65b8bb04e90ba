"""Computed and tried learning rates, against the whole Hessian and a plain loop."""

import dataclasses

import torch

from repro.experiments import principled_rate as experiment
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp_shapes
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=100, batch=20, steps=30)


def test_the_rate_is_one_over_the_largest_eigenvalue():
    """For a net of one layer it is that of the Hessian that automatic differentiation forms in full."""
    shapes = mlp_shapes(3, 4)
    net = initialise(TWO, shapes, "he")
    x, y = TWO.normal("x", 12, 3), TWO.integers("y", 12, high=4)
    found = experiment.one_over_curvature(net, x, y, TWO.normal("start", net.flat.shape[1]))

    def loss(flat):
        weight, bias = flat[:12].view(4, 3), flat[12:]
        return torch.nn.functional.cross_entropy(x[0] @ weight.T + bias, y[0])

    hessian = torch.autograd.functional.hessian(loss, net.flat[0])
    assert torch.allclose(1 / found[0], torch.linalg.eigvalsh(hessian)[-1], rtol=1e-3)


def test_a_trial_takes_the_rate_that_ended_lowest():
    """On the other draw no rate of the trial ends below the one that it returns."""
    rates = experiment.found_by_trial(TWO, SMALL, draw=1)
    others = Seeds((5 ^ 1, 6 ^ 1))
    for rate in experiment.RATES:
        tried = experiment.train(others, SMALL, torch.full((2,), rate)).loss
        chosen = experiment.train(others, SMALL, rates).loss
        assert not (tried < chosen - 1e-6).any()


def test_what_is_computed_anew_starts_as_what_is_computed_once():
    """Until it is computed again the rate is that of the start."""
    once = experiment.computed(TWO, SMALL)
    anew = experiment.computed_anew(TWO, dataclasses.replace(SMALL, steps=30))
    assert torch.equal(once.rate, anew.rate)
    assert torch.equal(once.loss, anew.loss)

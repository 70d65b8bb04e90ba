"""The kernel and the training of `kernel_drift`, against automatic differentiation."""

import pytest
import torch

from repro.experiments import kernel_drift
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
WIDTH = 7


def drawn(purpose, *shape):
    """Return normal draws in double precision."""
    return SEEDS.normal(purpose, *shape, dtype=torch.float64)


def derivatives(arm, net, x):
    """Return the outputs' derivatives by all weights, (seeds, points, weights)."""
    found = torch.func.vmap(torch.func.jacrev(lambda n, at: kernel_drift.forward(arm, n[None], at[None])[1]))
    return found(net, x).reshape(len(SEEDS), x.shape[1], -1)


@pytest.mark.parametrize("name", kernel_drift.ARMS)
def test_kernel_is_the_product_of_derivatives(name):
    """The written-out tangent kernel is that of automatic differentiation, in every arm."""
    arm, net = kernel_drift.ARMS[name], drawn("net", WIDTH, 4)
    x, z = drawn("x", 6, 3), drawn("z", 5, 3)
    wanted = derivatives(arm, net, x) @ derivatives(arm, net, z).mT
    assert torch.allclose(kernel_drift.tangent_kernel(arm, net, x, z), wanted, atol=1e-12)


@pytest.mark.parametrize("name", kernel_drift.ARMS)
def test_a_step_follows_the_gradient(name, monkeypatch):
    """One step moves the weights by the rate times the gradient of half the summed squares."""
    monkeypatch.setattr(kernel_drift, "STEPS", 1)
    monkeypatch.setattr(torch.Tensor, "masked_fill_", lambda tensor, *_: tensor)  # keep what is not fitted
    arm, net, x, y = kernel_drift.ARMS[name], drawn("net", WIDTH, 4), drawn("x", 6, 3), drawn("y", 6, 1)
    error = kernel_drift.forward(arm, net, x)[1] - y
    wanted = net - 0.1 * (error.mT @ derivatives(arm, net, x)).view(net.shape)
    kernel_drift.train(arm, net, x, y, torch.full((len(SEEDS), 1, 1), 0.1, dtype=x.dtype))
    assert torch.allclose(net, wanted, atol=1e-12)


def test_every_network_stops_at_the_same_error():
    """Each seed takes its own whole number of steps and ends just below the error asked for."""
    arm, net = kernel_drift.ARMS["tanh"], drawn("net", 50, 4)
    x, y = drawn("x", 4, 3), drawn("y", 4, 1)
    taken = kernel_drift.train(arm, net, x, y, torch.full((len(SEEDS), 1, 1), 0.05, dtype=x.dtype))
    error = (kernel_drift.forward(arm, net, x)[1] - y).square().mean((1, 2))
    assert len(set(taken.flatten().tolist())) == len(SEEDS)
    assert (error <= kernel_drift.MEAN_SQUARE).all()
    assert (error > 0.8 * kernel_drift.MEAN_SQUARE).all()
    assert torch.equal(taken, taken.round())


def test_a_network_that_does_not_fit_is_no_number(monkeypatch):
    """Too few steps leave NaN in the weights and in the number of steps."""
    monkeypatch.setattr(kernel_drift, "STEPS", 2)
    net, x, y = drawn("net", WIDTH, 4), drawn("x", 6, 3), drawn("y", 6, 1)
    taken = kernel_drift.train(
        kernel_drift.ARMS["relu"], net, x, y, torch.full((5, 1, 1), 1e-3, dtype=x.dtype)
    )
    assert taken.isnan().all()
    assert net.isnan().all()


def test_a_nearly_frozen_network_is_regression():
    """At great width the trained network's fresh outputs are those of regression with its first kernel."""
    x, fresh, y = drawn("x", 6, 3), drawn("fresh", 6, 3), drawn("y", 6, 1)
    gaps = [
        kernel_drift.drift(kernel_drift.ARMS["tanh"], drawn("net", width, 4), x, y, fresh).regression.mean()
        for width in (50, 1_500)
    ]
    assert gaps[1] < gaps[0] / 3

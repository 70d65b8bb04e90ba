"""Losses with and without a floor, and their descent, against a plain loop over points."""

import torch

from repro.experiments import stall_floor as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(points=30, steps=20)


def target():
    """Return a target for each seed."""
    return TWO.normal("target", 10, 6, dtype=torch.float64)


def test_a_noisy_loss_is_that_of_its_points():
    """Half the mean squared error over the points equals the loss by moments, floor included."""
    loss = experiment.noisy(TWO, target(), SMALL)
    x = TWO.normal("inputs", 30, 6, dtype=torch.float64)
    y = x @ target().mT + experiment.NOISE * TWO.normal("noise", 30, 10, dtype=torch.float64)
    matrix = TWO.normal("matrix", 10, 6, dtype=torch.float64)
    direct = (x @ matrix.mT - y).square().sum(2).mean(1) / 2
    assert torch.allclose(experiment.value(matrix, loss), direct)


def test_only_noise_makes_a_floor():
    """At the target the expected loss and that of exact labels are zero, and that of noisy labels is not."""
    for of in (experiment.expected, experiment.sampled):
        assert experiment.value(target(), of(TWO, target(), SMALL)).abs().max() < 1e-20
    assert experiment.noisy(TWO, target(), SMALL).floor.min() > 0


def test_descent_follows_the_gradient():
    """Layers after some steps are those of automatic differentiation, one step at a time."""
    loss = experiment.sampled(TWO, target(), SMALL)
    first, second = (TWO.normal(name, n, 6, dtype=torch.float64) for name, n in (("a", 6), ("b", 10)))
    plain = [first.clone().requires_grad_(), second.clone().requires_grad_()]
    for _ in range(experiment.EACH):
        slopes = torch.autograd.grad(experiment.value(plain[1] @ plain[0], loss).sum(), plain)
        plain = [(w - 0.01 * slope).detach().requires_grad_() for w, slope in zip(plain, slopes, strict=True)]
    rate = torch.full((2,), 0.01, dtype=torch.float64)
    losses = experiment.descend(first, second, loss, rate, experiment.EACH)
    assert torch.allclose(first, plain[0])
    assert torch.allclose(losses[:, -1], experiment.value(plain[1] @ plain[0], loss))


def test_what_falls_further_is_the_run_that_was_chosen():
    """The rest of the run goes on from the end of the first part, so no loss jumps between the two."""
    found = experiment.measure("expected_kappa_18", TWO, experiment.Scale(steps=200))
    assert (found["further_fall"] >= 0).all()
    assert (found["log10_loss_curve"].diff(dim=1) < 0.01).all()

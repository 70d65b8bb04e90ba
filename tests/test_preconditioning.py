"""Descent followed by eigenvalues is the descent that it stands for, and what never fits counts as slow."""

from dataclasses import replace

import torch

from repro.experiments.preconditioning import FITTED, MINIMAL, POINTS, UNKNOWNS, linear, net_newton
from repro.lab.seeds import Seeds


def test_descent_is_followed_as_a_plain_loop_takes_it():
    """Steps and error of the closed form are those of descent on least squares, step by step."""
    seeds = Seeds((3,))
    found = linear(seeds, MINIMAL, along=slice(0, 20), undone="inputs")
    variances = 1 / torch.arange(1, UNKNOWNS + 1, dtype=torch.float64)
    x = seeds.normal("inputs", POINTS, UNKNOWNS, dtype=torch.float64)[0] * variances.sqrt()
    target = torch.zeros(UNKNOWNS, dtype=torch.float64)
    drawn = seeds.normal("target", UNKNOWNS, dtype=torch.float64)[0] / variances.sqrt()
    target[:20] = drawn[:20]
    values = torch.linalg.eigvalsh((x / variances) @ x.T)
    rate, weights, steps = 2 / (values[-1] + values[0]), torch.zeros_like(target), 0
    start = (x @ target).square().sum()
    while (x @ (target - weights)).square().sum() > FITTED * start:
        weights += rate * (x.T @ (x @ (target - weights))) / variances
        steps += 1
    error = ((weights - target).square() * variances).sum() / (target.square() * variances).sum()
    assert abs(found.steps.item() - steps) <= 1
    assert torch.isclose(found.error[0], error, rtol=1e-4)


def test_a_net_that_never_fits_counts_as_slow_as_momentum_may_be():
    """And not as one that its own optimiser fits with its last step."""
    scale = replace(MINIMAL, momentum_steps=77, newton_steps=2)
    assert net_newton(Seeds((1, 2)), scale, is_exchanged=True).steps.tolist() == [77, 77]


def test_gauss_newton_steps_fit_a_net():
    """Within the thirty that they may take."""
    found = net_newton(Seeds((1, 2)), MINIMAL)
    assert (found.steps < MINIMAL.newton_steps).all()

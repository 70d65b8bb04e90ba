"""The optimisers of the linear network, against autograd, a least-squares solver and torch's own Adam."""

import dataclasses
from functools import partial

import pytest
import torch

from repro.experiments.two_layer_linear import (
    ADAM_RATES,
    COEFFICIENTS,
    GD_RATES,
    MINIMAL,
    MOMENTUM_RATES,
    adam,
    gauss_newton,
    gradient_descent,
    log10_condition,
    measure,
    momentum,
)
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
SHORT = dataclasses.replace(MINIMAL, first_order_steps=30, gauss_newton_time=1.0)


def problem():
    """Return a target and initial weights for each seed."""
    sizes = {"A": (10, 6), "W1": (10, 6), "W2": (6, 6)}
    return [SEEDS.normal(name, *shape, dtype=torch.float64) for name, shape in sizes.items()]


def plain_run(optimiser, rate, *, falls):
    """Return the losses of one seed under torch's own optimiser, at every step."""
    target, first, second = (tensor[0].clone() for tensor in problem())
    weights = [first.requires_grad_(), second.requires_grad_()]
    stepper = optimiser(weights, lr=rate)
    losses = []
    for step in range(SHORT.first_order_steps + 1):
        loss = (first @ second - target).square().sum()
        losses.append(loss.item())
        stepper.param_groups[0]["lr"] = rate * (1 - step / SHORT.first_order_steps if falls else 1)
        weights[0].grad, weights[1].grad = torch.autograd.grad(loss, weights)
        stepper.step()
    return torch.tensor(losses, dtype=torch.float64)


def best_plain_run(optimiser, rates):
    """Return the losses that end lowest over all rates, constant and falling."""
    runs = [plain_run(optimiser, rate, falls=falls) for falls in (False, True) for rate in rates.tolist()]
    return min(runs, key=lambda losses: losses[-1].nan_to_num(torch.inf).item())


def test_gradient_descent_is_torchs():
    """All rates in one batch end like the best of as many runs of torch.optim.SGD."""
    losses, *_ = gradient_descent(*problem(), SHORT)
    torch.testing.assert_close(losses[0], best_plain_run(torch.optim.SGD, GD_RATES.double()))


def test_adam_is_torchs():
    """All rates in one batch end like the best of as many runs of torch.optim.Adam."""
    losses, *_ = adam(*problem(), SHORT)
    torch.testing.assert_close(losses[0], best_plain_run(torch.optim.Adam, ADAM_RATES.double()))


def test_momentum_is_torchs():
    """All rates and coefficients in one batch end like the best of as many runs of torch.optim.SGD."""
    losses, *_ = momentum(*problem(), SHORT)
    runs = [
        best_plain_run(partial(torch.optim.SGD, momentum=coefficient), MOMENTUM_RATES.double())
        for coefficient in COEFFICIENTS.double().tolist()
    ]
    torch.testing.assert_close(losses[0], min(runs, key=lambda run: run[-1].nan_to_num(torch.inf).item()))


def jacobian(first, second):
    """Return the derivatives of the entries of the product by those of the two factors, row by row."""
    row, column = torch.eye(len(first), dtype=first.dtype), torch.eye(second.shape[1], dtype=first.dtype)
    return torch.cat([torch.kron(row, second.mT.contiguous()), torch.kron(first, column)], 1)


def test_gauss_newton_step_is_the_least_squares_step():
    """One step is that of a minimum-norm least-squares solver on the Kronecker form of the problem."""
    target, first, second = problem()
    one_step = dataclasses.replace(SHORT, gauss_newton_time=0.2)
    run = gauss_newton(target, first, second, one_step, size=0.2)
    residual = (first[0] @ second[0] - target[0]).flatten()
    matrix = jacobian(first[0], second[0])
    step = torch.linalg.lstsq(matrix, residual[:, None], driver="gelsd").solution[:, 0]
    torch.testing.assert_close(run.W1[0], first[0] - 0.2 * step[:60].reshape(10, 6))
    torch.testing.assert_close(run.W2[0], second[0] - 0.2 * step[60:].reshape(6, 6))


@pytest.mark.parametrize("rows", [3, 5])
def test_condition_number_is_that_of_the_jacobian(rows):
    """Two spectra give the condition number of the whole Jacobian, be the product square or tall."""
    first = SEEDS.normal("first", rows, 3, dtype=torch.float64)
    second = SEEDS.normal("second", 3, 3, dtype=torch.float64)
    expected = [torch.linalg.cond(jacobian(*pair)) for pair in zip(first, second, strict=True)]
    torch.testing.assert_close(log10_condition(first, second), torch.stack(expected).log10())


def test_jacobian_is_autograds():
    """The Kronecker form that the tests hold the script to is what automatic differentiation gives."""
    _, first, second = (tensor[0] for tensor in problem())
    parts = torch.autograd.functional.jacobian(torch.matmul, (first, second))
    torch.testing.assert_close(
        torch.cat([part.reshape(60, -1) for part in parts], 1), jacobian(first, second)
    )


def test_gauss_newton_leaves_the_law_and_a_second_order_term():
    """A step leaves 1 - eta of the residual but for a term in eta squared, so small steps follow the law."""
    target, first, second = problem()
    tiny = dataclasses.replace(SHORT, gauss_newton_time=1e-4)
    losses, *_ = gauss_newton(target, first, second, tiny, size=1e-4)
    rate = (losses[:, 1] / losses[:, 0]).log() / 1e-4
    torch.testing.assert_close(rate, torch.full_like(rate, -2.0), rtol=1e-2, atol=0)


def test_a_rate_that_diverges_is_not_kept():
    """Of rates some of which diverge the run that ends lowest is kept, and it is finite."""
    longer = dataclasses.replace(SHORT, first_order_steps=300)
    target, first, second = problem()
    losses, *ends = gradient_descent(target, first, second, longer)
    assert losses.isfinite().all()
    assert (losses[:, -1] < losses[:, 0]).all()
    error = torch.matmul(*ends) - target
    torch.testing.assert_close(error.square().sum((1, 2)), losses[:, -1])


def test_steady_convergence_has_half_its_fall_late():
    """Gauss-Newton's pace is that of the law and its second half brings half of the fall."""
    values = measure("fifth_kappa_1", SEEDS, MINIMAL)
    torch.testing.assert_close(
        values["late_decades_per_step"], torch.full((5,), -0.19382).double(), rtol=1e-3, atol=0
    )
    torch.testing.assert_close(values["late_share"], torch.full((5,), 0.5).double(), rtol=0.03, atol=0)


def test_target_has_no_part_in_the_condition_at_the_start():
    """Before the first step the Jacobian is that of the random weights, in every arm the same."""
    starts = [
        measure(arm, SEEDS, MINIMAL)["log10_condition_at_start"]
        for arm in ("fifth_kappa_1", "fifth_kappa_1e5")
    ]
    torch.testing.assert_close(*starts, rtol=0, atol=0)

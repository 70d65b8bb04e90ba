"""The optimisers of the linear network, against autograd, a least-squares solver and torch's own Adam."""

import dataclasses

import torch

from repro.experiments.two_layer_linear import (
    ADAM_RATES,
    GD_RATES,
    MINIMAL,
    adam,
    gauss_newton,
    gradient_descent,
    measure,
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
    losses, _ = gradient_descent(*problem(), SHORT)
    torch.testing.assert_close(losses[0], best_plain_run(torch.optim.SGD, GD_RATES.double()))


def test_adam_is_torchs():
    """All rates in one batch end like the best of as many runs of torch.optim.Adam."""
    losses, _ = adam(*problem(), SHORT)
    torch.testing.assert_close(losses[0], best_plain_run(torch.optim.Adam, ADAM_RATES.double()))


def test_gauss_newton_step_is_the_least_squares_step():
    """One step is that of a minimum-norm least-squares solver on the Kronecker form of the problem."""
    target, first, second = problem()
    one_step = dataclasses.replace(SHORT, gauss_newton_time=0.2)
    _, error = gauss_newton(target, first, second, one_step, size=0.2)
    row, column = torch.eye(10, dtype=target.dtype), torch.eye(6, dtype=target.dtype)
    jacobian = torch.cat([torch.kron(row, second[0].mT.contiguous()), torch.kron(first[0], column)], 1)
    residual = (first[0] @ second[0] - target[0]).flatten()
    step = torch.linalg.lstsq(jacobian, residual[:, None], driver="gelsd").solution[:, 0]
    moved = [first[0] - 0.2 * step[:60].reshape(10, 6), second[0] - 0.2 * step[60:].reshape(6, 6)]
    torch.testing.assert_close(error[0], moved[0] @ moved[1] - target[0])


def test_gauss_newton_leaves_the_law_and_a_second_order_term():
    """A step leaves 1 - eta of the residual but for a term in eta squared, so small steps follow the law."""
    target, first, second = problem()
    tiny = dataclasses.replace(SHORT, gauss_newton_time=1e-4)
    losses, _ = gauss_newton(target, first, second, tiny, size=1e-4)
    rate = (losses[:, 1] / losses[:, 0]).log() / 1e-4
    torch.testing.assert_close(rate, torch.full_like(rate, -2.0), rtol=1e-2, atol=0)


def test_a_rate_that_diverges_is_not_kept():
    """Of rates some of which diverge the run that ends lowest is kept, and it is finite."""
    longer = dataclasses.replace(SHORT, first_order_steps=300)
    losses, error = gradient_descent(*problem(), longer)
    assert losses.isfinite().all()
    assert (losses[:, -1] < losses[:, 0]).all()
    torch.testing.assert_close(error.square().sum((1, 2)), losses[:, -1])


def test_steady_convergence_has_half_its_fall_late():
    """Gauss-Newton's pace is that of the law and its second half brings half of the fall."""
    values = measure("fifth_kappa_1", SEEDS, MINIMAL)
    torch.testing.assert_close(
        values["late_decades_per_step"], torch.full((5,), -0.19382).double(), rtol=1e-3, atol=0
    )
    torch.testing.assert_close(values["late_share"], torch.full((5,), 0.5).double(), rtol=0.03, atol=0)

"""Steps by hand are those that automatic derivatives give, and what a pass runs is what is counted."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from repro.experiments.curvature_cost import (
    ARMS,
    INPUTS,
    MINIMAL,
    UNITS,
    WEIGHTS,
    Linearised,
    Points,
    by_full_matrix,
    by_products,
    forward,
    jacobian,
    linearise,
    mean_squared,
    problem,
    shapes,
    transposed,
    whitened,
)
from repro.lab.initialise import initialise
from repro.lab.seeds import Seeds

SEEDS = Seeds((3, 4))
UNITS_HERE = 4


def drawn() -> tuple[torch.Tensor, Points, Linearised]:
    """Return the weights of two small nets, their points, and the nets there."""
    points = Points(*(part.double() for part in problem(SEEDS, MINIMAL, UNITS_HERE, is_prepared=True)))
    flat = initialise(SEEDS, shapes(UNITS_HERE), "lecun", dtype=torch.float64).flat
    return flat, points, linearise(flat, points)


def test_the_gradient_is_that_of_half_the_mean_square():
    """As automatic derivatives give it."""
    flat, points, at = drawn()
    leaf = flat.clone().requires_grad_()
    (expected,) = torch.autograd.grad(mean_squared(leaf, points).sum() / 2, leaf)
    assert torch.allclose(transposed(at, at.residual), expected)


def test_products_are_those_with_the_assembled_jacobian():
    """Forwards and backwards."""
    flat, _, at = drawn()
    every, vector = jacobian(at), torch.randn_like(flat)
    assert torch.allclose(forward(at, vector).squeeze(2), (every @ vector.unsqueeze(2)).squeeze(2))
    backwards = (every.mT @ at.residual).squeeze(2) / every.shape[1]
    assert torch.allclose(transposed(at, at.residual), backwards)


def test_a_full_step_solves_for_the_damped_matrix_and_products_find_the_same():
    """With damping that leaves conjugate gradients little to do."""
    _, _, at = drawn()
    gradient, damping = transposed(at, at.residual), torch.tensor([0.5, 2.0], dtype=torch.float64)
    every = jacobian(at)
    matrix = every.mT @ every / every.shape[1] + damping[:, None, None] * torch.eye(every.shape[2])
    step = by_full_matrix(at, gradient, damping)
    assert torch.allclose((matrix @ step.unsqueeze(2)).squeeze(2), -gradient)
    assert torch.allclose(by_products(at, gradient, damping), step, atol=1e-6)


def test_every_pass_runs_the_products_of_the_first():
    """So that the first may stand for all, whatever a step knows of the curvature."""
    for arm in ARMS.values():
        method = arm.methods[0]
        points = problem(SEEDS, MINIMAL, UNITS_HERE, is_prepared=method.is_prepared)
        points = Points(*(part.repeat_interleave(method.lanes, 0) for part in points))
        first = initialise(SEEDS, shapes(UNITS_HERE), "lecun", lanes=method.lanes).flat
        after, counts = method.steps(first, points, SEEDS), []
        for _ in range(4):
            with FlopCounterMode(display=False) as counter:
                next(after)
            counts.append(counter.get_total_flops())
        assert counts[0] > 0
        assert len(set(counts)) == 1


def test_prepared_inputs_have_no_scales_left():
    """Their means are zero and their covariance is the identity."""
    x = whitened(problem(SEEDS, MINIMAL, UNITS_HERE, is_prepared=False).x[:, :, :INPUTS])
    assert torch.allclose(x.mT @ x / x.shape[1], torch.eye(INPUTS), atol=1e-3)
    assert torch.allclose(x.mean(1), torch.zeros(1), atol=1e-4)


def test_nets_have_the_weights_that_the_axis_names():
    """At every size."""
    counts = [initialise(SEEDS, shapes(units), "lecun").flat.shape[1] for units in UNITS]
    assert tuple(counts) == WEIGHTS

"""Estimated curvature and descent at a computed rate, against eigenvalues and a plain loop."""

import torch

from repro.experiments import step_limit as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=20, width=4, steps=30)


def test_the_estimate_is_nearly_the_largest_eigenvalue():
    """On the quadratic, whose largest is 1, twenty gradients come within a tenth of it from below."""
    problem = experiment.quadratic(TWO)
    found = experiment.largest_curvature(problem.slopes, problem.start, TWO)
    assert ((found > 0.9) & (found < 1 + 1e-6)).all()


def test_the_estimate_on_a_net_is_that_of_its_hessian():
    """It agrees with the Hessian that automatic differentiation forms in full."""
    problem = experiment.net(TWO, SMALL)
    found = experiment.largest_curvature(problem.slopes, problem.start, TWO)
    rows = []
    for k in range(problem.start.shape[1]):
        there, back = problem.start.clone(), problem.start.clone()
        there[:, k] += 0.01
        back[:, k] -= 0.01
        rows.append((problem.slopes(there).gradient - problem.slopes(back).gradient) / 0.02)
    largest = torch.linalg.eigvalsh(torch.stack(rows, 1).double()).abs().amax(1)
    assert torch.allclose(found.double(), largest, rtol=0.1)


def test_descent_is_the_plain_loop():
    """Losses of a quadratic are those of w - rate H w, one seed at a time."""
    problem = experiment.quadratic(TWO)
    start = problem.start.clone()
    losses = experiment.descend(problem, torch.tensor([0.5, 1.5], dtype=torch.float64), 3)
    for seed, rate in enumerate((0.5, 1.5)):
        w = start[seed : seed + 1].expand(2, -1)
        for step in range(4):
            slope = problem.slopes(w)
            assert torch.allclose(losses[seed, step], slope.loss[seed])
            w = w - rate * slope.gradient[seed]


def test_following_takes_as_many_steps_as_one_rate():
    """A run whose rate is computed anew has one loss for each step, and the loss before the first."""
    assert experiment.net_computed_anew(TWO, experiment.Scale(train=20, width=4, steps=50)).shape == (2, 51)


def test_a_diverged_run_counts_as_ten_decades():
    """No outcome is left empty by a rate that is far too large."""
    change = experiment.measure("estimated_2_3", TWO, SMALL)["log10_loss_change"]
    assert torch.equal(change, torch.full((2,), 10.0, dtype=torch.float64))

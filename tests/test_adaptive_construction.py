"""Wilson's construction: the short form against the whole problem and PyTorch's rules, and both limits."""

import pytest
import torch

from repro.experiments import adaptive_construction as experiment
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
RULES = {
    "adam": lambda w: torch.optim.Adam([w], lr=0.01),
    "adagrad": lambda w: torch.optim.Adagrad([w], lr=0.01, eps=1e-8),
    "rmsprop": lambda w: torch.optim.RMSprop([w], lr=0.01),
}


def whole_problem(y):
    """Return the inputs of the construction in full, shape (n, 3 + 5 n), for labels of shape (n,)."""
    n = len(y)
    inputs = torch.zeros(n, 3 + 5 * n, dtype=torch.float64)
    inputs[:, 0], inputs[:, 1:3] = y, 1
    for i, label in enumerate(y.tolist()):
        inputs[i, 3 + 5 * i : 3 + 5 * i + (1 if label > 0 else 5)] = 1
    return inputs


@pytest.mark.parametrize("name", RULES)
def test_short_form_takes_the_steps_of_the_whole_problem(name):
    """One weight for a point's own features loses nothing, and each rule is that of PyTorch."""
    y = experiment.labels(SEEDS, "trained", 12)[0]
    inputs = whole_problem(y)
    full = torch.zeros(inputs.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = RULES[name](full)
    short = torch.zeros(14, dtype=torch.float64)
    memory = (torch.zeros_like(short), torch.zeros_like(short))
    for step in range(1, 31):
        optimiser.zero_grad()
        ((inputs @ full - y).square().mean() / 2).backward()
        optimiser.step()
        direction, memory = experiment.ARMS[name].rule(experiment.gradient_of(short, y), memory, step)
        short = short - 0.01 * direction
    weights = full.detach()
    assert torch.allclose(short[:2], weights[:2], atol=1e-6)
    assert torch.allclose(short[2:], weights[3::5], atol=1e-6)


def test_gradient_descent_ends_at_the_least_norm():
    """From zero it finds the solution of least norm, which is X'(XX')^-1 y."""
    y = experiment.labels(SEEDS, "trained", 12)[0]
    inputs = whole_problem(y)
    least = inputs.mT @ torch.linalg.solve(inputs @ inputs.mT, y)
    short = torch.zeros(14, dtype=torch.float64)
    for _ in range(4000):
        short = short - 0.25 * experiment.gradient_of(short, y)
    assert torch.allclose(short[:2], least[:2], atol=1e-8)


def test_adaptive_rules_end_along_the_signs():
    """AdaGrad ends along sign(X'y), where it takes every new point for +1."""
    scale = experiment.Scale(trained=100, tested=400, steps=2000)
    values = experiment.measure("adagrad", SEEDS, scale)
    negative = 100 * (experiment.labels(SEEDS, "tested", 400) < 0).double().mean(-1)
    assert torch.allclose(values["test_error"], negative)


def test_a_label_that_ties_counts_as_wrong():
    """Zero weights classify nothing."""
    y = experiment.labels(SEEDS, "tested", 40)
    assert torch.equal(
        experiment.percent_wrong(torch.zeros(1, 5, 2, dtype=torch.float64), y), 100 * torch.ones(1, 5)
    )

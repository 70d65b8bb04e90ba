"""Can an adaptive step fit the same data as gradient descent and classify nearly half of new points wrongly?

Hypothesis: dividing each coordinate's step by the size of its own gradient takes away what tells a feature
that every point shares from one that a single point has. Gradient descent follows shared features in
proportion; adaptive steps move along sign(X'y), where a constant feature weighs as much as the label itself.

Method: the construction of Wilson et al. (2017). A label y is +1 with probability 0.6. A point has features
(y, 1, 1), then features that no other point has: one where y = 1, five where y = -1, all 1. A linear model is
fitted by least squares from zero, in full batch. A point's own features keep equal weights, so one number
stands for them, and a new point finds weight zero on its own: its score is w_1 y + 2 w_2.

Arms: update rules, all with rates that fall linearly to zero, so that each can fit. Every adaptive rule takes
the best of three rates, chosen on the new points themselves. A large epsilon turns Adam into momentum.

Outcomes: errors on new points, and the largest residual left on the training points.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

POSITIVE = 0.6  # probability of the label +1
ROUNDING = 1e-16  # residual that stands for none
PREFERENCE = 1e-3  # percent of error that a decade of residual counts for, where errors are equal
Memory = tuple[Tensor, Tensor]  # running mean of gradients, running mean (or sum) of their squares


@dataclass(frozen=True)
class Scale:
    """Points to fit, new points to classify, steps."""

    trained: int = 200
    tested: int = 1000
    steps: int = 2000


MINIMAL = Scale()
LARGE = Scale(trained=5000, tested=20000, steps=30000)
TRIAL = {"trained": 40, "tested": 200, "steps": 100}
OUTCOMES = {
    "test_error": Outcome(
        "error on new points", unit="percent of new points", better="lower", resolution=0.1
    ),
    "log10_residual": Outcome(
        "largest residual on the training points",
        unit="decades of the label",
        better="lower",
        resolution=0.01,
    ),
}


def gradient_descent(gradient: Tensor, memory: Memory, _: int) -> tuple[Tensor, Memory]:
    return gradient, memory


def adagrad(gradient: Tensor, memory: Memory, _: int) -> tuple[Tensor, Memory]:
    squares = memory[1] + gradient.square()
    return gradient / (squares.sqrt() + 1e-8), (memory[0], squares)


def rmsprop(gradient: Tensor, memory: Memory, _: int) -> tuple[Tensor, Memory]:
    squares = 0.99 * memory[1] + 0.01 * gradient.square()
    return gradient / (squares.sqrt() + 1e-8), (memory[0], squares)


def adam(gradient: Tensor, memory: Memory, step: int, epsilon: float = 1e-8) -> tuple[Tensor, Memory]:
    mean = 0.9 * memory[0] + 0.1 * gradient
    squares = 0.999 * memory[1] + 0.001 * gradient.square()
    size = (squares / (1 - 0.999**step)).sqrt() + epsilon
    return mean / (1 - 0.9**step) / size, (mean, squares)


class Arm(NamedTuple):
    """An update rule and the rates it may choose from."""

    description: str
    rule: Callable[[Tensor, Memory, int], tuple[Tensor, Memory]]
    rates: tuple[float, ...]


ARMS = {
    "gradient_descent": Arm("gradient descent, just below one over the curvature", gradient_descent, (0.3,)),
    "adagrad": Arm("AdaGrad, best of three rates", adagrad, (0.01, 0.1, 1.0)),
    "rmsprop": Arm("RMSProp, best of three rates", rmsprop, (0.001, 0.01, 0.1)),
    "adam": Arm("Adam, best of three rates", adam, (0.001, 0.01, 0.1)),
    "adam_large_epsilon": Arm("Adam with epsilon 0.1", partial(adam, epsilon=0.1), (0.001, 0.01, 0.1)),
}


def labels(seeds: Seeds, purpose: str, count: int) -> Tensor:
    is_positive = seeds.uniform(purpose, count) < POSITIVE  # (seeds, count)
    return is_positive.double() * 2 - 1


def shared_score(weights: Tensor, y: Tensor) -> Tensor:
    """Return what the features (y, 1, 1) that all points share add to their scores."""
    return weights[..., :1] * y + 2 * weights[..., 1:2]  # (rates, seeds, count)


def residuals(weights: Tensor, y: Tensor) -> Tensor:
    """Return scores less labels at weights (w_1, w_2, one for each point)."""
    copies = 3 - 2 * y  # 1 where y = 1, 5 where y = -1
    return shared_score(weights, y) + copies * weights[..., 2:] - y  # (rates, seeds, count)


def gradient_of(weights: Tensor, y: Tensor) -> Tensor:
    """Return the gradient of half the mean squared residual."""
    errors = residuals(weights, y)
    of_label = (errors * y).mean(-1, True)
    of_constant = errors.mean(-1, True)
    of_own = errors / y.shape[-1]
    return torch.cat((of_label, of_constant, of_own), -1)  # (rates, seeds, 2 + count)


def percent_wrong(weights: Tensor, y: Tensor) -> Tensor:
    is_wrong = shared_score(weights, y) * y <= 0
    return 100 * is_wrong.double().mean(-1)  # (rates, seeds)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, rule, rates = ARMS[arm]
    y = labels(seeds, "trained", scale.trained)
    y_new = labels(seeds, "tested", scale.tested)
    rate = y.new_tensor(rates)[:, None, None]
    weights = y.new_zeros(len(rates), len(seeds), 2 + scale.trained)
    memory = (torch.zeros_like(weights), torch.zeros_like(weights))
    for step in range(1, scale.steps + 1):
        direction, memory = rule(gradient_of(weights, y), memory, step)
        weights = weights - rate * (1 - step / scale.steps) * direction
    error = percent_wrong(weights, y_new)  # (rates, seeds)
    largest = residuals(weights, y).abs().amax(-1)  # (rates, seeds)
    log10_residual = largest.clamp_min(ROUNDING).log10()
    best = (error + PREFERENCE * log10_residual).argmin(0)  # (seeds,)
    lanes = torch.arange(len(seeds), device=best.device)
    return {"test_error": error[best, lanes], "log10_residual": log10_residual[best, lanes]}

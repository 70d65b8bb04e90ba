"""Does gradient descent stall on a two-layer linear network where a Gauss-Newton step does not?

Hypothesis: the loss |W1 W2 - A|^2 bends with the squared singular values of W1 and W2, hence with those of A.
One learning rate serves them all: gradient descent fits the large directions at once and crawls in the small.
Gauss-Newton solves for the whole linearised residual and leaves 1 - eta of it, whatever the singular values.

Method: full batch, float64, the exact gradient of the expected loss for standard normal inputs: no sampling
noise, no statistical floor, and a loss of zero is in reach. The minimum-norm Gauss-Newton step (Z W2', W1' Z)
has W1 W1' Z + Z W2' W2 = W1 W2 - A, which is diagonal in the singular vectors of W1 and W2.

Arms: spectrum of A by optimiser, paired in every draw. First-order arms, expected to lose, get their best
chance: each seed's best rate of a fine grid, constant or falling to zero, and six times the steps or more.

Outcomes: fall of the loss; share and pace of its second half (a run is over once rounding flattens it); error
along the smallest singular direction, in units of that singular value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

GD_RATES = torch.logspace(-2.5, -0.5, 13)  # learning rates, six a decade, up into divergence
ADAM_RATES = torch.logspace(-2, 1, 10)  # learning rates, three a decade, likewise
FLAT = -24  # decades of the fall behind which a run is over: rounding flattens it below -30
POINTS = 64  # of the curve


@dataclass(frozen=True)
class Scale:
    """Rows and columns of A (the hidden layer is as wide as the input); how long the optimisers run."""

    outputs: int = 10
    inputs: int = 6
    first_order_steps: int = 3000
    gauss_newton_time: float = 24.0  # steps times step size


MINIMAL = Scale()
LARGE = Scale(outputs=50, inputs=30, first_order_steps=30000)
OUTCOMES = {
    "log10_loss_drop": Outcome("fall of the loss", unit="decades", better="lower", resolution=0.01),
    "late_share": Outcome(
        "share of the fall in the second half of the run",
        unit="share of the fall",
        better="higher",
        resolution=0.001,
    ),
    "late_decades_per_step": Outcome(
        "pace of the loss in the second half of the run",
        unit="decades per step",
        better="lower",
        resolution=0.00001,
    ),
    "log10_smallest_direction_error": Outcome(
        "error along the smallest singular direction, over its singular value",
        unit="decades",
        better="lower",
        resolution=0.01,
    ),
    "log10_loss_curve": Curve(
        "loss relative to that at the start",
        unit="decades",
        better="lower",
        axis=Axis("percent of the run", first=0, last=100, points=64),
    ),
}


class Run(NamedTuple):
    """The losses of a run, (seeds, steps + 1), and W1 W2 - A at its end, (seeds, outputs, inputs)."""

    losses: Tensor
    error: Tensor


def gradient_descent(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    return first_order(A, W1, W2, scale, GD_RATES, is_adam=False)


def adam(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    return first_order(A, W1, W2, scale, ADAM_RATES, is_adam=True)


def fifth(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    return gauss_newton(A, W1, W2, scale, size=0.2)


def twentieth(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    return gauss_newton(A, W1, W2, scale, size=0.05)


class Arm(NamedTuple):
    """Condition number of A, and what fits it."""

    text: str
    kappa: float
    optimiser: Callable[[Tensor, Tensor, Tensor, Scale], Run]


ARMS = {
    "gd_kappa_1": Arm("gradient descent, condition number 1", 1, gradient_descent),
    "gd_kappa_1e5": Arm("gradient descent, condition number 1e5", 1e5, gradient_descent),
    "adam_kappa_1": Arm("Adam, condition number 1", 1, adam),
    "adam_kappa_1e5": Arm("Adam, condition number 1e5", 1e5, adam),
    "fifth_kappa_1": Arm("Gauss-Newton steps of 1/5, number 1", 1, fifth),
    "fifth_kappa_1e2": Arm("Gauss-Newton steps of 1/5, number 1e2", 1e2, fifth),
    "fifth_kappa_1e5": Arm("Gauss-Newton steps of 1/5, number 1e5", 1e5, fifth),
    "twentieth_kappa_1": Arm("Gauss-Newton steps of 1/20, number 1", 1, twentieth),
    "twentieth_kappa_1e2": Arm("steps of 1/20, condition number 1e2", 1e2, twentieth),
    "twentieth_kappa_1e5": Arm("steps of 1/20, condition number 1e5", 1e5, twentieth),
}


def first_order(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale, rates: Tensor, *, is_adam: bool) -> Run:
    """Run at every rate, constant and falling to zero, and return each seed's best."""
    rate = rates.to(A).repeat(2)[:, None, None, None]  # (rates, 1, 1, 1), each rate twice
    falls = torch.arange(2).to(A).repeat_interleave(len(rates))[:, None, None, None]  # once 0, once 1
    weights = torch.cat([W1, W2], -2).repeat(len(rate), 1, 1, 1)  # (rates, seeds, outputs + inputs, inputs)
    mean = torch.zeros_like(weights)
    square = torch.zeros_like(weights)
    losses = []
    for step in range(1, scale.first_order_steps + 2):
        V1, V2 = weights[..., : scale.outputs, :], weights[..., scale.outputs :, :]
        error = V1 @ V2 - A  # (rates, seeds, outputs, inputs)
        losses.append(error.square().sum((-2, -1)))
        direction = 2 * torch.cat([error @ V2.mT, V1.mT @ error], -2)
        if is_adam:
            mean = mean.lerp(direction, 0.1)
            square = square.lerp(direction.square(), 0.001)
            direction = mean / (1 - 0.9**step) / ((square / (1 - 0.999**step)).sqrt() + 1e-8)
        weights = weights - rate * (1 - falls * (step - 1) / scale.first_order_steps) * direction
    best = losses[-1].nan_to_num(torch.inf).argmin(0)  # (seeds,)
    seeds = torch.arange(len(A), device=A.device)
    return Run(torch.stack(losses, -1)[best, seeds], error[best, seeds])


def gauss_newton(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale, *, size: float) -> Run:
    """Run steps of one size, each the minimum-norm solution of the linearised residual."""
    losses = []
    for _ in range(round(scale.gauss_newton_time / size) + 1):
        error = W1 @ W2 - A
        losses.append(error.square().sum((-2, -1)))
        left, P = torch.linalg.eigh(W1 @ W1.mT)  # P: (seeds, outputs, outputs)
        right, Q = torch.linalg.eigh(W2.mT @ W2)  # Q: (seeds, inputs, inputs)
        diagonal = P.mT @ error @ Q / (left[:, :, None] + right[:, None, :])
        Z = P @ diagonal @ Q.mT  # (seeds, outputs, inputs)
        step1 = size * Z @ W2.mT
        step2 = size * W1.mT @ Z
        W1 = W1 - step1
        W2 = W2 - step2
    return Run(torch.stack(losses, -1), error)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, kappa, optimiser = ARMS[arm]
    m, n = scale.outputs, scale.inputs
    U, _, Vt = torch.linalg.svd(seeds.normal("A", m, n, dtype=torch.float64), full_matrices=False)
    s = 2 * kappa ** -torch.linspace(0, 1, n, dtype=U.dtype, device=U.device)
    A = U * s @ Vt  # (seeds, outputs, inputs)
    W1 = seeds.normal("W1", m, n, dtype=U.dtype)
    W2 = seeds.normal("W2", n, n, dtype=U.dtype)
    losses, error = optimiser(A, W1, W2, scale)
    drop = (losses / losses[:, :1]).log10()  # (seeds, steps + 1)
    last = drop.shape[1] - 1
    end = (drop > FLAT).cumprod(1).sum(1, keepdim=True).clamp(max=last)  # (seeds, 1)
    middle = end // 2
    fall = drop.gather(1, end)[:, 0]
    late = (drop.gather(1, end) - drop.gather(1, middle))[:, 0]
    smallest = ((U.mT @ error @ Vt.mT)[:, -1, -1] / s[-1]).abs()
    shown = torch.linspace(0, last, POINTS, device=drop.device).long()
    return {
        "log10_loss_drop": drop[:, -1],
        "late_share": late / fall,
        "late_decades_per_step": late / (end - middle)[:, 0],
        "log10_smallest_direction_error": smallest.log10(),
        "log10_loss_curve": drop[:, shown],
    }

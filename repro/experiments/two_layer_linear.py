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

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.seeds import Seeds

GD_RATES = torch.logspace(-2.5, -0.5, 13)  # six a decade, up into divergence
ADAM_RATES = torch.logspace(-2, 1, 10)  # three a decade, likewise


@dataclass(frozen=True)
class Scale:
    """Rows and columns of A (the hidden layer is as wide as the input); how long the optimisers run."""

    outputs: int = 10
    inputs: int = 6
    first_order_steps: int = 3000
    gauss_newton_time: float = 24.0  # steps times step size


MINIMAL = Scale()
LARGE = Scale(outputs=50, inputs=30, first_order_steps=30000)


def first_order(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale, *, adam: bool) -> tuple[Tensor, Tensor]:
    rate = (ADAM_RATES if adam else GD_RATES).to(A).repeat(2)[:, None, None, None]
    falls = torch.arange(2).to(A).repeat_interleave(len(rate) // 2)[:, None, None, None]
    weights = torch.cat([W1, W2], -2).repeat(len(rate), 1, 1, 1)  # (rates, seeds, outputs + inputs, inputs)
    mean, square, losses = torch.zeros_like(weights), torch.zeros_like(weights), []
    for step in range(1, scale.first_order_steps + 2):
        V1, V2 = weights[..., : scale.outputs, :], weights[..., scale.outputs :, :]
        error = V1 @ V2 - A
        losses.append(error.square().sum((-2, -1)))
        direction = 2 * torch.cat([error @ V2.mT, V1.mT @ error], -2)
        if adam:
            mean, square = mean.lerp(direction, 0.1), square.lerp(direction.square(), 0.001)
            direction = mean / (1 - 0.9**step) / ((square / (1 - 0.999**step)).sqrt() + 1e-8)
        weights = weights - rate * (1 - falls * (step - 1) / scale.first_order_steps) * direction
    best = losses[-1].nan_to_num(torch.inf).argmin(0), torch.arange(len(A), device=A.device)
    return torch.stack(losses, -1)[best], error[best]  # (seeds, steps + 1), (seeds, outputs, inputs)


def gauss_newton(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale, *, size: float) -> tuple[Tensor, Tensor]:
    losses = []
    for _ in range(round(scale.gauss_newton_time / size) + 1):
        error = W1 @ W2 - A
        losses.append(error.square().sum((-2, -1)))
        left, P = torch.linalg.eigh(W1 @ W1.mT)  # P: (seeds, outputs, outputs)
        right, Q = torch.linalg.eigh(W2.mT @ W2)  # Q: (seeds, inputs, inputs)
        Z = P @ (P.mT @ error @ Q / (left[:, :, None] + right[:, None, :])) @ Q.mT
        W1, W2 = W1 - size * Z @ W2.mT, W2 - size * W1.mT @ Z
    return torch.stack(losses, -1), error


class Arm(NamedTuple):
    """Condition number of A, and what fits it."""

    text: str
    kappa: float
    optimiser: partial[tuple[Tensor, Tensor]]


ARMS = {
    "gd_kappa_1": Arm("gradient descent, condition number 1", 1, partial(first_order, adam=False)),
    "gd_kappa_1e5": Arm("gradient descent, condition number 1e5", 1e5, partial(first_order, adam=False)),
    "adam_kappa_1": Arm("Adam, condition number 1", 1, partial(first_order, adam=True)),
    "adam_kappa_1e5": Arm("Adam, condition number 1e5", 1e5, partial(first_order, adam=True)),
    "fifth_kappa_1": Arm("Gauss-Newton steps of 1/5, number 1", 1, partial(gauss_newton, size=0.2)),
    "fifth_kappa_1e2": Arm("Gauss-Newton steps of 1/5, number 1e2", 1e2, partial(gauss_newton, size=0.2)),
    "fifth_kappa_1e5": Arm("Gauss-Newton steps of 1/5, number 1e5", 1e5, partial(gauss_newton, size=0.2)),
    "twentieth_kappa_1": Arm("Gauss-Newton steps of 1/20, number 1", 1, partial(gauss_newton, size=0.05)),
    "twentieth_kappa_1e2": Arm("steps of 1/20, condition number 1e2", 1e2, partial(gauss_newton, size=0.05)),
    "twentieth_kappa_1e5": Arm("steps of 1/20, condition number 1e5", 1e5, partial(gauss_newton, size=0.05)),
}
OUTCOMES = {
    "log10_loss_drop": "decades; lower is better; resolution 0.01",
    "late_share": "share of the fall; higher is better; resolution 0.001",
    "late_decades_per_step": "decades per step; lower is better; resolution 0.00001",
    "log10_smallest_direction_error": "decades; lower is better; resolution 0.01",
    "log10_loss_curve": "decades; lower is better; over the run from its first step to its last",
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    m, n = scale.outputs, scale.inputs
    U, _, Vt = torch.linalg.svd(seeds.normal("A", m, n, dtype=torch.float64), full_matrices=False)
    s = 2 * ARMS[arm].kappa ** -torch.linspace(0, 1, n, dtype=U.dtype, device=U.device)
    W1, W2 = seeds.normal("W1", m, n, dtype=U.dtype), seeds.normal("W2", n, n, dtype=U.dtype)
    losses, error = ARMS[arm].optimiser(U * s @ Vt, W1, W2, scale)
    drop = (losses / losses[:, :1]).log10()  # (seeds, steps + 1)
    end = (drop > -24).cumprod(1).sum(1, keepdim=True).clamp(max=drop.shape[1] - 1)  # rounding: below -30
    fall, late = drop.gather(1, end)[:, 0], (drop.gather(1, end) - drop.gather(1, end // 2))[:, 0]
    smallest = ((U.mT @ error @ Vt.mT)[:, -1, -1] / s[-1]).abs()
    return {
        "log10_loss_drop": drop[:, -1],
        "late_share": late / fall,
        "late_decades_per_step": late / (end - end // 2)[:, 0],
        "log10_smallest_direction_error": smallest.log10(),
        "log10_loss_curve": drop[:, torch.linspace(0, drop.shape[1] - 1, 64, device=drop.device).long()],
    }

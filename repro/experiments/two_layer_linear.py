"""Does gradient descent stall on a two-layer linear network where a Gauss-Newton step does not?

Hypothesis: the loss |W1 W2 - A|^2 bends with the squared singular values of the network's Jacobian. They are
unequal at the start, as W1 and W2 are random, and a target with unequal ones pulls them further apart. One
learning rate serves them all: gradient descent fits the large directions at once and crawls in the small.
Gauss-Newton solves for the whole linearised residual and leaves 1 - eta of it, whatever the singular values.

Method: full batch, float64, the exact gradient of the expected loss for standard normal inputs: no sampling
noise, no statistical floor, and a loss of zero is in reach. The singular values of A are log-spaced from 2
down to 2 / kappa. The minimum-norm Gauss-Newton step (Z W2', W1' Z) has W1 W1' Z + Z W2' W2 = W1 W2 - A,
which is diagonal in the singular vectors of W1 and W2.

Arms: condition number kappa of A by optimiser, paired in every draw. First-order arms, expected to lose, get
their best chance: six times the steps of Gauss-Newton or more, and each seed's best of a fine grid of rates,
constant or falling to zero, for momentum (heavy ball) at each of six coefficients.

Outcomes: fall of the loss; share and pace of its second half (a run is over once rounding flattens it); error
along the smallest singular direction, in units of that singular value; condition number of the Jacobian of
(W1, W2) -> W1 W2, whose squared singular values are the sums of an eigenvalue of W1 W1' and one of W2' W2.
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
MOMENTUM_RATES = torch.logspace(-2.5, -1.25, 8)  # learning rates, likewise
COEFFICIENTS = torch.tensor([0.9, 0.95, 0.97, 0.98, 0.99, 0.995])  # shares of the velocity that are kept
FALLS = torch.tensor([0.0, 1.0])  # whether the rate falls to zero
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
TRIAL = {"first_order_steps": 300}
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
    "log10_condition_at_start": Outcome(
        "condition number of the Jacobian at the start", unit="decades", better="lower", resolution=0.0001
    ),
    "log10_condition_at_end": Outcome(
        "condition number of the Jacobian at the end", unit="decades", better="lower", resolution=0.0001
    ),
    "log10_loss_curve": Curve(
        "loss relative to that at the start",
        unit="decades",
        better="lower",
        axis=Axis("percent of the run", first=0, last=100, points=64),
    ),
}


class Run(NamedTuple):
    """The losses of a run, (seeds, steps + 1), and the weights at its end, shaped as at its start."""

    losses: Tensor
    W1: Tensor
    W2: Tensor


class Moments(NamedTuple):
    """What a first-order method remembers of the gradients of all its trials, shaped as the weights."""

    first: Tensor
    second: Tensor


def gradient_descent(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    trials = torch.cartesian_prod(GD_RATES, FALLS)  # (trials, 2)
    return first_order(A, W1, W2, scale, trials=trials, rule=steepest)


def momentum(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    trials = torch.cartesian_prod(MOMENTUM_RATES, FALLS, COEFFICIENTS)  # (trials, 3)
    return first_order(A, W1, W2, scale, trials=trials, rule=heavy_ball)


def adam(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    trials = torch.cartesian_prod(ADAM_RATES, FALLS)  # (trials, 2)
    return first_order(A, W1, W2, scale, trials=trials, rule=adaptive)


def fifth(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    return gauss_newton(A, W1, W2, scale, size=0.2)


def twentieth(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale) -> Run:
    return gauss_newton(A, W1, W2, scale, size=0.05)


class Arm(NamedTuple):
    """Condition number of A, and what fits it."""

    text: str
    kappa: float
    optimiser: Callable[[Tensor, Tensor, Tensor, Scale], Run]


ARMS = {  # those whose curves tell most come first
    "gd_kappa_1": Arm("gradient descent, condition number 1", 1, gradient_descent),
    "gd_kappa_18": Arm("gradient descent, condition number 18", 18, gradient_descent),
    "gd_kappa_1e5": Arm("gradient descent, condition number 100,000", 1e5, gradient_descent),
    "momentum_kappa_1e5": Arm("momentum, condition number 100,000", 1e5, momentum),
    "adam_kappa_1e5": Arm("Adam, condition number 100,000", 1e5, adam),
    "fifth_kappa_1e5": Arm("Gauss-Newton steps of 1/5, number 100,000", 1e5, fifth),
    "gd_kappa_2": Arm("gradient descent, condition number 2", 2, gradient_descent),
    "gd_kappa_5": Arm("gradient descent, condition number 5", 5, gradient_descent),
    "gd_kappa_1e2": Arm("gradient descent, condition number 100", 1e2, gradient_descent),
    "gd_kappa_1e3": Arm("gradient descent, condition number 1000", 1e3, gradient_descent),
    "momentum_kappa_1": Arm("momentum, condition number 1", 1, momentum),
    "momentum_kappa_18": Arm("momentum, condition number 18", 18, momentum),
    "momentum_kappa_1e2": Arm("momentum, condition number 100", 1e2, momentum),
    "adam_kappa_1": Arm("Adam, condition number 1", 1, adam),
    "adam_kappa_18": Arm("Adam, condition number 18", 18, adam),
    "adam_kappa_1e2": Arm("Adam, condition number 100", 1e2, adam),
    "fifth_kappa_1": Arm("Gauss-Newton steps of 1/5, number 1", 1, fifth),
    "fifth_kappa_18": Arm("Gauss-Newton steps of 1/5, number 18", 18, fifth),
    "fifth_kappa_1e2": Arm("Gauss-Newton steps of 1/5, number 100", 1e2, fifth),
    "twentieth_kappa_1": Arm("Gauss-Newton steps of 1/20, number 1", 1, twentieth),
    "twentieth_kappa_1e2": Arm("Gauss-Newton steps of 1/20, number 100", 1e2, twentieth),
    "twentieth_kappa_1e5": Arm("Gauss-Newton steps of 1/20, number 100,000", 1e5, twentieth),
}


def steepest(gradient: Tensor, moments: Moments, _step: int, _trials: Tensor) -> tuple[Tensor, Moments]:
    return gradient, moments


def heavy_ball(gradient: Tensor, moments: Moments, _step: int, trials: Tensor) -> tuple[Tensor, Moments]:
    velocity = trials[2] * moments.first + gradient
    return velocity, Moments(velocity, moments.second)


def adaptive(gradient: Tensor, moments: Moments, step: int, _trials: Tensor) -> tuple[Tensor, Moments]:
    first = moments.first.lerp(gradient, 0.1)
    second = moments.second.lerp(gradient.square(), 0.001)
    spread = (second / (1 - 0.999**step)).sqrt()
    return first / (1 - 0.9**step) / (spread + 1e-8), Moments(first, second)


def first_order(
    A: Tensor,
    W1: Tensor,
    W2: Tensor,
    scale: Scale,
    *,
    trials: Tensor,
    rule: Callable[[Tensor, Moments, int, Tensor], tuple[Tensor, Moments]],
) -> Run:
    """Run every trial (rate, whether it falls, and what the rule needs), and return each seed's best."""
    each = trials.to(A).T[..., None, None, None]  # (numbers, trials, 1, 1, 1)
    rate, falls = each[0], each[1]
    start = torch.cat([W1, W2], -2)  # (seeds, outputs + inputs, inputs)
    weights = start.repeat(len(trials), 1, 1, 1)  # (trials, seeds, outputs + inputs, inputs)
    moments = Moments(first=torch.zeros_like(weights), second=torch.zeros_like(weights))
    losses = []
    for step in range(1, scale.first_order_steps + 2):
        V1, V2 = weights[..., : scale.outputs, :], weights[..., scale.outputs :, :]
        error = V1 @ V2 - A  # (trials, seeds, outputs, inputs)
        losses.append(error.square().sum((-2, -1)))
        gradient = 2 * torch.cat([error @ V2.mT, V1.mT @ error], -2)
        direction, moments = rule(gradient, moments, step, each)
        weights = weights - rate * (1 - falls * (step - 1) / scale.first_order_steps) * direction
    best = losses[-1].nan_to_num(torch.inf).argmin(0)  # (seeds,)
    seeds = torch.arange(len(A), device=A.device)
    return Run(torch.stack(losses, -1)[best, seeds], V1[best, seeds], V2[best, seeds])


def gauss_newton(A: Tensor, W1: Tensor, W2: Tensor, scale: Scale, *, size: float) -> Run:
    """Run steps of one size, each the minimum-norm solution of the linearised residual."""
    error = W1 @ W2 - A  # (seeds, outputs, inputs)
    losses = [error.square().sum((-2, -1))]
    for _ in range(round(scale.gauss_newton_time / size)):
        left, P = torch.linalg.eigh(W1 @ W1.mT)  # P: (seeds, outputs, outputs)
        right, Q = torch.linalg.eigh(W2.mT @ W2)  # Q: (seeds, inputs, inputs)
        diagonal = P.mT @ error @ Q / (left[:, :, None] + right[:, None, :])
        Z = P @ diagonal @ Q.mT  # (seeds, outputs, inputs)
        step1 = size * Z @ W2.mT
        step2 = size * W1.mT @ Z
        W1 = W1 - step1
        W2 = W2 - step2
        error = W1 @ W2 - A
        losses.append(error.square().sum((-2, -1)))
    return Run(torch.stack(losses, -1), W1, W2)


def log10_condition(W1: Tensor, W2: Tensor) -> Tensor:
    """Return the condition number of the Jacobian of (W1, W2) -> W1 W2 for each seed, in decades."""
    left = torch.linalg.svdvals(W1).square()  # (seeds, inputs), eigenvalues of W1 W1', the largest first
    right = torch.linalg.svdvals(W2).square()  # (seeds, inputs), eigenvalues of W2' W2
    largest = left[:, 0] + right[:, 0]
    is_tall = W1.shape[-2] > W1.shape[-1]  # then W1 W1' has the eigenvalue 0 as well
    smallest = right[:, -1] if is_tall else left[:, -1] + right[:, -1]
    log10_squared: Tensor = (largest / smallest).log10()
    return log10_squared / 2


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, kappa, optimiser = ARMS[arm]
    m, n = scale.outputs, scale.inputs
    U, _, Vt = torch.linalg.svd(seeds.normal("A", m, n, dtype=torch.float64), full_matrices=False)
    s = 2 * kappa ** -torch.linspace(0, 1, n, dtype=U.dtype, device=U.device)
    A = U * s @ Vt  # (seeds, outputs, inputs)
    W1 = seeds.normal("W1", m, n, dtype=U.dtype)
    W2 = seeds.normal("W2", n, n, dtype=U.dtype)
    run = optimiser(A, W1, W2, scale)
    drop = (run.losses / run.losses[:, :1]).log10()  # (seeds, steps + 1)
    last = drop.shape[1] - 1
    end = (drop > FLAT).cumprod(1).sum(1, keepdim=True).clamp(max=last)  # (seeds, 1)
    middle = end // 2
    fall = drop.gather(1, end)[:, 0]
    late = (drop.gather(1, end) - drop.gather(1, middle))[:, 0]
    error = run.W1 @ run.W2 - A
    smallest = ((U.mT @ error @ Vt.mT)[:, -1, -1] / s[-1]).abs()
    shown = torch.linspace(0, last, POINTS, device=drop.device).long()
    return {
        "log10_loss_drop": drop[:, -1],
        "late_share": late / fall,
        "late_decades_per_step": late / (end - middle)[:, 0],
        "log10_smallest_direction_error": smallest.log10(),
        "log10_condition_at_start": log10_condition(W1, W2),
        "log10_condition_at_end": log10_condition(run.W1, run.W2),
        "log10_loss_curve": drop[:, shown],
    }

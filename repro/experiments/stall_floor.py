"""Does gradient descent stall on a two-layer linear network because of a local minimum, or of a noisy sample?

Hypothesis: neither. What slows descent is that one rate serves directions whose curvature differs, and this
is so in the expected loss already, where there is no sample. So the loss on a sample draws the same curve,
and goes on falling when descent is given more time. Noise in the labels would make a floor.

Method: full batch, float64, exact gradients from the second moments of inputs and labels. The target has six
singular values log-spaced from 2 down. For each seed the best of thirteen rates is the one that ends lowest
after the first part of the run; it is kept for the second part, nine times as long.

Arms: the loss that is descended, in expectation, on a sample with exact labels, or on one with noisy labels;
condition number of the target.

Outcomes: fall of the loss that is descended, in the first part and in the second, and how much of the first
comes in the second half of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.curves import thin
from repro.lab.lanes import best, grid, spread
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RATES = torch.logspace(-2.5, -0.5, 13, dtype=torch.float64).tolist()  # learning rates, six a decade
NOISE = 0.1  # standard deviation of a label's noise
LONGER = 10  # times the first part that the whole run takes
EACH = 10  # steps, after which the loss is taken
ROUNDING = -28  # decades below which a fall is rounding


@dataclass(frozen=True)
class Scale:
    """Rows and columns of the target (the hidden layer is as wide as the input), points, and first steps."""

    outputs: int = 10
    inputs: int = 6
    points: int = 1000
    steps: int = 3000


MINIMAL = Scale()
LARGE = Scale(points=100000, steps=10000)
TRIAL = {"points": 200, "steps": 300}
OUTCOMES = {
    "log10_loss_drop": Outcome(
        "fall of the loss in the first tenth of the run", unit="decades", better="lower", resolution=0.01
    ),
    "late_share": Outcome(
        "share of that fall in its second half",
        unit="share of the fall",
        better="higher",
        resolution=0.001,
    ),
    "further_fall": Outcome(
        "fall of the loss in the rest of the run", unit="decades", better="higher", resolution=0.01
    ),
    "log10_loss_curve": Curve(
        "loss relative to that at the start",
        unit="decades",
        better="lower",
        axis=Axis("percent of the run", first=0, last=100, points=64),
    ),
}


class Loss(NamedTuple):
    """Half the mean of |A x - y|^2: half of (A - best) xx (A - best)', traced, and a floor."""

    best: Tensor  # the matrix A that makes it least, (lanes, outputs, inputs)
    xx: Tensor  # mean of x x', (lanes, inputs, inputs)
    floor: Tensor  # (lanes,)


def expected(_seeds: Seeds, target: Tensor, _scale: Scale) -> Loss:
    xx = torch.eye(target.shape[2], dtype=target.dtype, device=target.device)
    return Loss(target, xx.expand(len(target), -1, -1), target.new_zeros(len(target)))


def sampled(seeds: Seeds, target: Tensor, scale: Scale) -> Loss:
    x = seeds.normal("inputs", scale.points, scale.inputs, dtype=target.dtype)
    return Loss(target, x.mT @ x / scale.points, target.new_zeros(len(target)))


def noisy(seeds: Seeds, target: Tensor, scale: Scale) -> Loss:
    x = seeds.normal("inputs", scale.points, scale.inputs, dtype=target.dtype)
    noise = NOISE * seeds.normal("noise", scale.points, scale.outputs, dtype=target.dtype)
    fitted = torch.linalg.lstsq(x, noise).solution  # (seeds, inputs, outputs), the noise that is learned
    left = (noise - x @ fitted).square().sum((1, 2)) / scale.points
    return Loss(target + fitted.mT, x.mT @ x / scale.points, left / 2)


class Arm(NamedTuple):
    """Condition number of the target, and the loss that is descended."""

    text: str
    kappa: float
    loss: Callable[[Seeds, Tensor, Scale], Loss]


ARMS = {
    "expected": Arm("expected loss, condition number 100,000", 1e5, expected),
    "sampled": Arm("loss on a sample, condition number 100,000", 1e5, sampled),
    "noisy": Arm("loss on a sample with noisy labels, condition number 100,000", 1e5, noisy),
    "expected_kappa_18": Arm("expected loss, condition number 18", 18, expected),
    "sampled_kappa_18": Arm("loss on a sample, condition number 18", 18, sampled),
    "noisy_kappa_18": Arm("loss on a sample with noisy labels, condition number 18", 18, noisy),
}


def descend(first: Tensor, second: Tensor, loss: Loss, rate: Tensor, steps: int) -> Tensor:
    """Change the layers in place by gradient descent, and return the loss after every EACH steps.

    Args:
        first: Shape (lanes, hidden, inputs).
        second: Shape (lanes, outputs, hidden).
        loss: What is descended.
        rate: Shape (lanes,).
        steps: How many to take, a multiple of EACH.

    Returns:
        Shape (lanes, steps / EACH).
    """
    offset = -loss.best @ loss.xx
    down = -rate[:, None, None]
    losses = []
    for step in range(1, steps + 1):
        error = torch.baddbmm(offset, torch.bmm(second, first), loss.xx)  # (lanes, outputs, inputs)
        by_first = torch.bmm(second.mT, error)
        second.addcmul_(torch.bmm(error, first.mT), down)
        first.addcmul_(by_first, down)
        if step % EACH == 0:
            losses.append(value(second @ first, loss))
    return torch.stack(losses, 1)


def value(matrix: Tensor, loss: Loss) -> Tensor:
    """Return the loss of each lane's matrix A, (lanes,)."""
    error = matrix - loss.best
    return (error * (error @ loss.xx)).sum((1, 2)) / 2 + loss.floor


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, kappa, loss_of = ARMS[arm]
    m, n = scale.outputs, scale.inputs
    U, _, Vt = torch.linalg.svd(seeds.normal("target", m, n, dtype=torch.float64), full_matrices=False)
    target = U * (2 * kappa ** -torch.linspace(0, 1, n, dtype=U.dtype, device=U.device)) @ Vt
    loss = loss_of(seeds, target, scale)
    lanes = len(RATES)
    first = spread(seeds.normal("first", n, n, dtype=U.dtype), lanes)
    second = spread(seeds.normal("second", m, n, dtype=U.dtype), lanes)
    at_start = value(second @ first, Loss(*(spread(part, lanes) for part in loss)))[::lanes]  # (seeds,)
    rate = grid(seeds, RATES, U.dtype)
    early = descend(first, second, Loss(*(spread(part, lanes) for part in loss)), rate, scale.steps)
    lane = best(early[:, -1], lanes, "lower")  # (seeds,)
    rest = descend(first[lane], second[lane], loss, rate[lane], (LONGER - 1) * scale.steps)
    losses = torch.cat([at_start.unsqueeze(1), early[lane], rest], 1)
    fall = (losses / losses[:, :1]).log10().clamp(min=ROUNDING)
    parts = (fall.shape[1] - 1) // LONGER  # of the first part of the run
    return {
        "log10_loss_drop": fall[:, parts],
        "late_share": (fall[:, parts] - fall[:, parts // 2]) / fall[:, parts],
        "further_fall": fall[:, parts] - fall[:, -1],
        "log10_loss_curve": thin(fall),
    }

"""Does the public notebook behind the alchemy talk train on an ill-conditioned target?

Hypothesis: the notebook's knob sets how small the last of ten linearly spaced row scales is. Six columns are
carried by the other nine rows, so its 10 x 6 target stays well conditioned at any knob. The 10 x 10 target of
a pull request has no row to spare and is ill-conditioned, but six hidden units cannot fit its rank.

Method: draw targets as each of the two does and take their singular values. Then fit with gradient descent
from standard normal weights, full batch, float64, for as many steps as the notebook.

Arms: the notebook, at both knobs that its authors name, the pull request, and two targets built from their
singular values. The stall is given every chance to vanish: each seed keeps the best of a fine grid of rates.

Outcomes: condition number of the target; share of its squared norm beyond the rank of the network (1e-32
stands for none); fall of the loss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RATES = torch.logspace(-2.5, -0.5, 13)  # learning rates, six a decade, up into divergence
NONE = 1e-32  # squared rounding error of a share
POINTS = 64  # of the curve


@dataclass(frozen=True)
class Scale:
    """Rows of the target, columns of the first version, hidden units, steps of gradient descent."""

    rows: int = 10
    columns: int = 6
    hidden: int = 6
    steps: int = 3000


MINIMAL = Scale()
LARGE = Scale(rows=50, columns=30, hidden=30, steps=30000)
OUTCOMES = {
    "log10_condition_number": Outcome(
        "condition number of the target", unit="decades", better="neither", resolution=0.0001
    ),
    "log10_share_beyond_rank": Outcome(
        "share of the target beyond the network's rank", unit="decades", better="lower", resolution=0.01
    ),
    "log10_loss_drop": Outcome("fall of the loss", unit="decades", better="lower", resolution=0.01),
    "log10_loss_curve": Curve(
        "loss relative to that at the start",
        unit="decades",
        better="lower",
        axis=Axis("step", first=0, last="steps", points=64),
    ),
}


def first_version(seeds: Seeds, scale: Scale, knob: float) -> Tensor:
    return row_scales(seeds, scale, knob) * seeds.uniform("A", scale.rows, scale.columns, dtype=torch.float64)


def later_version(seeds: Seeds, scale: Scale, knob: float) -> Tensor:
    return row_scales(seeds, scale, knob) * seeds.uniform("A", scale.rows, scale.rows, dtype=torch.float64)


def row_scales(seeds: Seeds, scale: Scale, knob: float) -> Tensor:
    return torch.linspace(1, knob, scale.rows, dtype=torch.float64, device=seeds.device)[:, None]


def built(seeds: Seeds, scale: Scale, knob: float) -> Tensor:
    normal = seeds.normal("A", scale.rows, scale.columns, dtype=torch.float64)
    U, _, Vt = torch.linalg.svd(normal, full_matrices=False)
    s = 2 * knob ** torch.linspace(0, 1, scale.columns, dtype=U.dtype, device=U.device)
    return torch.matmul(U * s, Vt)


class Arm(NamedTuple):
    """How the target is made, and the reciprocal of the condition number it is meant to have."""

    text: str
    target: Callable[[Seeds, Scale, float], Tensor]
    knob: float


ARMS = {
    "first_1e5": Arm("the notebook's first version, knob 1e-5", first_version, 1e-5),
    "first_1e20": Arm("the notebook's first version, knob 1e-20", first_version, 1e-20),
    "later_1e5": Arm("the pull request's version, square, knob 1e-5", later_version, 1e-5),
    "built_1": Arm("all singular values 2", built, 1.0),
    "built_1e5": Arm("singular values log-spaced over five decades", built, 1e-5),
}


def gradient_descent(A: Tensor, W1: Tensor, W2: Tensor, steps: int) -> Tensor:
    """Return the losses |W1 W2 - A|^2 of each seed's best rate, (seeds, steps + 1)."""
    rate = RATES.to(A)[:, None, None, None]
    W1 = W1.repeat(len(rate), 1, 1, 1)  # (rates, seeds, rows, hidden)
    W2 = W2.repeat(len(rate), 1, 1, 1)  # (rates, seeds, hidden, columns)
    losses = []
    for _ in range(steps + 1):
        error = W1 @ W2 - A  # (rates, seeds, rows, columns)
        losses.append(error.square().sum((-2, -1)))
        step1 = 2 * rate * error @ W2.mT
        step2 = 2 * rate * W1.mT @ error
        W1 = W1 - step1
        W2 = W2 - step2
    best = losses[-1].nan_to_num(torch.inf).argmin(0)  # (seeds,)
    seeds = torch.arange(len(A), device=A.device)
    return torch.stack(losses, -1)[best, seeds]


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, target, knob = ARMS[arm]
    A = target(seeds, scale, knob)  # (seeds, rows, columns)
    W1 = seeds.normal("W1", scale.rows, scale.hidden, dtype=A.dtype)
    W2 = seeds.normal("W2", scale.hidden, A.shape[-1], dtype=A.dtype)
    losses = gradient_descent(A, W1, W2, scale.steps)
    log10_drop = (losses / losses[:, :1]).log10()  # (seeds, steps + 1)
    s = torch.linalg.svdvals(A)  # (seeds, rank), the largest first
    beyond = s[:, scale.hidden :].square().sum(1) / s.square().sum(1)
    shown = torch.linspace(0, scale.steps, POINTS, device=A.device).long()
    return {
        "log10_condition_number": (s[:, 0] / s[:, -1]).log10(),
        "log10_share_beyond_rank": beyond.clamp(min=NONE).log10(),
        "log10_loss_drop": log10_drop[:, -1],
        "log10_loss_curve": log10_drop[:, shown],
    }

"""Does the public notebook behind the alchemy talk train on an ill-conditioned target?

Hypothesis: the notebook's knob sets how small the last of ten linearly spaced row scales is. Six columns are
carried by the other nine rows, so the first version's 10 x 6 target stays well conditioned at any knob. The
later 10 x 10 target has no row to spare and is ill-conditioned, but six hidden units cannot fit its rank.

Method: draw targets as each version of the code does and take their singular values. Then fit with gradient
descent from standard normal weights, full batch, float64, for as many steps as the notebook.

Arms: the two versions, the first at both knobs that its authors name, and two targets built from their
singular values. The stall is given every chance to vanish: each seed keeps the best of a fine grid of rates.

Outcomes: condition number of the target; share of its squared norm beyond the rank of the network (1e-32
stands for none); fall of the loss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.seeds import Seeds

RATES = torch.logspace(-2.5, -0.5, 13)  # six a decade, up into divergence
NONE = 1e-32  # squared rounding error of a share


@dataclass(frozen=True)
class Scale:
    """Rows of the target, columns of the first version, hidden units, steps of gradient descent."""

    rows: int = 10
    columns: int = 6
    hidden: int = 6
    steps: int = 3000


MINIMAL = Scale()
LARGE = Scale(rows=50, columns=30, hidden=30, steps=30000)


def first_version(seeds: Seeds, scale: Scale, knob: float) -> Tensor:
    scales = torch.linspace(1, knob, scale.rows, dtype=torch.float64, device=seeds.device)
    return scales[:, None] * seeds.uniform("A", scale.rows, scale.columns, dtype=torch.float64)


def later_version(seeds: Seeds, scale: Scale, knob: float) -> Tensor:
    scales = torch.linspace(1, knob, scale.rows, dtype=torch.float64, device=seeds.device)
    return scales[:, None] * seeds.uniform("A", scale.rows, scale.rows, dtype=torch.float64)


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
    "later_1e5": Arm("the notebook's later version, square, knob 1e-5", later_version, 1e-5),
    "built_1": Arm("all singular values 2", built, 1.0),
    "built_1e5": Arm("singular values log-spaced over five decades", built, 1e-5),
}
OUTCOMES = {
    "log10_condition_number": "decades; neither is better; resolution 0.0001",
    "log10_share_beyond_rank": "decades; lower is better; resolution 0.01",
    "log10_loss_drop": "decades; lower is better; resolution 0.01",
    "log10_loss_curve": "decades; lower is better; over the run from its first step to its last",
}


def gradient_descent(A: Tensor, W1: Tensor, W2: Tensor, steps: int) -> Tensor:
    rate = RATES.to(A)[:, None, None, None]
    W1, W2 = W1.repeat(len(rate), 1, 1, 1), W2.repeat(len(rate), 1, 1, 1)  # (rates, seeds, ...)
    losses = []
    for _ in range(steps + 1):
        error = W1 @ W2 - A
        losses.append(error.square().sum((-2, -1)))
        W1, W2 = W1 - 2 * rate * error @ W2.mT, W2 - 2 * rate * W1.mT @ error
    best = losses[-1].nan_to_num(torch.inf).argmin(0)
    return torch.stack(losses, -1)[best, torch.arange(len(A), device=A.device)]  # (seeds, steps + 1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    A = ARMS[arm].target(seeds, scale, ARMS[arm].knob)
    W1 = seeds.normal("W1", scale.rows, scale.hidden, dtype=A.dtype)
    W2 = seeds.normal("W2", scale.hidden, A.shape[-1], dtype=A.dtype)
    losses = gradient_descent(A, W1, W2, scale.steps)
    drop = (losses / losses[:, :1]).log10()
    s = torch.linalg.svdvals(A)
    beyond = s[:, scale.hidden :].square().sum(1) / s.square().sum(1)
    return {
        "log10_condition_number": (s[:, 0] / s[:, -1]).log10(),
        "log10_share_beyond_rank": beyond.clamp(min=NONE).log10(),
        "log10_loss_drop": drop[:, -1],
        "log10_loss_curve": drop[:, torch.linspace(0, scale.steps, 64, device=drop.device).long()],
    }

"""Does the kernel of a network stand still during training, the stiller the wider the network?

Hypothesis: the wider the network, the less each weight has to move, since more of them move together. The
tangent kernel then hardly changes, and gradient descent becomes regression with a fixed kernel.

Method: two layers, all weights trained by gradient descent on half the summed squares to fit random signs at
points on a sphere, down to one mean squared error. A seed's points and signs are the same at every width.

Arms: a nonlinearity and a factor on the output, 1 / sqrt(width), or 1 / width as in the mean-field limit.

Outcomes: relative changes of kernel and weights, their slopes over widths in log-log scale, and the widest
network's distance on fresh points from regression with its first kernel by as many steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.optimise import norms
from repro.lab.seeds import Seeds

OUTCOMES = {
    "kernel_slope": "decades per decade of width; lower is better; resolution 0.01",
    "weight_slope": "decades per decade of width; neither is better; resolution 0.01",
    "kernel_change": "share of the first kernel; lower is better; resolution 0.001",
    "regression_gap": "share of the regression; lower is better; resolution 0.001",
    "log10_kernel_change_curve": "decades; lower is better; over widths doubling from the narrowest",
    "log10_weight_change_curve": "decades; lower is better; over widths doubling from the narrowest",
}
MEAN_SQUARE, STEPS, RATE = 1e-2, 20000, 0.25  # goal, limit, and rate times the first kernel's top eigenvalue


@dataclass(frozen=True)
class Scale:
    """The narrowest network's width, how often it doubles, and the points and their dimension."""

    points: int = 20
    dimensions: int = 10
    narrowest: int = 64
    doublings: int = 6


MINIMAL = Scale()
LARGE = Scale(points=40, doublings=9)


class Arm(NamedTuple):
    """A nonlinearity, its derivative given its value, and the power of the width in the output."""

    description: str
    bend: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    power: float = -0.5


ARMS = {
    "relu": Arm("rectified units, output over the root of the width", torch.relu, torch.sign),
    "tanh": Arm("tanh units, output over the root of the width", torch.tanh, lambda value: 1 - value**2),
    "relu_mean_field": Arm("rectified units, output over the width", torch.relu, torch.sign, -1.0),
}


def forward(arm: Arm, net: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    units = arm.bend(x @ net[..., :-1].mT)  # (seeds, n, width) from net (seeds, width, d + 1)
    return units, units @ net[..., -1:] * net.shape[1] ** arm.power  # output (seeds, n, 1)


def tangent_kernel(arm: Arm, net: Tensor, x: Tensor, z: Tensor) -> Tensor:
    left, right = forward(arm, net, x)[0], forward(arm, net, z)[0]
    by_first = (arm.slope(left) * net[..., -1:].mT.square()) @ arm.slope(right).mT * (x @ z.mT)
    return (left @ right.mT + by_first).mul(net.shape[1] ** (2 * arm.power))  # (seeds, n, m)


def train(arm: Arm, net: Tensor, x: Tensor, y: Tensor, rate: Tensor) -> Tensor:
    """Train in place until all fit, spoil what does not; return the steps each took, (seeds, 1, 1)."""
    taken = torch.zeros_like(rate)
    for _ in range(STEPS):
        units, outputs = forward(arm, net, x)
        unfit = (outputs - y).square().mean(1, keepdim=True) > MEAN_SQUARE  # false where training diverged
        taken += unfit
        pull = rate * net.shape[1] ** arm.power * unfit * (outputs - y)  # zero where training has stopped
        net -= torch.cat([(arm.slope(units) * pull * net[..., -1:].mT).mT @ x, units.mT @ pull], -1)
        if not unfit.any():
            break
    return taken + net.masked_fill_(unfit, torch.nan)[:, :1, :1]


def drift(arm: Arm, net: Tensor, x: Tensor, y: Tensor, fresh: Tensor) -> Tensor:
    """Train; return relative changes of kernel and weights and the distance to regression, (seeds, 3)."""
    start, before, across = net.clone(), tangent_kernel(arm, net, x, x), tangent_kernel(arm, net, fresh, x)
    wanted, untrained = y - forward(arm, net, x)[1], forward(arm, net, fresh)[1]
    values, vectors = torch.linalg.eigh(before)  # (seeds, points), (seeds, points, points)
    values, rate = values[..., None], RATE / values[:, -1:, None]
    left = (1 - rate * values) ** train(arm, net, x, y, rate)  # of each component, by regression
    learned = vectors @ ((1 - left) / values * (vectors.mT @ wanted))
    after = tangent_kernel(arm, net, x, x), net, forward(arm, net, fresh)[1]
    pairs = zip(after, (before, start, untrained + across @ learned), strict=True)
    return torch.stack([norms((new - old).flatten(1)) / norms(old.flatten(1)) for new, old in pairs], -1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    points = seeds.normal("points", 2 * scale.points, scale.dimensions, dtype=torch.float64)
    x, fresh = (points / points.norm(dim=-1, keepdim=True)).chunk(2, 1)
    y = 2 * seeds.integers("signs", scale.points, 1, high=2).double() - 1
    widths = [scale.narrowest * 2**k for k in range(scale.doublings + 1)]
    nets = (seeds.normal("weights", width, scale.dimensions + 1, dtype=torch.float64) for width in widths)
    found = torch.stack([drift(ARMS[arm], net, x, y, fresh) for net in nets], -1)  # (seeds, 3, widths)
    decades = torch.tensor(widths, dtype=x.dtype, device=x.device).log10()
    slopes = found.log10() @ (decades - decades.mean()) / decades.var(correction=0) / len(widths)
    return {
        "kernel_slope": slopes[:, 0],
        "weight_slope": slopes[:, 1],
        "kernel_change": found[:, 0, -1],
        "regression_gap": found[:, 2, -1],
        "log10_kernel_change_curve": found[:, 0].log10(),
        "log10_weight_change_curve": found[:, 1].log10(),
    }

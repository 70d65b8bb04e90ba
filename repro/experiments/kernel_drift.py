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
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

MEAN_SQUARE = 1e-2  # error at which training stops
STEPS = 20000  # after which it stops in any case
RATE = 0.25  # learning rate times the first kernel's largest eigenvalue


@dataclass(frozen=True)
class Scale:
    """The narrowest network's width, how often it doubles, and the points and their dimension."""

    points: int = 20
    dimensions: int = 10
    narrowest: int = 64
    doublings: int = 6


MINIMAL = Scale()
LARGE = Scale(points=40, doublings=9)
TRIAL = {"points": 10, "doublings": 3}
OUTCOMES = {
    "kernel_slope": Outcome(
        "pace at which the kernel's change falls with width",
        unit="decades per decade of width",
        better="lower",
        resolution=0.01,
    ),
    "weight_slope": Outcome(
        "pace at which the weights' change falls with width",
        unit="decades per decade of width",
        better="neither",
        resolution=0.01,
    ),
    "kernel_change": Outcome(
        "change of the widest network's kernel",
        unit="share of the first kernel",
        better="lower",
        resolution=0.001,
    ),
    "regression_gap": Outcome(
        "distance of the widest network from kernel regression",
        unit="share of the regression",
        better="lower",
        resolution=0.001,
    ),
    "log10_kernel_change_curve": Curve(
        "relative change of the kernel",
        unit="decades",
        better="lower",
        axis=Axis("doublings of the width from the narrowest", first=0, last="doublings", every=1),
    ),
    "log10_weight_change_curve": Curve(
        "relative change of the weights",
        unit="decades",
        better="lower",
        axis=Axis("doublings of the width from the narrowest", first=0, last="doublings", every=1),
    ),
}


def tanh_slope(value: Tensor) -> Tensor:
    return 1 - value**2


class Arm(NamedTuple):
    """A nonlinearity, its derivative given its value, and the power of the width in the output."""

    description: str
    bend: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    power: float = -0.5


ARMS = {
    "relu": Arm("rectified units, output over the root of the width", torch.relu, torch.sign),
    "tanh": Arm("tanh units, output over the root of the width", torch.tanh, tanh_slope),
    "relu_mean_field": Arm("rectified units, output over the width", torch.relu, torch.sign, -1.0),
}


def forward(arm: Arm, net: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return units (seeds, n, width) and outputs (seeds, n, 1).

    The net has shape (seeds, width, dimensions + 1): for each unit its input weights, then its output weight.
    """
    units = arm.bend(x @ net[..., :-1].mT)
    return units, units @ net[..., -1:] * net.shape[1] ** arm.power


def tangent_kernel(arm: Arm, net: Tensor, x: Tensor, z: Tensor) -> Tensor:
    """Return the inner products of the outputs' gradients at points x and z, (seeds, n, m)."""
    left, _ = forward(arm, net, x)
    right, _ = forward(arm, net, z)
    squares = net[..., -1:].mT.square()  # of the output weights, (seeds, 1, width)
    by_output_weights = left @ right.mT
    by_input_weights = (arm.slope(left) * squares) @ arm.slope(right).mT * (x @ z.mT)
    return (by_output_weights + by_input_weights).mul(net.shape[1] ** (2 * arm.power))


def train(arm: Arm, net: Tensor, x: Tensor, y: Tensor, rate: Tensor) -> Tensor:
    """Train in place until all fit, spoil what does not; return the steps each took, (seeds, 1, 1)."""
    taken = torch.zeros_like(rate)
    for _ in range(STEPS):
        units, outputs = forward(arm, net, x)
        error = outputs - y
        is_unfit = error.square().mean(1, keepdim=True) > MEAN_SQUARE  # false where training diverged
        taken += is_unfit
        pull = rate * net.shape[1] ** arm.power * is_unfit * error  # zero where training has stopped
        of_inputs = (arm.slope(units) * pull * net[..., -1:].mT).mT @ x  # (seeds, width, dimensions)
        of_outputs = units.mT @ pull  # (seeds, width, 1)
        net -= torch.cat([of_inputs, of_outputs], -1)
        if not is_unfit.any():
            break
    net.masked_fill_(is_unfit, torch.nan)
    return taken.masked_fill(net[:, :1, :1].isnan(), torch.nan)


class Drift(NamedTuple):
    """How far training moved a network, each relative to what it was, of shape (seeds,)."""

    kernel: Tensor
    weights: Tensor
    regression: Tensor


def drift(arm: Arm, net: Tensor, x: Tensor, y: Tensor, fresh: Tensor) -> Drift:
    """Train in place; return changes of kernel and weights, and the distance to regression."""
    first_net = net.clone()
    first_kernel = tangent_kernel(arm, net, x, x)  # (seeds, points, points)
    across = tangent_kernel(arm, net, fresh, x)
    _, untrained = forward(arm, net, x)
    _, fresh_untrained = forward(arm, net, fresh)
    values, vectors = torch.linalg.eigh(first_kernel)  # (seeds, points), (seeds, points, points)
    values = values[..., None]  # (seeds, points, 1), the largest last
    rate = RATE / values[:, -1:]
    steps = train(arm, net, x, y, rate)
    left = (1 - rate * values) ** steps  # of each component, after as many steps of regression
    learned = vectors @ ((1 - left) / values * (vectors.mT @ (y - untrained)))
    regression = fresh_untrained + across @ learned
    _, fresh_trained = forward(arm, net, fresh)
    return Drift(
        kernel=relative_change(first_kernel, tangent_kernel(arm, net, x, x)),
        weights=relative_change(first_net, net),
        regression=relative_change(regression, fresh_trained),
    )


def relative_change(old: Tensor, new: Tensor) -> Tensor:
    return norms((new - old).flatten(1)) / norms(old.flatten(1))  # (seeds,)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    normal = seeds.normal("points", 2 * scale.points, scale.dimensions, dtype=torch.float64)
    x, fresh = (normal / normal.norm(dim=-1, keepdim=True)).chunk(2, 1)  # each (seeds, points, dimensions)
    y = 2 * seeds.integers("signs", scale.points, 1, high=2).double() - 1
    widths = [scale.narrowest * 2**k for k in range(scale.doublings + 1)]
    drifts = []
    for width in widths:
        net = seeds.normal("weights", width, scale.dimensions + 1, dtype=torch.float64)
        drifts.append(torch.stack(drift(ARMS[arm], net, x, y, fresh), -1))
    found = torch.stack(drifts, -1)  # (seeds, 3, widths)
    kernel, weights, regression = found.unbind(1)  # each (seeds, widths)
    decades = torch.tensor(widths, dtype=x.dtype, device=x.device).log10()
    centred = decades - decades.mean()
    slopes = found.log10() @ centred / decades.var(correction=0) / len(widths)  # (seeds, 3)
    return {
        "kernel_slope": slopes[:, 0],
        "weight_slope": slopes[:, 1],
        "kernel_change": kernel[:, -1],
        "regression_gap": regression[:, -1],
        "log10_kernel_change_curve": kernel.log10(),
        "log10_weight_change_curve": weights.log10(),
    }

"""Do four hidden neurons multiply two numbers as accurately as one likes?

Hypothesis: s(u + v) + s(-u - v) - s(u - v) - s(v - u) keeps the even part of the activation s alone, whose
quadratic term leaves 4 s'' u v. Inputs shrunk by a factor lambda make the rest vanish like lambda^2: what is
left is u v (u^2 + v^2) lambda^2 s''''/(6 s''). Where s'' is zero at the working point there is no product to
keep, and where s has a kink, shrinking changes nothing.

Method: the four neurons share a bias, the working point; their weights are plus and minus lambda. float64,
random points of the square from -1 to 1. Every arm gets its best chance: the one output weight is fitted to
the points by least squares, which no other output weight beats.

Arms: activation and working point, three with curvature there, one with none, one with a kink.

Outcomes: root mean square error at the smallest lambda relative to that of the product itself, and the power
of lambda with which it falls at the last halving.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds


@dataclass(frozen=True)
class Scale:
    """Points of the square, and how often lambda is halved from 1."""

    points: int = 4000
    halvings: int = 4


MINIMAL = Scale()
LARGE = Scale(points=1000000, halvings=6)
OUTCOMES = {
    "log10_relative_error": Outcome(
        "relative error at the smallest lambda", unit="decades", better="lower", resolution=0.001
    ),
    "order": Outcome("order of the error", unit="powers of lambda", better="higher", resolution=0.001),
    "log10_relative_error_curve": Curve(
        "relative error",
        unit="decades",
        better="lower",
        axis=Axis("halvings of lambda from 1", first=0, last="halvings", every=1),
    ),
}


class Arm(NamedTuple):
    """Activation and bias of the four neurons."""

    text: str
    activation: Callable[[Tensor], Tensor]
    bias: float


ARMS = {
    "softplus": Arm("softplus, bias 0", torch.nn.functional.softplus, 0.0),
    "sigmoid_biased": Arm("sigmoid, bias 1", torch.sigmoid, 1.0),
    "tanh_biased": Arm("tanh, bias 1/2", torch.tanh, 0.5),
    "sigmoid_centred": Arm("sigmoid, bias 0, no curvature", torch.sigmoid, 0.0),
    "relu": Arm("ReLU, bias 0, a kink", torch.relu, 0.0),
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, activation, bias = ARMS[arm]
    points = seeds.uniform("points", 2, scale.points, low=-1.0, dtype=torch.float64)
    u, v = points.unbind(1)  # each (seeds, points)
    product = u * v
    errors = []
    for halving in range(scale.halvings + 1):
        lam = 0.5**halving
        plus = activation(bias + lam * (u + v))
        minus = activation(bias + lam * (-u - v))
        less = activation(bias + lam * (u - v))
        more = activation(bias + lam * (v - u))
        gate = plus + minus - less - more
        weight = (gate * product).sum(1) / gate.square().sum(1)  # (seeds,)
        square_error = (weight[:, None] * gate - product).square().mean(1)
        errors.append((square_error / product.square().mean(1)).sqrt().log10())
    curve = torch.stack(errors, 1)  # (seeds, halvings + 1)
    order = (curve[:, -2] - curve[:, -1]) / torch.tensor(2.0).log10()
    return {
        "log10_relative_error": curve[:, -1],
        "order": order,
        "log10_relative_error_curve": curve,
    }

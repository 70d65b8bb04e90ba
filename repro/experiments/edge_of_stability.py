"""Does gradient descent drive a network to the edge of its own stability?

Hypothesis: while descent is stable a network grows sharper: its largest curvature rises. Once this passes two
over the learning rate, the step along the sharpest direction overshoots, which a quadratic would not survive.
In a network the overshoot moves the weights to where the curvature is lower, so that it stays near the limit,
and the loss rises and falls from step to step while it sinks in the long run.

Method: full-batch gradient descent on the squared error, from the small weights that torch draws, on
MNIST-1D. The rate is set for each seed so that two over it, the limit, is a stated multiple of the curvature
at the start. The curvature is the largest eigenvalue of the Hessian, by Lanczos, taken at evenly spaced
steps; how far twice as many products change it is kept as well.

Arms: the multiple; nets, and linear models, whose curvature cannot change.

Outcomes: curvature over the limit, and share of steps that raise the loss, both in the last third of the
run; change of the loss over the last two thirds; error of the curvature.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from repro.lab.curves import thin
from repro.lab.fullbatch import hessian_product, ritz_values
from repro.lab.initialise import initialise
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.networks import network
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import gradient
from repro.lab.seeds import Seeds

LOOKS = 30  # equally spaced steps at which the curvature is taken
PRODUCTS = 20  # of the Hessian with a vector, for each; twice as many tell the error
MOST = 10.0  # decades of the loss that any change counts as


@dataclass(frozen=True)
class Scale:
    """Signals, units of each of two hidden layers, steps, and whether units are rectified instead of tanh."""

    train: int = 100
    width: int = 32
    steps: int = 3000
    is_rectified: bool = False


MINIMAL = Scale()
LARGE = Scale(train=4000, width=200, steps=20000)
TRIAL = {"train": 50, "width": 8, "steps": 150}
OUTCOMES = {
    "sharpness_over_limit": Outcome(
        "largest curvature over the limit of stability, late in the run",
        unit="limits",
        better="neither",
        resolution=0.01,
    ),
    "rising_steps": Outcome(
        "late steps that raise the loss", unit="percent", better="neither", resolution=0.1
    ),
    "log10_late_change": Outcome(
        "change of the loss over the last two thirds of the run",
        unit="decades",
        better="lower",
        resolution=0.001,
    ),
    "curvature_error": Outcome(
        "most that twice the products change a curvature", unit="percent", better="lower", resolution=0.01
    ),
    "sharpness_curve": Curve(
        "largest curvature over the limit of stability",
        unit="limits",
        better="neither",
        axis=Axis("percent of the run", first=0, last=100, points=30),
    ),
}


class Arm(NamedTuple):
    """The limit over the curvature at the start, and whether there are hidden layers."""

    text: str
    multiple: float
    is_deep: bool = True


ARMS = {
    "net_2": Arm("net, limit at twice the first curvature", 2),
    "net_4": Arm("net, limit at 4 times the first curvature", 4),
    "net_100": Arm("net, limit at 100 times the first curvature", 100),
    "linear_4": Arm("linear model, limit at 4 times its curvature", 4, is_deep=False),
    "linear_above": Arm("linear model, limit a tenth below its curvature", 0.9, is_deep=False),
}
SAME_FOR_ANY_LABELS = {
    "log10_late_change": "a training loss sinks for any labels",
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, multiple, is_deep = ARMS[arm]
    hidden = [scale.width] * 2 if is_deep else []
    net = initialise(seeds, mlp_shapes(FEATURES, *hidden, CLASSES), "pytorch_default")
    activation = torch.relu if scale.is_rectified else torch.tanh
    data = mnist1d(seeds, train=scale.train, test=10)
    targets = functional.one_hot(data.y, CLASSES).float()
    start = seeds.normal("Lanczos", net.flat.shape[1])

    def loss() -> Tensor:
        return squared_error(network(net.weights, data.x, activation), targets)

    def curvature(products: int) -> Tensor:
        return ritz_values(hessian_product(loss(), net), start, products)[:, -1]

    limit = multiple * curvature(2 * PRODUCTS)
    losses, sharpness, errors = [], [], []
    for step in range(scale.steps):
        if step % (scale.steps // LOOKS) == 0:
            rough, fine = curvature(PRODUCTS), curvature(2 * PRODUCTS)
            sharpness.append(fine / limit)
            errors.append(100 * (fine - rough).abs() / fine)
        value = loss()
        losses.append(value.detach())
        sgd(net.flat, gradient(value, net), None, 2 / limit)
    course, run = torch.stack(sharpness, 1), torch.stack(losses, 1)  # (seeds, LOOKS), (seeds, steps)
    third = scale.steps // 3
    change = (run[:, -1] / run[:, third]).log10().nan_to_num(MOST)
    return {
        "sharpness_over_limit": course[:, -LOOKS // 3 :].median(1).values,
        "rising_steps": 100 * (run[:, -third:].diff(dim=1) > 0).float().mean(1),
        "log10_late_change": change.clamp(-MOST, MOST),
        "curvature_error": torch.stack(errors, 1).amax(1),
        "sharpness_curve": thin(course),
    }

"""Are two separately trained networks joined by a path on which the error stays low?

Hypothesis: the good solutions of a large network form one connected sheet. A straight line between two of
them leaves the sheet, because like units stand in different places; a path that may bend stays on it.

Method: two rectified nets per seed learn the same fresh MNIST-1D, from initial weights and in an order of
their own. A path with ends a and b and control point c is (1-t)^2 a + 2t(1-t) c + t^2 b. Adam trains c from
the midpoint: a step draws a batch and one t, and follows the gradient of the loss there. Errors are those of
the net at each of 21 evenly spaced t, on all training and on all test points.

Arms: with c at the midpoint the path is straight. An untrained bend has a freshly drawn net for c. Siblings
are one net for a quarter of their training. The ends of a seed are the same in all other arms.

Outcomes: the largest training error on the path, and how far the test error climbs above its worse end.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import Parameters, Shapes, unflatten
from repro.lab.seeds import Seeds

BATCH, RATE, TIMES = 128, 0.01, torch.linspace(0, 1, 21)
OUTCOMES = {
    "largest_train_error": "percent of points; lower is better; resolution 0.1",
    "test_climb": "percentage points above the worse end; lower is better; resolution 0.1",
    "train_error_curve": "percent of points; lower is better; over the path from end to end",
    "test_error_curve": "percent of points; lower is better; over the path from end to end",
}


@dataclass(frozen=True)
class Scale:
    """Units in each of two hidden layers, training points, and steps for the ends and for the bend."""

    width: int = 100
    train: int = 2000
    steps: int = 600
    bend_steps: int = 600


MINIMAL = Scale()
LARGE = Scale(width=300, train=4000, steps=6000, bend_steps=20000)


class Arm(NamedTuple):
    """What the control point is, and the share of their training that the ends have in common."""

    description: str
    control: str
    common: float = 0.0


ARMS = {
    "line": Arm("straight line between two nets", "midpoint"),
    "curve": Arm("path between two nets with one trained bend", "trained"),
    "untrained_curve": Arm("path between two nets with one untrained bend", "drawn"),
    "siblings_line": Arm("straight line between two nets trained together at first", "midpoint", 0.25),
}


def trained_ends(seeds: Seeds, data: Labelled, shapes: Shapes, steps: int, common: float) -> Tensor:
    """Return the weights of two trained nets a seed, (seeds, 2, count)."""
    ends = Seeds(tuple(value + end for value in seeds.values for end in (1, 2)), seeds.device)
    net = initialise(ends, shapes, "he")
    order, state = batch_order(ends, data.x.shape[1], BATCH, steps), adam_state(net.flat)
    if shared := int(common * steps):
        net.flat[1::2] = net.flat[::2]
        order[1::2, :shared] = order[::2, :shared]
    for x, y in batches(data.x, data.y, order):
        slope = mlp_cross_entropy(net, x, y)
        adam(net.flat, slope.gradient, state, RATE)
    return net.flat.view(len(seeds), 2, -1)


def point(ends: Tensor, bend: Tensor, t: Tensor) -> Tensor:
    """Return the weights (seeds, count) at times t of shape (seeds, 1) or of none."""
    return (1 - t) ** 2 * ends[:, 0] + 2 * t * (1 - t) * bend + t**2 * ends[:, 1]


def trained_bend(seeds: Seeds, data: Labelled, shapes: Shapes, ends: Tensor, steps: int) -> Tensor:
    """Return the control points of least expected loss on the path, (seeds, count)."""
    bend = ends.mean(1)
    order = batch_order(seeds, data.x.shape[1], BATCH, steps, purpose="bend order")
    times, state = seeds.uniform("bend times", steps, 1), adam_state(bend)
    for (x, y), t in zip(batches(data.x, data.y, order), times.unbind(1), strict=True):
        flat = point(ends, bend, t)
        net = Parameters(flat, unflatten(flat, shapes))
        slope = mlp_cross_entropy(net, x, y)
        adam(bend, 2 * t * (1 - t) * slope.gradient, state, RATE)
    return bend


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, control, common = ARMS[arm]
    data = mnist1d(seeds, train=scale.train)
    shapes = mlp_shapes(data.x.shape[2], scale.width, scale.width, 10)
    ends = trained_ends(seeds, data, shapes, scale.steps, common)
    bend = initialise(seeds, shapes, "he").flat if control == "drawn" else ends.mean(1)
    if control == "trained":
        bend = trained_bend(seeds, data, shapes, ends, scale.bend_steps)
    nets = [unflatten(point(ends, bend, t), shapes) for t in TIMES.to(seeds.device)]
    train = 100 - 100 * torch.stack([accuracy(mlp(net, data.x), data.y) for net in nets], 1)
    test = 100 - 100 * torch.stack([accuracy(mlp(net, data.test_x), data.test_y) for net in nets], 1)
    return {
        "largest_train_error": train.amax(1),
        "test_climb": test.amax(1) - test[:, [0, -1]].amax(1),
        "train_error_curve": train,
        "test_error_curve": test,
    }

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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, Weights, unflatten
from repro.lab.seeds import Seeds

BATCH = 128  # points in a batch
RATE = 0.01  # learning rate of Adam
TIMES = torch.linspace(0, 1, 21)  # where on the path errors are taken


@dataclass(frozen=True)
class Scale:
    """Units in each of two hidden layers, training points, and steps for the ends and for the bend."""

    width: int = 100
    train: int = 2000
    steps: int = 600
    bend_steps: int = 600


MINIMAL = Scale()
LARGE = Scale(width=300, train=4000, steps=6000, bend_steps=20000)
TRIAL = {"width": 30, "train": 400, "steps": 80, "bend_steps": 80}
OUTCOMES = {
    "largest_train_error": Outcome(
        "largest training error on the path", unit="percent of points", better="lower", resolution=0.1
    ),
    "test_climb": Outcome(
        "climb of the test error on the path",
        unit="percentage points above the worse end",
        better="lower",
        resolution=0.1,
    ),
    "train_error_curve": Curve(
        "training error",
        unit="percent of points",
        better="lower",
        axis=Axis("way along the path", first=0, last=1, points=21),
    ),
    "test_error_curve": Curve(
        "test error",
        unit="percent of points",
        better="lower",
        axis=Axis("way along the path", first=0, last=1, points=21),
    ),
}


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
SAME_FOR_ANY_LABELS = {
    "test_climb": "between two nets that only guess, the test error does not climb either",
}


def trained_ends(seeds: Seeds, data: Labelled, shapes: Shapes, steps: int, common: float) -> Tensor:
    """Return the weights of two trained nets per seed, (seeds, 2, count)."""
    ends = Seeds(tuple(value + end for value in seeds.values for end in (1, 2)), seeds.device)
    net = initialise(ends, shapes, "he")  # first ends at even places, second ones at odd
    order = batch_order(ends, data.x.shape[1], BATCH, steps)
    shared = int(common * steps)
    if shared:
        net.flat[1::2] = net.flat[::2]
        order[1::2, :shared] = order[::2, :shared]
    state = adam_state(net.flat)
    for x, y in batches(data.x, data.y, order):
        gradient = mlp_cross_entropy(net, x, y).gradient
        adam(net.flat, gradient, state, RATE)
    return net.flat.view(len(seeds), 2, -1)


def point(ends: Tensor, bend: Tensor, t: Tensor) -> Tensor:
    """Return the weights (seeds, count) at times t of shape (seeds, 1) or of none."""
    return (1 - t) ** 2 * ends[:, 0] + 2 * t * (1 - t) * bend + t**2 * ends[:, 1]


def trained_bend(seeds: Seeds, data: Labelled, shapes: Shapes, ends: Tensor, steps: int) -> Tensor:
    """Return the control points of least expected loss on the path, (seeds, count)."""
    bend = ends.mean(1)
    order = batch_order(seeds, data.x.shape[1], BATCH, steps, purpose="bend order")
    times = seeds.uniform("bend times", steps, 1)
    state = adam_state(bend)
    for step, (x, y) in enumerate(batches(data.x, data.y, order)):
        t = times[:, step]  # (seeds, 1)
        flat = point(ends, bend, t)
        net = Parameters(flat, unflatten(flat, shapes))
        gradient = mlp_cross_entropy(net, x, y).gradient
        adam(bend, 2 * t * (1 - t) * gradient, state, RATE)
    return bend


def percent_wrong(nets: Sequence[Weights], x: Tensor, y: Tensor) -> Tensor:
    """Return the error of each net, (seeds, nets)."""
    shares = torch.stack([accuracy(mlp(net, x), y) for net in nets], 1)
    return 100 - 100 * shares


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, control, common = ARMS[arm]
    data = mnist1d(seeds, train=scale.train)
    shapes = mlp_shapes(FEATURES, scale.width, scale.width, CLASSES)
    ends = trained_ends(seeds, data, shapes, scale.steps, common)
    if control == "trained":
        bend = trained_bend(seeds, data, shapes, ends, scale.bend_steps)
    elif control == "drawn":
        bend = initialise(seeds, shapes, "he").flat
    else:
        bend = ends.mean(1)
    nets = [unflatten(point(ends, bend, t), shapes) for t in TIMES.to(seeds.device)]
    train = percent_wrong(nets, data.x, data.y)
    test = percent_wrong(nets, data.test_x, data.test_y)
    worse_end = test[:, [0, -1]].amax(1)
    return {
        "largest_train_error": train.amax(1),
        "test_climb": test.amax(1) - worse_end,
        "train_error_curve": train,
        "test_error_curve": test,
    }

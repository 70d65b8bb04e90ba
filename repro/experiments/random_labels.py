"""Can a network that generalises also learn labels by heart that have nothing to do with the inputs?

Hypothesis: with some twenty weights per point, gradient descent finds weights for any labels almost as easily
as for the right ones. What such a network could fit then says nothing about why it does well on new points.

Method: MNIST-1D, a network with two hidden layers, stochastic gradient descent with momentum, no penalty, no
noise and no early stopping. Between arms of the network only labels or inputs change, not the learning rate.

Arms: right labels; uniformly random labels; right labels on normal noise in place of the inputs; and random
labels for a linear classifier, with the best of three learning rates by its final training accuracy.

Outcomes: accuracy on what was trained on, accuracy on new points with right labels, and the steps until 99
percent of the training points are right, up to the next multiple of 20; infinite if they never are.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.curves import thin
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Weights
from repro.lab.seeds import Seeds

BATCH = 100  # points in a batch
MOMENTUM = 0.9  # share of the last step that is taken again
EVERY = 20  # steps between evaluations
FITTED = 0.99  # share of training points
TESTED = 1000  # new points


@dataclass(frozen=True)
class Scale:
    """Training points, units in each hidden layer, and steps."""

    points: int = 2000
    width: int = 200
    steps: int = 600


MINIMAL = Scale()
LARGE = Scale(points=10000, width=1000, steps=8000)
TRIAL = {"points": 200, "width": 50, "steps": 100}
OUTCOMES = {
    "train_accuracy": Outcome(
        "training accuracy", unit="percent of training points", better="higher", resolution=0.1
    ),
    "test_accuracy": Outcome("test accuracy", unit="percent of test points", better="higher", resolution=0.1),
    "steps_to_fit": Outcome("time to fit the training points", unit="steps", better="lower", resolution=20),
    "train_accuracy_curve": Curve(
        "training accuracy",
        unit="percent of training points",
        better="higher",
        axis=Axis("step", first=20, last="steps", every=20),
    ),
}


class Arm(NamedTuple):
    """Labels and inputs that are right or random, hidden layers, and learning rates to choose from."""

    description: str
    has_right_labels: bool
    has_right_inputs: bool = True
    hidden: int = 2
    rates: tuple[float, ...] = (0.05,)


ARMS = {
    "right_labels": Arm("network, right labels", True),
    "random_labels": Arm("network, random labels", False),
    "random_inputs": Arm("network, right labels on noise", True, has_right_inputs=False),
    "linear_random_labels": Arm("linear classifier, random labels", False, hidden=0, rates=(0.01, 0.1, 1.0)),
}
SAME_FOR_ANY_LABELS = {
    "train_accuracy": "that a net fits whatever labels it is given is what this measures",
    "steps_to_fit": "how long it takes is measured for right and for random labels",
}


@torch.no_grad()
def share_right(weights: Weights, x: Tensor, y: Tensor, lanes: int) -> Tensor:
    """Return the share of a seed's points that each of its lanes has right, (seeds * lanes,)."""
    return accuracy(mlp(weights, spread(x, lanes)), spread(y, lanes))


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, has_right_labels, has_right_inputs, hidden, rates = ARMS[arm]
    x, y, test_x, test_y = mnist1d(seeds, train=scale.points, test=TESTED)
    if not has_right_labels:
        y = seeds.integers("random labels", scale.points, high=CLASSES)
    if not has_right_inputs:
        x = seeds.normal("random inputs", scale.points, FEATURES)
    lanes = len(rates)  # of each seed
    rate = grid(seeds, rates)
    shapes = mlp_shapes(FEATURES, *[scale.width] * hidden, CLASSES)
    net = initialise(seeds, shapes, "he", lanes=lanes)
    order = batch_order(seeds, scale.points, BATCH, scale.steps)  # (seeds, steps, BATCH)
    velocity = torch.zeros_like(net.flat)
    course = []
    for step, (batch_x, batch_y) in enumerate(batches(x, y, spread(order, lanes)), 1):
        gradient = mlp_cross_entropy(net, batch_x, batch_y).gradient
        sgd(net.flat, gradient, velocity, rate, momentum=MOMENTUM)
        if step % EVERY == 0:
            course.append(share_right(net.weights, x, y, lanes))
    chosen = best(course[-1], lanes, "higher")  # (seeds,)
    shares = torch.stack(course, 1)[chosen]  # (seeds, evaluations)
    is_fitted = shares >= FITTED
    first_fitted = EVERY * (1 + is_fitted.int().argmax(1)).to(shares.dtype)
    never = ~is_fitted.any(1)
    return {
        "train_accuracy": 100 * shares[:, -1],
        "test_accuracy": 100 * share_right(net.weights, test_x, test_y, lanes)[chosen],
        "steps_to_fit": first_fitted.masked_fill(never, torch.inf),
        "train_accuracy_curve": 100 * thin(shares),
    }

"""Can a network that generalises also learn labels by heart that have nothing to do with the inputs?

Hypothesis: with some twenty weights a point, gradient descent finds weights for any labels almost as easily
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
from repro.lab.seeds import Seeds

BATCH, MOMENTUM = 100, 0.9
EVERY = 20  # steps between evaluations
FITTED = 0.99  # share of training points
OUTCOMES = {
    "train_accuracy": "percent of training points; higher is better; resolution 0.1",
    "test_accuracy": "percent of test points; higher is better; resolution 0.1",
    "steps_to_fit": "steps; lower is better; resolution 20",
    "train_accuracy_curve": "percent of training points; higher is better; over steps from 20 to the last",
}


@dataclass(frozen=True)
class Scale:
    """Training points, units in each hidden layer, and steps."""

    points: int = 2000
    width: int = 200
    steps: int = 600


MINIMAL = Scale()
LARGE = Scale(points=10000, width=1000, steps=8000)


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


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, has_right_labels, has_right_inputs, hidden, rates = ARMS[arm]
    x, y, test_x, test_y = mnist1d(seeds, train=scale.points, test=1000)
    if not has_right_labels:
        y = seeds.integers("random labels", scale.points, high=CLASSES)
    if not has_right_inputs:
        x = seeds.normal("random inputs", scale.points, FEATURES)
    lanes = len(rates)
    net = initialise(seeds, mlp_shapes(FEATURES, *[scale.width] * hidden, CLASSES), "he", lanes=lanes)
    order = batch_order(seeds, scale.points, BATCH, scale.steps)  # (seeds, steps, BATCH)
    velocity, rate = torch.zeros_like(net.flat), grid(seeds, rates)
    course = []

    def scored(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            return accuracy(mlp(net.weights, spread(x, lanes)), spread(y, lanes))  # (seeds * lanes,)

    for step, batch in enumerate(batches(x, y, spread(order, lanes)), 1):
        sgd(net.flat, mlp_cross_entropy(net, *batch).gradient, velocity, rate, momentum=MOMENTUM)
        if step % EVERY == 0:
            course.append(scored(x, y))
    chosen = best(course[-1], lanes, "higher")
    shares = torch.stack(course, 1)[chosen]  # (seeds, evaluations)
    fitted = shares >= FITTED
    first = EVERY * (1 + fitted.int().argmax(1)).to(shares.dtype)
    return {
        "train_accuracy": 100 * shares[:, -1],
        "test_accuracy": 100 * scored(test_x, test_y)[chosen],
        "steps_to_fit": first.masked_fill(~fitted.any(1), torch.inf),
        "train_accuracy_curve": 100 * thin(shares),
    }

"""Do wider nets overfit more, where all of them are trained to the end?

Hypothesis: units beyond those that suffice to fit the training points give descent a choice among fits, and
the ones it takes are no worse on new points. Then accuracy rises with width, or stays. Where labels are wrong
a net that just fits them has no choice, and must bend to every one of them; that is where size does harm.

Method: MNIST-1D, nets with one hidden layer from 4 to 300 units, trained by Adam whose rate falls to zero,
without penalty, noise or early stopping. Every width has the best of two rates on further points, and all
widths of a seed see the same points in the same order.

Arms: how many of the training labels are wrong.

Outcomes: rank correlation (Spearman's) of width with accuracy on new points; what the widest net gains on one
of 16 units; how far the widest, and whichever width does so most, falls behind the best of the narrower ones;
and the accuracy of the widest, on new points and on the labels that it was given.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

WIDTHS = (4.0, 8.0, 16.0, 30.0, 60.0, 100.0, 200.0, 300.0)  # units of the hidden layer
NARROW = WIDTHS.index(16.0)
RATES = (0.005, 0.02)  # of Adam at the first step
BATCH = 100  # points in a batch
VALIDATED, TESTED = 1000, 4000  # further points, to choose the rate by and to judge on


@dataclass(frozen=True)
class Scale:
    """Points to train on, and steps."""

    points: int = 1000
    steps: int = 1000


MINIMAL = Scale()
LARGE = Scale(points=4000, steps=20_000)
TRIAL = {"points": 100, "steps": 60}
OUTCOMES = {
    "rank_agreement": Outcome(
        "rank correlation of width with test accuracy", unit="rho", better="neither", resolution=0.01
    ),
    "gain": Outcome(
        "test accuracy of the widest less that of 16 units",
        unit="percent of test points",
        better="higher",
        resolution=0.1,
    ),
    "widest": Outcome(
        "test accuracy of the widest", unit="percent of test points", better="higher", resolution=0.1
    ),
    "shortfall": Outcome(
        "test accuracy of the widest below the best of the narrower",
        unit="percent of test points",
        better="lower",
        resolution=0.1,
    ),
    "dip": Outcome(
        "most that a width falls below a narrower one",
        unit="percent of test points",
        better="lower",
        resolution=0.1,
    ),
    "train_accuracy": Outcome(
        "training accuracy of the widest", unit="percent of training points", better="higher", resolution=0.1
    ),
    "test_accuracy_curve": Curve(
        "test accuracy",
        unit="percent of test points",
        better="higher",
        axis=Axis("units", values=WIDTHS, is_logarithmic=True),
    ),
}


class Arm(NamedTuple):
    """The share of training labels that are wrong."""

    text: str
    wrong: float


ARMS = {
    "clean": Arm("all training labels right", 0.0),
    "noisy": Arm("15 percent of the training labels wrong", 0.15),
    "random": Arm("training labels drawn at random", 0.9),
}
SAME_FOR_ANY_LABELS = {
    "train_accuracy": "that the widest net learns whatever labels it is given is needed in every arm",
    "shortfall": "nets that learn nothing of use are not behind one another",
    "dip": "nets that learn nothing of use are not behind one another",
}


class Accuracies(NamedTuple):
    """Shares of training and of test points that a width gets right, each of shape (seeds,)."""

    train: Tensor
    test: Tensor


def trained(seeds: Seeds, data: Labelled, units: int, order: Tensor, steps: int) -> Accuracies:
    """Train nets of one width, at the rate that does best on the first of the test points."""
    lanes = len(RATES)
    net = initialise(seeds, mlp_shapes(FEATURES, units, CLASSES), "he", lanes=lanes)
    rate, state = grid(seeds, RATES), adam_state(net.flat)
    for step, (x, y) in enumerate(batches(data.x, data.y, order)):
        slope = mlp_cross_entropy(net, spread(x, lanes), spread(y, lanes)).gradient
        adam(net.flat, slope, state, rate * (1 - step / steps))
    with torch.no_grad():
        scores = mlp(net.weights, spread(data.test_x, lanes))
        fitted = accuracy(mlp(net.weights, spread(data.x, lanes)), spread(data.y, lanes))
    labels = spread(data.test_y, lanes)
    chosen = best(accuracy(scores[:, :VALIDATED], labels[:, :VALIDATED]), lanes, "higher")
    return Accuracies(fitted[chosen], accuracy(scores[:, VALIDATED:], labels[:, VALIDATED:])[chosen])


def rank_correlation(values: Tensor) -> Tensor:
    """Return Spearman's correlation of untied values with their places: (seeds, places) to (seeds,)."""
    places = torch.arange(values.shape[1], dtype=values.dtype, device=values.device)
    ranks = values.argsort(1).argsort(1).to(values.dtype)
    count = values.shape[1]
    rho: Tensor = 1 - 6 * (ranks - places).square().sum(1) / (count * (count**2 - 1))
    return rho


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    data = mnist1d(seeds, train=scale.points, test=VALIDATED + TESTED)
    others = (data.y + seeds.integers("mislabelled as", scale.points, low=1, high=CLASSES)) % CLASSES
    is_wrong = seeds.uniform("is mislabelled", scale.points) < ARMS[arm].wrong
    data = data._replace(y=torch.where(is_wrong, others, data.y))
    order = batch_order(seeds, scale.points, BATCH, scale.steps)
    found = [trained(seeds, data, int(units), order, scale.steps) for units in WIDTHS]
    tested = 100 * torch.stack([each.test for each in found], 1)  # (seeds, widths)
    best_so_far = tested.cummax(1).values[:, :-1]
    behind = best_so_far - tested[:, 1:]
    return {
        "rank_agreement": rank_correlation(tested),
        "gain": tested[:, -1] - tested[:, NARROW],
        "widest": tested[:, -1],
        "shortfall": behind[:, -1],
        "dip": behind.amax(1),
        "train_accuracy": 100 * found[-1].train,
        "test_accuracy_curve": tested,
    }

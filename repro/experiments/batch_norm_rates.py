"""Does batch normalisation leave more room for the choice of the learning rate?

Hypothesis: a norm undoes what a large step does to the size of a layer's inputs, as often as it happens. So
a normalised net survives larger rates, and misses less by a rate that is not the best. Units that are made
alike once, before training, drift apart again and should leave no more room than none.

Method: deep rectifier nets on MNIST-1D, each learning rate of plain gradient descent a lane. A net has
learned if it ends clearly below what guessing costs; only a rate that learns can work, and whether it does is
asked beside the best rate of the same net.

Arms: no norm; batch norm; units standardised once before training. Data, initial weights and order of
batches are the same.

Outcomes: the largest rate that learns; how many rates end near the lowest loss; how much of what the best
rate gains over guessing is lost at its neighbours.
"""

from dataclasses import dataclass
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, take
from repro.lab.initialise import initialise
from repro.lab.lanes import grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes, standardise
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # learning rates, each about three times the last
LEARNED = 2.0  # nats, up to which a net has learned something
GUESSING = log(CLASSES)  # nats that guessing costs, 2.3
NEAR = 1.5  # times the lowest loss, up to which a rate is near the best
POINTS = 1000  # training points, over which losses are taken
BATCH = 128  # points in a batch


@dataclass(frozen=True)
class Scale:
    """Hidden layers, units of each, and steps."""

    depth: int = 10
    width: int = 48
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)
TRIAL = {"width": 16, "steps": 30}
OUTCOMES = {
    "loss": Outcome(
        "training loss after the last step, at the best rate", unit="nats", better="lower", resolution=0.001
    ),
    "log10_largest_rate": Outcome(
        "largest learning rate that ends below two nats", unit="decades", better="higher", resolution=0.1
    ),
    "near_rates": Outcome(
        "learning rates that end below two nats and within 1.5 times the lowest loss",
        unit="learning rates of seven",
        better="higher",
        resolution=0.1,
    ),
    "cost_of_miss": Outcome(
        "gain lost where the learning rate is three times too large or too small, mean of both",
        unit="percent of the gain over guessing",
        better="lower",
        resolution=1.0,
    ),
    "loss_by_rate_curve": Curve(
        "training loss after the last step, by learning rate",
        unit="nats",
        better="lower",
        axis=Axis("learning rate", values=RATES, is_logarithmic=True),
    ),
}


class Arm(NamedTuple):
    """Is there a norm, or are units standardised once?"""

    description: str
    is_normalised: bool = False
    is_standardised: bool = False


ARMS = {
    "none": Arm("no normalisation"),
    "bn": Arm("batch norm", is_normalised=True),
    "once": Arm("no normalisation, units standardised once before training", is_standardised=True),
}
SAME_FOR_ANY_LABELS = {
    "cost_of_miss": "it compares rates with one another, whatever is learned",
    "log10_largest_rate": "a rate that lets the training loss fall does so for any labels",
}


class Room(NamedTuple):
    """Of each seed, (seeds,): lowest loss, largest rate that learns or 0, rates near the best, % lost."""

    lowest: Tensor
    largest: Tensor
    near: Tensor
    lost: Tensor


def room(losses: Tensor) -> Room:
    """Return how much room losses by rate, (seeds, rates), leave; a net that diverged has learned nothing."""
    losses = losses.nan_to_num(torch.inf)
    lowest, best = losses.min(1)  # (seeds,) each
    learned = losses <= LEARNED
    near = learned & (losses <= NEAR * lowest.unsqueeze(1))
    largest = (learned * torch.tensor(RATES, device=losses.device)).amax(1)
    beside = torch.stack([best - 1, best + 1], 1).clamp(0, len(RATES) - 1)  # at the grid's end it is the best
    kept = (GUESSING - losses.gather(1, beside)).clamp_min(0).mean(1) / (GUESSING - lowest)
    return Room(lowest, largest, near.float().sum(1), 100 * (1 - kept.where(learned.any(1), 0)))


@torch.no_grad()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    lanes = len(RATES)  # of each seed
    data = mnist1d(seeds, train=POINTS, test=0)
    shapes = mlp_shapes(FEATURES, *[scale.width] * scale.depth, CLASSES, is_normalised=chosen.is_normalised)
    net = initialise(seeds, shapes, "he", lanes=lanes)
    x, y = spread(data.x, lanes), spread(data.y, lanes)
    if chosen.is_standardised:
        standardise(net, x)
    order = spread(batch_order(seeds, POINTS, BATCH, scale.steps), lanes)
    rates = grid(seeds, RATES)
    for step in range(scale.steps):
        slope = mlp_cross_entropy(net, take(data.x, order[:, step]), take(data.y, order[:, step]))
        sgd(net.flat, slope.gradient, None, rates)
    losses = cross_entropy(mlp(net.weights, x), y).view(-1, lanes)  # (seeds, lanes)
    found = room(losses)
    return {
        "loss": found.lowest,
        "log10_largest_rate": found.largest.log10(),
        "near_rates": found.near,
        "cost_of_miss": found.lost,
        "loss_by_rate_curve": losses,
    }

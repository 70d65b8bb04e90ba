"""Which of two networks is better, if each is run on three random seeds?

Hypothesis: runs of one network that differ in nothing but their seed, which draws initial weights and order,
do not score alike. The mean of three runs keeps more than half of that spread. Where two networks differ by
what is published as progress, that much luck can turn their order; where they do not differ, it can look like
progress. Ten runs keep less of it.

Method: MNIST-1D, one draw of training and test signals in each seed, shared by all runs. Many runs of two
networks are trained. A contest takes as many runs of either at random and compares mean test accuracies.

Arms: fully connected networks of one hidden layer, trained with Adam: one is compared with itself, with one
twice as wide, and with one of a few units.

Outcomes: share of contests in which either leads by a point or more; share in which the one leads that is
behind over all its runs; its lead over all runs.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.initialise import initialise
from repro.lab.lanes import reseeded, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

BASE = 64  # hidden units of the network that the others are compared with
BATCH = 100  # signals in a batch
RATE = 0.01  # learning rate of Adam
MOST = 10  # runs of each network in a contest, at most
FEW = 3  # runs that the sources call too few
POINT = 1.0  # percentage points of accuracy by which a side must lead to look like progress


@dataclass(frozen=True)
class Scale:
    """Training signals, test signals, steps, runs of each network, and contests between them."""

    train: int = 1000
    test: int = 1000
    steps: int = 300
    runs: int = 24
    contests: int = 2000


MINIMAL = Scale()
LARGE = Scale(train=4000, test=10000, steps=6000, runs=100)
TRIAL = {"train": 200, "test": 200, "steps": 40, "runs": 12, "contests": 200}
OUTCOMES = {
    "false_lead_of_three": Outcome(
        "contests of three runs in which either side leads by a point",
        unit="share of contests",
        better="lower",
        resolution=0.001,
    ),
    "false_lead_of_ten": Outcome(
        "contests of ten runs in which either side leads by a point",
        unit="share of contests",
        better="lower",
        resolution=0.001,
    ),
    "wrong_of_three": Outcome(
        "contests of three runs that the worse side leads",
        unit="share of contests",
        better="lower",
        resolution=0.001,
    ),
    "wrong_of_ten": Outcome(
        "contests of ten runs that the worse side leads",
        unit="share of contests",
        better="lower",
        resolution=0.001,
    ),
    "true_lead": Outcome(
        "lead of the first network over all runs",
        unit="percentage points",
        better="neither",
        resolution=0.01,
    ),
    "spread": Outcome(
        "standard deviation between runs of the first network",
        unit="percentage points",
        better="lower",
        resolution=0.01,
    ),
    "wrong_curve": Curve(
        "contests that the worse side leads",
        unit="share of contests",
        better="lower",
        axis=Axis("runs of each network in a contest", first=1, last=10, points=10),
    ),
}


class Arm(NamedTuple):
    """Hidden units of the network that is compared with the base."""

    text: str
    hidden: int


ARMS = {
    "same": Arm("a network against itself", BASE),
    "double": Arm("one twice as wide against the base", 2 * BASE),
    "narrow": Arm("one of eight units against the base", BASE // 8),
}


def scores(seeds: Seeds, side: Seeds, scale: Scale, hidden: int) -> Tensor:
    """Return the test accuracy in percent of all runs of one side's network, (seeds, runs)."""
    data = mnist1d(seeds, train=scale.train, test=scale.test)
    runs = reseeded(side, scale.runs)
    net = initialise(runs, mlp_shapes(40, hidden, 10), "he")
    state = adam_state(net.flat)
    order = batch_order(runs, scale.train, BATCH, scale.steps)  # (seeds * runs, steps, BATCH)
    for x, y in batches(data.x, data.y, order):
        adam(net.flat, mlp_cross_entropy(net, x, y).gradient, state, RATE)
    with torch.no_grad():
        found = accuracy(mlp(net.weights, spread(data.test_x, scale.runs)), spread(data.test_y, scale.runs))
    return 100 * found.view(len(seeds), scale.runs)


def leads(seeds: Seeds, scale: Scale, first: Tensor, second: Tensor) -> Tensor:
    """Return the lead of the first side in contests of one run each, of two, and so on.

    Args:
        seeds: The seeds of the block.
        scale: Contests.
        first: Accuracies of the first side's runs, (seeds, runs).
        second: Those of the other side.

    Returns:
        Percentage points, (seeds, contests, MOST).
    """
    count = torch.arange(1, MOST + 1, device=seeds.device)
    means = []
    for side, found in (("first", first), ("second", second)):
        drawn = seeds.uniform(f"runs of the {side}", scale.contests, found.shape[1]).argsort(-1)[..., :MOST]
        taken = found[:, None].expand(-1, scale.contests, -1).gather(-1, drawn)  # (seeds, contests, MOST)
        means.append(taken.cumsum(-1) / count)
    return means[0] - means[1]


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    sides = reseeded(seeds, 2).values
    first = scores(seeds, Seeds(sides[0::2], seeds.device), scale, ARMS[arm].hidden)
    second = scores(seeds, Seeds(sides[1::2], seeds.device), scale, BASE)
    lead = leads(seeds, scale, first, second)
    true_lead = first.mean(1) - second.mean(1)
    false = (lead.abs() >= POINT).double().mean(1)  # (seeds, MOST)
    wrong = (lead * true_lead[:, None, None] < 0).double().mean(1)
    return {
        "false_lead_of_three": false[:, FEW - 1],
        "false_lead_of_ten": false[:, MOST - 1],
        "wrong_of_three": wrong[:, FEW - 1],
        "wrong_of_ten": wrong[:, MOST - 1],
        "true_lead": true_lead,
        "spread": first.std(1),
        "wrong_curve": wrong,
    }

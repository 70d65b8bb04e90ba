"""How much better than average is the best of many runs that differ in nothing but their seed?

Hypothesis: runs of one network scatter around their mean as if by many small accidents. The best of a few
dozen lies about two standard deviations above it, the best of hundreds about three. Even a scatter that looks
small then hands whoever tries many seeds a lead that passes for progress. Part of such a lead is luck with
the test digits, which fresh digits do not show.

Method: the digits of scikit-learn, split at random in each seed into training, test and fresh ones. Hundreds
of runs of one network are trained on the same digits, each with initial weights and an order of its own.

Arms: the runs themselves, and committees of forty of these runs, which average what their members answer and
so hardly differ.

Outcomes: lead over the mean of all on the test digits, of the best of all, of the worst, and of the best of
twenty; what is left of the best one's lead on fresh digits; the standard deviation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, digits
from repro.lab.initialise import initialise
from repro.lab.lanes import reseeded, spread
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.optimise import adam, adam_state
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

BATCH = 50  # digits in a batch
RATE = 0.01  # learning rate of Adam
SHAPES = mlp_shapes(64, 16, 10)
MEMBERS = 40  # runs that form a committee
TWENTY = 20  # seeds that are quickly tried
TOGETHER = 50  # runs of each seed that are trained at a time, so that they fit into the cache
TRIES = (1, 2, 5, 10, 20, 50, 100, 200, 400)  # runs among which the best is taken, in the curve


@dataclass(frozen=True)
class Scale:
    """Training digits, test digits, steps and runs; a run or committee is drawn anew in so many contests."""

    train: int = 600
    test: int = 600
    steps: int = 200
    runs: int = 400
    contests: int = 400


MINIMAL = Scale()
LARGE = Scale(steps=2000, runs=10000)
TRIAL = {"train": 100, "test": 100, "steps": 30, "runs": 100, "contests": 100}
OUTCOMES = {
    "best_lead": Outcome(
        "lead of the best of all on the test digits",
        unit="percentage points",
        better="higher",
        resolution=0.01,
    ),
    "worst_lead": Outcome(
        "lead of the worst of all on the test digits",
        unit="percentage points",
        better="higher",
        resolution=0.01,
    ),
    "lead_of_twenty": Outcome(
        "lead of the best of twenty on the test digits",
        unit="percentage points",
        better="higher",
        resolution=0.01,
    ),
    "fresh_lead": Outcome(
        "lead on fresh digits of the best of all on the test digits",
        unit="percentage points",
        better="higher",
        resolution=0.01,
    ),
    "spread": Outcome(
        "standard deviation on the test digits", unit="percentage points", better="lower", resolution=0.01
    ),
    "lead_curve": Curve(
        "lead of the best on the test digits",
        unit="percentage points",
        better="higher",
        axis=Axis("seeds tried", values=TRIES, is_logarithmic=True),
    ),
}


def alone(_: Seeds, said: Tensor) -> Tensor:
    return said


def committees(seeds: Seeds, said: Tensor) -> Tensor:
    """Return the mean answer of as many committees as there are runs, each of members drawn at random."""
    runs = said.shape[1]
    drawn = seeds.uniform("members", runs, runs).argsort(-1) < MEMBERS  # (seeds, committees, runs)
    return torch.einsum("scr,srdk->scdk", drawn.to(said) / MEMBERS, said)


class Arm(NamedTuple):
    """Who competes, given the answers of all runs."""

    text: str
    competitors: Callable[[Seeds, Tensor], Tensor]


ARMS = {
    "runs": Arm("runs that differ in their seed", alone),
    "committees": Arm("committees of forty runs", committees),
}
SAME_FOR_ANY_LABELS = {
    "best_lead": "the best of many runs that only guess leads their mean, too",
    "lead_of_twenty": "the best of many runs that only guess leads their mean, too",
}


def trained(part: Seeds, data: Labelled, scale: Scale) -> Tensor:
    """Return the probabilities that one part of the runs gives the classes, (seeds, TOGETHER, digits, 10)."""
    runs = reseeded(part, TOGETHER)
    net = initialise(runs, SHAPES, "he")
    state = adam_state(net.flat)
    order = batch_order(runs, scale.train, BATCH, scale.steps)  # (runs, steps, BATCH)
    for x, y in batches(data.x, data.y, order):
        adam(net.flat, mlp_cross_entropy(net, x, y).gradient, state, RATE)
    with torch.no_grad():
        said = mlp(net.weights, spread(data.test_x, TOGETHER)).softmax(-1)
    return said.view(len(part), TOGETHER, *said.shape[1:])


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    data = digits(seeds, train=scale.train)
    parts = reseeded(seeds, scale.runs // TOGETHER).values
    count = len(parts) // len(seeds)
    answers = [trained(Seeds(parts[k::count], seeds.device), data, scale) for k in range(count)]
    said = ARMS[arm].competitors(seeds, torch.cat(answers, 1))  # (seeds, runs, digits, 10)
    is_right = 100 * (said.argmax(-1) == data.test_y[:, None]).double()
    test, fresh = (part.mean(-1) for part in is_right.tensor_split([scale.test], -1))  # (seeds, runs)
    lead = test - test.mean(1, keepdim=True)
    best = test.argmax(1, keepdim=True)
    shuffled = seeds.uniform("tried", scale.contests, scale.runs).argsort(-1)
    tried = lead[:, None].expand(-1, scale.contests, -1).gather(-1, shuffled)  # (seeds, contests, runs)
    curve = torch.stack([tried[..., :tries].amax(-1).mean(1) for tries in TRIES], 1)
    return {
        "best_lead": lead.amax(1),
        "worst_lead": lead.amin(1),
        "lead_of_twenty": curve[:, TRIES.index(TWENTY)],
        "fresh_lead": fresh.gather(1, best)[:, 0] - fresh.mean(1),
        "spread": test.std(1),
        "lead_curve": curve,
    }

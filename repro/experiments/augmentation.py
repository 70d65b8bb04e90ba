"""Do randomly shifted copies of the training signals make a net generalise better?

Hypothesis: a signal that is moved a little stays one of its class, so a net that meets every signal in many
places cannot know it by its place, and learns what holds in all of them. Copies changed in a way in which
signals of a class never differ take as much away from what can be learned by heart, and teach nothing.

Method: MNIST-1D, fresh in each seed, two hidden layers of rectified units trained with Adam. A copy is a
signal rolled around its end by a number of points that is drawn anew each time the signal is used. Every net
chooses between two rates, and when to stop, on 1,000 further signals as they are, and is judged on 2,000.

Arms: signals as they are; the same for twice as many steps; shifts by up to four points, and by any number;
and shifts by up to four places in a random order of the points, which is one for all signals of a seed.

Outcomes: percent of new signals right, and how many more of the training signals as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Weights
from repro.lab.seeds import Seeds

BATCH = 100  # signals in a batch
LOOKS = 10  # equal parts of training, after each of which a net may stop
VALIDATION = 1000  # signals that choose among rates and looks
TESTED = 2000  # signals that judge, and training signals that are looked at again
RATES = (0.003, 0.01)  # learning rates of Adam


@dataclass(frozen=True)
class Scale:
    """Training signals, units in each hidden layer, and steps."""

    train: int = 4000
    units: int = 100
    steps: int = 3000


MINIMAL = Scale()
LARGE = Scale(units=1000, steps=30_000)
TRIAL = {"train": 400, "units": 30, "steps": 100}
OUTCOMES = {
    "test_accuracy": Outcome("test accuracy", unit="percent", better="higher", resolution=0.05),
    "lead_on_seen": Outcome(
        "lead of seen signals over new ones", unit="percentage points", better="lower", resolution=0.1
    ),
    "accuracy_curve": Curve(
        "test accuracy",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


class Arm(NamedTuple):
    """How far signals are shifted at most, in which order of their points, and for how long a net learns."""

    description: str
    farthest: int = 0
    is_rearranged: bool = False
    times: int = 1


ARMS = {
    "none": Arm("signals as they are"),
    "none_twice": Arm("signals as they are, twice as many steps", times=2),
    "shifted": Arm("shifts by up to four points", 4),
    "shifted_anywhere": Arm("shifts by any number of points", FEATURES // 2),
    "shifted_rearranged": Arm("shifts by up to four places in a random order", 4, is_rearranged=True),
}
SAME_FOR_ANY_LABELS = {
    "lead_on_seen": "it says how far signals are learned by heart, of which random labels are the purest case"
}


def rolled(x: Tensor, by: Tensor, order: Tensor) -> Tensor:
    """Return signals whose points move some places onward in an order of the points, round its end.

    Args:
        x: Signals of shape (lanes, batch, FEATURES).
        by: Places, of shape (lanes, batch).
        order: For each lane an order of the points, of shape (lanes, FEATURES).
    """
    place = order.argsort(1)  # of each point in the order, (lanes, FEATURES)
    before = (place.unsqueeze(1) - by.unsqueeze(2)) % FEATURES  # (lanes, batch, FEATURES)
    source = order.unsqueeze(1).expand_as(before).gather(2, before)
    return x.gather(2, source)


def copies(
    seeds: Seeds, examples: Iterator[tuple[Tensor, Tensor]], steps: int, arm: Arm
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield each step's signals, shifted anew, and their labels."""
    by = seeds.integers("shifts", steps, BATCH, low=-arm.farthest, high=arm.farthest + 1)
    in_order = torch.arange(FEATURES, device=seeds.device).repeat(len(seeds), 1)
    order = seeds.permutations("order of points", FEATURES) if arm.is_rearranged else in_order
    for step, (x, y) in enumerate(examples):
        yield (rolled(x, by[:, step], order) if arm.farthest else x), y


@torch.no_grad()
def percent_right(weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    lanes = len(weights["0.bias"]) // len(x)
    return 100 * accuracy(mlp(weights, spread(x, lanes)), spread(y, lanes))


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    data = mnist1d(seeds, train=scale.train, test=VALIDATION + TESTED)
    steps = ARMS[arm].times * scale.steps
    lanes = len(RATES)  # of each seed
    rate = grid(seeds, RATES)
    nets = initialise(seeds, mlp_shapes(FEATURES, scale.units, scale.units, CLASSES), "he", lanes=lanes)
    order = batch_order(seeds, scale.train, BATCH, steps)  # (seeds, steps, BATCH)
    state = adam_state(nets.flat)
    kinds = (
        (data.test_x[:, :VALIDATION], data.test_y[:, :VALIDATION]),
        (data.test_x[:, VALIDATION:], data.test_y[:, VALIDATION:]),
        (data.x[:, :TESTED], data.y[:, :TESTED]),
    )
    looks = []
    shown = copies(seeds, batches(data.x, data.y, order), steps, ARMS[arm])
    for step, (x, y) in enumerate(shown, 1):
        slope = mlp_cross_entropy(nets, spread(x, lanes), spread(y, lanes)).gradient
        adam(nets.flat, slope, state, rate)
        if step % (steps // LOOKS) == 0:
            looks.append(torch.stack([percent_right(nets.weights, *kind) for kind in kinds], 1))
    course = torch.stack(looks, 1)  # (seeds * lanes, LOOKS, kinds)
    lane = best(course[:, :, 0].amax(1), lanes, "higher")  # (seeds,)
    look = course[lane, :, 0].argmax(1)
    _, new, seen = course[lane, look].unbind(1)
    return {"test_accuracy": new, "lead_on_seen": seen - new, "accuracy_curve": course[lane, :, 1]}

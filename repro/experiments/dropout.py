"""Does leaving out random units make a net rely less on single ones, and do better on new signals?

Hypothesis: a unit that may count on particular others can learn with them what is peculiar to the signals
at hand. Where it must do with whichever happen to be there it can learn only what is of use by itself. That
helps where signals are few for the size of the net, and costs where a net can hardly fit what it is given.

Method: MNIST-1D, fresh in each seed, two hidden layers of rectified units trained with Adam. Every net
chooses among four trials, and when to stop, on 1,000 further signals, and is judged on 1,000 others: without
dropout among four rates, with it among two rates for each of two shares. To see how much a net relies on
single units a random fifth of the hidden ones is silenced, and the rest scaled up.

Arms: with and without dropout of hidden units, for few signals, for eight times as many, and for as many with
a net that is too small for them. In one more arm input points are left out in place of units.

Outcomes: percent of new signals right, and the points of it that are lost when units are silenced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import dropout_masks
from repro.lab.initialise import initialise
from repro.lab.lanes import best, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import masked_cross_entropy, mlp, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Shapes, Weights, unflatten
from repro.lab.seeds import Seeds

BATCH = 50  # signals in a batch
LOOKS = 10  # equal parts of training, after each of which a net may stop
TESTED = 1000  # further signals that choose among trials and looks, and as many that judge
MANY = 8  # times the few signals
NARROW = 20  # units in each hidden layer of a net that is too small for its data
PLAIN_RATES = (0.001, 0.003, 0.01, 0.03)  # learning rates of Adam where nothing is left out
RATES = (0.003, 0.01)  # learning rates for each share that is left out
SHARES = (0.2, 0.5)  # that are left out in a step
AHEAD = 50  # steps whose masks are drawn together
SILENCED = 0.2  # of the hidden units, to see how much a net relies on them
DRAWS = 20  # of the units that are silenced


@dataclass(frozen=True)
class Scale:
    """Signals in the smaller set, units in each hidden layer, and steps."""

    few: int = 500
    units: int = 100
    steps: int = 2000


MINIMAL = Scale()
LARGE = Scale(units=1000, steps=20_000)
TRIAL = {"few": 100, "units": 30, "steps": 100}
OUTCOMES = {
    "test_accuracy": Outcome("test accuracy", unit="percent", better="higher", resolution=0.1),
    "reliance": Outcome(
        "accuracy lost when a fifth of the units is silenced",
        unit="percentage points",
        better="lower",
        resolution=0.1,
    ),
    "accuracy_curve": Curve(
        "test accuracy",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


class Arm(NamedTuple):
    """What is left out, from how many signals a net learns, and whether it is a small one."""

    description: str
    leaves_out: str = "nothing"  # or "units", or "inputs"
    has_many: bool = False
    is_narrow: bool = False


ARMS = {
    "few_plain": Arm("few signals"),
    "few_dropout": Arm("few signals, dropout", "units"),
    "few_noisy_inputs": Arm("few signals, input points left out", "inputs"),
    "many_plain": Arm("many signals", has_many=True),
    "many_dropout": Arm("many signals, dropout", "units", has_many=True),
    "narrow_plain": Arm("many signals, small net", has_many=True, is_narrow=True),
    "narrow_dropout": Arm("many signals, small net, dropout", "units", has_many=True, is_narrow=True),
}


def masks_of_steps(seeds: Seeds, steps: int, leaves_out: str, units: int) -> Iterator[list[Tensor | None]]:
    """Yield, for each step, factors on what enters each of the three layers; None where all of it does.

    The lanes of one share have the same masks, of shape (lanes, BATCH, width).
    """
    widths = {"nothing": (0, 0, 0), "inputs": (FEATURES, 0, 0), "units": (0, units, units)}[leaves_out]
    for first in range(0, steps, AHEAD):
        layers = [drawn(seeds, f"dropout {k} from {first}", width) for k, width in enumerate(widths)]
        for step in range(min(AHEAD, steps - first)):
            yield [layer[:, step] if layer is not None else None for layer in layers]


def drawn(seeds: Seeds, purpose: str, width: int) -> Tensor | None:
    """Return the masks of the next steps, (lanes, AHEAD, BATCH, width), or None for a width of 0."""
    if not width:
        return None
    masks = [dropout_masks(seeds, AHEAD, BATCH, width, rate=share, purpose=purpose) for share in SHARES]
    return spread(torch.stack(masks, 1).flatten(0, 1), len(RATES))


@torch.no_grad()
def reliance(seeds: Seeds, weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    """Return how much accuracy a net loses when random hidden units are silenced, mean of all draws."""
    units = weights["1.weight"].shape[2]
    first, second = (
        dropout_masks(seeds, DRAWS, 1, units, rate=SILENCED, purpose=f"silenced {layer}") for layer in (1, 2)
    )
    found = []
    for draw in range(DRAWS):  # a unit's factor may as well stand on the weights that lead away from it
        kept = dict(weights)
        kept["1.weight"] = weights["1.weight"] * first[:, draw]
        kept["2.weight"] = weights["2.weight"] * second[:, draw]
        found.append(accuracy(mlp(kept, x), y))
    return accuracy(mlp(weights, x), y) - torch.stack(found).mean(0)


@torch.no_grad()
def judged(seeds: Seeds, shapes: Shapes, looks: Tensor, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Choose a trial and a look on the first half of the test signals, and judge it on the second.

    Args:
        seeds: The seeds of the block.
        shapes: Of a net's weights.
        looks: The weights at each look, of shape (seeds * lanes, LOOKS, count).
        x: Signals of shape (seeds, 2 * TESTED, 40).
        y: Their labels.
    """
    lanes = len(looks) // len(seeds)
    shares = [right(unflatten(look, shapes), spread(x, lanes), spread(y, lanes)) for look in looks.unbind(1)]
    known, unknown = torch.stack(shares, 1).unbind(2)  # each (seeds * lanes, LOOKS)
    lane = best(known.amax(1), lanes, "higher")  # (seeds,)
    look = known[lane].argmax(1)
    weights = unflatten(looks[lane, look], shapes)
    lost = reliance(seeds, weights, x[:, TESTED:], y[:, TESTED:])
    return {
        "test_accuracy": unknown[lane, look],
        "reliance": 100 * lost,
        "accuracy_curve": unknown[lane],
    }


def right(weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    """Return the percentage right in each half of the signals, (lanes, 2)."""
    logits = mlp(weights, x)
    halves = [accuracy(logits[:, part], y[:, part]) for part in (slice(TESTED), slice(TESTED, None))]
    return 100 * torch.stack(halves, 1)


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, leaves_out, has_many, is_narrow = ARMS[arm]
    data = mnist1d(seeds, train=MANY * scale.few, test=2 * TESTED)
    count = MANY * scale.few if has_many else scale.few
    x, y = data.x[:, :count].contiguous(), data.y[:, :count].contiguous()
    units = NARROW if is_narrow else scale.units
    rates = PLAIN_RATES if leaves_out == "nothing" else RATES * len(SHARES)
    lanes = len(rates)  # of each seed
    rate = torch.tensor(rates, device=seeds.device).repeat(len(seeds))
    shapes = mlp_shapes(FEATURES, units, units, CLASSES)
    nets = initialise(seeds, shapes, "he", lanes=lanes)
    order = batch_order(seeds, count, BATCH, scale.steps)  # (seeds, steps, BATCH)
    masks = masks_of_steps(seeds, scale.steps, leaves_out, units)
    state = adam_state(nets.flat)
    looks = []
    for step, (batch_x, batch_y) in enumerate(batches(x, y, spread(order, lanes)), 1):
        slope = masked_cross_entropy(nets, batch_x, batch_y, next(masks)).gradient
        adam(nets.flat, slope, state, rate)
        if step % (scale.steps // LOOKS) == 0:
            looks.append(nets.flat.clone())
    return judged(seeds, shapes, torch.stack(looks, 1), data.test_x, data.test_y)

"""Can a recurrent net learn to use a number that it read long ago?

Hypothesis: a plain net loses the gradient of what lies far back, so that it never learns to use it. A cell
whose memory is kept from step to step has that gradient from the start, or soon learns to have it.

Method: the adding problem. Two numbers of a sequence are marked, one in either half, and the answer is their
sum; whoever uses only the later one is left with half of the variance. Nets of 16 units learn by Adam with
clipped gradients, at three rates side by side, and are judged at the one that is best on other sequences.

Arms: cells with a memory, with and without a forget gate; plain nets that start from several recurrent
matrices, with rectifiers from the identity, so that they include the best starts known. In one arm the
earlier mark is not shown, so that nobody could use it, and in one the sequences are short.

Outcomes: squared error on fresh sequences as a share of the variance of the answer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import squared_error
from repro.lab.optimise import adam, adam_state, clip, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, gradient
from repro.lab.recurrent import lstm, recurrent_shapes, rnn
from repro.lab.seeds import Seeds
from repro.lab.sequences import adding

RATES = (0.003, 0.01, 0.03)  # learning rates
UNITS = 16  # of the recurrent layer
TRAIN = 10000  # sequences to train on
HELD_OUT = 500  # sequences to choose the rate by, and as many again to judge by
BATCH = 32  # sequences in a batch
NORM = 1.0  # that gradients are clipped to
LOOKS = 10  # equal parts of training, after each of which the net is tested
VARIANCE = 1 / 6  # of the answer, the sum of two uniform numbers
SHORT = 10  # steps of a short sequence
OPEN = 40.0  # bias at which a sigmoid is 1 and has slope 0 in float32
FORGET = slice(UNITS, 2 * UNITS)  # rows of the forget gate, in torch's order of gates


@dataclass(frozen=True)
class Scale:
    """Steps of a sequence, and steps of training."""

    length: int = 30
    steps: int = 1000


MINIMAL = Scale()
LARGE = Scale(length=400, steps=20000)
TRIAL = {"length": 10, "steps": 60}
OUTCOMES = {
    "error": Outcome(
        "squared error on fresh sequences", unit="share of variance", better="lower", resolution=0.001
    ),
    "error_curve": Curve(
        "squared error on fresh sequences",
        unit="share of variance",
        better="lower",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


def tanh_layer(weights: Weights, x: Tensor) -> Tensor:
    """Return the last state, (lanes, batch, UNITS), after sequences x, (lanes, batch, steps, 2)."""
    return rnn(weights, x.transpose(1, 2)).last


def memory_layer(weights: Weights, x: Tensor) -> Tensor:
    return lstm(weights, x.transpose(1, 2)).last


def rectifier_layer(weights: Weights, x: Tensor) -> Tensor:
    bias = weights["recurrent.bias_ih"] + weights["recurrent.bias_hh"]
    drives = linear(x.flatten(1, 2), weights["recurrent.weight_ih"], bias).view(*x.shape[:3], UNITS)
    state = torch.zeros_like(drives[:, :, 0])
    for drive in drives.unbind(2):
        state = torch.baddbmm(drive, state, weights["recurrent.weight_hh"].mT).relu()
    return state


def gaussian(seeds: Seeds) -> Tensor:
    return 1.75 / math.sqrt(UNITS) * seeds.normal("recurrent", UNITS, UNITS, dtype=torch.float64)


def orthogonal(seeds: Seeds) -> Tensor:
    return torch.linalg.qr(gaussian(seeds)).Q  # type: ignore[no-any-return]  # untyped


def identity(seeds: Seeds) -> Tensor:
    return torch.eye(UNITS).repeat(len(seeds), 1, 1)


class Arm(NamedTuple):
    """A layer with its kind, its first recurrent matrix if it is not torch's, and what else is special."""

    description: str
    layer: Callable[[Weights, Tensor], Tensor]
    kind: str = "rnn"
    start: Callable[[Seeds], Tensor] | None = None
    never_forgets: bool = False
    is_blind: bool = False
    is_short: bool = False


ARMS = {
    "lstm_1997": Arm("LSTM, forget gate always 1", memory_layer, "lstm", never_forgets=True),
    "lstm_default": Arm("LSTM, default weights", memory_layer, "lstm"),
    "rnn_default": Arm("tanh net, default weights", tanh_layer),
    "rnn_gain_1_75": Arm("tanh net, Gaussian recurrent matrix of gain 1.75", tanh_layer, start=gaussian),
    "rnn_orthogonal": Arm("tanh net, orthogonal recurrent matrix", tanh_layer, start=orthogonal),
    "rnn_identity": Arm("rectifier net, recurrent matrix the identity", rectifier_layer, start=identity),
    "lstm_blind": Arm("LSTM, default weights, earlier mark not shown", memory_layer, "lstm", is_blind=True),
    "rnn_short": Arm("tanh net, default weights, sequences of 10 steps", tanh_layer, is_short=True),
}


@torch.no_grad()
def begin(net: Parameters, arm: Arm, seeds: Seeds) -> None:
    """Put into the weights, in place, what the arm starts from."""
    if arm.start is not None:
        net.weights["recurrent.weight_hh"].copy_(spread(arm.start(seeds), len(RATES)))
    if arm.never_forgets:
        net.weights["recurrent.bias_ih"][:, FORGET] = OPEN


def shown(x: Tensor, arm: Arm) -> Tensor:
    """Return sequences (seeds, count, steps, 2), to a blind arm without the marks of their first half."""
    if not arm.is_blind:
        return x
    x = x.clone()
    x[:, :, : x.shape[2] // 2, 1] = 0
    return x


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    this = ARMS[arm]
    lanes = len(RATES)  # of each seed
    data = adding(seeds, TRAIN + 2 * HELD_OUT, SHORT if this.is_short else scale.length)
    x, y = shown(data.x, this), data.y
    valid_x, test_x = spread(x[:, TRAIN:], lanes).chunk(2, 1)
    valid_y, test_y = spread(y[:, TRAIN:], lanes).chunk(2, 1)
    shapes = {
        **recurrent_shapes(this.kind, 2, UNITS),
        "out.weight": (1, UNITS),
        "out.bias": (1,),
    }
    net = initialise(seeds, shapes, "pytorch_default", lanes=lanes)
    begin(net, this, seeds)
    order = spread(batch_order(seeds, TRAIN, BATCH, scale.steps), lanes)
    state, rates = adam_state(net.flat), grid(seeds, RATES)

    def answer(sequences: Tensor) -> Tensor:
        return linear(this.layer(net.weights, sequences), net.weights["out.weight"], net.weights["out.bias"])

    looks = []
    for step, (batch_x, batch_y) in enumerate(batches(x[:, :TRAIN], y[:, :TRAIN], order), 1):
        slope = gradient(squared_error(answer(batch_x), batch_y), net)
        adam(net.flat, clip(slope, NORM), state, rates)
        if step % (scale.steps // LOOKS) == 0:
            with torch.no_grad():
                looks.append(squared_error(answer(test_x), test_y) / VARIANCE)
    with torch.no_grad():
        lane = best(squared_error(answer(valid_x), valid_y), lanes, "lower")  # (seeds,)
    course = torch.stack(looks, 1)[lane]  # (seeds, LOOKS)
    return {"error": course[:, -1], "error_curve": course}

"""How much of the first state's influence is left after a hundred steps of an untrained recurrent net?

Hypothesis: influence is a product of one Jacobian per step, so it changes exponentially, at a rate set by the
weights. A memory keeps it where its forget gate is open: always in the cell of 1997, half at usual weights.

Method: standard normal inputs, as many as units. The Jacobian of the state after t steps (of the memory, for
LSTM cells) with respect to the one at the start is exact, in float64. Its gain is the root mean square over
directions, the Frobenius norm over sqrt(units), so that a pure copy has gain 1.

Arms: cells. Weights are uniform within 1/sqrt(units), as in PyTorch, but the recurrent matrix of a plain net
may be Gaussian with spread gain/sqrt(units), or orthogonal. LSTM cells differ in nothing but the forget gate.

Outcomes: log10 of the gain after the last step, and the share of its course that a line in t explains.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RECORDS = 20  # equal parts of the steps, after each of which the gain is measured
State = tuple[Tensor, Tensor]  # memory and output, each (seeds, copies, units)
Cell = Callable[[Tensor, State], State]


@dataclass(frozen=True)
class Scale:
    """Units of state and input, and steps."""

    units: int = 32
    steps: int = 100


MINIMAL = Scale()
LARGE = Scale(units=128, steps=1000)
OUTCOMES = {
    "log10_gain": Outcome(
        "influence of the first state after the last step", unit="decades", better="higher", resolution=0.01
    ),
    "straightness": Outcome(
        "course of the influence that an exponential explains",
        unit="share of variance",
        better="neither",
        resolution=0.001,
    ),
    "log10_gain_curve": Curve(
        "influence of the first state",
        unit="decades",
        better="higher",
        axis=Axis("percent of the steps", first=5, last=100, points=20),
    ),
}


def plain(drive: Tensor, _: State, slope: float = 1.0) -> State:
    state = drive.tanh() if slope else drive
    return state, state


def lstm(drive: Tensor, state: State, slope: float = 1.0, bias: float = 0.0) -> State:
    enter, forget, candidate, leave = drive.chunk(4, -1)
    keep = (slope * forget + bias).sigmoid()
    memory = keep * state[0] + enter.sigmoid() * candidate.tanh()
    return memory, leave.sigmoid() * memory.tanh()


def default(seeds: Seeds, rows: int, units: int, purpose: str = "recurrent") -> Tensor:
    return seeds.uniform(purpose, rows, units, low=-1, high=1, dtype=torch.float64) / math.sqrt(units)


def gaussian(seeds: Seeds, rows: int, units: int, gain: float) -> Tensor:
    return gain / math.sqrt(units) * seeds.normal("recurrent", rows, units, dtype=torch.float64)


def orthogonal(seeds: Seeds, rows: int, units: int) -> Tensor:
    return torch.linalg.qr(gaussian(seeds, rows, units, gain=1.0)).Q  # type: ignore[no-any-return]  # untyped


class Arm(NamedTuple):
    """A cell, the law of its recurrent matrix, and how many times `units` rows that has."""

    description: str
    cell: Cell
    law: Callable[[Seeds, int, int], Tensor] = default
    gates: int = 1


ARMS = {
    "rnn_default": Arm("tanh net, default recurrent weights", plain),
    "rnn_gain_0_9": Arm("tanh net, gain 0.9", plain, partial(gaussian, gain=0.9)),
    "rnn_gain_1_5": Arm("tanh net, gain 1.5", plain, partial(gaussian, gain=1.5)),
    "rnn_gain_3_0": Arm("tanh net, gain 3", plain, partial(gaussian, gain=3.0)),
    "rnn_orthogonal": Arm("tanh net, orthogonal recurrent matrix", plain, orthogonal),
    "linear_orthogonal": Arm("linear net, orthogonal matrix", partial(plain, slope=0.0), orthogonal),
    "lstm_1997": Arm("LSTM, forget gate always 1", partial(lstm, slope=0.0, bias=math.inf), gates=4),
    "lstm_default": Arm("LSTM, default weights", lstm, gates=4),
    "lstm_bias_1": Arm("LSTM, forget bias raised by 1", partial(lstm, bias=1.0), gates=4),
    "lstm_bias_5": Arm("LSTM, forget bias raised by 5", partial(lstm, bias=5.0), gates=4),
    "lstm_half": Arm("LSTM, forget gate always 0.5", partial(lstm, slope=0.0), gates=4),
}


def jacobians(cell: Cell, recurrent: Tensor, drives: Tensor) -> Tensor:
    """Return the memory's Jacobian at each record, (seeds, RECORDS, units, units).

    The net runs in as many copies as it has units; copy k gives row k of the Jacobian.
    """
    seeds, rows, units = recurrent.shape
    start = recurrent.new_zeros(seeds, units, units).requires_grad_()  # (seeds, copies, units)
    is_plain = rows == units  # then memory and output are one
    state = (start, start if is_plain else torch.zeros_like(start))
    steps = drives.shape[1]
    found: list[Tensor] = []
    for step, drive in enumerate(drives.unbind(1), 1):
        _, output = state
        state = cell(drive[:, None] + output @ recurrent.mT, state)
        if step % (steps // RECORDS) == 0:
            memory, _ = state
            own = memory.diagonal(dim1=1, dim2=2)  # unit k of copy k
            found += torch.autograd.grad(own.sum(), start, retain_graph=True)
    return torch.stack(found, 1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, cell, law, gates = ARMS[arm]
    units = scale.units
    rows = gates * units
    recurrent = law(seeds, rows, units)
    inputs = seeds.normal("inputs", scale.steps, units, dtype=torch.float64)
    input_weights = default(seeds, rows, units, "input weights")
    biases = default(seeds, rows, units, "biases")[:, None, :, :2].sum(-1)  # those of input and of output
    drives = inputs @ input_weights.mT + biases  # (seeds, steps, rows)
    squares = jacobians(cell, recurrent, drives).square().sum((2, 3))  # (seeds, RECORDS)
    log10_gain = (squares / units).log10() / 2
    centred = log10_gain - log10_gain.mean(-1, keepdim=True)
    times = torch.linspace(-1, 1, RECORDS, dtype=centred.dtype, device=centred.device)[None]
    return {
        "log10_gain": log10_gain[:, -1],
        "straightness": torch.cosine_similarity(centred, times, dim=-1).square(),
        "log10_gain_curve": log10_gain,
    }

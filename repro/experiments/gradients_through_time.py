"""How much of the first state's influence is left after a hundred steps of an untrained recurrent net?

Hypothesis: influence is a product of one Jacobian per step, so it changes exponentially, at a rate set by the
weights. A memory keeps it where its forget gate is open: always in the cell of 1997, half at usual weights.

Method: normal inputs, as many as units. The Jacobian of the state after t steps (of the memory, for LSTM
cells) with respect to the one at the start is exact, in float64. Its gain is the root mean square over
directions, the Frobenius norm over sqrt(units), so that a pure copy has gain 1. What reaches the output is
taken over what reached it after one step, since a memory never shows its whole content.

Arms: cells. Weights are uniform within 1/sqrt(units), as in PyTorch, but the recurrent matrix of a plain net
may be Gaussian with spread gain/sqrt(units), orthogonal, or with rectifiers the identity. LSTM cells differ
only in the forget gate, and in whether derivatives flow through the gates or, as in 1997, are cut there.

Outcomes: log10 of the gain after the last step, its size whatever its sign, the same at the output, and the
share of its course that a line in t explains.
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
FLOOR = -300  # decades below which a gain counts as this, since float64 cannot follow it
State = tuple[Tensor, Tensor]  # memory and output, each (seeds, copies, units)
Cell = Callable[[Tensor, State], State]


@dataclass(frozen=True)
class Scale:
    """Units of state and input, steps, and spread of the inputs."""

    units: int = 32
    steps: int = 100
    inputs: float = 1.0


MINIMAL = Scale()
LARGE = Scale(units=128, steps=1000)
OUTCOMES = {
    "log10_gain": Outcome(
        "influence of the first state after the last step", unit="decades", better="higher", resolution=0.01
    ),
    "change": Outcome(
        "change of the first state's influence, up or down, after the last step",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_output_gain": Outcome(
        "influence of the first memory on the last output, over that on the first output",
        unit="decades",
        better="higher",
        resolution=0.01,
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


def rectifier(drive: Tensor, _: State) -> State:
    state = drive.relu()
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


def identity(seeds: Seeds, rows: int, units: int) -> Tensor:
    return torch.eye(rows, units, dtype=torch.float64, device=seeds.device).repeat(len(seeds), 1, 1)


class Arm(NamedTuple):
    """A cell, the law of its recurrent matrix, how many times `units` rows that has, and is flow cut?"""

    description: str
    cell: Cell
    law: Callable[[Seeds, int, int], Tensor] = default
    gates: int = 1
    is_cut: bool = False


ARMS = {
    "rnn_default": Arm("tanh net, default recurrent weights", plain),
    "rnn_gain_0_9": Arm("tanh net, gain 0.9", plain, partial(gaussian, gain=0.9)),
    "rnn_gain_1_5": Arm("tanh net, gain 1.5", plain, partial(gaussian, gain=1.5)),
    "rnn_gain_1_75": Arm("tanh net, gain 1.75", plain, partial(gaussian, gain=1.75)),
    "rnn_gain_2_0": Arm("tanh net, gain 2", plain, partial(gaussian, gain=2.0)),
    "rnn_gain_3_0": Arm("tanh net, gain 3", plain, partial(gaussian, gain=3.0)),
    "rnn_orthogonal": Arm("tanh net, orthogonal recurrent matrix", plain, orthogonal),
    "rnn_identity": Arm("rectifier net, recurrent matrix the identity", rectifier, identity),
    "linear_orthogonal": Arm("linear net, orthogonal matrix", partial(plain, slope=0.0), orthogonal),
    "lstm_1997": Arm("LSTM, forget gate always 1", partial(lstm, slope=0.0, bias=math.inf), gates=4),
    "lstm_cut": Arm(
        "LSTM, forget gate always 1, flow cut at the gates",
        partial(lstm, slope=0.0, bias=math.inf),
        gates=4,
        is_cut=True,
    ),
    "lstm_default": Arm("LSTM, default weights", lstm, gates=4),
    "lstm_bias_1": Arm("LSTM, forget bias raised by 1", partial(lstm, bias=1.0), gates=4),
    "lstm_bias_5": Arm("LSTM, forget bias raised by 5", partial(lstm, bias=5.0), gates=4),
    "lstm_half": Arm("LSTM, forget gate always 0.5", partial(lstm, slope=0.0), gates=4),
}


class Flow(NamedTuple):
    """Jacobians by the first memory: of the memory at each record, of the first and the last output."""

    memories: Tensor  # (seeds, RECORDS, units, units)
    outputs: Tensor  # (seeds, 2, units, units)


def flow(cell: Cell, recurrent: Tensor, drives: Tensor, *, is_cut: bool = False) -> Flow:
    """Return how the memory at the start flows on.

    The net runs in as many copies as it has units; copy k gives row k of a Jacobian.
    """
    seeds, rows, units = recurrent.shape
    start = recurrent.new_zeros(seeds, units, units).requires_grad_()  # (seeds, copies, units)
    is_plain = rows == units  # then memory and output are one
    state = (start, start if is_plain else torch.zeros_like(start))
    steps = drives.shape[1]
    memories, outputs = [], []
    for step, drive in enumerate(drives.unbind(1), 1):
        output = state[1].detach() if is_cut else state[1]
        state = cell(drive[:, None] + output @ recurrent.mT, state)
        if step % (steps // RECORDS) == 0:
            memories.append(rows_by(start, state[0]))
        if step in {1, steps}:
            outputs.append(rows_by(start, state[1]))
    return Flow(torch.stack(memories, 1), torch.stack(outputs, 1))


def rows_by(start: Tensor, late: Tensor) -> Tensor:
    """Return the Jacobian of `late` by `start`, whose copy k serves unit k."""
    own = late.diagonal(dim1=1, dim2=2)
    return torch.autograd.grad(own.sum(), start, retain_graph=True)[0]


def log10_gain(jacobians: Tensor) -> Tensor:
    """Return the decades of the root mean square gain of Jacobians (..., units, units), at least FLOOR."""
    largest = jacobians.abs().amax((-2, -1), keepdim=True).clamp_min(10**FLOOR)
    relative = (jacobians / largest).square().sum((-2, -1)) / jacobians.shape[-1]  # cannot underflow
    return (largest[..., 0, 0].log10() + relative.log10() / 2).clamp_min(FLOOR)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, cell, law, gates, is_cut = ARMS[arm]
    units = scale.units
    rows = gates * units
    recurrent = law(seeds, rows, units)
    inputs = scale.inputs * seeds.normal("inputs", scale.steps, units, dtype=torch.float64)
    input_weights = default(seeds, rows, units, "input weights")
    biases = default(seeds, rows, units, "biases")[:, None, :, :2].sum(-1)  # those of input and of output
    drives = inputs @ input_weights.mT + biases  # (seeds, steps, rows)
    found = flow(cell, recurrent, drives, is_cut=is_cut)
    memory = log10_gain(found.memories)  # (seeds, RECORDS)
    first_output, last_output = log10_gain(found.outputs).unbind(1)
    centred = memory - memory.mean(-1, keepdim=True)
    times = torch.linspace(-1, 1, RECORDS, dtype=centred.dtype, device=centred.device)[None]
    return {
        "log10_gain": memory[:, -1],
        "change": memory[:, -1].abs(),
        "log10_output_gain": last_output - first_output,
        "straightness": torch.cosine_similarity(centred, times, dim=-1).square(),
        "log10_gain_curve": memory,
    }

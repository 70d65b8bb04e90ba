"""W4: a recurrent layer of 64 units on the adding problem of length 100, Adam, batches of 64, 300 steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.losses import squared_error
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import Weights, gradient
from repro.lab.recurrent import GATES, States, lstm, recurrent_shapes, rnn
from repro.lab.seeds import Seeds
from repro.lab.sequences import adding

from .task import Task, Variant, Workload
from .torch_loops import plain

Kind = Literal["rnn", "lstm"]
LENGTH, HIDDEN, BATCH, RATE = 100, 64, 64, 1e-3
LAYERS: dict[Kind, Callable[[Weights, Tensor], States]] = {"rnn": rnn, "lstm": lstm}


def flops(kind: Kind) -> float:
    """Return multiplications and additions of one seed's step: three products, two of the input's."""
    return 2 * BATCH * (LENGTH * GATES[kind] * HIDDEN * (3 * HIDDEN + 2 * 2) + 3 * HIDDEN)


def prepare(seeds: Seeds, steps: int, kind: Kind) -> Task:
    """Draw data, batches and initial weights."""
    data = adding(seeds, 1000, LENGTH)
    shapes = {**recurrent_shapes(kind, 2, HIDDEN), "out.weight": (1, HIDDEN), "out.bias": (1,)}
    net = initialise(seeds, shapes, "pytorch_default")
    return Task(data.x, data.y, batch_order(seeds, data.x.shape[1], BATCH, steps), net.flat, shapes)


class Network(nn.Module):
    """One network: the answer is read off the last state."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        layer = {"rnn": nn.RNN, "lstm": nn.LSTM}[kind]
        self.recurrent = layer(2, HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return answers of shape (batch, 1) for sequences of shape (batch, time, 2)."""
        states, _ = self.recurrent(x)
        answers: Tensor = self.out(states[:, -1])
        return answers


def lab(task: Task, kind: Kind) -> Tensor:
    """Train on the lab, all lanes in one batch."""
    net = task.parameters()
    state = adam_state(net.flat)
    for x, y in batches(task.x, task.y, task.order):
        last = LAYERS[kind](net.weights, x.transpose(1, 2)).last
        answers = linear(last, net.weights["out.weight"], net.weights["out.bias"])
        losses = squared_error(answers, y)
        adam(net.flat, gradient(losses, net), state, RATE)
    return losses.detach()


def in_jax(task: Task, kind: Kind) -> Any:
    """Train in JAX, as a scan over time inside the scan over steps."""
    import jax
    import jax.numpy as jnp

    from . import jax_loops

    def advance(weight: Any, carry: Any, drive: Any) -> Any:
        state, cell = carry
        total = drive + state @ weight
        if kind == "rnn":
            return (jnp.tanh(total), cell), None
        into, kept, new, out = jnp.split(total, 4, 1)
        cell = jax.nn.sigmoid(kept) * cell + jax.nn.sigmoid(into) * jnp.tanh(new)
        return (jax.nn.sigmoid(out) * jnp.tanh(cell), cell), None

    def loss(weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        bias = weights["recurrent.bias_ih"] + weights["recurrent.bias_hh"]
        drive = x.transpose(1, 0, 2) @ weights["recurrent.weight_ih"].T + bias  # (time, batch, gates)
        zero = jnp.zeros((BATCH, HIDDEN))
        weight = weights["recurrent.weight_hh"].T
        (state, _), _ = jax.lax.scan(partial(advance, weight), (zero, zero), drive)
        answers = state @ weights["out.weight"].T + weights["out.bias"]
        return jnp.square(answers - y).mean(), statistics

    return jax_loops.run(task, loss, jax_loops.adam(RATE))


def workload(kind: Kind) -> Workload:
    """Return the workload of one kind of layer; `torch.func` cannot batch either."""
    return Workload(
        f"{kind.upper()} 64, adding problem of length 100, Adam, batch 64, 300 steps",
        300,
        partial(prepare, kind=kind),
        {
            "plain": Variant(
                lambda task: plain(
                    task, partial(Network, kind), partial(torch.optim.Adam, lr=RATE), functional.mse_loss
                ),
                0.1,
                flops(kind),
            ),
            "lab": Variant(partial(lab, kind=kind), 0.15, flops(kind)),
            "jax": Variant(partial(in_jax, kind=kind), 0.15, flops(kind), is_jax=True),
        },
    )

"""W1: a fully connected network 40-100-100-10 on MNIST-1D, Adam, batches of 128, 2,000 steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from repro.lab.batches import batch_order, batches
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import gradient
from repro.lab.seeds import Seeds

from .task import Task, Variant, Workload
from .torch_loops import plain, vmapped

BATCH, RATE = 128, 1e-3
FLOPS = 2 * BATCH * (2 * 40 * 100 + 3 * 100 * 100 + 3 * 100 * 10)
"""Three products per layer: forward, by the weight, and (except in the first) by the input."""


def prepare(seeds: Seeds, steps: int) -> Task:
    """Draw data, batches and initial weights."""
    data, shapes = mnist1d(seeds), mlp_shapes(40, 100, 100, 10)
    net = initialise(seeds, shapes, "pytorch_default")
    return Task(data.x, data.y, batch_order(seeds, data.x.shape[1], BATCH, steps), net.flat, shapes)


def module() -> nn.Module:
    """Return one network."""
    return nn.Sequential(nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))


def lab(task: Task) -> Tensor:
    """Train on the lab, with automatic differentiation."""
    net = task.parameters()
    state = adam_state(net.flat)
    for x, y in batches(task.x, task.y, task.order):
        loss = cross_entropy(mlp(net.weights, x), y)
        adam(net.flat, gradient(loss, net), state, RATE)
    return loss.detach()


def lab_by_hand(task: Task) -> Tensor:
    """Train on the lab, with the gradient by hand."""
    net = task.parameters()
    state = adam_state(net.flat)
    for x, y in batches(task.x, task.y, task.order):
        slope = mlp_cross_entropy(net, x, y)
        adam(net.flat, slope.gradient, state, RATE)
    return slope.loss


def in_jax(task: Task) -> Any:
    """Train in JAX."""
    import jax

    from . import jax_loops

    def loss(weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        for k in range(3):
            x = x @ weights[f"{k}.weight"].T + weights[f"{k}.bias"]
            x = jax.nn.relu(x) if k < 2 else x
        return jax_loops.cross_entropy(x, y), statistics

    return jax_loops.run(task, loss, jax_loops.adam(RATE))


WORKLOAD = Workload(
    "MLP 40-100-100-10, MNIST-1D, Adam, batch 128, 2,000 steps",
    2000,
    prepare,
    {
        "plain": Variant(
            lambda task: plain(task, module, partial(torch.optim.Adam, lr=RATE), functional.cross_entropy),
            0.1,
            FLOPS,
        ),
        "vmap": Variant(
            lambda task: vmapped(
                task, module, partial(torch.optim.Adam, lr=RATE, fused=True), functional.cross_entropy
            ),
            0.1,
            FLOPS,
        ),
        "lab": Variant(lab, 0.25, FLOPS),
        "lab, by hand": Variant(lab_by_hand, 0.25, FLOPS),
        "jax": Variant(in_jax, 0.25, FLOPS, is_jax=True),
    },
)

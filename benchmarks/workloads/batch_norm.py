"""W3: a network 64-100-100-10 with batch norm on digits, SGD, batches of 64, 1,000 steps.

Every variant keeps running statistics, as torch's layer does.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from repro.lab.batches import batch_order, batches
from repro.lab.data import digits
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp_cross_entropy, mlp_shapes
from repro.lab.normalise import Running, batch_norm, running
from repro.lab.optimise import sgd
from repro.lab.parameters import Weights, gradient
from repro.lab.seeds import Seeds

from .task import Task, Variant, Workload
from .torch_loops import plain, vmapped

BATCH, RATE, MOMENTUM, EPSILON = 64, 0.1, 0.1, 1e-5
SHAPES = mlp_shapes(64, 100, 100, 10, is_normalised=True)
FLOPS = 2 * BATCH * (2 * 64 * 100 + 3 * 100 * 100 + 3 * 100 * 10)


def prepare(seeds: Seeds, steps: int) -> Task:
    """Draw data, batches and initial weights."""
    data = digits(seeds)
    net = initialise(seeds, SHAPES, "pytorch_default")
    return Task(data.x, data.y, batch_order(seeds, data.x.shape[1], BATCH, steps), net.flat, SHAPES)


def module() -> nn.Module:
    """Return one network."""
    return nn.Sequential(
        *(nn.Linear(64, 100), nn.BatchNorm1d(100), nn.ReLU()),
        *(nn.Linear(100, 100), nn.BatchNorm1d(100), nn.ReLU()),
        nn.Linear(100, 10),
    )


def network(weights: Weights, statistics: list[Running], x: Tensor) -> Tensor:
    """Return the logits of all lanes for pixels of shape (lanes, batch, 64)."""
    for k, kept in enumerate(statistics):
        x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
        x = batch_norm(x, weights[f"{k}.scale"], weights[f"{k}.shift"], kept).relu()
    return linear(x, weights["2.weight"], weights["2.bias"])


def lab(task: Task) -> Tensor:
    """Train on the lab, with automatic differentiation."""
    net = task.parameters()
    statistics = [running(net.weights[f"{k}.scale"]) for k in range(2)]
    for x, y in batches(task.x, task.y, task.order):
        loss = cross_entropy(network(net.weights, statistics, x), y)
        sgd(net.flat, gradient(loss, net), None, RATE)
    return loss.detach()


def lab_by_hand(task: Task) -> Tensor:
    """Train on the lab, with the gradient by hand."""
    net = task.parameters()
    statistics = [running(net.weights[f"{k}.scale"]) for k in range(2)]
    for x, y in batches(task.x, task.y, task.order):
        slope = mlp_cross_entropy(net, x, y, statistics)
        sgd(net.flat, slope.gradient, None, RATE)
    return slope.loss


def in_jax(task: Task) -> Any:
    """Train in JAX."""
    import jax
    import jax.numpy as jnp

    from . import jax_loops

    def loss(weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        kept = []
        for k, (mean, variance) in enumerate(statistics):
            x = x @ weights[f"{k}.weight"].T + weights[f"{k}.bias"]
            m, v = x.mean(0), x.var(0)
            kept.append(
                (mean + MOMENTUM * (m - mean), variance + MOMENTUM * (v * BATCH / (BATCH - 1) - variance))
            )
            x = (x - m) * (jax.lax.rsqrt(v + EPSILON) * weights[f"{k}.scale"]) + weights[f"{k}.shift"]
            x = jax.nn.relu(x)
        x = x @ weights["2.weight"].T + weights["2.bias"]
        return jax_loops.cross_entropy(x, y), kept

    statistics = [(jnp.zeros(100), jnp.ones(100)) for _ in range(2)]
    return jax_loops.run(task, loss, jax_loops.sgd(RATE), statistics)


WORKLOAD = Workload(
    "MLP 64-100-100-10 with batch norm, digits, SGD, batch 64, 1,000 steps",
    1000,
    prepare,
    {
        "plain": Variant(
            lambda task: plain(task, module, partial(torch.optim.SGD, lr=RATE), functional.cross_entropy),
            0.2,
            FLOPS,
        ),
        "vmap": Variant(
            lambda task: vmapped(
                task, module, partial(torch.optim.SGD, lr=RATE, fused=True), functional.cross_entropy
            ),
            0.2,
            FLOPS,
        ),
        "lab": Variant(lab, 1.0, FLOPS),
        "lab, by hand": Variant(lab_by_hand, 1.0, FLOPS),
        "jax": Variant(in_jax, 1.0, FLOPS, is_jax=True),
    },
)

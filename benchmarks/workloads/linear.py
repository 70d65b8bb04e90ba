"""W5: a linear network of two layers, 6-6-10, on 500 points, full batch, float64, 2,000 steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from repro.lab.linear_network import linear_loss, moments, two_layer_slopes
from repro.lab.parameters import flatten
from repro.lab.seeds import Seeds

from .task import Task, Variant, Workload, full_batches
from .torch_loops import loaded, vmapped

POINTS, INPUTS, OUTPUTS, RATE = 500, 6, 10, 0.02
SHAPES = {"0.weight": (INPUTS, INPUTS), "1.weight": (OUTPUTS, INPUTS)}
FLOPS = 2 * POINTS * (2 * INPUTS * INPUTS + 3 * INPUTS * OUTPUTS)
MOMENT_FLOPS = 2 * 4 * OUTPUTS * INPUTS * INPUTS
"""Four products of small matrices, whatever the number of points."""


def prepare(seeds: Seeds, steps: int) -> Task:
    """Draw data and initial weights."""
    x = seeds.normal("x", POINTS, INPUTS, dtype=torch.float64)
    y = x @ seeds.normal("A", INPUTS, OUTPUTS, dtype=torch.float64)
    weights = [seeds.normal(name, *shape, dtype=torch.float64) / 3 for name, shape in SHAPES.items()]
    return Task(x, y, full_batches(seeds, steps), flatten(weights), SHAPES)


def module() -> nn.Module:
    """Return one network."""
    layers = nn.Linear(INPUTS, INPUTS, bias=False), nn.Linear(INPUTS, OUTPUTS, bias=False)
    return nn.Sequential(*layers).double()


def plain(task: Task) -> Tensor:
    """Train as a user would write it, one seed after the other."""
    losses = []
    for seed, (x, y) in enumerate(zip(task.x, task.y, strict=True)):
        net = loaded(module(), task, seed)
        descent = torch.optim.SGD(net.parameters(), lr=RATE)
        for _ in range(task.order.shape[1]):
            loss = functional.mse_loss(net(x), y)
            descent.zero_grad()
            loss.backward()
            descent.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@torch.no_grad()
def lab(task: Task) -> Tensor:
    """Train on the lab: the gradient in closed form, on the moments of the points."""
    first, second = task.parameters().weights.values()
    data = moments(task.x, task.y)
    size = 2 / OUTPUTS  # the lab halves and sums squares where mse_loss takes their mean
    for _ in range(task.order.shape[1] - 1):
        slopes = two_layer_slopes(first, second, data)
        first.sub_(slopes.first, alpha=RATE * size)
        second.sub_(slopes.second, alpha=RATE * size)
    return size * linear_loss(second @ first, data)


def in_jax(task: Task, *, is_on_moments: bool) -> Any:
    """Train in JAX, on the points or on their moments."""
    import jax.numpy as jnp

    from . import jax_loops

    def loss(weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        predictions = x @ weights["0.weight"].T @ weights["1.weight"].T
        return jnp.square(predictions - y).mean(), statistics

    def loss_of_moments(weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        (xx, yx), yy = x, y
        matrix = weights["1.weight"] @ weights["0.weight"]
        return ((matrix * (matrix @ xx - 2 * yx)).sum() + yy) / OUTPUTS, statistics

    def condense(x: Any, y: Any) -> Any:
        return (x.T @ x / POINTS, y.T @ x / POINTS), jnp.square(y).sum() / POINTS

    rule = jax_loops.sgd(RATE)
    if is_on_moments:
        return jax_loops.run(task, loss_of_moments, rule, condense=condense)
    return jax_loops.run(task, loss, rule)


WORKLOAD = Workload(
    "two-layer linear network 6-6-10, 500 points, full batch, float64, 2,000 steps",
    2000,
    prepare,
    {
        "plain": Variant(plain, 0.1, FLOPS),
        "vmap": Variant(
            lambda task: vmapped(
                task, module, partial(torch.optim.SGD, lr=RATE, fused=True), functional.mse_loss
            ),
            0.1,
            FLOPS,
        ),
        "lab, on moments": Variant(lab, 1.0, MOMENT_FLOPS),
        "jax": Variant(partial(in_jax, is_on_moments=False), 1.0, FLOPS, is_jax=True),
        "jax, on moments": Variant(partial(in_jax, is_on_moments=True), 1.0, MOMENT_FLOPS, is_jax=True),
    },
)

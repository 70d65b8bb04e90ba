"""W2: three convolutions of 25 channels on MNIST-1D, Adam, batches of 128, 1,000 steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import conv1d, linear
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import Weights, gradient
from repro.lab.seeds import Seeds

from .task import Task, Variant, Workload
from .torch_loops import plain, vmapped

BATCH, RATE = 128, 1e-3
SHAPES = {
    "0.weight": (25, 1, 5),
    "0.bias": (25,),
    "1.weight": (25, 25, 3),
    "1.bias": (25,),
    "2.weight": (25, 25, 3),
    "2.bias": (25,),
    "out.weight": (10, 125),
    "out.bias": (10,),
}
FLOPS = 2 * BATCH * (2 * 19 * 5 * 25 + 3 * 10 * 75 * 25 + 3 * 5 * 75 * 25 + 3 * 125 * 10)
"""Windows times inputs times outputs; three products per layer, two in the first."""


def prepare(seeds: Seeds, steps: int) -> Task:
    """Draw data, batches and initial weights."""
    data = mnist1d(seeds)
    net = initialise(seeds, SHAPES, "pytorch_default")
    return Task(data.x, data.y, batch_order(seeds, data.x.shape[1], BATCH, steps), net.flat, SHAPES)


def module() -> nn.Module:
    """Return one network."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, 40))]
    for inputs, width in ((1, 5), (25, 3), (25, 3)):
        layers += [nn.Conv1d(inputs, 25, width, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(125, 10))


def network(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits of all lanes for signals of shape (lanes, batch, 40)."""
    x = x.unsqueeze(2)
    for k in range(3):
        x = conv1d(x, weights[f"{k}.weight"], weights[f"{k}.bias"], stride=2, padding=1).relu()
    return linear(x.flatten(2), weights["out.weight"], weights["out.bias"])


def lab(task: Task) -> Tensor:
    """Train on the lab."""
    net = task.parameters()
    state = adam_state(net.flat)
    for x, y in batches(task.x, task.y, task.order):
        loss = cross_entropy(network(net.weights, x), y)
        adam(net.flat, gradient(loss, net), state, RATE)
    return loss.detach()


def in_jax(task: Task, *, is_own: bool) -> Any:
    """Train in JAX, on its own convolution or on matrix products over windows."""
    import jax

    from . import jax_loops

    convolve = _own_convolution if is_own else _windows_product

    def loss(weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        x = x[:, :, None]  # (batch, length, channels)
        for k in range(3):
            x = jax.nn.relu(convolve(x, weights[f"{k}.weight"]) + weights[f"{k}.bias"])
        x = x.transpose(0, 2, 1).reshape(len(x), -1) @ weights["out.weight"].T
        return jax_loops.cross_entropy(x + weights["out.bias"], y), statistics

    return jax_loops.run(task, loss, jax_loops.adam(RATE))


def _own_convolution(x: Any, weight: Any) -> Any:
    from jax import lax

    return lax.conv_general_dilated(x, weight, (2,), [(1, 1)], dimension_numbers=("NHC", "OIH", "NHC"))


def _windows_product(x: Any, weight: Any) -> Any:
    import jax.numpy as jnp

    width = weight.shape[2]
    windows = (x.shape[1] + 2 - width) // 2 + 1
    x = jnp.pad(x, ((0, 0), (1, 1), (0, 0)))
    taps = [x[:, tap : tap + 2 * windows - 1 : 2] for tap in range(width)]
    unfolded = jnp.concatenate(taps, 2)  # (batch, windows, width * inputs)
    return unfolded @ weight.transpose(2, 1, 0).reshape(-1, weight.shape[0])


WORKLOAD = Workload(
    "1-D CNN, 3 convolutions of 25 channels, MNIST-1D, Adam, batch 128, 1,000 steps",
    1000,
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
        "jax, windows": Variant(partial(in_jax, is_own=False), 0.25, FLOPS, is_jax=True),
        "jax, own conv": Variant(partial(in_jax, is_own=True), 0.05, FLOPS, is_jax=True),
    },
)

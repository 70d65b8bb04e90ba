"""Training in torch without the lab: one seed after the other, and by `torch.func`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.optim import Optimizer

from repro.lab.batches import take

from .task import Task

Loss = Callable[[Tensor, Tensor], Tensor]


def plain(
    task: Task, make: Callable[[], nn.Module], optimiser: Callable[[Iterable[Tensor]], Optimizer], loss: Loss
) -> Tensor:
    """Train as a user would write it, one seed after the other."""
    losses = []
    for seed in range(len(task.x)):
        net = loaded(make(), task, seed)
        descent = optimiser(net.parameters())
        x, y = task.x[seed], task.y[seed]
        for index in task.order[seed]:
            value = loss(net(x[index]), y[index])
            descent.zero_grad()
            value.backward()
            descent.step()
        losses.append(value.detach())
    return torch.stack(losses)


def loaded(net: nn.Module, task: Task, seed: int) -> nn.Module:
    """Return the module with one seed's initial weights."""
    weights = task.parameters().weights.values()
    with torch.no_grad():
        for own, stacked in zip(net.parameters(), weights, strict=True):
            own.copy_(stacked[seed])
    return net


def vmapped(
    task: Task, make: Callable[[], nn.Module], optimiser: Callable[[Iterable[Tensor]], Optimizer], loss: Loss
) -> Tensor:
    """Train all seeds together by `torch.func`, with one fused optimiser over the stacked weights."""
    net, seeds = make(), len(task.x)
    stacked = task.parameters().weights.values()
    names = [name for name, _ in net.named_parameters()]
    weights = {
        name: stack.detach().clone(memory_format=torch.contiguous_format)
        for name, stack in zip(names, stacked, strict=True)
    }
    buffers = {name: torch.stack([buffer] * seeds) for name, buffer in net.named_buffers()}
    descent = optimiser(weights.values())

    def one(weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return loss(functional_call(net, (weights, buffers), (x,)), y)

    slopes = vmap(grad_and_value(one))
    for index in task.order.unbind(1):
        batch = (task.x, task.y) if not index.numel() else (take(task.x, index), take(task.y, index))
        gradients, values = slopes(weights, buffers, *batch)
        for name, weight in weights.items():
            weight.grad = gradients[name]
        descent.step()
    return values.detach()

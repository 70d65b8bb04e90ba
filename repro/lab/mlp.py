"""The fully connected network with rectified linear units: its function and its gradient."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.ensemble import linear
from repro.lab.parameters import Parameters, Shapes, Weights, flatten


def mlp_shapes(*widths: int) -> Shapes:
    """Return the weight shapes of a network by its widths, inputs first and outputs last.

    Layer k has `k.weight` of shape (widths[k + 1], widths[k]) and `k.bias`.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for k, (inputs, outputs) in enumerate(pairwise(widths)):
        shapes |= {f"{k}.weight": (outputs, inputs), f"{k}.bias": (outputs,)}
    return shapes


def mlp(weights: Weights, x: Tensor) -> Tensor:
    """Return the outputs of each lane's network, rectified between the layers.

    Args:
        weights: Made with `mlp_shapes`.
        x: Shape (lanes, batch, inputs).

    Returns:
        Shape (lanes, batch, outputs).
    """
    depth = len(weights) // 2
    for k in range(depth):
        x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
        x = x if k == depth - 1 else x.relu()
    return x


class Slope(NamedTuple):
    """A loss of shape (lanes,) and its gradient of shape (lanes, count)."""

    loss: Tensor
    gradient: Tensor


@torch.no_grad()
def mlp_cross_entropy(net: Parameters, x: Tensor, labels: Tensor) -> Slope:
    """Return the mean cross entropy of each lane's network and its gradient, by hand.

    Equal to `gradient(cross_entropy(mlp(net.weights, x), labels), net)`, without the cost of a graph.

    Args:
        net: Made with `mlp_shapes`.
        x: Shape (lanes, batch, inputs).
        labels: Classes of shape (lanes, batch).
    """
    depth, batch = len(net.weights) // 2, x.shape[1]
    layers = [x.mT]  # what enters each layer, (lanes, units, batch)
    for k in range(depth):
        weight, bias = net.weights[f"{k}.weight"], net.weights[f"{k}.bias"]
        layers.append(torch.baddbmm(bias.unsqueeze(2), weight, layers[-1]))
        if k < depth - 1:
            layers[-1].relu_()
    logs = layers.pop().log_softmax(1)  # (lanes, classes, batch)
    right = labels.unsqueeze(1)
    loss = logs.gather(1, right).mean((1, 2)).neg()
    slope = logs.exp_().scatter_add_(1, right, logs.new_full(right.shape, -1.0)).div_(batch)
    pieces: list[Tensor] = []
    for k in reversed(range(depth)):
        pieces = [torch.bmm(slope, layers[k].mT), slope.sum(2), *pieces]
        if k:  # a unit passes the slope on where it is positive
            slope = torch.bmm(net.weights[f"{k}.weight"].mT, slope)
            slope = torch.ops.aten.threshold_backward(slope, layers[k], 0)
    return Slope(loss, flatten(pieces))

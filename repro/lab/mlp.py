"""The fully connected network with rectified linear units: its function and its gradient.

If a hidden layer k also has weights `k.scale` and `k.shift`, its units see a normalised batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.ensemble import linear
from repro.lab.normalise import Normalised, Running, batch_norm, normalise
from repro.lab.parameters import Parameters, Shapes, Weights, flatten


def mlp_shapes(*widths: int, is_normalised: bool = False) -> Shapes:
    """Return the weight shapes of a network by its widths, inputs first and outputs last.

    Layer k has `k.weight` of shape (widths[k + 1], widths[k]) and `k.bias`; with batch normalisation hidden
    layers also have `k.scale` and `k.shift`.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for k, (inputs, outputs) in enumerate(pairwise(widths)):
        shapes |= {f"{k}.weight": (outputs, inputs), f"{k}.bias": (outputs,)}
        if is_normalised and k < len(widths) - 2:
            shapes |= {f"{k}.scale": (outputs,), f"{k}.shift": (outputs,)}
    return shapes


def mlp(weights: Weights, x: Tensor) -> Tensor:
    """Return the outputs of each lane's network, normalised by the batch and rectified between the layers.

    Args:
        weights: Made with `mlp_shapes`.
        x: Shape (lanes, batch, inputs).

    Returns:
        Shape (lanes, batch, outputs).
    """
    depth = _depth(weights)
    for k in range(depth):
        x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
        if f"{k}.scale" in weights:
            x = batch_norm(x, weights[f"{k}.scale"], weights[f"{k}.shift"])
        x = x if k == depth - 1 else x.relu()
    return x


def standardise(net: Parameters, x: Tensor) -> None:
    """Scale and shift a plain network's hidden units in place: over x their means are 0, their spreads 1.

    Args:
        net: Made with `mlp_shapes`, without norms.
        x: Shape (lanes, points, inputs).
    """
    for k in range(_depth(net.weights) - 1):
        weight, bias = net.weights[f"{k}.weight"], net.weights[f"{k}.bias"]
        entered = linear(x, weight, bias)
        mean, deviation = entered.mean(1), entered.std(1)  # each (lanes, width)
        weight.div_(deviation.unsqueeze(2))
        bias.sub_(mean).div_(deviation)
        x = linear(x, weight, bias).relu()


def _depth(weights: Weights) -> int:
    return sum(name.endswith(".weight") for name in weights)


class Slope(NamedTuple):
    """A loss of shape (lanes,) and its gradient of shape (lanes, count)."""

    loss: Tensor
    gradient: Tensor


@torch.no_grad()
def mlp_cross_entropy(
    net: Parameters, x: Tensor, labels: Tensor, statistics: Sequence[Running] = ()
) -> Slope:
    """Return the mean cross entropy of each lane's network and its gradient, derived by hand.

    It equals `gradient(cross_entropy(mlp(net.weights, x), labels), net)`, without the cost of a graph.

    Args:
        net: Made with `mlp_shapes`.
        x: Shape (lanes, batch, inputs).
        labels: Classes of shape (lanes, batch).
        statistics: Running statistics of each normalised layer, which are updated.
    """
    weights, depth = net.weights, _depth(net.weights)
    layers = [x.mT]  # what enters each layer, (lanes, units, batch)
    norms: dict[int, Normalised] = {}
    for k in range(depth):
        layers.append(torch.baddbmm(weights[f"{k}.bias"].unsqueeze(2), weights[f"{k}.weight"], layers[-1]))
        if f"{k}.scale" in weights:
            norms[k] = normalise(layers[-1], weights[f"{k}.scale"], weights[f"{k}.shift"])
            layers[-1] = norms[k].y
        if k < depth - 1:
            layers[-1].relu_()
    for kept, norm in zip(statistics, norms.values(), strict=bool(statistics)):
        kept.update(norm)
    loss, slope = _cross_entropy(layers.pop(), labels)
    slopes: dict[str, Tensor] = {}
    for k in reversed(range(depth)):
        if k in norms:
            slope, slopes[f"{k}.scale"], slopes[f"{k}.shift"] = norms[k].slopes(slope, weights[f"{k}.scale"])
        slopes |= {f"{k}.weight": torch.bmm(slope, layers[k].mT), f"{k}.bias": slope.sum(2)}
        if k:  # a unit passes the slope on where it is positive
            slope = torch.bmm(weights[f"{k}.weight"].mT, slope)
            slope = torch.ops.aten.threshold_backward(slope, layers[k], 0)
    return Slope(loss, flatten([slopes[name] for name in weights]))


@torch.no_grad()
def masked_cross_entropy(net: Parameters, x: Tensor, labels: Tensor, masks: Sequence[Tensor | None]) -> Slope:
    """Return the mean cross entropy of each lane's network with dropout and its gradient, derived by hand.

    Args:
        net: Made with `mlp_shapes`, without normalisation.
        x: Shape (lanes, batch, inputs).
        labels: Classes of shape (lanes, batch).
        masks: Factors on what enters each layer, of shape (lanes, batch, units); None leaves it as it is.
    """
    weights, depth = net.weights, _depth(net.weights)
    factors = [None if mask is None else mask.mT for mask in masks]  # (lanes, units, batch)
    layers: list[Tensor] = []  # what enters each layer, (lanes, units, batch)
    reached = x.mT
    for k, factor in zip(range(depth), factors, strict=True):
        entered = reached.relu() if k else reached
        layers.append(entered if factor is None else entered * factor)
        reached = torch.baddbmm(weights[f"{k}.bias"].unsqueeze(2), weights[f"{k}.weight"], layers[-1])
    loss, slope = _cross_entropy(reached, labels)
    slopes: dict[str, Tensor] = {}
    for k in reversed(range(depth)):
        slopes |= {f"{k}.weight": torch.bmm(slope, layers[k].mT), f"{k}.bias": slope.sum(2)}
        if k:  # a unit passes the slope on where it is positive and was not left out
            slope = torch.bmm(weights[f"{k}.weight"].mT, slope)
            slope = torch.ops.aten.threshold_backward(slope, layers[k], 0)
            factor = factors[k]
            slope = slope if factor is None else slope * factor
    return Slope(loss, flatten([slopes[name] for name in weights]))


def _cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return each lane's mean cross entropy, and its gradient by logits of shape (lanes, classes, batch)."""
    logs, right = logits.log_softmax(1), labels.unsqueeze(1)
    loss = logs.gather(1, right).mean((1, 2)).neg()
    slope = logs.exp_().scatter_add_(1, right, logs.new_full(right.shape, -1.0))
    return loss, slope.div_(labels.shape[1])

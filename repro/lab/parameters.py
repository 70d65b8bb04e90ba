"""The weights of many networks as one matrix: one row per lane, one column per weight.

A lane is one network: one seed, or one seed at one point of a tuning grid. Optimisers see the matrix, and
layers see named views of it; the two share memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each weight of one network by name, such as `{"0.weight": (100, 40), "0.bias": (100,)}`."""
Weights = Mapping[str, Tensor]
"""Stacked weights by name, each of shape (lanes, *shape)."""


class Parameters(NamedTuple):
    """The weights of an ensemble, seen twice.

    Attributes:
        flat: All weights, of shape (lanes, count): what optimisers change in place.
        weights: The same memory as named leaves, each of shape (lanes, *shape): what layers read.
    """

    flat: Tensor
    weights: dict[str, Tensor]


def unflatten(flat: Tensor, shapes: Shapes) -> dict[str, Tensor]:
    """Return named views of a matrix of weights; gradients flow through them to the matrix.

    Args:
        flat: Weights of shape (lanes, count).
        shapes: The shape of each weight, in the order of the columns.
    """
    pieces = flat.split_with_sizes([prod(shape) for shape in shapes.values()], 1)
    return {
        name: piece.view(len(flat), *shape)
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def leaves(flat: Tensor, shapes: Shapes) -> Parameters:
    """Return parameters whose named weights are leaves that share memory with a matrix.

    Args:
        flat: Weights of shape (lanes, count); not copied.
        shapes: The shape of each weight, in the order of the columns.
    """
    flat = flat.detach()
    return Parameters(flat, {name: view.requires_grad_() for name, view in unflatten(flat, shapes).items()})


def flatten(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors of shape (lanes, ...) side by side as one matrix of shape (lanes, count)."""
    return torch.cat([tensor.flatten(1) for tensor in tensors], 1)


def gradient(loss: Tensor, net: Parameters) -> Tensor:
    """Return the gradient of each lane's loss with respect to its own weights.

    Lanes share no weight, so the gradient of the sum is the stack of the gradients.

    Args:
        loss: One value per lane, of shape (lanes,).
        net: The weights that the loss was computed from.

    Returns:
        A matrix of shape (lanes, count), laid out as `net.flat`.
    """
    pieces = torch.autograd.grad(loss.sum(), tuple(net.weights.values()))
    return flatten(pieces)

"""Layers over stacked weights: the leading dimension is the lane, and no lane sees another.

Activations have shape (lanes, batch, features), signals (lanes, batch, channels, length). In memory the batch
comes last, which suits matrix kernels best; the tensors that the layers return are views of that memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from repro.lab.seeds import Seeds


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x weight^T + bias for each lane.

    Args:
        x: Shape (lanes, batch, inputs).
        weight: Shape (lanes, outputs, inputs).
        bias: Shape (lanes, outputs).

    Returns:
        Shape (lanes, batch, outputs).
    """
    if bias is None:
        return torch.bmm(weight, x.mT).mT
    return torch.baddbmm(bias.unsqueeze(2), weight, x.mT).mT


def conv1d(x: Tensor, weight: Tensor, bias: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
    """Return the one-dimensional convolution of each lane.

    One matrix product over unfolded windows: torch's own convolution has no batched weights, and its grouped
    form is slower.

    Args:
        x: Shape (lanes, batch, inputs, length).
        weight: Shape (lanes, outputs, inputs, width).
        bias: Shape (lanes, outputs).
        stride: Step between windows.
        padding: Zeros added on either side.

    Returns:
        Shape (lanes, batch, outputs, windows).
    """
    last = x.permute(0, 2, 3, 1)  # (lanes, inputs, length, batch)
    y: Tensor = _Conv1d.apply(last, weight, bias, stride, padding)  # type: ignore[no-untyped-call]  # torch
    return y.permute(0, 3, 1, 2)


class _Geometry(NamedTuple):
    width: int
    windows: int
    stride: int
    padding: int


class _Conv1d(Function):
    """Convolution of x of shape (lanes, inputs, length, batch).

    If the backward pass is itself differentiated, it unfolds x again, so that derivatives reach x.
    """

    @staticmethod
    def forward(  # noqa: PLR0917  # autograd passes by position
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int
    ) -> Tensor:
        width = weight.shape[3]
        windows = (x.shape[2] + 2 * padding - width) // stride + 1
        ctx.geometry = _Geometry(width, windows, stride, padding)
        ctx.unfolded = _unfold(x, ctx.geometry)
        ctx.save_for_backward(x, weight)
        y = torch.baddbmm(bias.unsqueeze(2), weight.flatten(2), ctx.unfolded)
        return y.view(len(x), -1, windows, x.shape[3])

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        unfolded = _unfold(x, ctx.geometry) if torch.is_grad_enabled() else ctx.unfolded
        slope = slope.reshape(len(slope), weight.shape[1], -1)  # (lanes, outputs, windows * batch)
        by_weight = torch.bmm(slope, unfolded.mT).view_as(weight)
        by_x = None
        if ctx.needs_input_grad[0]:
            by_x = _fold(torch.bmm(weight.flatten(2).mT, slope), ctx.geometry, x.shape)
        return by_x, by_weight, slope.sum(2), None, None


def _unfold(x: Tensor, geometry: _Geometry) -> Tensor:
    """Return the windows of signals as a matrix of shape (lanes, inputs * width, windows * batch)."""
    lanes, inputs, length, batch = x.shape
    unfolded = x.new_empty(lanes, inputs, geometry.width, geometry.windows, batch)
    for tap, (inside, points) in enumerate(_overlaps(length, geometry)):
        unfolded[:, :, tap, : inside.start] = 0
        unfolded[:, :, tap, inside] = x[:, :, points]
        unfolded[:, :, tap, inside.stop :] = 0
    return unfolded.view(lanes, inputs * geometry.width, geometry.windows * batch)


def _fold(matrix: Tensor, geometry: _Geometry, shape: torch.Size) -> Tensor:
    """Add the windows up at the points they came from: the transpose of `_unfold`."""
    unfolded = matrix.view(*shape[:2], geometry.width, geometry.windows, shape[3])
    x = matrix.new_zeros(shape)
    for tap, (inside, points) in enumerate(_overlaps(shape[2], geometry)):
        x[:, :, points] += unfolded[:, :, tap, inside]
    return x


def _overlaps(length: int, geometry: _Geometry) -> Iterator[tuple[slice, slice]]:
    """Yield, for each tap, the windows in which it lies on the signal and the points that it meets."""
    for tap in range(geometry.width):
        shift = tap - geometry.padding
        first = max(0, -(shift // geometry.stride))
        last = max(first, min(geometry.windows, (length - 1 - shift) // geometry.stride + 1))
        start = first * geometry.stride + shift
        yield slice(first, last), slice(start, start + (last - first) * geometry.stride, geometry.stride)


def residual(x: Tensor, change: Tensor) -> Tensor:
    """Return x + change: the skip connection of He et al. 2016, eq. 1."""
    return x + change


def dropout_masks(
    seeds: Seeds,
    steps: int,
    *shape: int,
    rate: float,
    purpose: str = "dropout",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Draw the dropout masks of several steps: 0 with probability `rate`, else 1 / (1 - rate).

    Returns:
        Shape (seeds, steps, *shape); multiply the activations of a step by `masks[:, step]`.
    """
    kept = seeds.uniform(purpose, steps, *shape) >= rate
    return kept.to(dtype).div_(1 - rate)

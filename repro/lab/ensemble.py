"""Layers over stacked weights: the leading dimension is the lane, and no lane sees another.

Activations have shape (lanes, batch, features), signals (lanes, batch, channels, length). In memory the batch
comes last, which is what matrix kernels like best here; the tensors that the layers return are views of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from repro.lab.seeds import Seeds


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x weight^T + bias in each lane.

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
        padding: Zeros on either side.

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

    Where the backward pass is itself differentiated it unfolds x again, so that derivatives reach it.
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
    """Return the sum of windows where they came from: the transpose of `_unfold`."""
    unfolded = matrix.view(*shape[:2], geometry.width, geometry.windows, shape[3])
    x = matrix.new_zeros(shape)
    for tap, (inside, points) in enumerate(_overlaps(shape[2], geometry)):
        x[:, :, points] += unfolded[:, :, tap, inside]
    return x


def _overlaps(length: int, geometry: _Geometry) -> Iterator[tuple[slice, slice]]:
    """Yield for each tap the windows where it is on the signal, and the points it meets there."""
    for tap in range(geometry.width):
        shift = tap - geometry.padding
        first = max(0, -(shift // geometry.stride))
        last = max(first, min(geometry.windows, (length - 1 - shift) // geometry.stride + 1))
        start = first * geometry.stride + shift
        yield slice(first, last), slice(start, start + (last - first) * geometry.stride, geometry.stride)


class Running(NamedTuple):
    """Running mean and variance of each feature of each lane, changed in place."""

    mean: Tensor
    variance: Tensor


def running(scale: Tensor) -> Running:
    """Return running statistics before the first batch, mean 0 and variance 1, shaped as the scales."""
    return Running(torch.zeros_like(scale, requires_grad=False), torch.ones_like(scale, requires_grad=False))


def batch_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    statistics: Running | None = None,
    *,
    is_training: bool = True,
    momentum: float = 0.1,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalise each feature of each lane over its batch (Ioffe and Szegedy 2015, algorithm 1).

    Args:
        x: Shape (lanes, batch, features) or (lanes, batch, channels, length).
        scale: Shape (lanes, features).
        bias: Shape (lanes, features).
        statistics: Updated in training, used instead of the batch's own in evaluation.
        is_training: Normalise by the batch's own statistics?
        momentum: Weight of the new batch in the running statistics.
        epsilon: Added to the variance.

    Returns:
        The shape of x.

    Raises:
        ValueError: Evaluation without statistics.
    """
    if not is_training and statistics is None:
        raise ValueError("evaluation needs statistics; pass those that training has updated")
    last = x.movedim(1, -1)  # (lanes, features, ..., batch)
    one = last.reshape(1, scale.numel(), -1)  # the features of all lanes as channels of one point
    affine = scale.reshape(-1), bias.reshape(-1)
    if statistics is None:  # groups of one channel: the same sums by torch's quicker kernel
        y = functional.group_norm(one, scale.numel(), *affine, epsilon)
    else:
        mean, variance = (kept.view(-1) for kept in statistics)
        y = functional.batch_norm(one, mean, variance, *affine, is_training, momentum, epsilon)
    return y.view(last.shape).movedim(-1, 1)


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
        Shape (seeds, steps, *shape); multiply activations of a step with `masks[:, step]`.
    """
    kept = seeds.uniform(purpose, steps, *shape) >= rate
    return kept.to(dtype).div_(1 - rate)

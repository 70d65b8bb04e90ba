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
from torch.autograd.function import once_differentiable

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
    form is slower. Differentiable once only.

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


class _Conv1d(Function):
    """Convolution of x of shape (lanes, inputs, length, batch)."""

    @staticmethod
    def forward(  # noqa: PLR0917  # autograd passes by position
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int
    ) -> Tensor:
        lanes, inputs, length, batch = x.shape
        width = weight.shape[3]
        windows = (length + 2 * padding - width) // stride + 1
        unfolded = x.new_empty(lanes, inputs, width, windows, batch)
        for k, (inside, outside, there) in enumerate(_overlaps(length, width, windows, stride, padding)):
            unfolded[:, :, k, inside] = x[:, :, there]
            for edge in outside:
                unfolded[:, :, k, edge] = 0
        matrix = unfolded.view(lanes, inputs * width, windows * batch)
        ctx.save_for_backward(matrix, weight)
        ctx.geometry = x.shape, windows, stride, padding
        return torch.baddbmm(bias.unsqueeze(2), weight.flatten(2), matrix).view(lanes, -1, windows, batch)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        matrix, weight = ctx.saved_tensors
        shape, windows, stride, padding = ctx.geometry
        slope = slope.reshape(len(slope), weight.shape[1], -1)  # (lanes, outputs, windows * batch)
        by_weight = torch.bmm(slope, matrix.mT).view_as(weight)
        by_x = None
        if ctx.needs_input_grad[0]:
            lanes, inputs, length, batch = shape
            width = weight.shape[3]
            unfolded = torch.bmm(weight.flatten(2).mT, slope).view(lanes, inputs, width, windows, batch)
            by_x = slope.new_zeros(shape)
            for k, (inside, _, there) in enumerate(_overlaps(length, width, windows, stride, padding)):
                by_x[:, :, there] += unfolded[:, :, k, inside]
        return by_x, by_weight, slope.sum(2), None, None


def _overlaps(
    length: int, width: int, windows: int, stride: int, padding: int
) -> Iterator[tuple[slice, tuple[slice, slice], slice]]:
    """Yield for each tap the windows where it is on the signal, those where not, and the points it meets."""
    for tap in range(width):
        shift = tap - padding
        first = max(0, -(shift // stride))
        last = min(windows, (length - 1 - shift) // stride + 1)
        start = first * stride + shift
        points = slice(start, start + (last - first - 1) * stride + 1, stride)
        yield slice(first, last), (slice(0, first), slice(last, windows)), points


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
    last = x.movedim(1, -1)  # (lanes, features, ..., batch)
    rows = last.reshape(*scale.shape, -1)
    if is_training:
        if statistics:
            _follow(statistics, rows.detach(), momentum)
        y: Tensor = _BatchNorm.apply(rows, scale, bias, epsilon)  # type: ignore[no-untyped-call]  # torch
    elif statistics:
        factor = scale * (statistics.variance + epsilon).rsqrt()
        y = torch.addcmul((bias - statistics.mean * factor).unsqueeze(2), rows, factor.unsqueeze(2))
    else:
        raise ValueError("evaluation needs statistics; pass those that training has updated")
    return y.view(last.shape).movedim(-1, 1)


def _follow(statistics: Running, rows: Tensor, momentum: float) -> None:
    mean = rows.mean(2)
    variance = (rows - mean.unsqueeze(2)).square().sum(2) / (rows.shape[2] - 1)
    statistics.mean.lerp_(mean, momentum)
    statistics.variance.lerp_(variance, momentum)


class _BatchNorm(Function):
    """y = n scale + bias with n = (x - mean) / sqrt(variance + epsilon) over the last dimension.

    The backward pass computes n again from x, so that it can itself be differentiated.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        ctx.save_for_backward(x, scale)
        ctx.epsilon = epsilon
        normal, _ = _normalise(x, epsilon)
        return torch.addcmul(bias.unsqueeze(2), normal, scale.unsqueeze(2))

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, scale = ctx.saved_tensors
        normal, inverse = _normalise(x, ctx.epsilon)
        by_bias, by_scale = slope.sum(2), (slope * normal).sum(2)
        points = x.shape[2]
        centred = slope - (by_bias / points).unsqueeze(2) - normal * (by_scale / points).unsqueeze(2)
        return centred * (inverse * scale.unsqueeze(2)), by_scale, by_bias, None


def _normalise(x: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    centred = x - x.mean(2, keepdim=True)
    inverse = (centred.square().mean(2, keepdim=True) + epsilon).rsqrt()
    return centred * inverse, inverse


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

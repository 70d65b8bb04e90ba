"""Batch normalisation of many lanes at once: torch's group kernel, with one group per feature and lane.

It computes the same sums as torch's own batch-normalisation kernel, in half the time.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

EPSILON = 1e-5


class Running(NamedTuple):
    """Running mean and variance of each feature of each lane, changed in place."""

    mean: Tensor
    variance: Tensor

    def update(self, batch: Normalised, momentum: float = 0.1) -> None:
        """Move towards the statistics of a batch, whose variance is corrected for the batch's size."""
        points = batch.x.shape[2]
        variance = batch.inverse.detach().pow(-2).sub_(EPSILON).clamp_min_(0).mul_(points / (points - 1))
        for kept, new in zip(self, (batch.mean.detach(), variance), strict=True):
            kept.lerp_(new.view_as(kept), momentum)


def running(scale: Tensor) -> Running:
    """Return running statistics before the first batch, mean 0 and variance 1, shaped as the scales."""
    return Running(torch.zeros_like(scale, requires_grad=False), torch.ones_like(scale, requires_grad=False))


class Normalised(NamedTuple):
    """A normalised batch, and what its gradient needs.

    Attributes:
        y: What came out, shaped as x.
        x: What went in, of shape (lanes, features, points).
        mean: Of each feature of each lane, in a row.
        inverse: One over the standard deviation of each, with `EPSILON` added to the variance.
    """

    y: Tensor
    x: Tensor
    mean: Tensor
    inverse: Tensor

    def slopes(self, slope: Tensor, scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients with respect to the input, the scale and the shift.

        Args:
            slope: Gradient with respect to the output, with its shape.
            scale: Shape (lanes, features).
        """
        channels = scale.numel()
        by_x, by_scale, by_shift = torch.ops.aten.native_group_norm_backward(
            *(slope.view(1, channels, -1), self.x.view(1, channels, -1), self.mean, self.inverse),
            *(scale.reshape(-1), 1, channels, self.x.shape[2], channels, [True, True, True]),
        )
        return by_x.view_as(self.x), by_scale.view_as(scale), by_shift.view_as(scale)


def normalise(x: Tensor, scale: Tensor, shift: Tensor) -> Normalised:
    """Normalise each feature of each lane over its points (Ioffe and Szegedy 2015, algorithm 1).

    Args:
        x: Shape (lanes, features, points).
        scale: Shape (lanes, features).
        shift: Shape (lanes, features).

    Raises:
        ValueError: There is one point, which has no variance.
    """
    if x.shape[2] == 1:
        raise ValueError("one point has no variance; use batches of 2 or more")
    channels, points = scale.numel(), x.shape[2]
    one = x.reshape(1, channels, points)
    affine = scale.reshape(-1), shift.reshape(-1)
    y, mean, inverse = torch.native_group_norm(one, *affine, 1, channels, points, channels, EPSILON)
    return Normalised(y.view(x.shape), x, mean, inverse)


def batch_norm(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    statistics: Running | None = None,
    *,
    is_training: bool = True,
    momentum: float = 0.1,
) -> Tensor:
    """Normalise each feature of each lane: over its batch in training, by statistics in evaluation.

    Args:
        x: Shape (lanes, batch, features) or (lanes, batch, channels, length).
        scale: Shape (lanes, features).
        shift: Shape (lanes, features).
        statistics: Updated in training, used instead of the batch's own in evaluation.
        is_training: Normalise by the batch's own statistics?
        momentum: Weight of the new batch in the running statistics.

    Returns:
        The shape of x.

    Raises:
        ValueError: Evaluation without statistics, or training on a single point.
    """
    last = x.movedim(1, -1)  # (lanes, features, ..., batch)
    points = last.flatten(2)
    if is_training:
        batch = normalise(points, scale, shift)
        if statistics is not None:
            statistics.update(batch, momentum)
        y = batch.y
    elif statistics is not None:
        one = points.reshape(1, scale.numel(), -1)
        mean, variance = (kept.view(-1) for kept in statistics)
        y = functional.batch_norm(one, mean, variance, scale.reshape(-1), shift.reshape(-1), eps=EPSILON)
    else:
        raise ValueError("evaluation needs statistics; pass those that training has updated")
    return y.view(last.shape).movedim(-1, 1)

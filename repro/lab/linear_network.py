"""Linear networks on squared error, trained on sufficient statistics instead of the points themselves."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Moments(NamedTuple):
    """All that the squared error depends on in a data set.

    Attributes:
        xx: Mean of x x^T, of shape (lanes, inputs, inputs).
        yx: Mean of y x^T, of shape (lanes, outputs, inputs).
        yy: Mean of |y|^2, of shape (lanes,).
    """

    xx: Tensor
    yx: Tensor
    yy: Tensor


def moments(x: Tensor, y: Tensor) -> Moments:
    """Return the moments of points.

    Args:
        x: Shape (lanes, points, inputs).
        y: Shape (lanes, points, outputs).
    """
    points = x.shape[1]
    return Moments(torch.bmm(x.mT, x) / points, torch.bmm(y.mT, x) / points, y.square().sum((1, 2)) / points)


def linear_loss(matrix: Tensor, data: Moments) -> Tensor:
    """Return half the mean of |A x - y|^2 in each lane.

    Args:
        matrix: A of shape (lanes, outputs, inputs).
        data: Moments of the points.

    Returns:
        Shape (lanes,).
    """
    cross = (matrix * (torch.bmm(matrix, data.xx) - 2 * data.yx)).sum((1, 2))
    return (cross + data.yy) / 2


class Slopes(NamedTuple):
    """Gradients of the loss of A x = second first x with respect to its two factors, with their shapes."""

    first: Tensor
    second: Tensor


def two_layer_slopes(first: Tensor, second: Tensor, data: Moments) -> Slopes:
    """Return the gradients of `linear_loss(second first)`: second^T E, E first^T; E = second first xx - yx.

    Args:
        first: Shape (lanes, hidden, inputs).
        second: Shape (lanes, outputs, hidden).
        data: Moments of the points.
    """
    error = torch.baddbmm(data.yx, torch.bmm(second, first), data.xx, beta=-1)
    return Slopes(torch.bmm(second.mT, error), torch.bmm(error, first.mT))

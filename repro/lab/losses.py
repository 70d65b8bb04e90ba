"""Losses and accuracies: one number per lane, never one number over lanes."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross entropy of each lane in nats.

    Args:
        logits: Scores of shape (lanes, batch, classes).
        labels: Classes of shape (lanes, batch).

    Returns:
        Losses of shape (lanes,).
    """
    points = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return points.view(labels.shape).mean(1)


def squared_error(predictions: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of each lane, over points and outputs.

    Args:
        predictions: Shape (lanes, batch, ...).
        targets: The same shape.

    Returns:
        Losses of shape (lanes,).
    """
    return (predictions - targets).square().flatten(1).mean(1)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of points that each lane gets right; NaN where the lane has diverged.

    Args:
        logits: Scores of shape (lanes, batch, classes).
        labels: Classes of shape (lanes, batch).

    Returns:
        Shares of shape (lanes,).
    """
    share = (logits.argmax(2) == labels).to(logits.dtype).mean(1)
    return share.masked_fill(logits.isnan().flatten(1).any(1), float("nan"))

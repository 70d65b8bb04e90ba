"""Trajectories short enough for a figure."""

from __future__ import annotations

import torch
from torch import Tensor

POINTS = 64
"""The most points that a curve may have."""


def thinned(length: int, points: int = POINTS) -> list[int]:
    """Return at most `points` evenly spread positions of a trajectory, its first and last among them.

    Args:
        length: How many positions there are.
        points: How many to keep, at least 2.
    """
    kept = min(length, points)
    return [round(k * (length - 1) / max(1, kept - 1)) for k in range(kept)]


def thin(trajectory: Tensor, points: int = POINTS) -> Tensor:
    """Return a trajectory at evenly spread positions.

    Args:
        trajectory: Shape (lanes, length).
        points: How many positions to keep at most.

    Returns:
        Shape (lanes, at most points).
    """
    return trajectory[:, torch.tensor(thinned(trajectory.shape[1], points), device=trajectory.device)]

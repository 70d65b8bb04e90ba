"""Tuning by means of more lanes: every seed at every point of a grid, side by side.

Lane `seed * points + point` is one network. The lanes of a seed share data, initial weights and order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from repro.lab.seeds import Seeds


def grid(seeds: Seeds, values: Sequence[float], dtype: torch.dtype = torch.float32) -> Tensor:
    """Return the grid's value of each lane, such as its learning rate.

    Args:
        seeds: The seeds of the block.
        values: The points of the grid.
        dtype: Type of the result.

    Returns:
        Shape (seeds * points,).
    """
    return torch.tensor(values, dtype=dtype, device=seeds.device).repeat(len(seeds))


def spread(tensor: Tensor, points: int) -> Tensor:
    """Repeat what belongs to each seed for each of its lanes: (seeds, ...) to (seeds * points, ...)."""
    return tensor.repeat_interleave(points, 0)


def reseeded(seeds: Seeds, count: int) -> Seeds:
    """Return `count` new seeds for each seed, for lanes that share nothing but what is spread to them.

    Distinct seeds have distinct descendants.

    Args:
        seeds: The seeds of the block.
        count: How many lanes a seed has.

    Returns:
        len(seeds) * count seeds; those of one seed are neighbours.
    """
    values = (value * count + number for value in seeds.values for number in range(count))
    return Seeds(tuple(values), seeds.device)


def best(score: Tensor, points: int, direction: Literal["higher", "lower"]) -> Tensor:
    """Return the lane that does best for each seed; a diverged lane wins only if all have diverged.

    Args:
        score: One number per lane, of shape (seeds * points,).
        points: How many lanes a seed has.
        direction: Which way is better.

    Returns:
        Lane numbers of shape (seeds,), to index any result with.
    """
    goodness = (score if direction == "higher" else -score).view(-1, points)
    point = goodness.nan_to_num(nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf).argmax(1)
    return torch.arange(len(goodness), device=score.device) * points + point

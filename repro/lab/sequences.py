"""Sequences that require memory: the adding problem (Hochreiter and Schmidhuber 1997)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.seeds import Seeds


class Sequences(NamedTuple):
    """Inputs of shape (seeds, count, time, features) and the right answers."""

    x: Tensor
    y: Tensor


def adding(
    seeds: Seeds, count: int, time: int, *, purpose: str = "adding", dtype: torch.dtype = torch.float32
) -> Sequences:
    """Draw adding problems: uniform numbers, two of them marked, one in either half; the answer is their sum.

    Args:
        seeds: Each gets its own set.
        count: Sequences per seed.
        time: Number of steps, at least 2.
        purpose: Name of the random stream.
        dtype: Type of all numbers.

    Returns:
        x of shape (seeds, count, time, 2): number and mark; y of shape (seeds, count, 1), of variance 1/6.
    """
    numbers = seeds.uniform(f"{purpose} numbers", count, time, dtype=dtype)
    early = seeds.integers(f"{purpose} early", count, 1, high=time // 2)
    late = seeds.integers(f"{purpose} late", count, 1, low=time // 2, high=time)
    marked = torch.cat([early, late], 2)  # (seeds, count, 2)
    marks = torch.zeros_like(numbers).scatter_(2, marked, 1.0)
    return Sequences(torch.stack([numbers, marks], 3), numbers.gather(2, marked).sum(2, keepdim=True))

"""What a new script measures until its author has put a measurement in its place; it never counts."""

from __future__ import annotations

from torch import Tensor

from repro.lab.seeds import Seeds

REPEATS = 400  # means that are taken


def stand_in(seeds: Seeds, draws: int) -> Tensor:
    """Return how far means of standard normal draws lie from zero: the root of the mean squared distance.

    A script that calls this is a template: it can be explored, and `repro run` records nothing of it.

    Args:
        seeds: Each gets its own draws, the same ones in every arm.
        draws: How many numbers a mean is taken over, at least 1.

    Returns:
        Distances of shape (seeds,), in standard deviations of a draw.
    """
    numbers = seeds.normal("draws", REPEATS, draws)  # (seeds, REPEATS, draws)
    return numbers.mean(2).square().mean(1).sqrt()

"""Sequences that ask for memory: the adding and the copying problem (Hochreiter and Schmidhuber 1997)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from repro.lab.seeds import Seeds


class Sequences(NamedTuple):
    """Inputs of shape (seeds, count, time, features) and what to answer."""

    x: Tensor
    y: Tensor


def adding(
    seeds: Seeds, count: int, time: int, *, purpose: str = "adding", dtype: torch.dtype = torch.float32
) -> Sequences:
    """Draw adding problems: uniform numbers, two of them marked, one in either half; the answer is their sum.

    Args:
        seeds: One set each.
        count: Sequences a seed.
        time: Steps, at least 2.
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


def copying(
    seeds: Seeds,
    count: int,
    delay: int,
    *,
    symbols: int = 8,
    length: int = 10,
    purpose: str = "copying",
    dtype: torch.dtype = torch.float32,
) -> Sequences:
    """Draw copying problems: symbols, a delay of blanks, then as many go marks as symbols to repeat.

    Args:
        seeds: One set each.
        count: Sequences a seed.
        delay: Blanks between the last symbol and the first mark.
        symbols: Size of the alphabet, without blank and mark.
        length: How many symbols to remember.
        purpose: Name of the random stream.
        dtype: Type of the inputs.

    Returns:
        x of shape (seeds, count, 2 * length + delay, symbols + 2), one-hot, blank and mark last; y of shape
        (seeds, count, length): the symbols that the last steps must give.
    """
    wanted = seeds.integers(purpose, count, length, high=symbols)
    blanks = wanted.new_full((len(seeds), count, delay), symbols)
    marks = torch.full_like(wanted, symbols + 1)
    x = functional.one_hot(torch.cat([wanted, blanks, marks], 2), symbols + 2).to(dtype)
    return Sequences(x, wanted)

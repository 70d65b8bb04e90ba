"""Random draws with a leading seed dimension: one independent stream for each seed and purpose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Seeds:
    """The seeds of one block, as a batch dimension.

    Every draw is a pure function of (seed, purpose): the same purpose gives the same numbers in every
    arm (which pairs the arms) and on every device; a different purpose gives an independent stream.

    Args:
        values: One integer per seed.
        device: Where draws are put; they are always made on the CPU.
    """

    values: tuple[int, ...]
    device: str = "cpu"

    def __len__(self) -> int:
        return len(self.values)

    def generators(self, purpose: str) -> list[np.random.Generator]:
        """Return a fresh generator for each seed, keyed by SHA-256 of seed and purpose."""
        keys = [hashlib.sha256(f"{value}|{purpose}".encode()).digest()[:16] for value in self.values]
        return [np.random.Generator(np.random.Philox(key=int.from_bytes(key, "big"))) for key in keys]

    def normal(self, purpose: str, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return standard normal draws of shape (seeds, *shape)."""
        return self._stack([rng.standard_normal(shape) for rng in self.generators(purpose)], dtype)

    def uniform(
        self,
        purpose: str,
        *shape: int,
        low: float = 0.0,
        high: float = 1.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Return draws from [low, high) of shape (seeds, *shape)."""
        return self._stack([rng.uniform(low, high, shape) for rng in self.generators(purpose)], dtype)

    def integers(self, purpose: str, *shape: int, low: int = 0, high: int) -> Tensor:
        """Return integers from low to high - 1 of shape (seeds, *shape)."""
        return self._stack([rng.integers(low, high, shape) for rng in self.generators(purpose)], torch.int64)

    def permutations(self, purpose: str, length: int) -> Tensor:
        """Return one random order of 0 to length - 1 per seed, of shape (seeds, length)."""
        return self._stack([rng.permutation(length) for rng in self.generators(purpose)], torch.int64)

    def _stack(self, draws: list[np.ndarray], dtype: torch.dtype) -> Tensor:
        return torch.from_numpy(np.stack(draws)).to(device=self.device, dtype=dtype)

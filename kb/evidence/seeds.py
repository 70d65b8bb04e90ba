"""Which seeds count: derived from the test version, in blocks of five, so that they cannot be chosen."""

from __future__ import annotations

import hashlib
from typing import Literal

BLOCK_SIZE = 5
"""Seeds in a block, the unit of work, cache, resume and verification."""

MOST_SEEDS = 400
"""The most seeds per arm that any protocol may ask for, when seeds are cheap."""

Stream = Literal["evidence", "explore"]


def derive_seed(version: str, index: int, *, replication: int = 0, stream: Stream = "evidence") -> int:
    """Return seed number `index` of a version: the first eight bytes of a SHA-256, as an unsigned integer.

    Args:
        version: All 64 hexadecimal digits, so that any change of the code draws fresh seeds.
        index: Position of the seed, from 0.
        replication: An independent set of seeds for each value.
        stream: `explore` seeds never coincide with those that count.
    """
    prefix = "" if stream == "evidence" else f"{stream}|"
    text = f"{prefix}{version}|{replication}|{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def block_seeds(
    version: str, block: int, *, replication: int = 0, stream: Stream = "evidence"
) -> tuple[int, ...]:
    """Return the five seeds of a block; block 0 holds seeds 0 to 4."""
    first = block * BLOCK_SIZE
    indexes = range(first, first + BLOCK_SIZE)
    return tuple(derive_seed(version, i, replication=replication, stream=stream) for i in indexes)

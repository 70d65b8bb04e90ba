"""Which seeds count: derived from the protocol's hash, in blocks of five; nobody can choose them."""

from __future__ import annotations

import hashlib
from typing import Literal

BLOCK_SIZE = 5
"""Seeds in a block, the unit of work, cache, resume and verification."""
MAX_SEEDS = 40
"""Seeds after which an undecided prediction stays inconclusive."""

Stream = Literal["evidence", "explore"]


def derive_seed(protocol: str, index: int, *, replication: int = 0, stream: Stream = "evidence") -> int:
    """Return seed number `index` of a protocol: the first eight bytes of a SHA-256, as an unsigned integer.

    Args:
        protocol: The protocol's full hash in hexadecimal, so that any change of the code draws fresh seeds.
        index: Position of the seed, from 0.
        replication: An independent set of seeds for each value.
        stream: `explore` seeds never coincide with those that count.
    """
    prefix = "" if stream == "evidence" else f"{stream}|"
    text = f"{prefix}{protocol}|{replication}|{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def block_seeds(
    protocol: str, block: int, *, replication: int = 0, stream: Stream = "evidence"
) -> tuple[int, ...]:
    """Return the five seeds of a block; block 0 holds seeds 0 to 4."""
    first = block * BLOCK_SIZE
    indexes = range(first, first + BLOCK_SIZE)
    return tuple(derive_seed(protocol, i, replication=replication, stream=stream) for i in indexes)

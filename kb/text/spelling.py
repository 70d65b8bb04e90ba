"""Did you mean: the known spellings nearest to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CUTOFF = 0.6
"""How alike two spellings must be, from 0 to 1, to be taken for one another."""


def nearest(name: str, known: Iterable[str], *, cutoff: float = CUTOFF) -> str | None:
    """Return the known spelling nearest to a name, or nothing where none is near."""
    return next(iter(near(name, known, most=1, cutoff=cutoff)), None)


def near(name: str, known: Iterable[str], *, most: int = 3, cutoff: float = CUTOFF) -> list[str]:
    """Return the known spellings that are near to a name, the nearest first.

    Args:
        name: What was typed.
        known: What could have been meant.
        most: How many to return at most.
        cutoff: How alike they must be, from 0 to 1.
    """
    return difflib.get_close_matches(name, list(known), n=most, cutoff=cutoff)

"""Suggestions for typing errors: the known spellings nearest to an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CUTOFF = 0.6
"""How similar two spellings must be, from 0 to 1, for one to be suggested in place of the other."""


def nearest(name: str, known: Iterable[str], *, cutoff: float = CUTOFF) -> str | None:
    """Return the known spelling nearest to a name, or None if none is near."""
    return next(iter(near(name, known, most=1, cutoff=cutoff)), None)


def near(name: str, known: Iterable[str], *, most: int = 3, cutoff: float = CUTOFF) -> list[str]:
    """Return the known spellings that are close to a name, the nearest first.

    Args:
        name: What was typed.
        known: What could have been meant.
        most: How many to return at most.
        cutoff: How similar they must be, from 0 to 1.
    """
    return difflib.get_close_matches(name, list(known), n=most, cutoff=cutoff)

"""What the terminal is like: how wide, and whether it shows anything but plain text."""

from __future__ import annotations

import os
import shutil

NARROWEST = 30
"""The fewest columns that lines are made for; below, the terminal breaks them."""


def columns(most: int) -> int:
    """Return how many columns a line may take: those of the terminal, but not more than some number."""
    return max(NARROWEST, min(most, shutil.get_terminal_size().columns))


def is_plain() -> bool:
    """Does the user or the terminal want no colours?"""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"

"""Which of several pieces the history of the repository had first, as far as somebody can tell.

Whoever knows the history gives an order; a ledger asks it only where two pieces contend. What a record says
of its own start is written by whoever made the file, and decides only between pieces that came together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping

from kb.evidence.file import Filed
from kb.text.problems import Place, Problem

CODES = {"evidence-order": "Two pieces contend, and the history cannot tell which of them it had first."}

Order = Callable[[Collection[str]], Mapping[str, int]]
"""Gives for paths of evidence a rank that is less where the history had a file earlier; what it never had is
left out, and comes last. Raises `OrderError`."""


class OrderError(Exception):
    """The history cannot be asked; the message says why."""


def precedence(filed: Filed, ranks: Mapping[str, int]) -> tuple[float, str, str]:
    """Return what is less for the piece that goes before others: its rank, then the start that it states."""
    return ranks.get(filed.path, math.inf), filed.evidence.started, filed.sha256


def unordered(contending: Iterable[str], error: OrderError) -> Problem:
    """Return the problem of pieces whose order nobody can tell."""
    first, *others = sorted(contending)
    return Problem(
        "evidence-order",
        Place(first, 1, 1),
        f"contends with {', '.join(others)}, and which came first cannot be told: {error}",
        "evidence whose order the history of the repository tells",
        "work in a clone with its whole history (git fetch --unshallow); until then the piece that states"
        " the earlier start counts",
    )

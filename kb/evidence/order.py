"""Which of several pieces came first in the history of the repository, as far as the history can tell.

A caller that knows the history gives an order; a ledger uses it only when two pieces contend. The start that
a record states was written by its author, and decides only between pieces that came together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping

from kb.evidence.file import Filed
from kb.text.problems import Place, Problem

CODES = {"evidence-order": "Two pieces contend, and the history cannot tell which of them came first."}

Order = Callable[[Collection[str]], Mapping[str, int]]
"""Gives paths of evidence a rank that is lower the earlier a file came in the history; a file that is not in
the history is left out, and comes last. Raises `OrderError`."""


class OrderError(Exception):
    """The history cannot be asked; the message says why."""


def precedence(filed: Filed, ranks: Mapping[str, int]) -> tuple[float, str, str]:
    """Return a key that sorts pieces by precedence: by rank, then by the start that they state."""
    return ranks.get(filed.path, math.inf), filed.evidence.started, filed.sha256


def unordered(contending: Iterable[str], error: OrderError) -> Problem:
    """Return the problem of pieces whose order cannot be told."""
    first, *others = sorted(contending)
    return Problem(
        "evidence-order",
        Place(first, 1, 1),
        f"contends with {', '.join(others)}, and which came first cannot be told: {error}",
        "evidence whose order the history of the repository tells",
        "work in a clone with its whole history (git fetch --unshallow); until then the piece that states"
        " the earlier start counts",
    )

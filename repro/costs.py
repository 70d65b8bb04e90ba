"""How long a plan is likely to take here: blocks as in past evidence, workers' starts as in past runs.

A worker starts a Python and torch before it measures its first task, which takes longer than most blocks.
That is the machine's affair and no evidence, so it is kept in `build/`, and forgotten with it.
"""

from __future__ import annotations

import contextlib
import heapq
import json
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from repro.planning import Plan, shares

FILE = "build/costs.json"
KEPT = 50
"""Starts that are remembered, the latest."""


def start_seconds(root: Path) -> float | None:
    """Return the median seconds from a worker's launch to its first block; nothing before the first run."""
    starts = _starts(root)
    return median(starts) if starts else None


def remember(root: Path, starts: Iterable[float]) -> None:
    """Keep what the starts of a run's workers took, in seconds; where nothing can be kept, go on without."""
    kept = [*_starts(root), *(round(seconds, 3) for seconds in starts)][-KEPT:]
    with contextlib.suppress(OSError):
        path = root / FILE
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"start_seconds": kept}) + "\n", encoding="utf-8")


def _starts(root: Path) -> list[float]:
    try:
        kept = json.loads((root / FILE).read_text(encoding="utf-8"))["start_seconds"]
        return [float(seconds) for seconds in kept]
    except (OSError, ValueError, KeyError, TypeError):  # a cache that cannot be read is an empty one
        return []


def wall_seconds(due: Plan, jobs: int, start: float) -> float | None:
    """Return the seconds until the last worker has ended; nothing if an arm was never measured.

    Args:
        due: What is to be measured.
        jobs: Workers; whoever is free takes the next part.
        start: Seconds from a worker's launch to its first block.
    """
    free = [start] * jobs
    for step, blocks in shares(due.steps, jobs):
        if step.expected_seconds is None:
            return None
        taken = step.expected_seconds * len(blocks) / len(step.blocks)
        heapq.heapreplace(free, free[0] + taken)
    return max(free) if due.steps else 0.0

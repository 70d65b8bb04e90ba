"""How long a plan is likely to take here: blocks as in past evidence, everything else as in past runs.

A worker starts a Python and torch before its first task, and a script may load more in each, which takes
longer than many a block. That is the machine's affair and no evidence, so it is kept in `build/`, and
forgotten with it.
"""

from __future__ import annotations

import contextlib
import heapq
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from repro.engines import Event, Failed, Finished, Measured, Started
from repro.planning import Plan, shares
from repro.provenance import monotonic
from repro.task import Task

FILE = "build/costs.json"
KEPT = 50
"""Figures that are remembered, the latest."""


class Overheads(NamedTuple):
    """Seconds that work takes here besides measuring.

    Attributes:
        start: Of launching a worker.
        tasks: Of a task in a worker that is there, by experiment.
    """

    start: float = 0.0
    tasks: dict[str, float] = {}  # noqa: RUF012  # nobody changes it

    def of(self, experiment: str) -> float:
        """Return what a task of an experiment takes; the median experiment's where it was never seen."""
        known = self.tasks.values()
        return self.tasks.get(experiment, median(known) if known else 0.0)


@dataclass
class Watch:
    """What the tasks of a run take besides their blocks' own seconds, from their events."""

    begun: dict[Task, tuple[float, bool]] = field(default_factory=dict)
    measured: defaultdict[Task, float] = field(default_factory=lambda: defaultdict(float))
    first: list[tuple[str, float]] = field(default_factory=list)
    later: list[tuple[str, float]] = field(default_factory=list)
    """Experiment and seconds of workers' first tasks and of later ones."""

    def on_event(self, event: Event) -> None:
        """Take the time; a task in which anything fails tells nothing."""
        if isinstance(event, Started):
            self.begun[event.task] = monotonic(), event.is_new_worker
        elif isinstance(event, Measured):
            self.measured[event.task] += event.measurement.seconds
        elif isinstance(event, Failed):
            self.begun.pop(event.task, None)
        elif isinstance(event, Finished) and (found := self.begun.pop(event.task, None)):
            begun, is_new_worker = found
            tasks = self.first if is_new_worker else self.later
            tasks.append((event.task.experiment, monotonic() - begun - self.measured[event.task]))


def overheads(root: Path) -> Overheads | None:
    """Return the medians of past runs; nothing before the first."""
    starts, tasks = _kept(root)
    if not starts:
        return None
    return Overheads(median(starts), {name: median(seconds) for name, seconds in tasks.items()})


def remember(root: Path, watch: Watch) -> None:
    """Keep what a run's tasks took; where nothing can be kept, go on without."""
    starts, tasks = _kept(root)
    for name, seconds in watch.later:
        tasks[name] = [*tasks.get(name, []), round(seconds, 3)][-KEPT:]
    usual = Overheads(0.0, {name: median(seconds) for name, seconds in tasks.items()})
    launched = (round(max(0.0, seconds - usual.of(name)), 3) for name, seconds in watch.first)
    starts = [*starts, *launched][-KEPT:]
    with contextlib.suppress(OSError):
        path = root / FILE
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"start_seconds": starts, "task_seconds": tasks}) + "\n", encoding="utf-8")


def _kept(root: Path) -> tuple[list[float], dict[str, list[float]]]:
    try:
        kept = json.loads((root / FILE).read_text(encoding="utf-8"))
        tasks = {str(name): [float(one) for one in found] for name, found in kept["task_seconds"].items()}
        return [float(one) for one in kept["start_seconds"]], {
            name: one for name, one in tasks.items() if one
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # what cannot be read is empty
        return [], {}


def wall_seconds(due: Plan, jobs: int, taken: Overheads) -> float | None:
    """Return the seconds until the last worker has ended; nothing if an arm was never measured.

    Args:
        due: What is to be measured.
        jobs: Workers; whoever is free takes the next part.
        taken: What work takes besides measuring.
    """
    free = [taken.start] * jobs
    for step, blocks in shares(due.steps, jobs):
        if step.expected_seconds is None:
            return None
        measuring = step.expected_seconds * len(blocks) / len(step.blocks)
        heapq.heapreplace(free, free[0] + taken.of(step.arm.experiment) + measuring)
    return max(free) if due.steps else 0.0

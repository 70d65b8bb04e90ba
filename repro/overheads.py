"""How long a plan is likely to take here: blocks as in past evidence, all else as in past runs.

A worker starts Python and torch before its first task, and a script may load more for each task, which takes
longer than many blocks. This is a property of the machine and not evidence, so it is kept in `build/`, and
lost with it.
"""

from __future__ import annotations

import contextlib
import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from pydantic import BaseModel, FiniteFloat

from repro.engines import Event, Failed, Finished, Measured, Started
from repro.plan import Plan, shares
from repro.provenance import monotonic
from repro.worker.task import Task

FILE = "build/overheads.json"
KEPT = 50
"""How many figures are remembered: the latest ones."""


class Overheads(NamedTuple):
    """Seconds that work takes here besides measuring.

    Attributes:
        command: Reading the records, in processor seconds, without waiting for the disk.
        start: Launching a worker.
        tasks: A task in a worker that is already running, by experiment.
    """

    command: float
    start: float
    tasks: dict[str, float]

    def of(self, experiment: str) -> float:
        """Return what a task of an experiment takes; the median over experiments if it was never seen."""
        known = self.tasks.values()
        return self.tasks.get(experiment, median(known) if known else 0.0)


NONE = Overheads(0.0, 0.0, {})


@dataclass
class Stopwatch:
    """What the tasks of a run take besides the seconds of their blocks, derived from events."""

    begun: dict[Task, tuple[float, bool]] = field(default_factory=dict)
    measured: defaultdict[Task, float] = field(default_factory=lambda: defaultdict(float))
    lost: set[Task] = field(default_factory=set)
    first: list[tuple[str, float]] = field(default_factory=list)
    later: list[tuple[str, float]] = field(default_factory=list)
    """The experiment and the seconds of workers' first tasks, and of later ones."""

    def on_event(self, event: Event) -> None:
        """Record the time; a task in which anything fails is ignored."""
        if isinstance(event, Started):
            self.begun[event.task] = monotonic(), event.is_new_worker
        elif isinstance(event, Measured):
            self.measured[event.task] += event.measurement.seconds
        elif isinstance(event, Failed):
            self.begun.pop(event.task, None)
            self.lost.add(event.task)
        elif isinstance(event, Finished):
            self._on_finished(event.task)

    def _on_finished(self, task: Task) -> None:
        if task in self.lost:  # it may already be tried again, as an equal task
            self.lost.remove(task)
        elif found := self.begun.pop(task, None):
            begun, is_new_worker = found
            tasks = self.first if is_new_worker else self.later
            tasks.append((task.experiment, monotonic() - begun - self.measured.pop(task, 0.0)))


class _Kept(BaseModel):
    commands: list[FiniteFloat] = []
    starts: list[FiniteFloat] = []
    tasks: dict[str, list[FiniteFloat]] = {}

    def usual(self) -> dict[str, float]:
        """Return the median over each experiment's tasks."""
        return {name: median(seconds) for name, seconds in self.tasks.items() if seconds}


def remembered(root: Path) -> Overheads | None:
    """Return the medians of past runs, or None before the first."""
    kept = _kept(root)
    if not (kept.starts and kept.commands):
        return None
    return Overheads(median(kept.commands), median(kept.starts), kept.usual())


def remember(root: Path, command: float, watch: Stopwatch) -> None:
    """Keep what a run took besides measuring; if it cannot be kept, go on without it.

    Args:
        root: The project's folder.
        command: Processor seconds of this process before the first worker.
        watch: The watch that has seen all events.
    """
    kept = _kept(root)
    for name, seconds in watch.later:
        kept.tasks[name] = _latest([*kept.tasks.get(name, []), seconds])
    usual = NONE._replace(tasks=kept.usual())
    kept.starts = _latest(
        [*kept.starts, *(max(0.0, seconds - usual.of(name)) for name, seconds in watch.first)]
    )
    kept.commands = _latest([*kept.commands, command])
    with contextlib.suppress(OSError):
        path = root / FILE
        path.parent.mkdir(exist_ok=True)
        path.write_text(kept.model_dump_json() + "\n", encoding="utf-8")


def _kept(root: Path) -> _Kept:
    try:
        return _Kept.model_validate_json((root / FILE).read_bytes())
    except (OSError, ValueError):  # a memory that cannot be read counts as empty
        return _Kept()


def _latest(seconds: list[float]) -> list[float]:
    return [round(one, 3) for one in seconds[-KEPT:]]


def wall_seconds(due: Plan, jobs: int, taken: Overheads) -> float | None:
    """Return the seconds from the command to the last worker's end, or None if an arm was never measured.

    Args:
        due: What will be measured.
        jobs: How many workers there are; the next free one takes the next part.
        taken: What work takes besides measuring here.
    """
    free = [taken.command + taken.start] * jobs
    for step, blocks in shares(due.steps, jobs):
        if step.expected_seconds is None:
            return None
        measuring = step.expected_seconds * len(blocks) / len(step.blocks)
        heapq.heapreplace(free, free[0] + taken.of(step.arm.experiment) + measuring)
    return max(free) if due.steps else 0.0

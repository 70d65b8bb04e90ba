"""Progress while blocks are measured: one live row per experiment, or plain lines outside a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from repro.cli.parts.report import block_range, failure_text, judged_text
from repro.engines import Event, Failed, Finished, Interrupted, Measured, Started
from repro.run import Judged, Observer, Planned
from repro.worker.task import Task

STOPPING = "Finishing the running blocks; Ctrl-C again stops at once."


@contextlib.contextmanager
def observing(console: Console) -> Iterator[Observer]:
    """Return an observer that shows progress on a console, live if it is a terminal."""
    if not console.is_terminal:
        yield PlainLines(lambda text: console.print(text, soft_wrap=True, markup=False, highlight=False))
        return
    rows = LiveRows(console)
    with Live(rows.view, console=console, transient=True, refresh_per_second=5) as live:
        rows.live = live
        yield rows


@dataclass
class PlainLines:
    """Writes one line for each task that ended, each failure and each judgement."""

    write: Callable[[str], None]
    done: dict[Task, list[float]] = field(default_factory=dict)

    def __call__(self, event: Event | Planned | Judged) -> None:
        """Write a line for each event that deserves one."""
        if isinstance(event, Measured):
            self.done.setdefault(event.task, []).append(event.measurement.seconds)
        elif isinstance(event, Finished) and event.task in self.done:
            seconds = self.done.pop(event.task)
            blocks = block_range(event.task.blocks[: len(seconds)])
            self.write(f"measured  {event.task.experiment}  {event.task.arm}  {blocks}  {sum(seconds):.1f} s")
        elif isinstance(event, Failed):
            self.write(f"{'lost' if event.will_retry else 'failed'}  {failure_text(event)}")
        elif isinstance(event, Judged):
            self.write(f"so far  {judged_text(event.judgement)}")
        elif isinstance(event, Interrupted):
            self.write(STOPPING)


class LiveRows:
    """One row per experiment: blocks done and arms at work, with the verdicts so far below it."""

    def __init__(self, console: Console) -> None:
        one_line = Column(no_wrap=True, overflow="ellipsis", ratio=1)
        self.progress = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[arms]}", table_column=one_line),
            console=console,
            expand=True,
        )
        self.live: Live | None = None
        self._rows: dict[str, TaskID] = {}
        self._running: dict[str, list[str]] = {}
        self._judged: dict[str, str] = {}
        self._notices: list[str] = []

    @property
    def view(self) -> Group:
        """Return what to show now."""
        lines = [*self._judged.values(), *self._notices]
        return Group(self.progress, *(Text(line, style="dim", overflow="ellipsis") for line in lines))

    def __call__(self, event: Event | Planned | Judged) -> None:
        """Take an event into the rows."""
        if isinstance(event, Planned):
            self._on_planned(event)
        elif isinstance(event, Started):
            self._running.setdefault(event.task.experiment, []).append(event.task.arm)
        elif isinstance(event, Finished):
            self._running[event.task.experiment].remove(event.task.arm)
        elif isinstance(event, Measured):
            self.progress.advance(self._rows[event.task.experiment])
        elif isinstance(event, Failed):
            self._notices.append(failure_text(event))
        elif isinstance(event, Judged):
            self._judged[event.judgement.claim_id] = judged_text(event.judgement)
        else:
            self._notices.append(STOPPING)
        self._refresh()

    def _on_planned(self, event: Planned) -> None:
        for step in event.steps:
            name = step.arm.experiment
            if name not in self._rows:
                self._rows[name] = self.progress.add_task(name, total=0, arms="")
            row = self.progress.tasks[self.progress.task_ids.index(self._rows[name])]
            self.progress.update(row.id, total=(row.total or 0) + len(step.blocks))

    def _refresh(self) -> None:
        for name, row in self._rows.items():
            arms = ", ".join(dict.fromkeys(self._running.get(name, [])))
            self.progress.update(row, arms=arms)
        if self.live is not None:
            self.live.update(self.view)

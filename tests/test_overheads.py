"""What a plan is likely to take: workers side by side, each with one start."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from repro import overheads
from repro.engines import Failed, Finished, Measured, Started
from repro.overheads import FILE, KEPT, NONE, Overheads, Stopwatch, remember, remembered, wall_seconds
from repro.plan import Arm, DueBlocks, Plan
from repro.worker.task import Task


def step(name: str, blocks: int, seconds: float | None) -> DueBlocks:
    """Return a step with a number of blocks and of seconds in all."""
    return DueBlocks(
        Arm("toy", "0" * 64, name), "minimal", tuple(range(blocks)), "missing", seconds, ("claim",)
    )


@pytest.mark.parametrize(
    ("steps", "jobs", "seconds"),
    [
        ([("a", 2, 10.0)], 1, 12.0),
        ([("a", 2, 10.0)], 2, 7.0),  # a block each
        ([("a", 2, 10.0), ("b", 2, 4.0)], 2, 12.0),  # side by side
        ([("a", 2, 10.0), ("b", 2, 4.0), ("c", 2, 4.0)], 2, 12.0),  # b and c beside a
        ([("a", 2, 10.0), ("b", 2, 9.0), ("c", 2, 4.0)], 2, 15.0),  # c after b, who is free first and warm
        ([("a", 3, 9.0)], 2, 8.0),  # two blocks of three seconds and a start
    ],
)
def test_wall_seconds_follow_the_workers(steps, jobs, seconds):
    """The longest comes first, and the next free worker takes the next."""
    due = Plan(("claim",), tuple(step(*one) for one in steps))
    assert wall_seconds(due, jobs, Overheads(0.5, 1.5, {})) == pytest.approx(seconds)


def test_one_unknown_cost_makes_all_unknown():
    """A sum that leaves something out would be too small."""
    assert wall_seconds(Plan(("claim",), (step("a", 2, 1.0), step("b", 2, None))), 2, NONE) is None


def test_nothing_due_takes_no_time():
    """Without steps no worker starts."""
    assert wall_seconds(Plan(("claim",), ()), 2, Overheads(1.0, 2.0, {})) == 0


def test_every_task_has_its_experiments_overhead():
    """What a script loads in each task is paid by each; what was never seen is taken to be usual."""
    due = Plan(("claim",), (step("a", 1, 7.0), step("b", 1, 4.0), step("c", 1, 4.0)))
    assert wall_seconds(due, 2, Overheads(0.0, 2.0, {"toy": 1.0, "other": 9.0})) == 2 + 1 + 4 + 1 + 4
    assert wall_seconds(due, 2, Overheads(0.0, 2.0, {"some": 1.0, "other": 3.0})) == 2 + 2 + 4 + 2 + 4


def watched(*tasks: tuple[bool, float]) -> Stopwatch:
    """Return a watch that saw first and later tasks of `toy` with these seconds besides measuring."""
    return Stopwatch(
        first=[("toy", seconds) for is_first, seconds in tasks if is_first],
        later=[("toy", seconds) for is_first, seconds in tasks if not is_first],
    )


def test_overheads_are_remembered_by_their_medians(tmp_path):
    """The latest count, one slow start does not; a start is what a first task takes more than a later one."""
    assert remembered(tmp_path) is None
    remember(tmp_path, 0.5, watched(*[(True, 9.0)] * KEPT))
    remember(tmp_path, 0.75, watched((False, 0.5), *[(True, 2.5)] * (KEPT - 1), (True, 60.0)))
    assert remembered(tmp_path) == Overheads(0.625, 2.0, {"toy": 0.5})


def test_without_a_start_nothing_is_known(tmp_path):
    """A run in which every task failed says how long its command took, and no more."""
    remember(tmp_path, 0.5, Stopwatch())
    assert remembered(tmp_path) is None
    remember(tmp_path, 0.5, watched((True, 2.0)))
    assert remembered(tmp_path) == Overheads(0.5, 2.0, {})


@pytest.mark.parametrize("text", ["{", "[]", '{"starts": ["soon"]}', '{"tasks": 1}', '{"commands": [NaN]}'])
def test_a_broken_memory_is_an_empty_one(tmp_path, text):
    """Whatever lies in the file, planning goes on."""
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert remembered(tmp_path) is None
    remember(tmp_path, 0.5, watched((True, 2.0)))
    assert remembered(tmp_path) == Overheads(0.5, 2.0, {})


def test_an_experiment_without_figures_is_like_one_never_seen(tmp_path):
    """An empty list has no median."""
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text('{"commands": [1], "starts": [2], "tasks": {"toy": []}}', encoding="utf-8")
    assert remembered(tmp_path) == Overheads(1.0, 2.0, {})


def task(name: str) -> Task:
    """Return a task of an experiment of this name."""
    return Task(Path(f"{name}.py"), "arm", (0, 1), "0" * 64)


def test_a_watch_takes_off_what_blocks_say_they_took(monkeypatch):
    """A task that lasts 5 s with two blocks of 2 s took one extra second; a failed one says nothing."""
    times = iter([10.0, 15.0, 20.0, 24.5, 30.0])
    monkeypatch.setattr(overheads, "monotonic", lambda: next(times))
    block, watch = SimpleNamespace(seconds=2.0), Stopwatch()
    for event in (
        Started(task("first"), is_new_worker=True),
        Measured(task("first"), block, ()),
        Measured(task("first"), block, ()),
        Finished(task("first"), ""),
        Started(task("later"), is_new_worker=False),
        Measured(task("later"), block, ()),
        Measured(task("later"), block, ()),
        Finished(task("later"), ""),
        Started(task("lost"), is_new_worker=False),
        Failed(task("lost"), 0, "exception", "why", "", will_retry=False),
        Finished(task("lost"), ""),
    ):
        watch.on_event(event)
    assert (watch.first, watch.later) == ([("first", 1.0)], [("later", 0.5)])


def test_a_task_that_is_tried_again_is_not_taken_for_the_one_that_was_lost(monkeypatch):
    """The retry, an equal task, may start before the lost worker has ended."""
    times = iter([10.0, 20.0, 23.0])
    monkeypatch.setattr(overheads, "monotonic", lambda: next(times))
    toy, watch = task("toy"), Stopwatch()
    for event in (
        Started(toy, is_new_worker=True),
        Failed(toy, 0, "killed", "why", "", will_retry=True),
        Started(toy, is_new_worker=False),
        Finished(toy, "the lost one"),
        Measured(toy, SimpleNamespace(seconds=2.0), ()),
        Finished(toy, ""),
    ):
        watch.on_event(event)
    assert (watch.first, watch.later) == ([], [("toy", 1.0)])

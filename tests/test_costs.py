"""What a plan is likely to take: workers side by side, each with one start."""

from __future__ import annotations

import pytest

from repro.costs import FILE, KEPT, remember, start_seconds, wall_seconds
from repro.planning import Arm, Plan, Step


def step(name: str, blocks: int, seconds: float | None) -> Step:
    """Return a step of so many blocks that takes so many seconds in all."""
    return Step(Arm("toy", "0" * 64, name), "minimal", tuple(range(blocks)), "missing", seconds, ("claim",))


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
    """The longest comes first, and whoever is free takes the next."""
    due = Plan(("claim",), tuple(step(*one) for one in steps))
    assert wall_seconds(due, jobs, 2.0) == pytest.approx(seconds)


def test_one_unknown_cost_makes_all_unknown():
    """A sum that leaves something out would be too small."""
    assert wall_seconds(Plan(("claim",), (step("a", 2, 1.0), step("b", 2, None))), 2, 2.0) is None


def test_nothing_due_takes_no_time():
    """Without steps no worker starts."""
    assert wall_seconds(Plan(("claim",), ()), 2, 2.0) == 0


def test_starts_are_remembered_by_their_median(tmp_path):
    """The latest starts count, and one slow start does not."""
    assert start_seconds(tmp_path) is None
    remember(tmp_path, [9.0] * KEPT)
    remember(tmp_path, [2.0] * (KEPT - 1) + [60.0])
    assert start_seconds(tmp_path) == 2.0


def test_a_broken_memory_is_an_empty_one(tmp_path):
    """Whatever lies in the file, planning goes on."""
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert start_seconds(tmp_path) is None
    remember(tmp_path, [2.0])
    assert start_seconds(tmp_path) == 2.0

"""What confinement costs: medians by tier, one worker of each tier taking turns, task by task.

Run: python benchmarks/confinement.py
     python benchmarks/confinement.py --rounds 5 --turns 40 --only S0 S3

A first task includes starting Python, loading torch and choosing the tier; a further task is measured by the
same worker. Both are wall seconds without those of the blocks. A block is training as in a claim.

A second worker at S0 takes part: by how much it differs from the first is what the machine's noise does. The
ratios are those of one turn, in which each worker measures the same block; with the median of all turns stand
the quarter of them that is lowest and the quarter that is highest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro.worker import tiers
from repro.worker.messages import End, Measurement, read_line
from repro.worker.task import TIERS, Task, lasting_command, task_line

EXPERIMENT, ARM = "two_layer_linear", ""
AGAIN = "S0 again"
BLOCK, FIRST, FURTHER, ARM_TIME = "a block", "a first task", "a further task", "a further task with its block"


class Took(NamedTuple):
    """Wall seconds of one task: of its block, and of all the rest."""

    block: float
    rest: float


class Worker:
    """A worker that was started for a task; its first answer is to that one."""

    def __init__(self, task: Task) -> None:
        self.task = task
        result_fd, worker_fd = os.pipe()
        self._since = time.perf_counter()
        self._process = subprocess.Popen(
            lasting_command(task, worker_fd), stdin=subprocess.PIPE, pass_fds=(worker_fd,), bufsize=0
        )
        os.close(worker_fd)
        self._lines = os.fdopen(result_fd, "rb")

    def answer(self) -> Took:
        """Return what the task took that it was given last."""
        measured, end = (read_line(self._lines.readline()) for _ in range(2))
        if not (isinstance(measured, Measurement) and isinstance(end, End)):
            raise SystemExit(f"the block was not measured: {measured}")
        return Took(measured.seconds, time.perf_counter() - self._since - measured.seconds)

    def again(self) -> Took:
        """Give it the task once more, and return what that took."""
        self._since = time.perf_counter()
        if self._process.stdin:
            self._process.stdin.write(task_line(self.task))
        return self.answer()

    def end(self) -> None:
        """Let it end."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        self._lines.close()


def a_task() -> Task:
    """Return a task of one block at the minimal scale, on seeds that never count."""
    script = load_base(Folder(ROOT)).scripts[EXPERIMENT]
    arm = ARM or next(iter(script.arms))
    version = script.version(script.scales["minimal"])
    return Task(ROOT / script.path, arm, (0,), version, stream="explore")


def rotated(names: list[str], by: int) -> list[str]:
    """Return names in an order that begins elsewhere."""
    return names[by % len(names) :] + names[: by % len(names)]


def measured(
    task: Task, tier_of: dict[str, str], rounds: int, turns: int
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each kind that each worker took, turn by turn."""
    names = [*tier_of]
    kinds = (FIRST, FURTHER, BLOCK, ARM_TIME)
    seconds: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in names} for kind in kinds}
    for number in range(rounds):
        workers = {}
        for name in rotated(names, number):
            workers[name] = Worker(replace(task, sandbox=tier_of[name]))
            seconds[FIRST][name].append(workers[name].answer().rest)
        for turn in range(turns):
            for name in rotated(names, number + turn):
                took = workers[name].again()
                for kind, value in ((FURTHER, took.rest), (BLOCK, took.block), (ARM_TIME, sum(took))):
                    seconds[kind][name].append(value)
        for worker in workers.values():
            worker.end()
    return seconds


def ratio(values: list[float], base: list[float]) -> str:
    """Return the median ratio of one turn, with its quartiles where there are enough turns."""
    ratios = [one / other for one, other in zip(values, base, strict=True)]
    middle = f"{statistics.median(ratios):.2f}"
    if len(ratios) < 4:
        return middle
    low, _, high = statistics.quantiles(ratios, n=4)
    return f"{middle} ({low:.2f}-{high:.2f})"


def main() -> None:
    """Print a row for each kind of time, and one for each of its ratios to S0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=TIERS, default=TIERS)
    options = parser.parse_args()
    task = a_task()
    offered = [tier for tier in options.only if tiers.tried(tier, script=task.file).holds]
    tier_of = {tier: tier for tier in dict.fromkeys(["S0", *offered])} | {AGAIN: "S0"}
    seconds = measured(task, tier_of, options.rounds, options.turns)
    print(f"{'median milliseconds of':<36}" + "".join(f"{name:>20}" for name in tier_of))
    for kind, found in seconds.items():
        print(f"{kind:<36}" + "".join(f"{1000 * statistics.median(found[n]):>20.1f}" for n in tier_of))
    for kind, found in seconds.items():
        cells = [ratio(found[name], found["S0"]) for name in tier_of]
        print(f"{f'{kind} over S0':<36}" + "".join(f"{cell:>20}" for cell in cells))
    turns = options.rounds * options.turns
    print(f"{options.rounds} workers of each, {turns} further tasks of {task.experiment}, arm {task.arm}")
    print(f"load averages at the end: {' '.join(f'{one:.1f}' for one in os.getloadavg())}")


if __name__ == "__main__":
    main()

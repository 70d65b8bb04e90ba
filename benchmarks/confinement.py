"""What confinement costs: medians by tier, the tiers taking turns.

Run: python benchmarks/confinement.py
     python benchmarks/confinement.py --rounds 15

A first task includes starting Python, loading torch and choosing the tier; a further task is measured by the
same worker. Both are wall seconds without those of the blocks. A block is training as in a claim.

S0 takes a second turn in every round: by how much it differs from itself is what the machine's noise does.
The ratios are those of the medians of one round.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro.worker import tiers
from repro.worker.messages import End, Measurement, read_line
from repro.worker.task import TIERS, Task, lasting_command, task_line

EXPERIMENT, ARM = "two_layer_linear", ""
KINDS = ("a first task", "a further task", "a block")
AGAIN = "S0 again"
FURTHER = 4
"""Tasks that a worker takes after its first."""


def a_task() -> Task:
    """Return a task of one block at the minimal scale, on seeds that never count."""
    script = load_base(Folder(ROOT)).scripts[EXPERIMENT]
    arm = ARM or next(iter(script.arms))
    version = script.version(script.scales["minimal"])
    return Task(ROOT / script.path, arm, (0,), version, stream="explore")


def timed(task: Task) -> dict[str, list[float]]:
    """Start a worker, give it a task and some more, and return the seconds of each kind."""
    found: dict[str, list[float]] = defaultdict(list)
    result_fd, worker_fd = os.pipe()
    started = time.perf_counter()
    process = subprocess.Popen(
        lasting_command(task, worker_fd), stdin=subprocess.PIPE, pass_fds=(worker_fd,), bufsize=0
    )
    os.close(worker_fd)
    with os.fdopen(result_fd, "rb") as lines:
        for number in range(1 + FURTHER):
            measured = read_line(lines.readline())
            end = read_line(lines.readline())
            if not (isinstance(measured, Measurement) and isinstance(end, End)):
                raise SystemExit(f"the block was not measured: {measured}")
            took = time.perf_counter() - started
            found["a block"].append(measured.seconds)
            found["a further task" if number else "a first task"].append(took - measured.seconds)
            if number < FURTHER and process.stdin:
                started = time.perf_counter()
                process.stdin.write(task_line(task))
        if process.stdin:
            process.stdin.close()
        process.wait()
    return found


def main() -> None:
    """Print a row for each kind of time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    task = a_task()
    turns = {tier: tier for tier in TIERS if tiers.tried(tier, script=task.file).holds} | {AGAIN: "S0"}
    names = [*turns]
    found: list[dict[str, dict[str, float]]] = []
    for number in range(rounds):
        found.append({})
        for name in names[number % len(names) :] + names[: number % len(names)]:
            taken = timed(replace(task, sandbox=turns[name]))
            found[-1][name] = {kind: statistics.median(values) for kind, values in taken.items()}
    print(f"{'median milliseconds of':<24}" + "".join(f"{name:>18}" for name in names))
    for kind in KINDS:
        medians = [statistics.median(each[name][kind] for each in found) * 1000 for name in names]
        print(f"{kind:<24}" + "".join(f"{one:>18.1f}" for one in medians))
    for kind in KINDS:
        ratios = [sorted(each[name][kind] / each["S0"][kind] for each in found) for name in names]
        cells = [f"{statistics.median(each):.2f} ({each[0]:.2f}-{each[-1]:.2f})" for each in ratios]
        print(f"{f'{kind} over S0':<24}" + "".join(f"{cell:>18}" for cell in cells))
    print(f"{rounds} workers a tier, each with {1 + FURTHER} tasks of {task.experiment}, arm {task.arm}")
    print(f"load averages at the end: {' '.join(f'{one:.1f}' for one in os.getloadavg())}")


if __name__ == "__main__":
    main()

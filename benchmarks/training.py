"""Training twenty small networks: the lab against a plain loop, two processes of it, torch.func and JAX.

Run: python benchmarks/training.py [--rounds 3] [--only W1 W4-rnn] [--keep | --kept]

Every figure is the median over rounds in which all variants take turns, each in newly forked processes. All
train 20 seeds from the same weights on the same batches. The clock starts after imports and data; JAX's
compilation counts. For slow variants, a share of the steps is timed and scaled to all of them; compilation is
not scaled. Every variant has the machine's two cores: one process with two threads, or two with one thread
and half the seeds each. Freed memory is kept for the next step, as in the runner's workers. `--keep` stores
the run in training.json and puts its tables into the README and the site.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from workloads import batch_norm, cnn, linear, mlp, recurrent
from workloads.report import Measured, Row, filled, read, report, write
from workloads.task import Task
from workloads.trial import seconds

from repro.lab.seeds import Seeds
from repro.worker.sandbox import KEPT_MEMORY

SEEDS = Seeds(tuple(range(20)))
WORKLOADS = {
    "W1": mlp.WORKLOAD,
    "W2": cnn.WORKLOAD,
    "W3": batch_norm.WORKLOAD,
    "W4-rnn": recurrent.workload("rnn"),
    "W4-lstm": recurrent.workload("lstm"),
    "W5": linear.WORKLOAD,
}
CORES = 2
ALONE = {"vmap": (1,), "jax, own conv": (2,)}
"""Numbers of processes for the variants that are not measured both ways, to save time."""
ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "training.json"
PAGES = (ROOT / "README.md", ROOT / "site" / "docs" / "benchmarks.md")


def rows(names: list[str], tasks: dict[str, Task], peak: dict[str, float]) -> list[Row]:
    """Return all that is measured: every variant in one process and in two, except those in `ALONE`."""
    limit = {name: peak[_peak_name(tasks[name].x.dtype, CORES)] for name in names}
    return [
        Row(name, variant, processes, [], way.flops, WORKLOADS[name].steps, limit[name])
        for name in names
        for variant, way in WORKLOADS[name].variants.items()
        if find_spec("jax") or not way.is_jax
        for processes in ALONE.get(variant, (1, 2))
    ]


def measure(todo: list[Row], tasks: dict[str, Task], rounds: int, fraction: float) -> None:
    """Time every row once per round; rows take turns."""
    for turn in range(rounds):
        for row in todo:
            variant = WORKLOADS[row.workload].variants[row.variant]
            threads = CORES // row.processes
            task = tasks[row.workload]
            one = seconds(variant, task, processes=row.processes, threads=threads, fraction=fraction)
            row.seconds.append(one)
            print(f"round {turn + 1}/{rounds}  {row.workload:<8}{row.name:<30}{one:8.2f} s", file=sys.stderr)


def peaks() -> dict[str, float]:
    """Return the multiplications and additions per second of large matrix products, by type and threads."""
    found = {}
    for dtype in (torch.float32, torch.float64):
        for threads in (1, CORES):
            context = multiprocessing.get_context("fork")
            ours, theirs = context.Pipe(duplex=False)
            work = context.Process(target=_peak, args=(dtype, threads, theirs))
            work.start()
            found[_peak_name(dtype, threads)] = ours.recv()
            work.join()
    return found


def _peak_name(dtype: torch.dtype, threads: int) -> str:
    return f"{str(dtype).removeprefix('torch.')}, {threads} thread{'s'[: threads > 1]}"


def _peak(dtype: torch.dtype, threads: int, result: Connection) -> None:
    torch.set_num_threads(threads)
    size = 2048
    a, b = torch.rand(size, size, dtype=dtype), torch.rand(size, size, dtype=dtype)
    best = math.inf
    for _ in range(6):
        started = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - started)
    result.send(2 * size**3 / best)


def conditions(options: argparse.Namespace, peak: dict[str, float]) -> list[str]:
    """Return what a reader needs to judge the figures."""
    jax = f"jax {version('jax')}" if find_spec("jax") else "jax is not installed: left out"
    shares = sorted(
        {(v.fraction, n.split(",")[0]) for w in WORKLOADS.values() for n, v in w.variants.items()}
    )
    timed = ", ".join(f"{n} {f * options.fraction:.0%}" for f, n in shares)
    return [
        (f"{len(SEEDS)} seeds, {options.rounds} rounds, medians; {CORES} cores,"
        f" torch {torch.__version__}, {jax}."),
        "One process has 2 threads; of two processes each has 1 thread and 10 seeds.",
        f"Steps timed, scaled to all of them (smallest to largest share of a workload): {timed}.",
        "Compilation is never scaled.",
        "Peak of a 2048 x 2048 matrix product, Gflop/s: "
        + ", ".join(f"{name} {value / 1e9:.0f}" for name, value in peak.items())
        + ".",
        "Shares are of both cores' peak in the workload's type.",
    ]  # fmt: skip


def run(options: argparse.Namespace) -> Measured:
    """Measure everything that was chosen."""
    torch.set_num_threads(1)  # the processes are forked from this one, which must have no threads
    tasks = {name: WORKLOADS[name].prepare(SEEDS, WORKLOADS[name].steps) for name in options.only}
    peak = peaks()
    todo = rows(options.only, tasks, peak)
    measure(todo, tasks, options.rounds, options.fraction)
    titles = {name: WORKLOADS[name].title for name in options.only}
    return Measured(len(SEEDS), conditions(options, peak), titles, todo)


if __name__ == "__main__":
    if not KEPT_MEMORY.items() <= os.environ.items():  # glibc reads them when a process starts
        again = [sys.executable, *sys.argv]
        os.execve(sys.executable, again, {**os.environ, **KEPT_MEMORY})  # noqa: S606  # this very script
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--fraction", type=float, default=1.0, help="time even fewer steps, for a quick look")
    parser.add_argument("--keep", action="store_true", help="keep the run and write its tables")
    parser.add_argument("--kept", action="store_true", help="measure nothing; show the run that was kept")
    chosen = parser.parse_args()
    found = read(KEPT) if chosen.kept else run(chosen)
    if chosen.keep:
        write(found, KEPT)
        for page in PAGES:
            page.write_text(filled(page.read_text(encoding="utf-8"), found), encoding="utf-8")
    print(report(found))

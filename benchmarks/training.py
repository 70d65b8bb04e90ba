"""Twenty small networks trained: the lab against a plain loop, two processes of it, torch.func and JAX.

Run: python benchmarks/training.py [--rounds 3] [--only W1 W4-rnn] [--json FILE] [--markdown]

Every figure is the median over rounds, in which all variants take turns, each in newly forked processes. All
train 20 seeds from the same weights on the same batches. The clock starts after imports and data; JAX's
compilation counts. Of slow variants a share of the steps is timed and scaled to all of them; the compilation
is not. Every variant has the machine's two cores: one process of two threads, or two of one with half the
seeds each.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import statistics
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import torch
from workloads import batch_norm, cnn, linear, mlp, recurrent
from workloads.task import Task
from workloads.trial import seconds

from repro.lab.seeds import Seeds

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
"""Processes of the variants that are not measured both ways, to save time."""
MEAN_BUDGET = 5.0


class Budget(NamedTuple):
    """The best variant named `ours`... is to be `least` times as fast as the best named `theirs`..."""

    ours: str
    theirs: str
    least: float


BUDGETS = {
    "W1": (Budget("lab", "plain", 6), Budget("lab, by hand", "plain", 7), Budget("lab", "jax", 1)),
    "W2": (Budget("lab", "plain", 4.5), Budget("lab", "jax, windows", 0.9), Budget("lab", "jax, own", 6.5)),
    "W3": (Budget("lab", "plain", 7), Budget("lab", "jax", 1)),
    "W4-rnn": (Budget("lab", "plain", 2.6), Budget("lab", "jax", 0.6)),
    "W4-lstm": (Budget("lab", "plain", 1.8), Budget("lab", "jax", 1)),
    "W5": (Budget("lab", "plain", 15), Budget("lab", "jax", 2)),
}


class Row(NamedTuple):
    """One way to train, and the processes and threads it has."""

    workload: str
    variant: str
    processes: int

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return self.variant + (", 2 processes" if self.processes == 2 else "")


def rows(names: list[str]) -> list[Row]:
    """Return all that is measured: every variant in one process and in two, but for those `ALONE`."""
    return [
        Row(name, variant, processes)
        for name in names
        for variant, way in WORKLOADS[name].variants.items()
        if find_spec("jax") or not way.is_jax
        for processes in ALONE.get(variant, (1, 2))
    ]


def measure(todo: list[Row], tasks: dict[str, Task], rounds: int, fraction: float) -> dict[Row, list[float]]:
    """Return the seconds of every row in every round; rows take turns."""
    taken: dict[Row, list[float]] = {row: [] for row in todo}
    for turn in range(rounds):
        for row in todo:
            variant = WORKLOADS[row.workload].variants[row.variant]
            threads = CORES // row.processes
            task = tasks[row.workload]
            one = seconds(variant, task, processes=row.processes, threads=threads, fraction=fraction)
            taken[row].append(one)
            print(f"round {turn + 1}/{rounds}  {row.workload:<8}{row.name:<30}{one:8.2f} s", file=sys.stderr)
    return taken


def peaks() -> dict[str, float]:
    """Return multiplications and additions a second of large matrix products, by type and threads."""
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


class Verdict(NamedTuple):
    """A budget and what was measured."""

    workload: str
    budget: Budget
    ours: str
    theirs: str
    ratio: float

    def sentence(self) -> str:
        """Return the ratio beside the budget."""
        is_met = "met" if self.ratio >= self.budget.least else "NOT MET"
        return f"{self.ours} / {self.theirs}: {self.ratio:.2f}x, budget {self.budget.least:g}x: {is_met}"


def verdicts(median: dict[Row, float]) -> list[Verdict]:
    """Return every budget's ratio: the plain loop is one process of all threads, any other the best found."""
    found = []
    for workload in dict.fromkeys(row.workload for row in median):
        own = {row: taken for row, taken in median.items() if row.workload == workload}
        for budget in BUDGETS[workload]:
            ours = _best(own, budget.ours)
            theirs = Row(workload, "plain", 1) if budget.theirs == "plain" else _best(own, budget.theirs)
            found.append(Verdict(workload, budget, ours.name, theirs.name, own[theirs] / own[ours]))
    return found


def _best(own: dict[Row, float], start: str) -> Row:
    return min((row for row in own if row.variant.startswith(start)), key=own.__getitem__)


def speedup(found: list[Verdict]) -> float:
    """Return the geometric mean over the workloads of the best lab variant over the plain loop."""
    best: dict[str, float] = {}
    for one in found:
        if one.budget.theirs == "plain":
            best[one.workload] = max(one.ratio, best.get(one.workload, 0.0))
    return statistics.geometric_mean(best.values())


def table(taken: dict[Row, list[float]], tasks: dict[str, Task], peak: dict[str, float]) -> list[list[str]]:
    """Return the cells: workload, variant, seconds, over the plain loop, over the best JAX, share of peak."""
    median = {row: statistics.median(times) for row, times in taken.items()}
    cells = []
    for row, times in taken.items():
        load, own = WORKLOADS[row.workload], {r: t for r, t in median.items() if r.workload == row.workload}
        work = load.variants[row.variant].flops * load.steps * len(SEEDS)
        limit = peak[_peak_name(tasks[row.workload].x.dtype, CORES)]
        cells.append([
            row.workload,
            row.name,
            f"{median[row]:.2f}",
            f"{min(times):.2f}-{max(times):.2f}",
            f"{own[Row(row.workload, 'plain', 1)] / median[row]:.1f}",
            f"{own[_best(own, 'jax')] / median[row]:.2f}",
            f"{100 * work / median[row] / limit:.1f}",
            f"{load.variants[row.variant].flops / 1e6:.3g}",
        ])  # fmt: skip
    return cells


HEAD = ["", "variant", "seconds", "lowest-highest", "x plain", "x best JAX", "% of peak", "Mflop a step"]


def lines(cells: list[list[str]], *, is_markdown: bool) -> list[str]:
    """Return the table as text or as Markdown."""
    if is_markdown:
        rule = "|---|---|" + "---:|" * (len(HEAD) - 2)
        return [f"| {' | '.join(HEAD)} |", rule, *(f"| {' | '.join(row)} |" for row in cells)]
    widths = [max(len(row[k]) for row in [HEAD, *cells]) for k in range(len(HEAD))]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        for row in [HEAD, *cells]
    ]


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
        (f"Steps timed, scaled to all of them (smallest to largest share of a workload): {timed}."
        " Compilation is never scaled."),
        "Peak of a 2048 x 2048 matrix product, Gflop/s: "
        + ", ".join(f"{name} {value / 1e9:.0f}" for name, value in peak.items())
        + ". Shares are of both cores' peak in the workload's type.",
    ]  # fmt: skip


def report(options: argparse.Namespace, tasks: dict[str, Task], taken: dict[Row, list[float]]) -> None:
    """Print the table and the budgets, and write the raw seconds if asked."""
    peak = peaks()
    found = verdicts({row: statistics.median(times) for row, times in taken.items()})
    mark = "- " if options.markdown else ""
    print("\n".join(mark + line for line in conditions(options, peak)), end="\n\n")
    print("\n".join(mark + f"{name}: {WORKLOADS[name].title}" for name in tasks), end="\n\n")
    print("\n".join(lines(table(taken, tasks, peak), is_markdown=options.markdown)), end="\n\n")
    print("\n".join(f"{mark}{one.workload}: {one.sentence()}" for one in found))
    mean = speedup(found)
    is_met = "met" if mean >= MEAN_BUDGET else "NOT MET"
    print(f"{mark}Geometric mean, lab / plain: {mean:.2f}x, budget {MEAN_BUDGET:g}x: {is_met}")
    if options.json:
        raw = [{**row._asdict(), "seconds": times} for row, times in taken.items()]
        text = json.dumps({"peak_flops": peak, "rounds": raw}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--fraction", type=float, default=1.0, help="time fewer steps still, for a glance")
    parser.add_argument("--json", type=Path, help="where to put the seconds of every round")
    parser.add_argument("--markdown", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)  # the processes are forked from this one, which must have no threads
    prepared = {name: WORKLOADS[name].prepare(SEEDS, WORKLOADS[name].steps) for name in chosen.only}
    report(chosen, prepared, measure(rows(chosen.only), prepared, chosen.rounds, chosen.fraction))

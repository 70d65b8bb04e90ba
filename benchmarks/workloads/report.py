"""What was timed, as a table, as budgets met or not, and as blocks in the README and on a page."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .tables import aligned, html, put

MEAN_BUDGET = 5.0
"""Geometric mean over the workloads of the best lab variant over the plain loop."""
HEAD = ["load", "variant", "seconds", "lowest-highest", "x plain", "x best JAX", "% of peak", "Mflop a step"]
SHORT_HEAD = ["workload", "plain loop", "lab, best", "x plain", "budget", "x best JAX"]


class Row(NamedTuple):
    """One way to train, with a number of processes and the seconds of every round.

    Attributes:
        flop: Multiplications and additions of one seed's step.
        peak: The machine's measured multiplications and additions per second, in the workload's type.
    """

    workload: str
    variant: str
    processes: int
    seconds: list[float]
    flop: float
    steps: int
    peak: float

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return self.variant + (", 2 processes" if self.processes == 2 else "")

    @property
    def median(self) -> float:
        """Return the median seconds over the rounds."""
        return statistics.median(self.seconds)


class Measured(NamedTuple):
    """A whole run of the benchmark.

    Attributes:
        seeds: Trained by every row.
        conditions: Sentences that a reader needs to judge the figures.
        titles: Titles of the workloads, by name.
        rows: In the order of the table.
    """

    seeds: int
    conditions: list[str]
    titles: dict[str, str]
    rows: list[Row]

    def of(self, workload: str, start: str = "") -> list[Row]:
        """Return the rows of a workload whose variant's name has a prefix."""
        return [row for row in self.rows if row.workload == workload and row.variant.startswith(start)]

    def plain(self, workload: str) -> Row:
        """Return the plain loop in one process with all threads."""
        return next(row for row in self.of(workload, "plain") if row.processes == 1)

    def best(self, workload: str, start: str) -> Row:
        """Return the quickest row whose variant's name has a prefix."""
        return min(self.of(workload, start), key=lambda row: row.median)


class Budget(NamedTuple):
    """The best variant named `ours`... must be `least` times as fast as the best named `theirs`..."""

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


def write(measured: Measured, path: Path) -> None:
    """Keep a run."""
    kept = {**measured._asdict(), "rows": [row._asdict() for row in measured.rows]}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Measured:
    """Return the run that was kept."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Measured(**{**kept, "rows": [Row(**row) for row in kept["rows"]]})


def report(measured: Measured, *, is_page: bool = False) -> str:
    """Return all that there is to say about a run, for a terminal or for a page in Markdown."""
    mark, cells = "- " if is_page else "", list(_cells(measured))
    parts = [
        [mark + line for line in measured.conditions],
        [f"{mark}{name}: {title}" for name, title in measured.titles.items()],
        [html(HEAD, cells, "All rows")] if is_page else aligned(HEAD, cells),
        [mark + line for line in verdicts(measured)],
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def summary(measured: Measured) -> str:
    """Return one line per workload, as Markdown."""
    cells = []
    for workload, title in measured.titles.items():
        plain, ours = measured.plain(workload), measured.best(workload, "lab")
        least = max(b.least for b in BUDGETS[workload] if b.theirs == "plain")
        times = (f"{plain.median:.1f} s", f"{ours.median:.2f} s", f"{plain.median / ours.median:.1f}")
        theirs = measured.best(workload, "jax").median / ours.median
        cells.append([title, *times, f"{least:g}", f"{theirs:.2f}"])
    rows = [SHORT_HEAD, ["---"] * len(SHORT_HEAD), *cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def verdicts(measured: Measured) -> Iterator[str]:
    """Yield every ratio beside its budget, and the geometric mean of the best ones over the plain loop."""
    over_plain = []
    for workload in measured.titles:
        plain = measured.plain(workload)
        over_plain.append(plain.median / measured.best(workload, "lab").median)
        for budget in BUDGETS[workload]:
            ours = measured.best(workload, budget.ours)
            theirs = plain if budget.theirs == "plain" else measured.best(workload, budget.theirs)
            held = _held(theirs.median / ours.median, budget.least)
            yield f"{workload}: {ours.name} / {theirs.name}: {held}"
    mean = statistics.geometric_mean(over_plain)
    yield f"Geometric mean, lab / plain: {_held(mean, MEAN_BUDGET)}"


def filled(text: str, measured: Measured) -> str:
    """Return a page whose blocks `training` and `training-summary` hold what was measured."""
    text = put(text, "training", report(measured, is_page=True))
    return put(text, "training-summary", summary(measured))


def _held(ratio: float, least: float) -> str:
    return f"{ratio:.2f}x, budget {least:g}x: {'met' if ratio >= least else 'NOT MET'}"


def _cells(measured: Measured) -> Iterator[list[str]]:
    for row in measured.rows:
        plain, jax = measured.plain(row.workload), measured.of(row.workload, "jax")
        best = min((other.median for other in jax), default=float("nan"))
        share = row.flop * row.steps * measured.seeds / row.median / row.peak
        yield [
            row.workload,
            row.name,
            f"{row.median:.2f}",
            f"{min(row.seconds):.2f}-{max(row.seconds):.2f}",
            f"{plain.median / row.median:.1f}",
            f"{best / row.median:.2f}",
            f"{100 * share:.1f}",
            f"{row.flop / 1e6:.3g}",
        ]

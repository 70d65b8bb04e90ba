"""What `repro plan` predicts and what a run then takes, for every experiment that has evidence.

Run: python benchmarks/costs.py [CLAIM...]

Each claim is explored: ten separate seeds of every arm, with nothing recorded. The very first run only
measures what workers need here besides measuring; what an experiment's tasks load is known from its second
run on.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPRO = str(Path(sys.executable).with_name("repro"))
BUDGET = 1.5
FIRST = "multiplication-gate-four-neurons"


def told(*words: str) -> dict[str, object]:
    """Return the JSON document that a command prints."""
    done = subprocess.run([REPRO, *words, "--json"], capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout))


def claims() -> list[str]:
    """Return one claim for every experiment that has evidence, in order of the claims' ids."""
    decided = [
        str(c["id"])
        for c in told("list")["claims"]  # type: ignore[union-attr]  # a list of objects
        if c["seeds"]
    ]
    by_arms = {frozenset((s["experiment"], s["arm"]) for s in due(c)["steps"]): c for c in decided}
    return sorted(by_arms.values())


def due(claim: str) -> dict[str, object]:
    """Return what exploring a claim would measure."""
    return told("plan", claim, "--explore")


def main() -> None:
    """Print the table, and the share of plans within the budget."""
    subprocess.run([REPRO, "run", FIRST, "--explore"], capture_output=True, check=False)
    ratios = []
    print(f"{'claim':<42}{'predicted s':>12}{'taken s':>9}{'ratio':>7}")
    for claim in sys.argv[1:] or claims():
        predicted = float(due(claim)["expected_seconds"])  # type: ignore[arg-type]  # a number
        started = time.perf_counter()
        subprocess.run([REPRO, "run", claim, "--explore"], capture_output=True, check=False)
        taken = time.perf_counter() - started
        ratios.append(max(predicted / taken, taken / predicted))
        print(f"{claim:<42}{predicted:12.1f}{taken:9.1f}{predicted / taken:7.2f}", flush=True)
    within = sum(ratio <= BUDGET for ratio in ratios)
    print(f"within a factor of {BUDGET:g}: {within} of {len(ratios)}; median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()

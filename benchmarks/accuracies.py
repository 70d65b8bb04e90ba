"""The published nets on MNIST-1D, beside the accuracies that its authors print.

Run: python benchmarks/accuracies.py [--seeds 20] [--only logistic mlp mlp-256 cnn gru] [--keep | --kept]

Each net is trained on data that are fresh for each seed, and on the single data set of the authors' package
in its original order. The GRU, ten times as slow, gets a fifth of the seeds. `--keep` stores the run in
accuracies.json and its table on the page of benchmarks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from pathlib import Path

import torch
from workloads.accuracies import NETS, Row, read, report, trained, write
from workloads.tables import put

from repro.lab.seeds import Seeds

CORES = 2
ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "accuracies.json"
PAGE = ROOT / "site" / "docs" / "benchmarks.md"


def scores(job: tuple[str, tuple[int, ...], bool]) -> list[list[float]]:
    """Return the percentages of a net's looks, each as a list over seeds."""
    net, numbers, is_as_published = job
    torch.set_num_threads(1)
    looks = trained(net, Seeds(numbers), is_as_published=is_as_published).tolist()
    return [[round(score, 1) for score in look] for look in looks]  # of a thousand points


def run(options: argparse.Namespace) -> list[Row]:
    """Train every net on all seeds, half of them in each process."""
    rows = []
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        for data in ("fresh", "theirs"):
            for net in options.only:
                seeds = tuple(range(max(2, options.seeds // 5) if net == "gru" else options.seeds))
                parts = pool.map(scores, [(net, seeds[k::CORES], data == "theirs") for k in range(CORES)])
                looks = [[score for half in halves for score in half] for halves in zip(*parts, strict=True)]
                rows.append(Row(net, data, [max(seed) for seed in zip(*looks, strict=True)], looks[-1]))
                print(report(rows[-1:]), file=sys.stderr)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--keep", action="store_true", help="keep the run and write its table")
    parser.add_argument("--kept", action="store_true", help="measure nothing; show the run that was kept")
    chosen = parser.parse_args()
    if chosen.seeds < CORES:
        parser.error(f"--seeds {chosen.seeds}: give {CORES} or more, at least one per process")
    found = read(KEPT) if chosen.kept else run(chosen)
    if chosen.keep:
        write(found, KEPT)
        page = put(PAGE.read_text(encoding="utf-8"), "accuracies", report(found, is_page=True))
        PAGE.write_text(page, encoding="utf-8")
    print(report(found))
    print("A star: the best look is more than 2 points from the published accuracy.")

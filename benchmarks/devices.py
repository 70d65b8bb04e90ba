"""Does every experiment run unchanged on a GPU, and do its values agree with the processor's?

Measures two blocks of every arm at minimal scale on both devices, with the same (exploratory) seeds.
Bits differ between devices, and chaotic training diverges from there: the table gives the mean on
each device, and their difference in standard errors of the paired differences.

Run: python benchmarks/devices.py [--device cuda] [experiment ...]
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kb.reading.experiment import Script
from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro.engines import Failed, Measured, connect
from repro.engines.parts.interrupts import Interrupts
from repro.worker.task import Task

BLOCKS = (0, 1)


@dataclass
class Arm:
    """What one arm gave on one device.

    Attributes:
        values: For each outcome, a number per seed.
        seconds: How long measuring took.
        fault: Why it gave nothing; empty if it did.
    """

    values: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    fault: str = ""


def measured(script: Script, devices: tuple[str, ...]) -> dict[tuple[str, str], Arm]:
    """Return what every arm gave on every device, measured by confined workers as in a run."""
    version = script.version(script.scales["minimal"])
    queue = deque(
        Task(ROOT / script.path, arm, BLOCKS, version, stream="explore", device=device)
        for device in devices
        for arm in script.arms
    )
    found = {(task.arm, task.device): Arm() for task in queue}
    with Interrupts() as interrupts:
        for event in connect("local").run(queue, jobs=1, interrupts=interrupts):
            if isinstance(event, Measured):
                arm = found[event.task.arm, event.task.device]
                arm.seconds += event.measurement.seconds
                for name, values in event.measurement.values.items():
                    arm.values.setdefault(name, []).extend(values)
            elif isinstance(event, Failed):
                found[event.task.arm, event.task.device].fault = event.message
    return found


def standard_errors(first: torch.Tensor, second: torch.Tensor) -> float:
    """Return the mean paired difference in its own standard errors; 0 where all values are equal."""
    difference = (first - second)[torch.isfinite(first - second)]
    spread = difference.std().item() / math.sqrt(max(1, len(difference)))
    return difference.mean().item() / spread if spread > 0 else 0.0


def rows(script: Script, device: str) -> Iterator[str]:
    """Yield a row for each outcome of each arm, and what failed, each on a line."""
    found = measured(script, ("cpu", device))
    for arm in script.arms:
        here, there = found[arm, "cpu"], found[arm, device]
        if fault := here.fault or there.fault:
            yield f"{script.name} {arm}: failed: {fault}"
            continue
        for outcome in here.values:
            pair = [torch.tensor(one.values[outcome], dtype=torch.float64) for one in (here, there)]
            means = "".join(f"{values.mean().item():>11.4g}" for values in pair)
            seconds = f"{here.seconds:>8.2f}{there.seconds:>8.2f}"
            yield f"{f'{script.name} {arm} {outcome}':<70}{means}{standard_errors(*pair):>7.1f}{seconds}"


def main() -> None:
    """Print one row per outcome, and at the end how many arms failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="*")
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    scripts = load_base(Folder(ROOT)).scripts
    print(f"{'experiment, arm, outcome':<70}{'cpu':>11}{options.device:>11}{'s.e.':>7}{'s':>8}{'s':>8}")
    failures = 0
    for name in options.experiments or sorted(scripts):
        if name not in scripts:
            raise SystemExit(f"there is no experiment {name}")
        for row in rows(scripts[name], options.device):
            failures += ": failed: " in row
            print(row, flush=True)
    print(f"{failures} arms failed on one of the devices")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()

"""Does every experiment run unchanged on a GPU, and do its values agree with the processor's?

Measures two blocks of every arm at minimal scale on both devices, with the same (exploratory) seeds.
Bits differ between devices, and chaotic training diverges from there: the table gives the mean on
each device, and their difference in standard errors of the paired differences.

Run: python benchmarks/devices.py [--device cuda] [experiment ...]
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import time
from pathlib import Path
from types import ModuleType

import torch

from repro.lab.seeds import Seeds

EXPERIMENTS = Path(__file__).parents[1] / "repro" / "experiments"
SEEDS = tuple(range(1, 11))


def load(name: str) -> ModuleType:
    """Return an experiment's module."""
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / f"{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"there is no experiment {name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured(module: ModuleType, arm: str, device: str) -> tuple[dict[str, torch.Tensor], float]:
    """Return an arm's outcomes, without curves, and the seconds that they took."""
    started = time.perf_counter()
    found = module.measure(arm, Seeds(SEEDS, device), module.MINIMAL)
    values = {name: tensor.cpu().double() for name, tensor in found.items() if not name.endswith("_curve")}
    return values, time.perf_counter() - started


def standard_errors(first: torch.Tensor, second: torch.Tensor) -> float:
    """Return the mean paired difference in its own standard errors; 0 where all values are equal."""
    difference = (first - second)[torch.isfinite(first - second)]
    spread = difference.std().item() / math.sqrt(max(1, len(difference)))
    return difference.mean().item() / spread if spread > 0 else 0.0


def main() -> None:
    """Print one row per outcome, and the failures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="*")
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    names = options.experiments or sorted(path.stem for path in EXPERIMENTS.glob("[!_]*.py"))
    failures = []
    print(f"{'experiment, arm, outcome':<70}{'cpu':>11}{options.device:>11}{'s.e.':>7}{'s':>8}{'s':>8}")
    for name in names:
        module = load(name)
        for arm in module.ARMS:
            here, seconds = measured(module, arm, "cpu")
            try:
                there, taken = measured(module, arm, options.device)
            except RuntimeError as error:
                failures.append(f"{name} {arm}: {str(error).splitlines()[0]}")
                continue
            for outcome, values in here.items():
                means = values.mean().item(), there[outcome].mean().item()
                errors = standard_errors(values, there[outcome])
                row = f"{name} {arm} {outcome}"
                print(
                    f"{row:<70}{means[0]:>11.4g}{means[1]:>11.4g}{errors:>7.1f}{seconds:>8.2f}{taken:>8.2f}"
                )
    print(f"{len(failures)} arms failed on {options.device}")
    print("\n".join(failures))
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()

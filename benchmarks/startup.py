"""How long answers take that need no measurement: medians over fresh processes.

Run: python benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

REPRO = str(Path(sys.executable).with_name("repro"))
ROUNDS = 9
COMMANDS = {
    "--help": ["--help"],
    "list": ["list"],
    "show": ["show", "gd-stalls-two-layer-linear"],
    "check": ["check"],
    "run, nothing due": ["run", "gd-stalls-two-layer-linear"],
}
BUDGET_SECONDS = {"--help": 0.35, "list": 0.35, "show": 0.35, "run, nothing due": 0.5}


def seconds(command: list[str]) -> float:
    """Return the wall seconds of one fresh process."""
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - started


def imports_torch(arguments: list[str]) -> bool:
    """Does the command import torch?"""
    code = (
        "import sys\nfrom repro.cli import main\n"
        f"sys.argv = ['repro', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write('TORCH' if 'torch' in sys.modules else '')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return "TORCH" in done.stderr


if __name__ == "__main__":
    bare = statistics.median(seconds([sys.executable, "-c", ""]) for _ in range(ROUNDS))
    print(f"{'command':<20}{'median s':>10}{'/ bare python':>15}{'budget s':>10}  torch")
    for name, arguments in COMMANDS.items():
        taken = statistics.median(seconds([REPRO, *arguments]) for _ in range(ROUNDS))
        budget = BUDGET_SECONDS.get(name)
        torch = "imported" if imports_torch(arguments) else "no"
        print(f"{name:<20}{taken:>10.2f}{taken / bare:>15.1f}{budget or '-':>10}  {torch}")

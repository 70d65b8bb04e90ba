"""How safe and how fast the evidence store is: faults, kills and power cuts survived, files read per second.

Run: python benchmarks/store.py
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kb.evidence.file import parse
from kb.evidence.ledger import read_ledger, to_file
from kb.reading.tree import Folder
from kb.text.problems import Problem
from repro.ledger import append
from tests.power_cuts import Event, bad_cuts, trace
from tests.store_faults import NEW, OTHER_VERSION, every_fault, piece

KILLS = 500
FILES = 600
BUDGET_MILLISECONDS = 80
PIECES = [piece(), NEW, piece("bent"), NEW, piece(version=OTHER_VERSION)]


def row(what: str, cases: int, wrong: int) -> None:
    """Print how many cases there were and how many went wrong."""
    print(f"{what:<58}{cases:>8,}{wrong:>8,}", flush=True)


def in_a_process(task: str, folder: Path, **options: int) -> dict[str, Any]:
    """Return the counts of a task that forks."""
    words = [task, folder, *(f"{key}={value}" for key, value in options.items())]
    command = [sys.executable, "-m", "tests.store_faults", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def survive(folder: Path) -> int:
    """Print what was done to the writer and return how many cases went wrong in all."""
    faults = [bool(wrong) for _, wrong in every_fault(folder)]
    row("errors at every system call", len(faults), sum(faults))
    for name in ("die", "kill", "write"):
        (folder / name).mkdir()
    died = in_a_process("die", folder / "die")
    row("kills before and after every system call", died["cases"], len(died["wrong"]))
    killed = in_a_process("kill", folder / "kill", rounds=KILLS, seed=2)
    row(f"kills at random, {killed['acknowledged']} acknowledged", killed["cases"], len(killed["wrong"]))
    at_once = in_a_process("write", folder / "write", writers=8, blocks=50)
    row("writers at once, 100 pieces each", at_once["cases"], len(at_once["wrong"]))
    return sum(faults) + sum(len(result["wrong"]) for result in (died, killed, at_once))


def cut_power(folder: Path) -> int:
    """Print how many states power cuts may leave, also without one kind of syncing; return the bad ones."""
    bad = 0
    for has_links in (True, False):
        events = trace(folder / f"traced-{has_links}", PIECES, has_links=has_links)
        (folder / f"cut-{has_links}").mkdir()
        states, wrong = bad_cuts(events, folder / f"cut-{has_links}")
        row(f"states after a power cut, {'with' if has_links else 'without'} hard links", states, len(wrong))
        bad += len(wrong)

    def is_a_parent(event: Event) -> bool:
        return event.name == "fsync" and event.path in (".", "repro", "repro/evidence", "repro/evidence/coin")

    events = trace(folder / "careless", PIECES, ignored=is_a_parent)
    (folder / "careless-cut").mkdir()
    states, wrong = bad_cuts(events, folder / "careless-cut")
    row("  the same if parents were not synced (must be bad)", states, len(wrong))
    return bad + (not wrong)


def damage() -> int:
    """Print how many flipped bits and cuts of one file are noticed; return how many are not."""
    name, content = to_file(NEW)
    flips = [
        content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        for at in range(len(content))
        for bit in range(8)
    ]
    damaged = flips + [content[:length] for length in range(len(content))]
    unnoticed = sum(not isinstance(parse(item, f"{NEW.folder}/{name}"), Problem) for item in damaged)
    row("flipped bits and cut-off files", len(damaged), unnoticed)
    return unnoticed


def speed(root: Path) -> None:
    """Print how long storing and reading files with one curve of 48 points takes."""
    curves = {"score_curve": tuple(tuple((seed + at) / 7 for at in range(48)) for seed in range(5))}
    pieces = [piece(f"arm{at % 75}", at // 75, curves=curves) for at in range(FILES)]
    started = time.perf_counter()
    for evidence in pieces:
        append(root, evidence)
    stored = (time.perf_counter() - started) / FILES
    seconds = []
    for _ in range(11):
        started = time.process_time()  # CPU time, so that other users of the machine do not count
        ledger = read_ledger(Folder(root))
        seconds.append(time.process_time() - started)
    size = len(to_file(pieces[0])[1])
    median, best = 1e3 * statistics.median(seconds), 1e3 * min(seconds)
    print(f"\nstoring one piece durably: {1e3 * stored:.1f} ms")
    print(
        f"reading {len(ledger.evidence)} files of {size} bytes: median {median:.0f}, best {best:.0f} CPU-ms"
    )
    print(f"budget for reading: {BUDGET_MILLISECONDS} CPU-ms")


if __name__ == "__main__":
    print(f"{'what':<58}{'cases':>8}{'bad':>8}")
    with tempfile.TemporaryDirectory() as temporary:
        bad = survive(Path(temporary)) + cut_power(Path(temporary)) + damage()
        speed(Path(temporary))
    sys.exit(bad > 0)

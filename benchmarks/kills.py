"""Kill a run at random moments: nothing runs on, nothing half is left, and the next run does only the rest.

Each time `repro run` measures a small experiment with real workers, and gets SIGKILL after a random time
between its start and the time that a whole run takes; every second time soon after its first block. Two
seconds later no process of it may be left, and every file of evidence must be whole. Then it is run again:
it may add only what was missing, and at the end the values must be those of a run that nobody killed, to the
bit.

Run: python benchmarks/kills.py [KILLS] [SEED]
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kb.evidence.ledger import Ledger, read_ledger
from kb.reading.tree import Folder
from tests.conftest import EXPERIMENT, write_project

COMMAND = (sys.executable, "-c", "from repro.cli import main; main()")
SLOW = EXPERIMENT.replace('"""Flip one coin for each seed."""', "for _ in range(100_000): torch.zeros(1)")
"""Blocks that take long enough to be killed in."""
WITHIN_SECONDS = 2.0
LATE_SHARE = 0.1
"""The share of a run's time, from its first block, in which every second kill comes."""


class Killed(NamedTuple):
    """What became of one run that was killed.

    Attributes:
        saved: How many blocks it had saved.
        wrong: What is not as it should be.
    """

    saved: int
    wrong: tuple[str, ...]


def command(root: Path) -> tuple[str, ...]:
    """Return the command line of a run."""
    return (*COMMAND, "--root", str(root), "run", "toy-claim", "--seeds", "20", "--jobs", "2")


def fresh(folder: Path) -> Path:
    """Return a new project that was never run."""
    root = write_project(folder)
    (root / "repro/experiments/coin.py").write_text(SLOW, encoding="utf-8")
    return root


def values(ledger: Ledger) -> dict[tuple[str, int], str]:
    """Return everything that was measured by arm and block, to the last bit."""
    return {(each.arm, each.block): repr((each.values, each.curves)) for each in ledger.evidence}


def processes(root: Path) -> Iterator[int]:
    """Yield every process whose command line names a project's folder."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(root).encode() in path.read_bytes():
                yield int(path.parent.name)
        except OSError:
            continue


def kill_one(
    root: Path, after: float, whole: dict[tuple[str, int], str], *, from_first_block: bool
) -> Killed:
    """Kill a run some seconds after its start or its first block, run again, and return what was wrong."""
    process = subprocess.Popen(command(root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while from_first_block and process.poll() is None and not [*root.glob("repro/evidence/*/*/*.json")]:
        time.sleep(0.005)
    time.sleep(after)
    process.kill()
    process.wait()
    deadline = time.monotonic() + WITHIN_SECONDS
    while (left := [*processes(root)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    wrong = [f"{len(left)} processes are left"] if left else []
    before = read_ledger(Folder(root))
    wrong += [f"{each.place.path}: {each.found}" for each in before.problems]
    names = {piece.path for piece in before.pieces}
    again = subprocess.run(command(root), capture_output=True, text=True, check=False, timeout=300)
    if again.returncode:
        wrong.append(f"the next run exits with {again.returncode}: {again.stderr or again.stdout}")
    after_all = read_ledger(Folder(root))
    wrong += [f"{each.place.path}: {each.found}" for each in after_all.problems]
    if not names <= {piece.path for piece in after_all.pieces}:
        wrong.append("a saved block is gone")
    if len(after_all.pieces) != len(whole):
        wrong.append(f"{len(after_all.pieces)} files for {len(whole)} blocks")
    if values(after_all) != whole:
        wrong.append("other values than without a kill")
    if [*(root / "repro/evidence").glob("*/*/.*")]:
        wrong.append("an unfinished file is left after the next run")
    return Killed(len(names), tuple(wrong))


def main(kills: int, seed: int) -> int:
    """Kill some runs, print the counts and return how many went wrong."""
    rng, start = random.Random(seed), time.monotonic()  # noqa: S311 # no secret
    with tempfile.TemporaryDirectory() as folder:
        root = fresh(Path(folder) / "whole")
        subprocess.run(command(root), capture_output=True, check=True)
        began = time.monotonic()
        root = fresh(Path(folder) / "timed")
        subprocess.run(command(root), capture_output=True, check=True)
        takes, whole = time.monotonic() - began, values(read_ledger(Folder(root)))
        found = []
        for number in range(kills):
            root = fresh(Path(folder) / f"killed-{number}")
            is_late = number % 2 == 1
            after = rng.uniform(0, takes * (LATE_SHARE if is_late else 1))
            found.append(kill_one(root, after, whole, from_first_block=is_late))
            if found[-1].wrong:
                print(f"kill {number}: {'; '.join(found[-1].wrong)}", flush=True)
    wrong = sum(bool(each.wrong) for each in found)
    in_the_middle = sum(0 < each.saved < len(whole) for each in found)
    print(f"{'kills':>8}{'in the middle':>16}{'blocks kept':>14}{'bad':>6}{'seconds':>10}")
    kept = sum(each.saved for each in found)
    print(f"{kills:>8,}{in_the_middle:>16,}{kept:>14,}{wrong:>6,}{time.monotonic() - start:>10.0f}")
    return wrong


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [500, 1][len(numbers) :])) > 0)

"""Kill runs at random moments: nothing runs on, nothing half is left, and the next run does only the rest.

`repro run` measures a small experiment of many short blocks with real workers, and gets SIGKILL. So does the
run that follows, and the one after that, until one of them finds everything done; then a new project begins.
Half of the kills come at a random time before a run's first block: while it starts, chooses how strictly
to confine, and tries the contract. The others come within a few milliseconds after one of its blocks was
saved, any of those that are left, or while it judges after the last.

Two seconds after each kill no process of the run may be left, every file of evidence must be whole, no saved
block may be gone, and none may have been measured again. Once all is done the values must be those of a run
that nobody killed, to the bit, with no unfinished file and no private folder of a worker beside them.

Run: python benchmarks/kills.py [KILLS] [SEED] [MINUTES, after which no further run is killed]
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kb.evidence.ledger import Ledger, read_ledger
from kb.reading.tree import Folder
from tests.conftest import EXPERIMENT, write_project

COMMAND = (sys.executable, "-c", "from repro.cli import main; main()")
SHORT = EXPERIMENT.replace('"""Flip one coin for each seed."""', "for _ in range(4_000): torch.zeros(1)")
"""Blocks of a few milliseconds."""
SEEDS, ARMS = 200, 2
BLOCKS = SEEDS // 5 * ARMS
AT_ONCE = 2
"""Projects in which runs are killed at the same time."""
WITHIN_SECONDS, AT_MOST_SECONDS = 2.0, 30.0
EARLY_SHARE = 0.5
AFTER_A_BLOCK_SECONDS, JUDGING_SECONDS = 0.04, 0.3
"""Within what time after a block, and after the last one, a kill comes."""


class Moment(NamedTuple):
    """When a run is killed.

    Attributes:
        new: After so many blocks of its own, the time of the last of which counts; 0 for the run's start.
        seconds: How long after that.
    """

    new: int
    seconds: float


class Whole(NamedTuple):
    """What a run did that nobody killed.

    Attributes:
        values: Everything that it measured, by arm and block.
        until_first: How many seconds it took until its first block was saved.
    """

    values: dict[tuple[str, int], str]
    until_first: float


@dataclass
class Counts:
    """What was counted, by several threads.

    Attributes:
        budget: How many kills there may still be.
        until: After what time there may be none.
        fell: How many fell in which part of a run.
        wrong: What was not as it should be.
        kept: How many blocks killed runs had saved.
        finished: How many projects were measured to the end after kills.
    """

    budget: int
    until: float
    fell: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    kept: int = 0
    finished: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def may_kill(self) -> bool:
        """Take one kill from the budget, if there is one left, and time for it."""
        with self.lock:
            self.budget = self.budget - 1 if time.monotonic() < self.until else -1
            return self.budget >= 0

    def give_back(self) -> None:
        """Return a kill for which a run was too quick."""
        with self.lock:
            self.budget += 1

    def add(
        self, *, fell: tuple[str, ...] = (), kept: int = 0, wrong: list[str], is_end: bool = False
    ) -> None:
        """Count one kill, or the end of one project."""
        with self.lock:
            self.fell.update(fell)
            self.kept += kept
            self.finished += is_end
            self.wrong += wrong
            for each in wrong:
                print(each, flush=True)


class Project:
    """A project in which runs are killed, one after another.

    Args:
        folder: Where it is made.
        jobs: How many workers its runs may have.
    """

    def __init__(self, folder: Path, jobs: int) -> None:
        self.root = write_project(folder / "project")
        (self.root / "repro/experiments/coin.py").write_text(SHORT, encoding="utf-8")
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._jobs = jobs

    def start(self) -> subprocess.Popen[str]:
        """Start a run."""
        words = (
            "--root",
            str(self.root),
            "run",
            "toy-claim",
            "--seeds",
            str(SEEDS),
            "--jobs",
            str(self._jobs),
        )
        return subprocess.Popen(
            (*COMMAND, *words),
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def saved(self) -> int:
        """Return how many blocks are saved."""
        return sum(1 for _ in self.root.glob("repro/evidence/coin/*/[!.]*.json"))

    def unfinished(self) -> list[Path]:
        """Return the files that were begun and not finished."""
        return [*self.root.glob("repro/evidence/coin/*/.*")]

    def ledger(self) -> Ledger:
        """Return all that is saved."""
        return read_ledger(Folder(self.root))

    def processes(self) -> Iterator[int]:
        """Yield every process whose command line names this project."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(self.root).encode() in path.read_bytes():
                    yield int(path.parent.name)
            except OSError:
                continue


def values(ledger: Ledger) -> dict[tuple[str, int], str]:
    """Return everything that was measured by arm and block, to the last bit."""
    return {(each.arm, each.block): repr((each.values, each.curves)) for each in ledger.evidence}


def a_moment(rng: random.Random, left: int, until_first: float) -> Moment:
    """Return when to kill a run.

    Args:
        rng: Draws it.
        left: How many blocks there are to measure.
        until_first: How many seconds a run takes until its first block.
    """
    if left == 0 or rng.random() < EARLY_SHARE:
        return Moment(0, rng.uniform(0, until_first))
    new = rng.randint(1, left)
    return Moment(new, rng.uniform(0, JUDGING_SECONDS if new == left else AFTER_A_BLOCK_SECONDS))


def killed_at(project: Project, process: subprocess.Popen[str], moment: Moment, before: int) -> bool:
    """Wait for a moment in a run, kill it, and say whether it was still running."""
    while moment.new and process.poll() is None and project.saved() < before + moment.new:
        time.sleep(0.001)
    deadline = time.monotonic() + moment.seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    is_running = process.poll() is None
    process.kill()
    process.wait()
    return is_running


def left_over(project: Project) -> list[str]:
    """Wait until no process of a killed run is left, and return what is wrong if that takes too long."""
    start = time.monotonic()
    seen = 0
    while (left := len([*project.processes()])) and time.monotonic() - start < AT_MOST_SECONDS:
        if time.monotonic() - start > WITHIN_SECONDS:
            seen = max(seen, left)
        time.sleep(0.02)
    took = time.monotonic() - start
    return (
        [f"{seen} processes were left after {WITHIN_SECONDS:g} s, {left} after {took:.1f} s"] if seen else []
    )


def faults(
    project: Project, whole: dict[tuple[str, int], str], names: set[str]
) -> tuple[list[str], set[str]]:
    """Return what is wrong with what a run has saved, and the names of the files that are there now."""
    ledger = project.ledger()
    found, now = values(ledger), {piece.path for piece in ledger.pieces}
    wrong = [f"{each.place.path}: {each.found}" for each in ledger.problems]
    if not names <= now:
        wrong.append("a saved block is gone")
    if len(ledger.pieces) != len(found):
        wrong.append(f"{len(ledger.pieces)} files for {len(found)} blocks")
    if not found.items() <= whole.items():
        wrong.append("other values than without a kill")
    return wrong, now


def unkilled(folder: Path) -> Whole:
    """Return what a run does that nobody kills."""
    project, start = Project(folder, jobs=1), time.monotonic()
    process = project.start()
    while process.poll() is None and not project.saved():
        time.sleep(0.001)
    until_first = time.monotonic() - start
    if said := process.communicate()[1]:
        raise SystemExit(f"the run that nobody kills says: {said}")
    return Whole(values(project.ledger()), until_first)


def one_project(folder: Path, rng: random.Random, whole: Whole, counts: Counts) -> None:
    """Kill runs of one project until one finds everything done, or no kill is left; then compare."""
    project, names = Project(folder, rng.choice((1, 1, 2))), set[str]()
    while True:
        before = project.saved()
        moment = a_moment(rng, BLOCKS - before, whole.until_first)
        process = project.start()
        if not counts.may_kill():
            break
        if not killed_at(project, process, moment, before):
            counts.give_back()
            break
        new, unfinished = project.saved() - before, project.unfinished()
        wrong = left_over(project)
        more, names = faults(project, whole.values, names)
        where = (
            "before a block" if not new else "between blocks" if before + new < BLOCKS else "after the last"
        )
        counts.add(
            fell=(where, *["in a write"][: len(unfinished)]),
            kept=new,
            wrong=[f"{folder.name}, {moment}: {each}" for each in (*wrong, *more)],
        )
    said = process.communicate()[1]
    wrong, names = faults(project, whole.values, names)
    if process.returncode or said:
        wrong.append(f"the last run exits with {process.returncode}: {said}")
    if len(names) != BLOCKS:
        wrong.append(f"{len(names)} of {BLOCKS} blocks are there in the end")
    wrong += [f"{path.name} is left unfinished" for path in project.unfinished()]
    wrong += [f"{path.name} is left among temporary files" for path in project.temporary.glob("*/")]
    counts.add(wrong=[f"{folder.name}, in the end: {each}" for each in wrong], is_end=True)


def main(kills: int, seed: int, minutes: int) -> int:
    """Kill some runs, print the counts and return how much was wrong."""
    start = time.monotonic()
    counts = Counts(kills, start + 60 * minutes)
    with tempfile.TemporaryDirectory() as name:
        whole = unkilled(Path(name) / "whole")

        def work(worker: int) -> None:
            number = worker
            while counts.budget > 0:
                folder = Path(name) / f"{seed}-{number}"
                one_project(folder, random.Random(folder.name), whole, counts)  # noqa: S311 # no secret
                number += AT_ONCE

        with ThreadPoolExecutor(AT_ONCE) as threads:
            for _ in threads.map(work, range(AT_ONCE)):
                pass
    parts = ("before a block", "between blocks", "after the last", "in a write")
    done = sum(counts.fell[part] for part in parts[:3])
    print(
        f"{'kills':>8}"
        + "".join(f"{part:>16}" for part in parts)
        + f"{'blocks kept':>13}{'bad':>6}{'seconds':>9}"
    )
    row = "".join(f"{counts.fell[part]:>16,}" for part in parts)
    print(f"{done:>8,}{row}{counts.kept:>13,}{len(counts.wrong):>6,}{time.monotonic() - start:>9.0f}")
    print(
        f"{counts.finished} projects were then measured to the end; "
        f"a first block took {whole.until_first:.1f} s"
    )
    return len(counts.wrong)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [500, 1, 60 * 24][len(numbers) :])) > 0)

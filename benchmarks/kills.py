"""Kill runs at random moments: nothing runs on, nothing half is left, and the next run does only the rest.

`repro run` measures a small experiment of many short blocks with real workers, and gets SIGKILL. So does the
run that follows, and the one after that, until one of them finds everything done; then a new project begins.
Half of the kills come at a random time before a run's first block: while it starts, chooses how strictly
to confine, and tries the contract. The others come within a few milliseconds after one of its blocks was
saved, any of those that are left, or while it judges after the last.

Two seconds after each kill no process of the run may be left, every file of evidence must be whole, no saved
block may be gone, and none may have been measured again. Once all is done the values must be those of a run
that nobody killed, to the bit, with no unfinished file and no private folder of a worker beside them.

Loading Python and torch takes most of such a run, and nothing can be lost meanwhile. So here runs and their
workers are copies of processes that have loaded both, started as the copies of `repro.worker.server` are, and
from there on they do what they always do. With `--anew` everything is started anew, as people start it.

Run: python benchmarks/kills.py [KILLS] [SEED] [MINUTES, after which no further run is killed] [--anew]
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NamedTuple, NoReturn, Protocol

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import repro.engines.parts.workers as launching
from kb.evidence.ledger import Ledger, read_ledger
from kb.reading.tree import Folder
from repro.cli import run
from repro.cli.parts import entry
from repro.worker import command, private, sandbox, server
from repro.worker.task import parse
from tests.conftest import EXPERIMENT, write_project

COMMAND = (sys.executable, "-c", "from repro.cli import main; main()")
SHORT = EXPERIMENT.replace('"""Flip one coin for each seed."""', "for _ in range(4_000): torch.zeros(1)")
"""Blocks of a few milliseconds."""
SEEDS, ARMS = 200, 2
BLOCKS = SEEDS // 5 * ARMS
AT_ONCE = 2
"""Projects in which runs are killed at the same time, each in a process of its own."""
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
    """What was counted in one process.

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

    @property
    def may_kill(self) -> bool:
        """Is there a kill left, and time for it?"""
        return self.budget > 0 and time.monotonic() < self.until

    def tell(self, wrong: Sequence[str]) -> None:
        """Note what was wrong, and print it."""
        self.wrong += wrong
        for each in wrong:
            print(each, flush=True)


class Process(Protocol):
    """A run that can be killed, or one of its workers."""

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""

    def kill(self) -> None:
        """Kill it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its exit code."""


class Copy:
    """A copy of this process that does some work and ends, with what `subprocess.Popen` offers."""

    def __init__(self, work: Callable[[], int]) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.pid = os.fork()
        self._code: int | None = None
        if self.pid == 0:
            _end_with(work)

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its exit code.

        Raises:
            TimeoutExpired: It takes too long.
        """
        deadline = time.monotonic() + (AT_MOST_SECONDS * 10 if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a copy", timeout or 0)
            time.sleep(0.003)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def _end_with(work: Callable[[], int]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        code = work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 # nothing of this copy may go on as the rest does
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


class CopiedWorker(Copy):
    """A worker as the engine launches it, that need not load torch."""

    def __init__(
        self, line: Sequence[str], *, stderr: IO[bytes], pass_fds: tuple[int, ...], **_options: Any
    ) -> None:
        words = line[line.index("repro.worker") + 1 :]
        take, give = os.pipe()
        self.stdin = os.fdopen(give, "wb", buffering=0)

        def work() -> int:
            _take_streams(take, stderr.fileno(), keeps=pass_fds)
            made = command.environment(parse(words).task)
            os.environ.clear()
            os.environ.update(made)
            os.umask(0o077)
            sandbox.hide()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            return server.main(words)

        super().__init__(work)
        os.close(take)


def _take_streams(stdin: int, stderr: int, *, keeps: tuple[int, ...] = ()) -> None:
    """Take descriptors for the standard streams, discard what is printed, and close all others but some."""
    os.dup2(stdin, 0)
    os.dup2(stderr, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    lowest = 3
    for fd in sorted(keeps):
        os.closerange(lowest, fd)
        lowest = fd + 1
    os.closerange(lowest, 4096)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")


class Project:
    """A project in which runs are killed, one after another.

    Args:
        folder: Where it is made.
        jobs: How many workers its runs may have.
        is_anew: Is Python started for every run?
    """

    def __init__(self, folder: Path, jobs: int, *, is_anew: bool) -> None:
        self.root = write_project(folder / "project")
        (self.root / "repro/experiments/coin.py").write_text(SHORT, encoding="utf-8")
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._errors = folder / "errors"
        self._words = ("run", "toy-claim", "--seeds", str(SEEDS), "--jobs", str(jobs))
        self._is_anew = is_anew
        self._name = f"kills-{folder.name}"[:15]

    def start(self) -> Process:
        """Start a run."""
        if not self._is_anew:
            return Copy(self._copied)
        with self._errors.open("w") as errors:
            return subprocess.Popen(
                (*COMMAND, "--root", str(self.root), *self._words),
                env={**os.environ, "TMPDIR": str(self.temporary)},
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def _copied(self) -> int:
        """Be a run: its descendants bear its name, by which they are found."""
        Path("/proc/self/comm").write_text(self._name, encoding="ascii")
        errors = os.open(self._errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        _take_streams(os.open(os.devnull, os.O_RDONLY), errors)
        os.environ["TMPDIR"], tempfile.tempdir = str(self.temporary), None
        sys.argv = ["repro", "--root", str(self.root), *self._words]
        launching.subprocess = SimpleNamespace(  # type: ignore[attr-defined] # what it calls of it
            Popen=CopiedWorker,
            PIPE=subprocess.PIPE,
            DEVNULL=subprocess.DEVNULL,
            TimeoutExpired=subprocess.TimeoutExpired,
        )
        return entry.ended(run)

    def said(self) -> str:
        """Return what the last run said on standard error."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

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
        """Yield every process that runs and whose command line, or own name, is of this project."""
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                is_copy = (path / "comm").read_text(encoding="utf-8", errors="replace").strip() == self._name
                is_ours = is_copy or str(self.root).encode() in (path / "cmdline").read_bytes()
                if is_ours and ") Z " not in (path / "stat").read_text(encoding="utf-8", errors="replace"):
                    yield int(path.name)


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


def killed_at(project: Project, process: Process, moment: Moment, before: int) -> bool:
    """Wait for a moment in a run, kill it, and say whether it was still running."""
    while moment.new and process.poll() is None and project.saved() < before + moment.new:
        time.sleep(0.003)
    deadline = time.monotonic() + moment.seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.003)
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


def unkilled(folder: Path, *, is_anew: bool) -> Whole:
    """Return what a run does that nobody kills."""
    project, start = Project(folder, jobs=1, is_anew=is_anew), time.monotonic()
    process = project.start()
    while process.poll() is None and not project.saved():
        time.sleep(0.003)
    until_first = time.monotonic() - start
    if process.wait() or project.said():
        raise SystemExit(f"the run that nobody kills says: {project.said()}")
    return Whole(values(project.ledger()), until_first)


def one_project(folder: Path, rng: random.Random, whole: Whole, counts: Counts, *, is_anew: bool) -> None:
    """Kill runs of one project until one finds everything done, or no kill is left; then compare."""
    project, names = Project(folder, rng.choice((1, 1, 2)), is_anew=is_anew), set[str]()
    while True:
        before = project.saved()
        moment = a_moment(rng, BLOCKS - before, whole.until_first)
        process = project.start()
        if not (counts.may_kill and killed_at(project, process, moment, before)):
            break
        new, unfinished = project.saved() - before, project.unfinished()
        wrong = left_over(project)
        more, names = faults(project, whole.values, names)
        where = (
            "before a block" if not new else "between blocks" if before + new < BLOCKS else "after the last"
        )
        counts.budget -= 1
        counts.fell.update((where, *["in a write"][: len(unfinished)]))
        counts.kept += new
        counts.tell([f"{folder.name}, {moment}: {each}" for each in (*wrong, *more)])
    code = process.wait()
    wrong, names = faults(project, whole.values, names)
    if code or project.said():
        wrong.append(f"the last run exits with {code}: {project.said()}")
    if len(names) != BLOCKS:
        wrong.append(f"{len(names)} of {BLOCKS} blocks are there in the end")
    wrong += [f"{path.name} is left unfinished" for path in project.unfinished()]
    left = [path for path in project.temporary.glob("*/") if not path.name.startswith(private.NEW)]
    wrong += [f"{path.name} is left among temporary files" for path in left]
    counts.tell([f"{folder.name}, in the end: {each}" for each in wrong])
    counts.finished += 1


def lane(number: int, counts: Counts, seed: int, folder: Path, whole: Whole, *, is_anew: bool) -> None:
    """Kill runs of one project after the other, and write down what was counted."""
    if not is_anew:
        import repro.worker.measure  # noqa: F401 # what every worker would load
    project = number
    while counts.may_kill:
        name = f"{seed}-{project}"
        rng = random.Random(name)  # noqa: S311 # no secret
        one_project(folder / name, rng, whole, counts, is_anew=is_anew)
        project += AT_ONCE
    told = [dict(counts.fell), counts.kept, len(counts.wrong), counts.finished]
    (folder / f"lane-{number}").write_text(json.dumps(told), encoding="utf-8")


def main(kills: int, seed: int, minutes: int, *, is_anew: bool) -> int:
    """Kill some runs, print the counts and return how much was wrong."""
    start = time.monotonic()
    os.environ.update(sandbox.environment(Path.home(), threads=1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = unkilled(folder / "whole", is_anew=True)
        if not is_anew:
            import repro.worker.measure  # noqa: F401 # as the lanes do

            copied = unkilled(folder / "copied", is_anew=False)
            if copied.values != whole.values:
                raise SystemExit("a copy measures other values")
            whole = copied
        until = start + 60 * minutes

        def work(number: int) -> Callable[[], int]:
            counts = Counts(kills // AT_ONCE + (number < kills % AT_ONCE), until)
            return lambda: lane(number, counts, seed, folder, whole, is_anew=is_anew) or 0

        lanes = [Copy(work(number)) for number in range(AT_ONCE)]
        while any(each.poll() is None for each in lanes):
            time.sleep(0.1)
        told = [json.loads((folder / f"lane-{number}").read_text()) for number in range(AT_ONCE)]
    fell = sum((Counter(each[0]) for each in told), Counter[str]())
    kept, wrong, finished = (sum(each[at] for each in told) for at in (1, 2, 3))
    parts = ("before a block", "between blocks", "after the last", "in a write")
    done = sum(fell[part] for part in parts[:3])
    print(
        f"{'kills':>8}"
        + "".join(f"{part:>16}" for part in parts)
        + f"{'blocks kept':>13}{'bad':>6}{'seconds':>9}"
    )
    row = "".join(f"{fell[part]:>16,}" for part in parts)
    print(f"{done:>8,}{row}{kept:>13,}{wrong:>6,}{time.monotonic() - start:>9.0f}")
    print(f"{finished} projects were then measured to the end; a first block took {whole.until_first:.1f} s")
    return int(wrong)


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--anew"]
    numbers = [int(word) for word in given]
    sys.exit(main(*(numbers + [500, 1, 60 * 24][len(numbers) :]), is_anew="--anew" in sys.argv) > 0)

"""The engine for several machines: each block is a task of dask.distributed, which runs the worker command.

Where the scheduler runs, and on what (SSH, Slurm, Kubernetes), is up to dask. A machine that dies takes
only its running blocks with it, and dask gives them to another one. Each machine needs this project at
the same commit; a worker refuses a script or lab that differs from what was planned.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from repro.engines import EngineUnavailableError, Event, Failed, Finished, Interrupted, Measured, Started
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.workers import Command
from repro.worker.failures import FailureKind
from repro.worker.messages import End, Failure, read_line
from repro.worker.task import Task, worker_command

if TYPE_CHECKING:
    from distributed import Future

TICK_SECONDS = 0.1
ANSWER_SECONDS = 3
"""How long a scheduler may take to answer."""
STDERR_TAIL_BYTES = 2000
OWN_SCRIPTS = Path(__file__).resolve().parents[1] / "experiments"


class Said(NamedTuple):
    """What one worker command left: its result pipe, its exit code and the end of its error output."""

    lines: bytes
    code: int
    stderr_tail: str


def measured(task: Task, command: Command) -> Said:
    """Run the worker command of a one-block task to its end; this is what runs on the other machine."""
    if not task.file.exists():  # the clone is in another folder on this machine
        task = replace(task, file=OWN_SCRIPTS / task.file.name)
    result_fd, worker_fd = os.pipe()
    with os.fdopen(result_fd, "rb") as results, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command(task, worker_fd),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=(worker_fd,),
            start_new_session=True,
        )
        os.close(worker_fd)
        lines = results.read()
        code = process.wait()
        stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - STDERR_TAIL_BYTES))
        return Said(lines, code, stderr.read().decode("utf-8", "replace"))


@dataclass(frozen=True)
class Dask:
    """Workers wherever a dask scheduler has some.

    Attributes:
        address: Address of the scheduler, such as `tcp://10.0.0.1:8786`.
        command: Returns the command for a task and the file descriptor that takes its lines.
    """

    address: str
    command: Command = worker_command
    name: str = "dask"

    def run(self, queue: deque[Task], *, jobs: int, interrupts: Interrupts) -> Generator[Event]:
        """Work through a queue on all threads of the cluster; closing the iterator cancels what runs."""
        from distributed import Client

        del jobs  # the cluster has as many workers as it has threads
        with Client(self.address, set_as_default=False) as client:
            supervisor = _Supervisor(
                queue, lambda task: client.submit(measured, task, self.command, pure=False)
            )
            try:
                yield from supervisor.run(interrupts, lambda: sum(client.nthreads().values()))
            finally:
                client.cancel(list(supervisor.open))


def connect(address: str | None = None) -> Dask:
    """Return the engine of a scheduler.

    Raises:
        EngineUnavailableError: The extra is not installed, no address is given, or nothing answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise EngineUnavailableError("--cluster needs dask; install it with: make cluster") from None
    if address is None:
        raise EngineUnavailableError("dask needs a scheduler; name it with --cluster, as tcp://10.0.0.1:8786")
    try:
        Client(address, set_as_default=False, timeout=ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise EngineUnavailableError(f"no dask scheduler answers at {address}: {error}") from None
    return Dask(address)


class _Supervisor:
    def __init__(self, queue: deque[Task], submit: Callable[[Task], Future[Said]]) -> None:
        self._queue = queue
        self._submit = submit
        self.open: dict[Future[Said], tuple[Task, Task]] = {}
        self._left: Counter[Task] = Counter()
        self._waiting: deque[tuple[Task, Task]] = deque()

    def run(self, interrupts: Interrupts, slots: Callable[[], int]) -> Iterator[Event]:
        was_told = False
        while self._queue or self._waiting or self.open:
            if interrupts.asks_to_end:
                return
            if interrupts.asks_to_stop:
                if not was_told:
                    was_told = True
                    yield Interrupted()
                if not self.open:
                    return
            else:
                yield from self._fill(max(1, slots()))
            done = [future for future in self.open if future.done()]
            for future in done:
                yield from self._on_done(future)
            if not done:
                time.sleep(TICK_SECONDS)

    def _fill(self, slots: int) -> Iterator[Event]:
        """Submit no more than the cluster can run at once, so that stopping waits for no more than that."""
        while len(self.open) < slots and (self._waiting or self._queue):
            if not self._waiting:
                task = self._queue.popleft()
                self._left[task] = len(task.blocks)
                self._waiting.extend((task, replace(task, blocks=(block,))) for block in task.blocks)
                yield Started(task)
            task, part = self._waiting.popleft()
            self.open[self._submit(part)] = task, part

    def _on_done(self, future: Future[Said]) -> Iterator[Event]:
        task, part = self.open.pop(future)
        yield _event(task, part.blocks[0], future)
        self._left[task] -= 1
        if not self._left[task]:
            yield Finished(task, "")


def _event(task: Task, block: int, future: Future[Said]) -> Event:
    """Return what became of a block."""
    if future.status != "finished":
        return Failed(task, block, "killed", f"the cluster lost the block: {future.exception()}")
    said: Said = future.result()
    try:
        message = read_line(said.lines.split(b"\n")[0])
    except ValueError as problem:
        kind: FailureKind = "killed" if said.code < 0 else "no result"
        why = f"the worker ended with code {said.code}" if not said.lines else str(problem)
        return Failed(task, block, kind, why, said.stderr_tail)
    if isinstance(message, Failure):
        error = message.error
        return Failed(task, block, error.kind, error.message, error.traceback_tail)
    if isinstance(message, End):
        return Failed(task, block, "no result", "the worker was launched for more than one task")
    if message.block != block:
        return Failed(task, block, "no result", f"block {message.block} was not its turn")
    return Measured(task, message)

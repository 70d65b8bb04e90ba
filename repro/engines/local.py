"""The default engine: a few workers at a time on this machine, watched from one thread.

It launches, reads and retries. Limits, timeouts and the killing of trees are the worker's own care.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from kb.evidence import Attempt
from repro.engines import Event, Failed, Finished, Interrupted, Measured, Started
from repro.engines.interrupts import Interrupts
from repro.failures import INFRASTRUCTURE, Kind
from repro.messages import Failure, Measurement, read_line
from repro.provenance import monotonic
from repro.task import Task, worker_command

NAME = "local"
TICK_SECONDS = 0.1
END_SECONDS = 2.0
"""Time that a worker has to kill its tree before it is killed itself."""
STDERR_TAIL_BYTES = 2000

Command = Callable[[Task, int], Sequence[str]]
_BlockKey = tuple[str, str, str, int]


@dataclass(eq=False)
class _Worker:
    """One running worker command and what it has said so far."""

    task: Task
    process: subprocess.Popen[bytes]
    result_fd: int
    stderr: IO[bytes]
    block_start: float
    done: list[int] = field(default_factory=list)
    has_failed: bool = False
    buffer: bytes = b""

    @property
    def missing(self) -> tuple[int, ...]:
        """Return the blocks that it has not measured yet."""
        return tuple(block for block in self.task.blocks if block not in self.done)


def supervise(
    queue: deque[Task], *, jobs: int, interrupts: Interrupts, command: Command = worker_command
) -> Generator[Event]:
    """Work a queue off and yield what happens; whoever iterates may append more tasks meanwhile.

    A block that is lost to an infrastructure failure is tried once more, together with those that were to
    follow it in the same worker. Closing the iterator kills all workers and everything below them.

    Args:
        queue: Tasks, taken from the left.
        jobs: Workers at a time, at least 1.
        interrupts: What the user asks for; looked at ten times a second.
        command: Returns the command for a task and the file descriptor that takes its lines.
    """
    engine = _Engine(queue, command)
    try:
        yield from engine.run(jobs, interrupts)
    finally:
        engine.end()


class _Engine:
    def __init__(self, queue: deque[Task], command: Command) -> None:
        self._queue = queue
        self._command = command
        self._workers: list[_Worker] = []
        self._lost: defaultdict[_BlockKey, list[Attempt]] = defaultdict(list)
        self._selector = selectors.DefaultSelector()

    def run(self, jobs: int, interrupts: Interrupts) -> Iterator[Event]:
        was_told = False
        while self._queue or self._workers:
            if interrupts.asks_to_end:
                return
            if interrupts.asks_to_stop:
                if not was_told:
                    was_told = True
                    self._signal_all(signal.SIGINT)
                    yield Interrupted()
                if not self._workers:
                    return
            else:
                yield from self._fill(jobs)
            for key, _ in self._selector.select(TICK_SECONDS):
                yield from self._read(key.data)

    def _fill(self, jobs: int) -> Iterator[Event]:
        while self._queue and len(self._workers) < jobs:
            task = self._queue.popleft()
            self._launch(task)
            yield Started(task)

    def _launch(self, task: Task) -> None:
        result_fd, worker_fd = os.pipe()
        stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the worker has ended
        with _holding_back(signal.SIGINT):  # for a worker that cannot take it yet
            process = subprocess.Popen(
                self._command(task, worker_fd),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=(worker_fd,),
                start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
            )
        os.close(worker_fd)
        worker = _Worker(task, process, result_fd, stderr, monotonic())
        self._workers.append(worker)
        self._selector.register(result_fd, selectors.EVENT_READ, worker)

    def _read(self, worker: _Worker) -> Iterator[Event]:
        data = os.read(worker.result_fd, 2**20)
        *complete, worker.buffer = (worker.buffer + data).split(b"\n")
        for line in complete:
            yield from self._on_line(worker, line)
        if not data:
            yield from self._on_end(worker)

    def _on_line(self, worker: _Worker, line: bytes) -> Iterator[Event]:
        try:
            message = read_line(line)
        except ValueError as problem:
            yield from self._on_failure(worker, "no result", str(problem), "")
            return
        if isinstance(message, Failure):
            error = message.error
            yield from self._on_failure(worker, error.kind, error.message, error.traceback_tail)
        elif message.block not in worker.missing:
            yield from self._on_failure(worker, "no result", f"block {message.block} was not its turn", "")
        else:
            yield self._on_measurement(worker, message)

    def _on_measurement(self, worker: _Worker, measurement: Measurement) -> Event:
        worker.done.append(measurement.block)
        worker.block_start = monotonic()
        last = Attempt(status="measured", seconds=measurement.seconds)
        earlier = self._lost[_key(worker.task, measurement.block)]
        return Measured(worker.task, measurement, (*earlier, last))

    def _on_failure(self, worker: _Worker, kind: Kind, message: str, tail: str) -> Iterator[Event]:
        if worker.has_failed or not worker.missing:
            return
        worker.has_failed = True
        block = worker.missing[0]
        lost = self._lost[_key(worker.task, block)]
        will_retry = kind in INFRASTRUCTURE and not lost
        if kind in INFRASTRUCTURE:
            seconds = monotonic() - worker.block_start
            lost.append(Attempt(status=kind, seconds=seconds))
        if will_retry:
            self._queue.appendleft(replace(worker.task, blocks=worker.missing))
        yield Failed(worker.task, block, kind, message, tail, will_retry)

    def _on_end(self, worker: _Worker) -> Iterator[Event]:
        code = self._forget(worker)
        worker.stderr.seek(0, os.SEEK_END)
        worker.stderr.seek(max(0, worker.stderr.tell() - STDERR_TAIL_BYTES))
        tail = worker.stderr.read().decode("utf-8", "replace")
        worker.stderr.close()
        if worker.missing and not worker.has_failed:
            kind: Kind = "killed" if code < 0 else "no result"
            yield from self._on_failure(worker, kind, f"the worker ended with {_exit(code)}", tail)
        note = "" if code == 0 or worker.missing else f"measured all, then ended with {_exit(code)}"
        yield Finished(worker.task, note)

    def _forget(self, worker: _Worker) -> int:
        self._selector.unregister(worker.result_fd)
        os.close(worker.result_fd)
        self._workers.remove(worker)
        return _end_within(worker.process, END_SECONDS)

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            worker.process.send_signal(number)

    def end(self) -> None:
        """Kill what still runs; the workers kill their own trees first."""
        self._signal_all(signal.SIGTERM)
        for worker in list(self._workers):
            self._forget(worker)
            worker.stderr.close()
        self._selector.close()


@contextlib.contextmanager
def _holding_back(number: signal.Signals) -> Iterator[None]:
    """Block a signal, here for a moment, and in processes started meanwhile until they unblock it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def _key(task: Task, block: int) -> _BlockKey:
    return task.protocol, task.arm, task.stream, block


def _exit(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _end_within(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Return a worker's exit code, after having killed it if it does not end in time."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    process.kill()
    return process.wait()

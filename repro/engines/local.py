"""The default engine: a few workers at a time on this machine, watched from one thread.

It launches workers, hands out tasks and reads results. Starting a worker takes longer than measuring most
blocks, so one that has finished its task gets the next, and waits for more until the run is over. Limits,
timeouts and the killing of process trees are left to the worker.
"""

from __future__ import annotations

import selectors
import signal
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from repro.engines import Event, Failed, Finished, Interrupted, Measured, Started
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.workers import Command, Job, Worker
from repro.provenance import monotonic
from repro.worker.failures import FailureKind
from repro.worker.messages import End, Failure, Measurement, read_line
from repro.worker.task import Task, lasting_command

TICK_SECONDS = 0.1
GRACE_SECONDS = 15.0
"""How much longer than its keeper the engine waits for a block: who keeps time may itself be stopped."""
END_SECONDS = 2.0
"""How long a worker may take to kill its process tree before it is killed itself."""


@dataclass(frozen=True)
class Local:
    """Workers on this machine.

    Attributes:
        command: Returns the command for a task and the file descriptor that takes its lines.
    """

    command: Command = lasting_command
    name: str = "local"

    def run(self, queue: deque[Task], *, jobs: int, interrupts: Interrupts) -> Generator[Event]:
        """Work through a queue with `jobs` workers at a time; closing the iterator kills them all."""
        supervisor = _Supervisor(queue, self.command)
        try:
            yield from supervisor.run(jobs, interrupts)
        finally:
            supervisor.end()


def connect(_address: str | None = None) -> Local:
    """Return the engine, which needs nothing but this machine."""
    return Local()


class _Supervisor:
    def __init__(self, queue: deque[Task], command: Command) -> None:
        self._queue = queue
        self._command = command
        self._workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()

    @property
    def _busy(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.job]

    def run(self, jobs: int, interrupts: Interrupts) -> Iterator[Event]:
        was_told = False
        while self._queue or self._busy:
            if interrupts.asks_to_end:
                return
            if interrupts.asks_to_stop:
                if not was_told:
                    was_told = True
                    self._signal_busy(signal.SIGINT)
                    yield Interrupted()
                if not self._busy:
                    return
            else:
                yield from self._fill(jobs)
            for key, _ in self._selector.select(TICK_SECONDS):
                yield from self._read(key.data)
            yield from self._give_up_on_the_silent()

    def _fill(self, jobs: int) -> Iterator[Event]:
        while self._queue and len(self._busy) < jobs:
            task = self._queue.popleft()
            is_new_worker = not self._hand_over(task)
            if is_new_worker:
                self._launch(task, jobs)
            yield Started(task, is_new_worker)

    def _hand_over(self, task: Task) -> bool:
        """Give a task to a worker that is waiting for one like it, if there is any."""
        for worker in [worker for worker in self._workers if worker.can_take(task)]:
            if worker.take(task):
                return True
            self._forget(worker)
        return False

    def _launch(self, task: Task, jobs: int) -> None:
        """Start a worker for a task, in place of one that is waiting for tasks of another kind."""
        if len(self._workers) >= jobs:
            self._forget(next(worker for worker in self._workers if not worker.job))
        worker = Worker(task, self._command)
        self._workers.append(worker)
        self._selector.register(worker.result_fd, selectors.EVENT_READ, worker)

    def _read(self, worker: Worker) -> Iterator[Event]:
        for line in worker.read():
            if worker.job:
                yield from self._on_line(worker, worker.job, line)
        if worker.is_over:
            yield from self._on_end(worker)

    def _give_up_on_the_silent(self) -> Iterator[Event]:
        """Kill workers that have told nothing for longer than a start and a block may take together."""
        for worker in self._busy:
            job = worker.job
            if job is None or not _is_silent(job):
                continue
            yield from _on_failure(
                job, "timeout", "the worker no longer answers; it may have been stopped", ""
            )
            self._forget(worker)
            yield Finished(job.task, "")

    def _on_line(self, worker: Worker, job: Job, line: bytes) -> Iterator[Event]:
        try:
            message = read_line(line)
        except ValueError as problem:
            yield from _on_failure(job, "no result", str(problem), "")
            return
        if isinstance(message, End):
            worker.job = None
            yield from self._on_task_end(job, message.exit_code, "")
        elif isinstance(message, Failure):
            error = message.error
            yield from _on_failure(job, error.kind, error.message, error.traceback_tail)
        elif message.block not in job.missing:
            yield from _on_failure(job, "no result", f"block {message.block} was not its turn", "")
        else:
            yield _on_measurement(job, message)

    def _on_end(self, worker: Worker) -> Iterator[Event]:
        code = self._forget(worker)
        if worker.job:
            yield from self._on_task_end(worker.job, code, worker.last_words)

    def _on_task_end(self, job: Job, code: int, tail: str) -> Iterator[Event]:
        if job.missing and not job.has_failed:
            yield from _on_failure(job, *_why(code, job.task.timeout_seconds), tail)
        note = "" if code == 0 or job.missing else f"measured all, then ended with {_exit(code)}"
        yield Finished(job.task, note)

    def _forget(self, worker: Worker) -> int:
        self._selector.unregister(worker.result_fd)
        self._workers.remove(worker)
        return worker.end(END_SECONDS)

    def _signal_busy(self, number: signal.Signals) -> None:
        for worker in self._busy:
            worker.signal(number)

    def end(self) -> None:
        """End all workers; those still at work first kill every process below them."""
        self._signal_busy(signal.SIGTERM)
        for worker in list(self._workers):
            self._forget(worker)
        self._selector.close()


def _is_silent(job: Job) -> bool:
    return monotonic() - job.block_start > 2 * job.task.timeout_seconds + GRACE_SECONDS


def _on_measurement(job: Job, measurement: Measurement) -> Event:
    job.done.append(measurement.block)
    job.block_start = monotonic()
    return Measured(job.task, measurement)


def _on_failure(job: Job, kind: FailureKind, message: str, tail: str) -> Iterator[Event]:
    if job.has_failed or not job.missing:
        return
    job.has_failed = True
    block, *not_begun = job.missing
    seconds = monotonic() - job.block_start
    yield Failed(job.task, block, kind, message, tail, seconds, tuple(not_begun))


def _why(code: int, timeout_seconds: float) -> tuple[FailureKind, str]:
    """Return the kind of failure, and its description, for a worker that ended before its task was done."""
    if code == -signal.SIGALRM:  # its own alarm, set while it loads torch
        return "timeout", f"the worker took longer than {timeout_seconds:g} seconds to start"
    return "killed" if code < 0 else "no result", f"the worker ended with {_exit(code)}"


def _exit(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"

"""Worker processes on this machine: each takes one task after another, and stays alive in between."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from repro.provenance import monotonic
from repro.worker.task import Task, task_line

STDERR_TAIL_BYTES = 2000

Command = Callable[[Task, int], Sequence[str]]


@dataclass(eq=False)
class Job:
    """A task on which a worker is at work, and what was reported about it so far."""

    task: Task
    block_start: float = field(default_factory=monotonic)
    done: list[int] = field(default_factory=list)
    has_failed: bool = False

    @property
    def missing(self) -> tuple[int, ...]:
        """Return the blocks that have not been measured yet."""
        return tuple(block for block in self.task.blocks if block not in self.done)


class Worker:
    """A running worker command.

    Args:
        task: Its first task.
        command: Returns the command for a task and the file descriptor that takes its lines.

    Attributes:
        result_fd: Where its lines can be read.
        job: What it is working on; None while it waits.
        is_over: Has it sent all that it ever will?
        last_words: The end of its error output, known once it has ended.
    """

    def __init__(self, task: Task, command: Command) -> None:
        self.job: Job | None = Job(task)
        self.is_over = False
        self.last_words = ""
        self._first = task
        self._buffer = b""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the worker has ended
        self.result_fd, worker_fd = os.pipe()
        with _holding_back(signal.SIGINT):  # for a worker that cannot take it yet
            self._process = subprocess.Popen(
                command(task, worker_fd),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
                bufsize=0,
                pass_fds=(worker_fd,),
                start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
            )
        os.close(worker_fd)

    def can_take(self, task: Task) -> bool:
        """Is it waiting, with its libraries loaded as a task requires?"""
        first = self._first
        return self.job is None and first.start == task.start

    def take(self, task: Task) -> bool:
        """Hand it a task and return whether it is still there to take it."""
        try:
            self._process.stdin.write(task_line(task))  # type: ignore[union-attr]  # launched with a pipe
        except BrokenPipeError:
            return False
        self.job = Job(task)
        return True

    def read(self) -> list[bytes]:
        """Return the lines that have arrived; once there can be no more, set `is_over`."""
        data = os.read(self.result_fd, 2**20)
        *complete, self._buffer = (self._buffer + data).split(b"\n")
        self.is_over = not data
        return complete

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self, within_seconds: float) -> int:
        """Let it end, since no more tasks come; kill it if it does not end in time. Return its exit code."""
        os.close(self.result_fd)
        self._process.stdin.close()  # type: ignore[union-attr]  # launched with a pipe
        try:
            code = self._process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        with self._stderr as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - STDERR_TAIL_BYTES))
            self.last_words = file.read().decode("utf-8", "replace")
        return code


@contextlib.contextmanager
def _holding_back(number: signal.Signals) -> Iterator[None]:
    """Block a signal: here for a moment, in processes started meanwhile until they unblock it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})

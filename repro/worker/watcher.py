"""Watch one confined process: pass on what it says, and end it with all its descendants when necessary.

The watched process writes one JSON line per block. Blocks without one are reported in its place,
with the reason. What the lines say is for others to judge.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from repro.worker import sandbox
from repro.worker.failures import FailureKind, failure_line
from repro.worker.messages import LINE_BYTES
from repro.worker.receiver import Receive, RefusedLineError, as_sent

OUTPUT_BYTES = 2**20
"""An experiment prints nothing; one that prints more than this is ended."""
TAIL_BYTES = 2000
GRACE_SECONDS = 5.0
"""Time between SIGTERM and SIGKILL after a timeout."""
TICK_SECONDS = 0.05


def has_reader(fd: int) -> bool:
    """Is anybody still there to read what is written to a file descriptor?"""
    poll = select.poll()
    poll.register(fd, 0)  # only errors and hang-ups
    return not poll.poll(0)


@dataclass
class Watcher:
    """A watched process: what it has said so far and, if it was ended, why.

    Args:
        blocks: The blocks to be measured, in order.
        result_fd: Where lines are passed on to; when its reader is gone, the process is ended.
        timeout_seconds: Wall seconds for each block.
        grace_seconds: Wall seconds between SIGTERM and SIGKILL after a timeout.
        receive: Reads what the process says, and returns what is passed on.
    """

    blocks: tuple[int, ...]
    result_fd: int
    timeout_seconds: float
    grace_seconds: float = GRACE_SECONDS
    receive: Receive = as_sent
    exit_code: int = field(default=0, init=False)
    is_told_to_end: bool = field(default=False, init=False)
    done: int = field(default=0, init=False)
    reason: tuple[FailureKind, str] | None = field(default=None, init=False)
    _is_reported: bool = field(default=False, init=False)
    _stops_after_block: bool = field(default=False, init=False)
    _line: bytes = field(default=b"", init=False)
    _printed_bytes: int = field(default=0, init=False)
    _tail: bytes = field(default=b"", init=False)
    _deadline: float = field(default=0.0, init=False)
    _is_ending: bool = field(default=False, init=False)

    def watch(self, measuring: Callable[[int], NoReturn], how: sandbox.Confinement) -> int:
        """Measure in a separate process, pass its lines on and return its exit code.

        The caller's process must be single-threaded; its SIGINT and SIGTERM are taken over. Afterwards SIGINT
        is held back for the next measurement, and SIGTERM only noted until the caller takes it back.

        Args:
            measuring: What the process does, given the file descriptor that takes its lines.
            how: Its confinement.
        """
        signal.signal(signal.SIGINT, self._on_interrupt)
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # held back until we can take it
        sandbox.adopt_descendants()
        lines_fd, child_fd = os.pipe()
        self._deadline = time.monotonic() + self.timeout_seconds
        child = sandbox.launch(partial(measuring, child_fd), how, keeps=child_fd)
        os.close(child_fd)
        try:
            self._read(child, lines_fd)
        finally:
            child.end()
            sandbox.kill_descendants()
            os.close(lines_fd)
        if self.done < len(self.blocks) and not self._is_reported:
            kind, message = self.reason or self._ended_by_itself(child.returncode)
            tail = self._tail.decode("utf-8", "replace")
            self._send(failure_line(self.blocks[self.done], kind, message, tail))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.exit_code = child.returncode if child.returncode >= 0 else 128 - child.returncode
        return self.exit_code

    def _on_interrupt(self, _number: int, _frame: object) -> None:
        self._stops_after_block = True

    def _on_terminate(self, _number: int, _frame: object) -> None:
        self.is_told_to_end = True
        self._end("killed", "the worker was told to end")

    def _end(self, kind: FailureKind, message: str) -> None:
        self.reason = self.reason or (kind, message)
        self._is_ending = True

    def _read(self, child: sandbox.Child, lines_fd: int) -> None:
        """Read until the process has ended and all its output has been read, or until it must be ended."""
        readers = {lines_fd: self._on_lines, child.output_fd: self._on_output}
        with selectors.DefaultSelector() as selector:
            for fd in readers:
                selector.register(fd, selectors.EVENT_READ)
            while not self._is_ending:
                has_ended = child.poll()
                ready = selector.select(0 if has_ended else TICK_SECONDS)
                for key, _ in ready:
                    data = os.read(key.fd, 2**16)
                    if data:
                        readers[key.fd](data)
                    else:
                        selector.unregister(key.fd)
                if has_ended and not ready:
                    return
                if not has_reader(self.result_fd):
                    self._end("stopped", "the reader of the results is gone")
                self._enforce_deadline(child)

    def _enforce_deadline(self, child: sandbox.Child) -> None:
        if time.monotonic() < self._deadline:
            return
        if self.reason is None:
            self.reason = "timeout", f"the block took longer than {self.timeout_seconds:g} seconds"
            with contextlib.suppress(ProcessLookupError):  # it may just have ended
                os.killpg(child.pid, signal.SIGTERM)
            self._deadline = time.monotonic() + self.grace_seconds
        else:
            self._is_ending = True

    def _on_lines(self, data: bytes) -> None:
        *complete, self._line = (self._line + data).split(b"\n")
        if max(map(len, (*complete, self._line))) > LINE_BYTES:
            self._end("output", f"the script sent a line of more than {LINE_BYTES} bytes as its result")
        for line in complete:
            self._on_line(line)

    def _on_line(self, line: bytes) -> None:
        if self._is_ending or self._is_reported or self.reason:  # what comes after its time counts no more
            return
        try:
            told = self.receive(line)
        except RefusedLineError as why:
            self._end("no result", str(why))
            return
        if told is None:
            return
        if self.done == len(self.blocks) or told.block != self.blocks[self.done]:
            what = f"the script sent a result for block {told.block!r}, which was not its turn"
            self._end("no result", what)
            return
        was_interrupted = self._stops_after_block  # before the reader can answer what it is told here
        self._send(told.line)
        self._is_reported = told.is_failure
        if not told.is_failure:
            self._next_block(is_last=was_interrupted)

    def _next_block(self, *, is_last: bool) -> None:
        self.done += 1
        self._deadline = time.monotonic() + self.timeout_seconds
        if is_last and self.done < len(self.blocks):
            self._end("stopped", "stopped after the running block")

    def _on_output(self, data: bytes) -> None:
        self._printed_bytes += len(data)
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        if self._printed_bytes > OUTPUT_BYTES:
            self._end("output", f"the script printed more than {OUTPUT_BYTES} bytes")

    def _ended_by_itself(self, returncode: int) -> tuple[FailureKind, str]:
        if returncode == -signal.SIGXCPU:
            return "timeout", "the script used up its processor time"
        if returncode < 0:
            return "killed", f"the process that measures was ended by {signal.Signals(-returncode).name}"
        return "no result", f"the script ended with exit code {returncode} and without a result"

    def _send(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self.result_fd, data) :]
        except BrokenPipeError:
            self._end("stopped", "the reader of the results is gone")

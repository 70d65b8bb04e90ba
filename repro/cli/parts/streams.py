"""The standard streams of a command: what becomes of it when one is missing, full or closed at the other end.

`open_all` puts streams in place that say so once, by an `OutputError`, and are silent from then on, so that
the interpreter has nothing left to complain about when it exits.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Any

CLOSED_TERMINAL, CLOSED_PIPE = 129, 141
"""What a shell reports of a program that died because its terminal or the reader of its output was gone."""
_SILENT = {
    errno.EPIPE: CLOSED_PIPE,
    errno.ECONNRESET: CLOSED_PIPE,
    errno.EIO: CLOSED_TERMINAL,
}
"""The exit code for each reason after which nobody is left to read an error."""


class OutputError(Exception):
    """Standard output takes nothing more; deliberately no OSError, which others handle as one of a file.

    Attributes:
        exit_code: What to exit with if nobody is left to be told; otherwise None.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(f"standard output cannot be written: {reason.strerror or reason}.")
        self.exit_code = _SILENT.get(reason.errno or 0)


class _Output(io.RawIOBase):
    """The bytes of a stream; nothing more is written after the first refusal."""

    def __init__(self, stream: Any, *, tells: bool) -> None:
        self._stream = stream  # which would close its file if nobody held it
        self._raw = getattr(stream.buffer, "raw", stream.buffer)
        self._tells = tells
        self._is_lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, data: Any, /) -> int:
        """Write some of the bytes, waiting while a reader that does not block is slow.

        Raises:
            OutputError: The stream refuses, for the first time.
        """
        if self._is_lost:
            return len(data)
        try:
            while (written := self._raw.write(data)) is None:
                select.select([], [self._raw.fileno()], [])
        except OSError as error:
            self._is_lost = True
            if self._tells:
                raise OutputError(error) from error
            return len(data)
        return int(written)


def open_all() -> bool:
    """Put our streams in the place of the standard ones and say whether standard output was there.

    A stream that is missing becomes the null device, so that no file that is opened later takes its number.
    Characters that an encoding lacks are written as escapes.
    """
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None and not _is_open(number):
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123  # stays open until the end
    is_there = sys.stdout is not None
    sys.stdout = _text(sys.stdout, tells=True)
    sys.stderr = _text(sys.stderr, tells=False)
    return is_there


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _text(stream: Any, *, tells: bool) -> io.TextIOWrapper:
    if stream is None:
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # stays open until the end
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(stream, tells=tells)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )

"""What the user's signals ask for: to stop after the running blocks, or to stop now."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self

AT_ONCE = (signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, count the user's signals instead of dying from them. Enter it in the main thread.

    Attributes:
        count: How often SIGINT came.
        ended_by: The signal that asked for an immediate end, if one came.
    """

    def __init__(self) -> None:
        self.count = 0
        self.ended_by: signal.Signals | None = None
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, *AT_ONCE):
            self._former[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            self.count += 1
        else:
            self.ended_by = signal.Signals(number)

    @property
    def stopped_by(self) -> signal.Signals | None:
        """Return the signal that asks for an end, if one came."""
        return self.ended_by or (signal.SIGINT if self.count else None)

    @property
    def asks_to_stop(self) -> bool:
        """Must nothing new be started?"""
        return self.count > 0 or self.ended_by is not None

    @property
    def asks_to_end(self) -> bool:
        """Must running work be ended as well?"""
        return self.count > 1 or self.ended_by is not None

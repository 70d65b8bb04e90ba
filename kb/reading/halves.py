"""Work on many things in two processes at once, where that pays and can be done safely."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MANY = 2_000
"""Items from which on a second process earns more than it costs."""


def in_halves(work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """Return what `work` gives for all items, the second half of them worked on by a copy of this process.

    The copy sees everything that we see, and sends its results back by a pipe. One process does it all where
    the items are few, where there is one core, on systems without fork, and in programs with other threads,
    whose locks a copy would inherit. If the copy dies, its half is done here.

    Args:
        work: Gives one result an item, in order, that can be pickled; changes nothing that others see.
        items: What to work on.
    """
    is_alone = threading.active_count() == 1
    if len(items) < MANY or not is_alone or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
        return work(items)
    middle = len(items) // 2
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(work, items[middle:], source, sink)
    os.close(sink)
    with os.fdopen(source, "rb") as pipe:
        first = work(items[:middle])
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    second: list[Result] = pickle.loads(content) if status == 0 else work(items[middle:])  # noqa: S301  # our own copy wrote it
    return first + second


def _answer(work: Callable[[Any], Any], items: Sequence[Any], source: int, sink: int) -> None:
    """Write the results of the copied process and end it, whatever happens, without the parent's clean-up."""
    status = 1
    try:
        os.close(source)
        with os.fdopen(sink, "wb") as pipe:
            pickle.dump(work(items), pipe, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)

"""Engines, one per file: each takes tasks, launches the worker command, and yields events.

Engines know neither claims nor evidence: blocks go in, raw measurements come out. A module of this folder is
an engine simply by being here; its function `connect` returns it. What engines share is in `parts/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import deque
from collections.abc import Generator
from typing import NamedTuple, Protocol

from kb.evidence.ledger import Attempt
from repro.engines.parts.interrupts import Interrupts
from repro.worker.failures import FailureKind
from repro.worker.messages import Measurement
from repro.worker.task import Task


class Started(NamedTuple):
    """A worker has begun a task.

    Attributes:
        is_new_worker: Was it launched for this task, rather than idle and waiting for one?
    """

    task: Task
    is_new_worker: bool = True


class Measured(NamedTuple):
    """A block has its values.

    Attributes:
        attempts: Every attempt at this block, ending with the one that measured it; not set by engines.
    """

    task: Task
    measurement: Measurement
    attempts: tuple[Attempt, ...] = ()


class Failed(NamedTuple):
    """A block has no values.

    Attributes:
        seconds: Wall seconds that were spent on it, if the engine knows them.
        not_begun: Blocks that were to follow in the same worker and are lost with it.
        will_retry: Will it be tried once more? Not set by engines.
    """

    task: Task
    block: int
    kind: FailureKind
    message: str
    traceback_tail: str = ""
    seconds: float = 0.0
    not_begun: tuple[int, ...] = ()
    will_retry: bool = False


class Finished(NamedTuple):
    """A worker has finished a task.

    Attributes:
        note: What was unusual about its end; empty if nothing was.
    """

    task: Task
    note: str


class Interrupted(NamedTuple):
    """The user asked to stop: running blocks finish, nothing new starts."""


Event = Started | Measured | Failed | Finished | Interrupted


class Engine(Protocol):
    """What works through tasks."""

    @property
    def name(self) -> str:
        """Return the name that evidence records, which is the name of its module."""

    def run(self, queue: deque[Task], *, jobs: int, interrupts: Interrupts) -> Generator[Event]:
        """Work through a queue and yield what happens; the caller may add tasks while it iterates.

        Each block is measured or fails once: a second attempt is left to `repro.engines.parts.retries`.
        Closing the iterator ends all workers and everything below them.

        Args:
            queue: Tasks, taken from the left.
            jobs: How many workers run at a time, at least 1.
            interrupts: What the user asks for; to be checked ten times a second.
        """


class EngineUnavailableError(Exception):
    """An engine cannot work here; the text says why and what to do."""


def engine_names() -> list[str]:
    """Return the names of all engines, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)


def connect(name: str, address: str | None = None) -> Engine:
    """Return an engine that is ready for work.

    Args:
        name: One of `engine_names()`.
        address: Where its machines are, for engines that run on other machines.

    Raises:
        EngineUnavailableError: Something that it needs is not installed, or does not answer.
    """
    engine: Engine = importlib.import_module(f"{__name__}.{name}").connect(address)
    return engine

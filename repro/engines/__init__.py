"""Engines, one a file: each takes tasks, launches the worker command, and yields events.

Engines know neither claims nor evidence: blocks go in, raw measurements come out. A module of this folder is
an engine by being here; its function `connect` returns it. What engines share is in `parts/`.
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
    """A worker has a task in hand.

    Attributes:
        is_new_worker: Was it launched for the task, rather than waiting for one?
    """

    task: Task
    is_new_worker: bool = True


class Measured(NamedTuple):
    """A block has its values.

    Attributes:
        attempts: Every try at this block, the last of them the one that measured; not the engine's care.
    """

    task: Task
    measurement: Measurement
    attempts: tuple[Attempt, ...] = ()


class Failed(NamedTuple):
    """A block has no values.

    Attributes:
        seconds: Wall seconds that were spent on it, where the engine knows.
        not_begun: Blocks that were to follow in the same worker and go with it.
        will_retry: Is it tried once more? Not the engine's care.
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
    """A worker is through with a task.

    Attributes:
        note: What was strange about the end, or nothing.
    """

    task: Task
    note: str


class Interrupted(NamedTuple):
    """The user asked to stop: running blocks finish, nothing new starts."""


Event = Started | Measured | Failed | Finished | Interrupted


class Engine(Protocol):
    """What works off tasks."""

    @property
    def name(self) -> str:
        """Return the name by which evidence records it, which is that of its module."""

    def run(self, queue: deque[Task], *, jobs: int, interrupts: Interrupts) -> Generator[Event]:
        """Work a queue off and yield what happens; whoever iterates may add more tasks meanwhile.

        Each block is measured or fails once: a second try is the affair of `repro.engines.parts.retries`.
        Closing the iterator ends all workers and everything below them.

        Args:
            queue: Tasks, taken from the left.
            jobs: Workers at a time, at least 1.
            interrupts: What the user asks for; to be looked at ten times a second.
        """


class EngineUnavailableError(Exception):
    """An engine cannot work here; the text says why and what to do."""


def engine_names() -> list[str]:
    """Return the names of all engines, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)


def connect(name: str, address: str | None = None) -> Engine:
    """Return an engine that is ready to work.

    Args:
        name: One of `engine_names()`.
        address: Where its machines are, for engines that work on others.

    Raises:
        EngineUnavailableError: Something that it needs is not installed, or nobody answers.
    """
    engine: Engine = importlib.import_module(f"{__name__}.{name}").connect(address)
    return engine

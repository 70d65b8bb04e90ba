"""What every engine says while it works: it takes tasks, launches the worker command, and yields events.

Engines know neither claims nor evidence: blocks go in, raw measurements come out.
"""

from __future__ import annotations

from typing import NamedTuple

from kb.evidence.ledger import Attempt
from repro.worker.failures import Kind
from repro.worker.messages import Measurement
from repro.worker.task import Task


class Started(NamedTuple):
    """A worker has a task in hand.

    Attributes:
        is_new_worker: Was it launched for the task, rather than warm?
    """

    task: Task
    is_new_worker: bool = True


class Measured(NamedTuple):
    """A block has its values.

    Attributes:
        attempts: Every try at this block, the last of them the one that measured.
    """

    task: Task
    measurement: Measurement
    attempts: tuple[Attempt, ...]


class Failed(NamedTuple):
    """A block has no values.

    Attributes:
        will_retry: Is the block tried once more?
    """

    task: Task
    block: int
    kind: Kind
    message: str
    traceback_tail: str
    will_retry: bool


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

"""What a worker sends through its result pipe: one JSON line for each block that was measured or failed.

A worker that goes on to another task sends one more line when a task has ended; otherwise its exit says so.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from kb.evidence.record import Count, Curves, Machine, Part, PerSeed, Seconds, Sha256, Tier
from repro.provenance import Versions
from repro.worker.failures import FailureKind

LINE_BYTES = 2**20
"""The longest line that is read from the measuring process."""


class Ready(Part):
    """With what the process will measure; said before any line of the script has run."""

    versions: Versions
    machine: Machine
    measuring: Sha256


class Numbers(Part):
    """What the process itself says of a block that it has measured; see `Measurement`."""

    block: int
    seconds: Seconds
    values: dict[str, PerSeed]
    curves: dict[str, Curves]
    peak_memory_bytes: Count
    notes: tuple[str, ...] = ()
    shuffled_sets: Count = 0


class Measurement(Part):
    """The raw values of one block and what it took to get them.

    Attributes:
        started: When the block began, in UTC.
        seconds: Wall seconds of the measurement alone.
        peak_memory_bytes: The worker's largest resident size so far.
        versions: Of Python and the libraries that the numbers come from.
        measuring: SHA-256 of the files of the runner that call `measure`.
        sandbox: The tier at which the process that measured was confined.
        notes: What a reader should know, such as values that do not depend on the seed.
        shuffled_sets: How many data sets were drawn whose labels were shuffled, as the task asks for.
    """

    block: int
    started: str
    seconds: Seconds
    values: dict[str, PerSeed]
    curves: dict[str, Curves]
    peak_memory_bytes: Count
    versions: Versions
    machine: Machine
    measuring: Sha256 | None = None
    sandbox: Tier
    notes: tuple[str, ...] = ()
    shuffled_sets: Count = 0


class Error(Part):
    """Why a block has no values."""

    kind: FailureKind
    message: str
    traceback_tail: str = ""


class Failure(Part):
    """A block that has no values."""

    block: int
    error: Error


class End(Part):
    """A task has ended, and its worker is waiting for the next one."""

    exit_code: int


def read_line(line: bytes) -> Measurement | Failure | End:
    """Return the message that a line holds.

    Raises:
        ValueError: The line is not a message; the error says why.
    """
    try:
        data = json.loads(line)
        keys = data if isinstance(data, dict) else {}
        kind = Failure if "error" in keys else End if "exit_code" in keys else Measurement
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"the worker sent a line that is not a message: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the worker sent a line that is not JSON: {error}") from error

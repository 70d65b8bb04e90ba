"""What the process that measures may say, and what only its keeper knows.

The process first tells, before any line of the script has run, with which versions and on which machine it
measures; then it sends numbers, block by block. All else about a block comes from the keeper: when it was
measured, that it took no longer than the keeper waited, and how it was confined. A script can invent numbers
of its own arm, which measuring again shows; it cannot invent anything else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import ValidationError

from kb.evidence.record import Tier
from kb.text.problems import printable
from repro import provenance
from repro.worker.failures import FailureKind, failure_line
from repro.worker.messages import Failure, Measurement, Numbers, Ready

SCRIPTS_OWN: frozenset[FailureKind] = frozenset(("exception", "contract", "out of memory"))
"""Failures that may be reported once the script's own lines have run."""
BEFORE_IT: frozenset[FailureKind] = SCRIPTS_OWN | {"version", "environment"}
"""Failures that may be reported before."""
SLACK_SECONDS = 0.1
"""By how much two clocks may differ about one block."""


class Told(NamedTuple):
    """A line about a block, as it is passed on."""

    block: int
    is_failure: bool
    line: bytes


class RefusedLineError(Exception):
    """The process said what it may not; the text says what."""


Receive = Callable[[bytes], Told | None]
"""Reads a line of the process that measures; None if nothing is to be passed on."""


def as_sent(line: bytes) -> Told | None:
    """Pass a line on as it is.

    Raises:
        RefusedLineError: It does not name a block.
    """
    data = _parsed(line)
    try:
        return Told(data["block"], is_failure="error" in data, line=line + b"\n")
    except KeyError as error:
        raise RefusedLineError("the script sent a line that is not a result") from error


class Receiver:
    """Makes measurements of what the process says and what the keeper knows.

    Args:
        tier: How the process is confined.
    """

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._ready: Ready | None = None
        self._since = provenance.monotonic()

    def __call__(self, line: bytes) -> Told | None:
        """Read a line.

        Raises:
            RefusedLineError: The process may not say this, or not now.
        """
        data = _parsed(line)
        try:
            if "error" in data:
                return self._failure(Failure.model_validate(data))
            if self._ready is None:
                self._ready = Ready.model_validate(data)
                self._since = provenance.monotonic()
                return None
            return self._measurement(Numbers.model_validate(data), self._ready)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            said = f"the script sent a line that is not a result: {printable(where)}: {first['msg']}"
            raise RefusedLineError(said) from error

    def _failure(self, failure: Failure) -> Told:
        error = failure.error
        if error.kind not in (SCRIPTS_OWN if self._ready else BEFORE_IT):
            raise RefusedLineError(f"the script reported {error.kind!r}, which only the runner can tell")
        line = failure_line(failure.block, error.kind, error.message, error.traceback_tail)
        return Told(failure.block, is_failure=True, line=line)

    def _measurement(self, numbers: Numbers, ready: Ready) -> Told:
        waited = provenance.monotonic() - self._since
        self._since += waited
        if numbers.seconds > waited + SLACK_SECONDS:
            raise RefusedLineError(
                f"the script says that block {numbers.block} took {numbers.seconds:g} s, "
                f"but only {waited:g} s have passed"
            )
        measurement = Measurement(
            block=numbers.block,
            started=provenance.before_now(numbers.seconds),
            seconds=numbers.seconds,
            values=numbers.values,
            curves=numbers.curves,
            peak_memory_bytes=numbers.peak_memory_bytes,
            versions=ready.versions,
            machine=ready.machine,
            measuring=ready.measuring,
            sandbox=self._tier,
            notes=tuple(map(printable, numbers.notes)),
            shuffled_sets=numbers.shuffled_sets,
        )
        line = measurement.model_dump_json().encode() + b"\n"
        return Told(numbers.block, is_failure=False, line=line)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RefusedLineError("the script sent a line that is not a result") from error
    if not isinstance(data, dict):
        raise RefusedLineError("the script sent a line that is not a result")
    return data

"""What a worker reports besides numbers: the ways in which a block can fail, and the end of a task.

Some of the failures are worth a second try.
"""

from __future__ import annotations

import json
from typing import Literal

FailureKind = Literal[
    "exception",  # the script raised
    "contract",  # the script returned something other than one real number per seed and outcome
    "version",  # the script or the lab differs from what was planned
    "environment",  # something that the task needs is not on this machine
    "no result",  # the script ended without an answer
    "output",  # the script wrote more than the limit
    "out of memory",
    "timeout",
    "killed",
    "stopped",  # the user asked for it
]
INFRASTRUCTURE: frozenset[FailureKind] = frozenset(("out of memory", "timeout", "killed"))
"""Failures that say nothing about the experiment; such a block is tried once more."""


def failure_line(block: int, kind: FailureKind, message: str, traceback_tail: str = "") -> bytes:
    """Return the line with which a worker reports that a block has no values."""
    error = {"kind": kind, "message": message, "traceback_tail": traceback_tail}
    return json.dumps({"block": block, "error": error}).encode() + b"\n"


def end_line(exit_code: int) -> bytes:
    """Return the line with which a worker reports that a task has ended and it is waiting for the next."""
    return json.dumps({"exit_code": exit_code}).encode() + b"\n"

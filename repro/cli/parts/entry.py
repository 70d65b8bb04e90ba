"""The way in and out of every command: what it needs around it, and how it ends without that.

Whatever is missing (a stream, the folder that one is in, the right to write) ends a command with one line on
standard error and an exit code. Nothing here knows what a command does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import click

from repro.cli.parts.streams import OutputError, open_all

INTERRUPTED = 130
_NO_OUTPUT = "standard output is closed; send it somewhere, for instance to /dev/null."
_NO_FOLDER = "the folder that you are in does not exist any more; go to another one."
_NO_TEXTS = (
    "Python runs without docstrings, and the help is made of them; unset PYTHONOPTIMIZE or leave out -OO."
)


def die_when_interrupted() -> None:
    """Let Ctrl-C end the process by the signal while it starts: there is nothing to tidy, and nothing to say.

    Where it is ignored, as in the background of a shell, it stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def tidy_when_interrupted() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again: a command has begun."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ended(work: Callable[[], None]) -> int:
    """Return the exit code of a command, after one line on standard error if something stood in its way.

    Args:
        work: The command; it may end with SystemExit.
    """
    has_output = open_all()
    if missing := _missing(has_output=has_output):
        return _refused(missing)
    try:
        code = _code(work)
        sys.stdout.flush()
    except OutputError as error:
        return _refused(str(error)) if error.exit_code is None else error.exit_code
    except OSError as error:
        return _refused(_told(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _missing(*, has_output: bool) -> str | None:
    """Return what no command can do without, in a sentence, or None if it is all there."""
    if not has_output:
        return _NO_OUTPUT
    if sys.flags.optimize > 1:
        return _NO_TEXTS
    try:
        os.getcwd()  # noqa: PTH109  # a path would be made from it
    except FileNotFoundError:
        return _NO_FOLDER
    return None


def _code(work: Callable[[], None]) -> int:
    try:
        work()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        click.echo(end.code, err=True)
        return 1
    return 0


def _told(error: OSError) -> str:
    """Return a sentence on a file or folder that refuses."""
    reason = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {reason}." if error.filename else f"{reason}."


def _refused(reason: str) -> int:
    from repro.cli.parts.errors import ENVIRONMENT

    click.echo(f"Error: {reason}", err=True)
    return ENVIRONMENT

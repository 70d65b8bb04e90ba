"""Which commands exist, read from the heads of their files, so that the overview imports none of them.

A file in `repro/cli/commands/` is a command simply by being there. The first line of its docstring names it
as one types it and, after a colon, says what it is for. Two lines may add to this: `PLACE = 30`, its position
in the overview, and `IS_REMEMBERED = True`, for an answer that depends on the project's files alone, not on
the clock, git or the network.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from repro.cli import commands

LAST = 1000
"""The position of a command that states none."""
_HEAD = re.compile(r'"""`repro [^`]+`: (.+?)\.?(?:"""|$)')
_PLACE = re.compile(r"^PLACE = (\d+)$", re.MULTILINE)
_REMEMBERED = re.compile(r"^IS_REMEMBERED = True$", re.MULTILINE)


class Command(NamedTuple):
    """What the file of a command says about it."""

    place: int
    name: str
    summary: str
    is_remembered: bool


def command_names() -> list[str]:
    """Return the names of all commands, in alphabetical order."""
    return sorted(_files())


def overview() -> list[Command]:
    """Return all commands in the order in which a user meets them."""
    return sorted(_command(name, path) for name, path in _files().items())


def table() -> str:
    """Return the overview as a table in Markdown."""
    rows = [f"| `repro {command.name}` | {command.summary} |" for command in overview()]
    return "\n".join(["| command | what for |", "|---|---|", *rows])


def is_remembered(name: str) -> bool:
    """Does a command of this name exist whose answer is kept until a file changes?"""
    path = _files().get(name)
    return path is not None and _command(name, path).is_remembered


def _files() -> dict[str, Path]:
    folders = (Path(folder) for folder in commands.__path__)
    return {path.stem: path for folder in folders for path in folder.glob("[!_]*.py")}


def _command(name: str, path: Path) -> Command:
    text = path.read_text(encoding="utf-8")
    head = _HEAD.match(text.partition("\n")[0])
    if head is None:
        raise ValueError(
            f"{path}:1: the docstring of a command opens with `repro {name}`: and what it is for"
        )
    place = _PLACE.search(text)
    return Command(int(place[1]) if place else LAST, name, head[1], _REMEMBERED.search(text) is not None)

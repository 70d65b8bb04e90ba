"""What commands there are, read from the heads of their files, so that the overview imports none of them.

A file in `repro/cli/commands/` is a command by being there. The first line of its docstring names it as one
types it and says after a colon what it is for. Two lines may say more: `PLACE = 30`, where it stands in the
overview, and `IS_REMEMBERED = True`, for an answer that follows from the project's files alone, without
clock, git or network.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from repro.cli import commands

LAST = 1000
"""The place of a command that names none."""
_HEAD = re.compile(r'"""`repro [^`]+`: (.+?)\.?(?:"""|$)')
_PLACE = re.compile(r"^PLACE = (\d+)$", re.MULTILINE)
_REMEMBERED = re.compile(r"^IS_REMEMBERED = True$", re.MULTILINE)


class Command(NamedTuple):
    """What the file of a command says of it."""

    place: int
    name: str
    summary: str
    is_remembered: bool


def command_names() -> list[str]:
    """Return the names of all commands, in alphabetical order."""
    return sorted(_files())


def overview() -> list[Command]:
    """Return all commands in the order in which one meets them."""
    return sorted(_command(name, path) for name, path in _files().items())


def table() -> str:
    """Return the overview as a table in Markdown."""
    rows = [f"| `repro {command.name}` | {command.summary} |" for command in overview()]
    return "\n".join(["| command | what for |", "|---|---|", *rows])


def is_remembered(name: str) -> bool:
    """Is there a command of this name whose answer is kept until a file changes?"""
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

"""Paths as words of a command line: what cannot be a path is a mistake in typing, and said as one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHOWN = 60
"""How many characters of a word that cannot be a path are repeated."""


class PathWord(click.ParamType[Path]):
    """A file or folder, there or not yet; usage error if the system could not have one of that name.

    Args:
        is_folder: Must it be a folder if it is there? Then links are followed; otherwise a link is a file.
    """

    name = "path"

    def __init__(self, *, is_folder: bool = False) -> None:
        self._is_folder = is_folder

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path.

        Raises:
            BadParameter: It is too long, holds what no name can, leads through a file or in a circle, or is a
                file instead of a folder.
        """
        word = os.fsdecode(value)
        try:
            Path(word).stat(follow_symlinks=self._is_folder)
        except (FileNotFoundError, PermissionError):
            pass
        except (OSError, ValueError) as error:
            self.fail(f"{_shown(word)} cannot be a path here: {_reason(error)}.", param, ctx)
        kind = click.Path(file_okay=not self._is_folder, path_type=Path)
        return Path(kind.convert(word, param, ctx))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete files or folders."""
        from click.shell_completion import CompletionItem

        del ctx, param
        return [CompletionItem(incomplete, type="dir" if self._is_folder else "file")]


def _shown(word: str) -> str:
    from kb.text.problems import printable

    start = printable(word[:SHOWN])
    return f"'{start}...' ({len(word):,} characters)" if len(word) > SHOWN else f"'{start}'"


def _reason(error: OSError | ValueError) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return f"{reason[:1].lower()}{reason[1:]}"

"""What a format is, and which formats there are.

A module of this folder is a format because it has a `FORMAT`; nothing else lists it. `repro export NAME`
writes its files, and if they belong to the site, so does every build of the site.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb import exports

if TYPE_CHECKING:
    from kb.exports.published import Site


@dataclass(frozen=True)
class Format:
    """What is made from a project for other programs.

    Attributes:
        name: What the command line calls it.
        summary: What is written, as a sentence that begins with a verb.
        files: Returns the text of every file by its path, relative to the site's root.
        is_kept: Are the files part of the repository, so that paths are relative to its root?
    """

    name: str
    summary: str
    files: Callable[[Site], Mapping[str, str]]
    is_kept: bool = False


def formats() -> dict[str, Format]:
    """Return all formats by name, in alphabetical order."""
    names = sorted(f"{exports.__name__}.{module.name}" for module in pkgutil.iter_modules(exports.__path__))
    found = [getattr(importlib.import_module(name), "FORMAT", None) for name in names]
    return {each.name: each for each in found if isinstance(each, Format)}

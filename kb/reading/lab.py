"""The sources of the lab's modules, which scripts import and which enter their hash."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from kb.reading.reach import LAB
from kb.reading.texts import read_text
from kb.reading.tree import Folder, Tree, TreeError

FOLDER = "repro/lab"


class Lab(Mapping[str, str]):
    """The source of each module of a lab by the module's name, read on first use.

    Reading one raises GuardError if its file is refused.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, str] = {}

    @cached_property
    def _paths(self) -> dict[str, str]:
        files = [entry.name for entry in self._tree.list(FOLDER) if entry.name.endswith(".py")]
        return {module_name(file): f"{FOLDER}/{file}" for file in files}

    def __getitem__(self, module: str) -> str:
        if module not in self._known:
            self._known[module] = read_text(self._tree, self._paths[module])
        return self._known[module]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def module_name(file: str) -> str:
    """Return the name of a module of the lab from its file's name."""
    return LAB if file == "__init__.py" else f"{LAB}.{file.removesuffix('.py')}"


def lab_of(tree: Tree) -> Lab:
    """Return the lab that a project's scripts import: its own, or else the installed one."""
    own = Lab(tree)
    try:
        is_empty = not own
    except TreeError:  # told for each script that imports from it
        is_empty = False
    return installed_lab() if is_empty else own


def installed_lab() -> Lab:
    """Return the lab that this Python would import; an empty one if there is none."""
    spec = importlib.util.find_spec("repro")
    locations = spec.submodule_search_locations if spec else None
    return Lab(Folder(Path(locations[0]).parent if locations else Path()))

"""The folder of hand-written pages, before a site is built from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kb.text.problems import Place, Problem

CODES = {"linked-page": "A file or folder of the site's pages is a link, which could publish any file."}


def linked(root: Path, folder: Path) -> Iterator[Problem]:
    """Yield a problem for each link below a folder of pages; whoever builds would publish what it leads to.

    Args:
        root: The project's folder, to which paths are relative.
        folder: The folder of pages.
    """
    for parent, folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in sorted((*folders, *names))):
            if path.is_symlink():
                yield Problem(
                    "linked-page",
                    Place(Path(os.path.relpath(path, root)).as_posix(), 1, 1),
                    "a symbolic link",
                    "regular files and folders",
                    "put the file itself here",
                )

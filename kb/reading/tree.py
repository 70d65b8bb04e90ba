"""The only way to a project's files: a tree of folders and regular files, wherever it is stored.

`Folder` is a tree on disk. A revision in version control is another, which `repro.vcs` gives. All code that
reads records, scripts, the lab or evidence gets them from a tree, which says why it refuses a file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

FaultKind = Literal["link", "folder", "device", "size", "unreadable"]
"""Why a file is refused: it is a symbolic link, a folder or something odder, too large, or unreadable."""


_LEFTOVER = re.compile(
    r".*~|#.*#|.*\.(?:orig|rej|bak|swp|tmp)|.*___jb_(?:tmp|old)___|4913|Thumbs\.db|desktop\.ini"
)
"""Names under which editors, merges and file managers keep something of their own beside a file."""


class TreeError(Exception):
    """A file or a folder of a tree is refused.

    Attributes:
        kind: Why.
        found: What was found instead of a readable file or folder, in words.
    """

    def __init__(self, kind: FaultKind, found: str) -> None:
        super().__init__(found)
        self.kind = kind
        self.found = found


class Entry(NamedTuple):
    """An entry of a folder; a link to a folder does not count as a folder."""

    name: str
    is_folder: bool


def is_passed_over(entry: Entry) -> bool:
    """Is an entry hidden, or a file that an editor left, so that no tree lists it?"""
    return entry.name[0] == "." or (not entry.is_folder and _LEFTOVER.fullmatch(entry.name) is not None)


class Tree(Protocol):
    """Folders and files by their paths relative to the project's root, with forward slashes."""

    def list(self, folder: str) -> Sequence[Entry]:
        """Return the entries of a folder in order of name; none if it does not exist.

        Hidden ones and what editors leave are not among them.

        Raises:
            TreeError: The folder cannot be read.
        """

    def read(self, path: str, *, limit: int) -> bytes:
        """Return the bytes of a file.

        Args:
            path: The file's path.
            limit: The most bytes that it may have.

        Raises:
            TreeError: It is not a regular file, has too many bytes, or cannot be read.
        """


class Folder(NamedTuple):
    """A tree on disk.

    Attributes:
        root: The folder that holds it.
    """

    root: Path

    def list(self, folder: str) -> Sequence[Entry]:
        """Return the entries of a folder, as every tree does."""
        try:
            with os.scandir(f"{self.root}/{folder}") as found:
                entries = [Entry(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        except FileNotFoundError:
            return []
        except OSError as error:
            found_instead = f"a folder that cannot be read: {error.strerror}"
            raise TreeError("unreadable", found_instead) from None
        return sorted(entry for entry in entries if not is_passed_over(entry))

    def read(self, path: str, *, limit: int) -> bytes:
        """Return the bytes of a file, as every tree does.

        It is opened without following a link or waiting for a pipe's other end, and judged after opening.
        """
        whole = f"{self.root}/{path}"
        try:
            handle = os.open(whole, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise _refused(whole, error) from None
        try:
            status = os.fstat(handle)
            if stat.S_ISDIR(status.st_mode):
                raise TreeError("folder", "a folder")
            if not stat.S_ISREG(status.st_mode):
                raise TreeError("device", "a pipe, socket or device")
            if status.st_size > limit:
                raise TreeError("size", f"{status.st_size} bytes")
            return os.read(handle, status.st_size)
        except OSError as error:
            raise _refused(whole, error) from None
        finally:
            os.close(handle)


def _refused(path: str, error: OSError) -> TreeError:
    if Path(path).is_symlink():
        return TreeError("link", "a symbolic link")
    return TreeError("unreadable", f"a file that cannot be read: {error.strerror}")

"""Reads a text file of a tree as guarded text, or gives the one fault for which it is refused."""

from __future__ import annotations

from kb.reading.tree import Tree, TreeError
from kb.text.guarded_text import Fault, GuardError, guarded

MAX_BYTES = 256 * 1024
"""The most bytes of a record, a script or a module of the lab."""

CODES = {
    "not-a-regular-file": "A record is a link, a folder, a pipe or a device.",
    "unreadable-file": "The file cannot be opened.",
    "file-too-large": "The file is larger than 256 KiB.",
}


def read_text(tree: Tree, path: str) -> str:
    """Return a file's text with line feeds as line ends.

    Raises:
        GuardError: The file is not a regular file of UTF-8 text of reasonable size without hidden characters.
    """
    return guarded(read_content(tree, path))


def read_content(tree: Tree, path: str) -> bytes:
    """Return a text file's bytes, unguarded.

    Raises:
        GuardError: The file is not a regular file of reasonable size.
    """
    try:
        return tree.read(path, limit=MAX_BYTES)
    except TreeError as error:
        raise GuardError(_fault(error)) from None


def _fault(error: TreeError) -> Fault:
    match error.kind:
        case "link":
            code, allowed, advice = "not-a-regular-file", "a regular file", "put the file itself here"
        case "folder" | "device":
            code, allowed, advice = "not-a-regular-file", "a regular file", "move it out of this folder"
        case "size":
            code, allowed, advice = "file-too-large", f"at most {MAX_BYTES} bytes", "shorten the texts"
        case "unreadable":
            code, allowed = "unreadable-file", "a readable file"
            advice = "make it readable for you, or delete it"
    return Fault(code, 1, 1, error.found, allowed, advice)

"""Which files of `claims/` are records: one folder per topic, one file per record, the file's stem its id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kb.reading.tree import Entry, Tree, TreeError
from kb.records.fields import IDENTIFIER
from kb.text.problems import Place, Problem

CODES = {
    "bad-id": "The name of a file or folder is not a valid id.",
    "reserved-id": "An id is a name that some system reserves.",
    "duplicate-id": "Two records have one id.",
    "misplaced-file": "A file in claims/ is neither a record nor a README.md.",
}
SOURCES, DEBATES, OVERVIEWS = "sources", "debates", "overviews"
KINDS = (SOURCES, DEBATES)
"""Folders of records that are not claims; every other folder but that of overviews is a topic."""

# Windows opens devices under these names in every folder; the others have meanings in the site's folders.
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "index", "readme", *KINDS, OVERVIEWS]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)]
)
_ALLOWED_ID = "lower-case letters a-z, digits and single hyphens between them; at most 64 characters"


class RecordFile(NamedTuple):
    """A file that should hold a record; `folder` is `sources`, `debates` or a topic."""

    id: str
    folder: str
    path: str


def record_files(tree: Tree) -> tuple[list[RecordFile], list[Problem]]:
    """Return the record files with valid names in order of path, and the problems of the other names."""
    files: list[RecordFile] = []
    problems: list[Problem] = []
    taken: dict[str, str] = {}
    for found in _walk(tree):
        if isinstance(found, Problem):
            problems.append(found)
        elif found.id in taken:
            problems.append(_duplicate(found, taken[found.id]))
        else:
            taken[found.id] = found.path
            files.append(found)
    return files, problems


def _walk(tree: Tree) -> Iterator[RecordFile | Problem]:
    for folder in _entries(tree, "claims"):
        if isinstance(folder, Problem):
            yield folder
            continue
        path = f"claims/{folder.name}"
        if not folder.is_folder:
            if folder.name != "README.md":
                yield _misplaced(
                    path, "put it into claims/sources/, claims/debates/ or the folder of its topic"
                )
            continue
        if folder.name == OVERVIEWS:
            continue
        flaw = None if folder.name in KINDS else _flaw_in_name(folder.name, path)
        if flaw:
            yield flaw
            continue
        for entry in _entries(tree, path):
            yield from [entry] if isinstance(entry, Problem) else _record_file(entry.name, folder.name)


def _entries(tree: Tree, path: str) -> Sequence[Entry | Problem]:
    try:
        return tree.list(path)
    except TreeError as error:
        advice = "make it readable for you, or delete it"
        return [Problem("unreadable-file", Place(path, 1, 1), error.found, "a readable folder", advice)]


def _record_file(name: str, folder: str) -> Iterator[RecordFile | Problem]:
    path = f"claims/{folder}/{name}"
    if not name.endswith(".yaml"):
        if name != "README.md":
            yield _misplaced(path, "name records <id>.yaml, and keep everything else elsewhere")
        return
    stem = name.removesuffix(".yaml")
    yield _flaw_in_name(stem, path) or RecordFile(stem, folder, path)


def _flaw_in_name(name: str, path: str) -> Problem | None:
    place = Place(path, 1, 1)
    if name in RESERVED:
        found = f"the name {name}, which some systems keep for themselves"
        return Problem(
            "reserved-id", place, found, "any other name", "rename it, for example with a second word"
        )
    if re.fullmatch(IDENTIFIER, name) and len(name) <= 64:
        return None
    near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:64].strip("-")
    found = f"the name {name!a}" if len(name) <= 64 else f"a name of {len(name)} characters"
    return Problem("bad-id", place, found, _ALLOWED_ID, "rename the file", near or None)


def _duplicate(file: RecordFile, first: str) -> Problem:
    return Problem(
        "duplicate-id",
        Place(file.path, 1, 1),
        f"the id {file.id}, which {first} has already",
        "one record for each id, over all topics, sources and debates",
        "rename one of the two files",
    )


def _misplaced(path: str, advice: str) -> Problem:
    return Problem(
        "misplaced-file",
        Place(path, 1, 1),
        "a file that is not a record",
        "claims/README.md, claims/<topic>/<id>.yaml, claims/sources/<id>.yaml and claims/debates/<id>.yaml",
        advice,
    )

"""What a power cut may leave of a trace of system calls: every state that POSIX allows, and some more.

The model is harsher than real file systems. Bytes that were written but not synced may be there, missing, cut
off or zeros. Of the names made or removed in a folder since it was synced, any subset may have reached the
disk, also of a rename. Syncing a file saves its bytes and not its name; syncing a folder saves names alone.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, NamedTuple
from unittest.mock import patch

from kb.evidence.ledger import Evidence, read_ledger
from kb.reading.tree import Folder
from repro import ledger as store
from tests.store_faults import System, knows_no_links, quickly

Tree = dict[str, bytes | None]
"""Relative path -> bytes of a file, or None for a folder."""


class Event(NamedTuple):
    """One system call that changed something, or the moment at which a piece was acknowledged."""

    name: str
    path: str
    other: str = ""
    content: bytes = b""


@dataclass
class Recorder:
    """An act for `store_faults.System` that performs every call and writes down what it changed."""

    root: Path
    ignored: Callable[[Event], bool] = lambda _: False
    """Events that shall not count, as if the program had left them out."""
    has_links: bool = True
    events: list[Event] = field(default_factory=list)
    _paths: dict[int, str] = field(default_factory=dict)

    def __call__(self, name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Perform a call; when it succeeds, record it."""
        result = (quickly if self.has_links else knows_no_links)(name, real, args)
        path = self._paths[args[0]] if isinstance(args[0], int) else self._relative(args[0])
        if name == "open":
            self._paths[result] = path
            if args[1] & os.O_CREAT:
                self._record(Event("create", path))
        elif name == "write":
            self._record(Event(name, path, content=bytes(args[1][:result])))
        elif name in ("link", "replace"):
            self._record(Event(name, path, self._relative(args[1])))
        elif name in ("mkdir", "fsync", "unlink"):
            self._record(Event(name, path))
        return result

    def acknowledge(self, name: str) -> None:
        """Record that the writer was told that its piece is safe."""
        self.events.append(Event("acknowledge", name))

    def _record(self, event: Event) -> None:
        if not self.ignored(event):
            self.events.append(event)

    def _relative(self, path: str | Path) -> str:
        return Path(path).relative_to(self.root).as_posix()


@dataclass
class _File:
    saved: bytes | None = None
    """Bytes that are on the disk for certain; nothing until the first sync."""
    content: bytes = b""

    def outcomes(self) -> set[bytes]:
        """Return all contents that may be found after a cut."""
        if self.saved == self.content:
            return {self.content}
        half = len(self.content) // 2
        return {self.saved or b"", self.content[:half], bytes(len(self.content)), self.content}


@dataclass
class _Folder:
    saved: dict[str, _File | _Folder] = field(default_factory=dict)
    pending: list[tuple[str, _File | _Folder | None]] = field(default_factory=list)

    @property
    def names(self) -> dict[str, _File | _Folder]:
        """Return what a running program sees."""
        return self._applied(self.pending)

    def outcomes(self) -> Iterator[dict[str, _File | _Folder]]:
        """Yield the names that may be found after a cut: any subset of what was not synced."""
        for size in range(len(self.pending) + 1):
            for chosen in itertools.combinations(self.pending, size):
                yield self._applied(chosen)

    def _applied(self, changes: Any) -> dict[str, _File | _Folder]:
        names = dict(self.saved)
        for name, node in changes:
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node
        return names


class Cut(NamedTuple):
    """What a power cut leaves: files, and the names of pieces that had been acknowledged by then."""

    tree: Tree
    acknowledged: frozenset[str]


def cuts(events: list[Event]) -> list[Cut]:
    """Return each different state that a cut before, between or after the events may leave."""
    root = _Folder()
    acknowledged: frozenset[str] = frozenset()
    found: dict[Any, Cut] = {}
    for event in (None, *events):
        if event is not None and event.name == "acknowledge":
            acknowledged |= {event.path}
        elif event is not None:
            _apply(root, event)
        for tree in _trees(root):
            found.setdefault((frozenset(tree.items()), acknowledged), Cut(tree, acknowledged))
    return list(found.values())


def _apply(root: _Folder, event: Event) -> None:
    parent, name = _parent(root, event.path)
    if event.name == "mkdir":
        parent.pending.append((name, _Folder()))
    elif event.name == "create":
        parent.pending.append((name, _File()))
    elif event.name == "unlink":
        parent.pending.append((name, None))
    elif event.name in ("link", "replace"):
        other, other_name = _parent(root, event.other)
        other.pending.append((other_name, parent.names[name]))
        if event.name == "replace":
            parent.pending.append((name, None))
    else:
        _apply_to_node(parent.names[name] if name else root, event)


def _apply_to_node(node: _File | _Folder, event: Event) -> None:
    if isinstance(node, _Folder):
        node.saved, node.pending = node.names, []
    elif event.name == "write":
        node.content += event.content
    else:
        node.saved = node.content


def _parent(root: _Folder, path: str) -> tuple[_Folder, str]:
    *folders, name = PurePath(path).parts or ("",)
    node = root
    for part in folders:
        inner = node.names[part]
        if not isinstance(inner, _Folder):
            raise NotADirectoryError(path)
        node = inner
    return node, name


def _trees(node: _Folder) -> Iterator[Tree]:
    for names in node.outcomes():
        choices = [_below(name, child) for name, child in names.items()]
        for parts in itertools.product(*choices):
            yield {path: content for part in parts for path, content in part.items()}


def _below(name: str, node: _File | _Folder) -> list[Tree]:
    if isinstance(node, _File):
        return [{name: content} for content in node.outcomes()]
    return [
        {name: None, **{f"{name}/{path}": content for path, content in tree.items()}} for tree in _trees(node)
    ]


def write_tree(root: Path, tree: Tree) -> None:
    """Make the folders and files of a state."""
    root.mkdir()
    for path, content in sorted(tree.items()):
        if content is None:
            (root / path).mkdir()
        else:
            (root / path).write_bytes(content)


def bad_cuts(events: list[Event], folder: Path) -> tuple[int, list[str]]:
    """Return how many states cuts may leave, and what a reader finds wrong in them."""
    states = cuts(events)
    wrong = []
    for number, cut in enumerate(states):
        root = folder / str(number)
        write_tree(root, cut.tree)
        ledger = read_ledger(Folder(root))
        kept = {PurePath(filed.path).name for filed in ledger.pieces}
        faults = [problem.found for problem in ledger.problems]
        faults += [f"lost {name}" for name in cut.acknowledged - kept]
        wrong += [f"state {number}: {', '.join(faults)}"] if faults else []
    return len(states), wrong


def trace(
    root: Path,
    pieces: list[Evidence],
    *,
    ignored: Callable[[Event], bool] = lambda _: False,
    has_links: bool = True,
) -> list[Event]:
    """Store pieces one after the other and return what that did to the disk."""
    root.mkdir()
    recorder = Recorder(root, ignored, has_links)
    with patch.object(store, "os", System(recorder)):
        for piece in pieces:
            recorder.acknowledge(PurePath(store.append(root, piece).path).name)
    return recorder.events

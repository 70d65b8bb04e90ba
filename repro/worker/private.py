"""Private folders of measuring processes: made for one task, and removed even if nobody was left to do it.

Whoever made a folder holds a lock on it for as long as it lives, which the system takes back from the dead:
a folder without one is nobody's any more, and the next worker removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX, NEW = "assay-task-", "assay-new-"
YOUNG_SECONDS = 60.0
"""A folder is new until it is locked, and is left alone for so long."""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for one task, and remove it with all that is in it."""
    made = Path(tempfile.mkdtemp(prefix=NEW)).resolve()
    lock = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        own = made.with_name(PREFIX + made.name.removeprefix(NEW))
        made.rename(own)
        try:
            yield own
        finally:
            _remove(own)
    finally:
        os.close(lock)


def sweep() -> int:
    """Remove folders whose makers are gone, and return how many."""
    swept = 0
    base = Path(tempfile.gettempdir())
    for path in [*base.glob(f"{PREFIX}*"), *base.glob(f"{NEW}*")]:
        with contextlib.suppress(OSError):  # it may be somebody else's, or just be removed
            if path.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            is_new = path.name.startswith(NEW)
            if is_new and time.time() - path.stat().st_mtime < YOUNG_SECONDS:
                continue
            swept += _is_abandoned(path)
    return swept


def _is_abandoned(path: Path) -> bool:
    """Remove a folder if nobody holds its lock."""
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(path)
    finally:
        os.close(lock)
    return not path.exists()


def _remove(path: Path) -> None:
    """Remove a folder, also what a script made unreadable in it."""
    for parent, names, _ in os.walk(path):
        for name in names:
            inside = Path(parent, name)
            if not inside.is_symlink():
                with contextlib.suppress(OSError):
                    inside.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)

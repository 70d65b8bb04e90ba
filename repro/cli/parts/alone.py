"""Keep another process from doing the same at the same time; the lock ends with whoever holds it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repro.cli.parts.errors import EnvironmentProblem


def lock_of(root: Path, what: str) -> Path:
    """Return the lock of what is done in a project: a temporary file, so that its checkout stays clean."""
    place = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"assay-{os.getuid()}-{place}-{what}.lock"


@contextmanager
def alone(lock: Path, refusal: str) -> Iterator[None]:
    """Hold a lock meanwhile; nobody ever has to remove the file, which says nothing.

    Args:
        lock: A file of its own for what is done; its folder is made if need be.
        refusal: What to say if another process holds it.

    Raises:
        EnvironmentProblem: Another process holds it, or the file cannot be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = lock.open("w", encoding="utf-8")
    except OSError as error:
        raise EnvironmentProblem(f"cannot write {error.filename}: {error.strerror}.") from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentProblem(refusal) from None
        yield

"""Durable, append-only storage of evidence: when `append` returns, the record survives a power cut.

A record's name carries its hash, so no two writers ever need the same file, and there is no lock. A file
appears under its name only when it is complete: bytes go to a file whose name starts with a dot, which
readers ignore, are synced, and then get their name. A killed writer leaves only such a file; `sweep` removes
it.
"""
# System calls go through this module's `os`, not pathlib's, so that the tests can make each of them fail.
# ruff: noqa: PTH102, PTH105, PTH108, PTH115

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from kb.evidence.controls import Controls, FiledControls, as_controls_file, parse_controls
from kb.evidence.file import MAX_BYTES, Filed, as_file, parse
from kb.evidence.links import FiledLink, Link, as_link_file, parse_link
from kb.evidence.record import EVIDENCE_FOLDER, Evidence
from kb.text.problems import Problem

_TEMPORARY = re.compile(
    r"\.(?P<host>[0-9a-f]{8})-(?P<boot>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{16}"
)
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space: your quota is used up",
    errno.EROFS: "make the file system writable, or work on a clone elsewhere",
    errno.EACCES: "make the folder writable for you",
    errno.EPERM: "make the folder writable for you",
    errno.EIO: "check the disk and its cable, or work on a clone elsewhere",
    errno.EMFILE: "allow more open files (ulimit -n)",
}


class LedgerError(Exception):
    """Evidence could not be saved; nothing that was saved before is lost, and the same call may be repeated.

    Attributes:
        path: What could not be written.
    """

    def __init__(self, path: Path, failed: str, advice: str) -> None:
        super().__init__(
            f"evidence was not saved: {path}: {failed}; {advice}, then run again (saved blocks are kept)"
        )
        self.path = path


def append(root: Path, evidence: Evidence) -> Filed:
    """Store a piece of evidence durably and return it as `kb.evidence.ledger.read_ledger` will read it.

    Storing the same piece again changes nothing and succeeds, so a call that failed may be repeated.

    Args:
        root: The project's root folder.
        evidence: What the ledger's reader would accept; anything else would be lost on reading.

    Raises:
        LedgerError: It could not be stored, or may not have been.
    """
    wanted, content = as_file(evidence)
    filed = parse(content, wanted.path)
    if isinstance(filed, Problem):
        raise LedgerError(root / wanted.path, filed.found, f"allowed are {filed.allowed}")
    _store(root, wanted.path, content)
    return filed


def append_link(root: Path, link: Link) -> FiledLink:
    """Store a link between two test versions as durably as evidence, and return it as it will be read.

    Raises:
        LedgerError: It could not be stored, or its reader would refuse it.
    """
    path, content = as_link_file(link)
    filed = parse_link(content, path)
    if isinstance(filed, Problem):
        raise LedgerError(root / path, filed.found, f"allowed are {filed.allowed}")
    _store(root, path, content)
    return filed


def append_controls(root: Path, controls: Controls) -> FiledControls:
    """Store controls of an experiment as durably as evidence, and return them as they will be read.

    Raises:
        LedgerError: They could not be stored, or their reader would refuse them.
    """
    path, content = as_controls_file(controls)
    filed = parse_controls(content, path)
    if isinstance(filed, Problem):
        raise LedgerError(root / path, filed.found, f"allowed are {filed.allowed}")
    if len(content) > MAX_BYTES:
        advice = "ask for fewer sets of seeds at a time"
        raise LedgerError(root / path, f"{len(content)} bytes are more than a reader takes", advice)
    _store(root, path, content)
    return filed


def _store(root: Path, path: str, content: bytes) -> None:
    """Write bytes durably under a name."""
    target = root / path
    with _blaming(target.parent, "make the folder"):
        _make_folders(root, path.rpartition("/")[0])
    with _temporary(target.parent) as temporary:
        with _blaming(temporary, "write"):
            _write(temporary, content)
        with _blaming(target, "name the finished file"):
            _publish(temporary, target, content)
    with _blaming(target.parent, "sync the folder"):
        _sync(target.parent)


@contextlib.contextmanager
def _blaming(path: Path, action: str) -> Iterator[None]:
    """Turn system errors into ours."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "remove the cause")
        raise LedgerError(path, f"could not {action}: {error.strerror}", advice) from error


def _make_folders(root: Path, folder: str) -> None:
    """Make each missing folder and sync its parent.

    The parent is synced even if the folder exists: another writer may have made it but not synced it yet.
    """
    path = root
    for part in Path(folder).parts:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path / part)
        _sync(path)
        path /= part


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """Give a name for an unfinished file; on leaving it is removed, or left to `sweep` if that fails."""
    path = folder / f".{_writer()}-{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        rest = memoryview(content)
        while rest:  # a write may be short; the interpreter repeats one that a signal interrupts
            rest = rest[os.write(descriptor, rest) :]
        _flush(descriptor)
    finally:
        os.close(descriptor)


def _publish(temporary: Path, target: Path, content: bytes) -> None:
    """Give the finished file its name without ever replacing other bytes."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        _confirm(target, content)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            _confirm(target, content)
        else:
            os.replace(temporary, target)  # a writer in between wrote the same bytes: the name is their hash


def _confirm(target: Path, content: bytes) -> None:
    """Make sure that the existing file holds these bytes, durably."""
    descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        found = bytearray()
        while len(found) <= len(content) and (part := os.read(descriptor, len(content) + 1)):
            found += part
        if found != content:
            raise LedgerError(
                target,
                "the existing file is damaged",
                "restore it from version control; if it was never committed, move it out of the folder",
            )
        _flush(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable, as far as the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _flush(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot sync a folder at all
            raise
    finally:
        os.close(descriptor)


def _flush(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # There, fsync leaves the bytes in the drive's own cache; some file systems know only fsync.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sweep(root: Path) -> list[Path]:
    """Remove unfinished files whose writer is dead, and return them.

    A writer on another machine or in another container is invisible from here: its files stay, unread.
    """
    removed = []
    for path in sorted((root / EVIDENCE_FOLDER).glob("*/*/.*")):
        if _is_orphan(path.name):
            with contextlib.suppress(OSError):  # another sweep was faster, or we may not write here
                os.unlink(path)
                removed.append(path)
    return removed


def _is_orphan(name: str) -> bool:
    """Is this the name of an unfinished file whose writer, a process of this machine, has ended?"""
    match = _TEMPORARY.fullmatch(name)
    if match is None or match["host"] != _host():
        return False
    return match["boot"] != _boot() or not _is_alive(int(match["pid"]), match["start"])


def _writer() -> str:
    """Return what distinguishes this process from all others, as part of a file name."""
    return f"{_host()}-{_boot()}-{os.getpid()}-{_start(os.getpid()) or 0}"


def _host() -> str:
    """Return eight digits for this machine and the space in which its process numbers mean something."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return _short(f"{os.uname().nodename} {space}")


def _boot() -> str:
    """Return eight digits that change when the machine restarts; always the same where that is unknown."""
    try:
        return _short(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    except OSError:
        return _short("")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _is_alive(pid: int, start: str) -> bool:
    """Is the process with this number and start time still running? If in doubt, yes."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it runs as another user
    return _start(pid) in (None, start)


def _start(pid: int) -> str | None:
    """Return when a process began, in ticks since the machine started, or None if that is unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return fields.rpartition(b")")[2].split()[19].decode()  # field 22; the name before may hold anything

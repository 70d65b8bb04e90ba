"""Allow-lists of files, which a process puts on itself: Landlock, part of Linux since 5.13.

What is not named can neither be read nor written, whoever runs the process; landlock(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from repro.worker import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on all architectures
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8  # linux/landlock.h
MAKE_CHAR, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = 1 << 6, 1 << 9, 1 << 10, 1 << 11, 1 << 12
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Rights that a rule may give on something other than a folder."""
TCP = 0b11
"""Binding and connecting."""
SCOPES = 0b11
"""Abstract UNIX sockets and signals stay within the process's own domain."""
HANDLED = (
    ((1 << 16) - 1, TCP, SCOPES),
    ((1 << 16) - 1, TCP, 0),
    ((1 << 15) - 1, TCP, 0),
    ((1 << 15) - 1, 0, 0),
    ((1 << 14) - 1, 0, 0),
    ((1 << 13) - 1, 0, 0),
)
"""What kernels can guard, the most first: accesses to files, to the network, and scopes."""


class PathBeneath(ctypes.Structure):
    """A rule: struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder_fd", ctypes.c_int32))


def restrict(
    *,
    reads: Iterable[Path],
    writes: Iterable[Path],
    devices: Iterable[Path],
    programs: Iterable[Path],
    lists: Iterable[Path],
) -> None:
    """Take from this process all access to files but that to some; nothing gives it back.

    Args:
        reads: Files and folders whose contents may be read; those that do not exist are left out.
        writes: Folders in which plain files and folders may be read, made, changed and removed.
        devices: What may be read and written, and nothing else.
        programs: What may be started.
        lists: Folders in which names may be read, and nothing else.

    Raises:
        OSError: The kernel does not have Landlock, or it is switched off.
    """
    ruleset, handled = _ruleset()
    try:
        for path in reads:
            _allow(ruleset, path, (READ_FILE | READ_DIR) & handled)
        for path in writes:
            odd = EXECUTE | MAKE_CHAR | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM | IOCTL_DEV
            _allow(ruleset, path, handled & ~odd)
        for path in devices:
            _allow(ruleset, path, (READ_FILE | WRITE_FILE | READ_DIR | TRUNCATE | IOCTL_DEV) & handled)
        for path in programs:
            _allow(ruleset, path, (EXECUTE | READ_FILE) & handled)
        for path in lists:
            _allow(ruleset, path, READ_DIR & handled)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.syscall("landlock_restrict_self", RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _ruleset() -> tuple[int, int]:
    """Return a file descriptor for rules, and the accesses to files that this kernel can guard."""
    if not kernel.is_linux():
        raise OSError(errno.ENOSYS, "Landlock: not a Linux kernel")
    for files, network, scopes in HANDLED[:-1]:
        try:
            return _created(files, network, scopes), files
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.E2BIG):  # it does not know all that was asked of it
                raise
    files, network, scopes = HANDLED[-1]
    return _created(files, network, scopes), files


def _created(files: int, network: int, scopes: int) -> int:
    """Return a new ruleset; trailing zeros are no obstacle to kernels that take less."""
    attributes = (ctypes.c_uint64 * 3)(files, network, scopes)
    size = ctypes.sizeof(attributes)
    return kernel.syscall("landlock_create_ruleset", CREATE_RULESET, attributes, size, 0)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what cannot be found here cannot be read either
        return
    try:
        allowed = rights if path.is_dir() else rights & OF_FILES
        rule = PathBeneath(allowed, fd)
        kernel.syscall("landlock_add_rule", ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)

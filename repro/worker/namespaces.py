"""A system of its own for one process: only what it needs to read is there, and nobody else.

Namespaces of Linux, which an ordinary user may make where the system allows it; user_namespaces(7). The root
folder is made from nothing, in memory: folders that are needed are put into it read-only, and the private
folder lies in memory too, so that it has a size and goes with its process.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from repro.worker import kernel

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP = 0x20000000, 0x40000000, 0x2000000  # linux/sched.h
ALL = (
    CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP
)
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18  # linux/mount.h
MNT_DETACH, AT_RECURSIVE, AT_FDCWD = 2, 0x8000, -100
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
MOUNT_SETATTR = 442
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


def enter(
    *, reads: Iterable[Path], devices: Iterable[Path], folder: Path, folder_bytes: int, open_files: int
) -> None:
    """Go on as the first process of a system of its own.

    The process that called waits outside and ends as the one inside does, so that who launched it need not
    know. What runs inside dies with it, and whatever it leaves dies as well.

    Args:
        reads: Files and folders that are there and can only be read; those that do not exist are left out.
        devices: As `reads`, but they can be written.
        folder: The private folder, empty inside.
        folder_bytes: How much it can hold.
        open_files: The highest file descriptor; the process that waits outside lets go of all.

    Raises:
        OSError: The system does not allow it.
    """
    if not kernel.is_linux():
        raise OSError(errno.ENOSYS, "namespaces: not a Linux kernel")
    user, group = os.geteuid(), os.getegid()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or its own files in /proc are root's
    kernel.checked("unshare", int(kernel.library().unshare(ALL)))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    inside = os.fork()
    if inside:
        _wait_outside(inside, open_files)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    _own_root(reads, devices, folder, folder_bytes)
    os.chdir(folder)


def _wait_outside(inside: int, open_files: int) -> NoReturn:
    """End as the process inside does."""
    os.closerange(0, open_files + 1)
    _, status = os.waitpid(inside, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 1)


def _own_root(reads: Iterable[Path], devices: Iterable[Path], folder: Path, folder_bytes: int) -> None:
    _mount("none", Path("/"), None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    root = folder
    for path in _outermost(reads):
        _put(root, path)
        _set(root / path.relative_to("/"), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
    for path in devices:
        if path.exists():
            _put(root, path)
            _set(root / path.relative_to("/"), MOUNT_ATTR_NOSUID)
    private = root / folder.relative_to("/")
    private.mkdir(parents=True, exist_ok=True)
    _mount("tmpfs", private, "tmpfs", MS_NOSUID | MS_NODEV, f"size={folder_bytes},mode=700")
    os.chdir(root)
    kernel.syscall("pivot_root", PIVOT_ROOT[kernel.machine()], b".", b".")
    kernel.checked("umount2", int(kernel.library().umount2(b".", MNT_DETACH)))
    os.chdir("/")
    _set(Path("/"), MOUNT_ATTR_RDONLY, is_recursive=False)


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that exist and lie in none of the others, in order."""
    found: list[Path] = []
    for path in sorted({path for path in paths if path.exists()}):
        if not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return found


def _put(root: Path, path: Path) -> None:
    """Show a file or folder at the same place below another root."""
    place = root / path.relative_to("/")
    if path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _mount(str(path), place, None, MS_BIND | MS_REC)


def _mount(source: str, target: Path, kind: str | None, flags: int, options: str = "") -> None:
    words = (os.fsencode(source), os.fsencode(target), kind.encode() if kind else None)
    result = kernel.library().mount(*words, ctypes.c_ulong(flags), options.encode())
    kernel.checked(f"mount {target}", int(result))


def _set(place: Path, attributes: int, *, is_recursive: bool = True) -> None:
    """Restrict what lies at a place, and what is mounted below it."""
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    flags = AT_RECURSIVE if is_recursive else 0
    words = (AT_FDCWD, os.fsencode(place), flags, wanted, ctypes.sizeof(wanted))
    kernel.syscall("mount_setattr", MOUNT_SETATTR, *words)

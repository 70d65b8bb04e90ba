"""Confinement of the process that runs an experiment: what it may see, use and leave behind.

Tier S0, which any Python on POSIX can provide: a session of its own, an environment built from scratch,
resource limits, a private folder, no file descriptors but its own. On Linux the process also dies with its
parent, and every descendant, daemons included, is found and killed. The process starts as a copy of its
parent, which must be single-threaded, and confines itself before doing anything else; what it then runs may
be code that is already loaded or a new program. Nothing here knows tasks or results. A stronger tier changes
`launch`, not its callers.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

TIER: Literal["S0"] = "S0"
"""The only tier so far, as evidence records it."""
GIBIBYTE = 2**30
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
CUDA_NEEDS = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES")


@dataclass(frozen=True)
class Limits:
    """What a confined process may use; this says nothing about what it may read or reach.

    Attributes:
        memory_bytes: Address space, or None for no limit, because CUDA reserves far more than it uses.
        cpu_seconds: Processor time; a backstop behind the caller's wall timeout.
        file_bytes: Largest file.
        open_files: Open file descriptors.
    """

    memory_bytes: int | None
    cpu_seconds: int
    file_bytes: int = GIBIBYTE
    open_files: int = 256


@dataclass(frozen=True)
class Confinement:
    """How a process is to be started.

    Attributes:
        environment: All variables that the process sees, except those that its own libraries set.
        limits: What it may use.
        folder: Its private working folder, which also takes temporary files.
    """

    environment: Mapping[str, str]
    limits: Limits
    folder: Path


KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}
"""Lets glibc keep freed memory for the next step of training, instead of asking the system each time."""


def environment(folder: Path, *, threads: int, device: str = "cpu", capability: str = "") -> dict[str, str]:
    """Return an environment built from an allow-list, so that no secret or setting leaks in.

    Args:
        folder: Private folder: the home, and the place for temporary files.
        threads: How many threads each numerical library may use.
        device: Other devices than `cpu` keep the variables that find their libraries.
        capability: The most advanced instructions that torch may use, such as `avx2`.
    """
    count = str(threads)
    fixed = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        **KEPT_MEMORY,
        **({"ATEN_CPU_CAPABILITY": capability} if capability else {}),
    }
    if device == "cpu":
        return fixed
    kept = {name: os.environ[name] for name in CUDA_NEEDS if name in os.environ}
    return {**fixed, **kept, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}  # without it cuBLAS is not deterministic


@dataclass
class Child:
    """A confined process.

    Attributes:
        output_fd: Where its output and errors can be read, mixed.
        returncode: As in `subprocess`, once it is known to have ended.
    """

    pid: int
    output_fd: int
    returncode: int = 0
    has_ended: bool = False

    def poll(self, flags: int = os.WNOHANG) -> bool:
        """Return whether it has ended."""
        if not self.has_ended:
            ended, status = os.waitpid(self.pid, flags)
            self.has_ended = ended != 0
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.has_ended

    def end(self) -> None:
        """Kill it if it still runs, and let go of its output."""
        if not self.poll():
            os.kill(self.pid, signal.SIGKILL)
            self.poll(0)
        os.close(self.output_fd)


def launch(work: Callable[[], NoReturn], how: Confinement, *, keeps: int) -> Child:
    """Start a copy of this process that confines itself and works.

    Args:
        work: Ends the process, or becomes another program. It sees all of this process's memory.
        how: The confinement.
        keeps: The only file descriptor that the process keeps.
    """
    parent = os.getpid()
    output_fd, output = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _enter(how, parent, {1: output, 2: output, keeps: keeps})
            work()
        except BaseException:  # noqa: BLE001  # nothing of this copy may go on as the parent does
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(output)
    return Child(pid, output_fd)


def _enter(how: Confinement, parent: int, descriptors: Mapping[int, int]) -> None:
    """Confine this process, which is a copy of its parent."""
    os.setsid()
    die_with_parent()
    if os.getppid() != parent:  # the parent died before we asked to be told
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _keep_only({0: os.open(os.devnull, os.O_RDONLY), **descriptors})
    os.chdir(how.folder)
    os.environ.update(how.environment)  # what is there already was built from scratch or set by libraries
    tempfile.tempdir = None  # the parent may have set it
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, how.limits.cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, how.limits.file_bytes)
    _limit(resource.RLIMIT_NOFILE, how.limits.open_files)
    if how.limits.memory_bytes is not None:
        _limit(resource.RLIMIT_AS, how.limits.memory_bytes)


def _keep_only(descriptors: Mapping[int, int]) -> None:
    """Give open files the numbers that the keys name, and close all other files."""
    for number, fd in descriptors.items():
        os.dup2(fd, number)
    for path in list(Path("/dev/fd").iterdir()):
        if int(path.name) not in descriptors:
            with contextlib.suppress(OSError):  # that of the listing itself is already closed
                os.close(int(path.name))


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (allowed, allowed))


def adopt_descendants() -> None:
    """Become the parent of every orphan below this process, so that a daemon cannot leave the tree."""
    _prctl()(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when its parent ends, where the system supports that."""
    _prctl()(PR_SET_PDEATHSIG, signal.SIGKILL)


def outlive_parent() -> None:
    """Undo `die_with_parent`."""
    _prctl()(PR_SET_PDEATHSIG, 0)


def is_alone() -> bool:
    """Is this process single-threaded when it is copied? OpenBLAS, for one, ends its threads before that."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _prctl() -> Callable[[int, int], int]:
    """Return Linux's `prctl`, or a function that does nothing where there is none."""
    if sys.platform != "linux":
        return lambda _option, _value: 0
    function = ctypes.CDLL(None, use_errno=True).prctl
    return lambda option, value: int(function(option, value, 0, 0, 0))


def kill_descendants(*, within_seconds: float = 2.0) -> None:
    """Kill all processes below this one: orphans come to us, so it is enough to kill children."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        for child in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.005)


def _children() -> list[int]:
    """Return the processes whose parent we are, as far as `/proc` tells."""
    me = str(os.getpid())
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if fields[1] == me:
                found.append(int(stat.parent.name))
    return found

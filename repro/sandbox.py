"""Confinement of the process that runs an experiment: what it may see, use and leave behind.

Tier S0, which any Python on POSIX can give: a session of its own, an environment made from nothing, resource
limits, a private folder. On Linux the process also dies with its parent, and every descendant is found and
killed, daemons too. Nothing here knows tasks or results. A stronger tier changes `launch`, not its callers.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Tier = Literal["S0", "S1", "S2", "S3"]
GIBIBYTE = 2**30
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
CUDA_NEEDS = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES")


@dataclass(frozen=True)
class Limits:
    """What a confined process may use; nothing of what it may read or reach.

    Attributes:
        memory_bytes: Address space, or no limit, because CUDA reserves far more than it uses.
        cpu_seconds: Processor time; a backstop behind the wall timeout of whoever waits.
        file_bytes: Largest file.
        open_files: Open file descriptors.
    """

    memory_bytes: int | None
    cpu_seconds: int
    file_bytes: int = GIBIBYTE
    open_files: int = 256


@dataclass(frozen=True)
class Confinement:
    """How a command is to be started.

    Attributes:
        tier: The strength; only S0 exists so far.
        environment: All variables that the process sees.
        limits: What it may use.
        folder: Its private working folder, also for temporary files.
    """

    tier: Tier
    environment: Mapping[str, str]
    limits: Limits
    folder: Path


KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}
"""Lets glibc keep freed memory for the next step of training, instead of asking the system anew each time."""


def environment(folder: Path, *, threads: int, device: str = "cpu") -> dict[str, str]:
    """Return an environment made from an allow-list, so that no secret and no setting leaks in.

    Args:
        folder: Private folder, home and place for temporary files.
        threads: Threads of each numerical library.
        device: Other devices than `cpu` keep the variables that find their libraries.
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
    }
    if device == "cpu":
        return fixed
    kept = {name: os.environ[name] for name in CUDA_NEEDS if name in os.environ}
    return {**fixed, **kept, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}  # without it cuBLAS is not deterministic


def launch(
    command: Sequence[str], confinement: Confinement, *, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a command under a confinement; its output and errors come together on `stdout`.

    The caller must be single-threaded, because the limits are set between fork and exec.
    """
    return subprocess.Popen(  # see above: no other thread exists that could hold a lock
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        cwd=confinement.folder,
        env=dict(confinement.environment),
        pass_fds=tuple(pass_fds),
        start_new_session=True,
        preexec_fn=_entry(confinement.limits, os.getpid()),  # noqa: PLW1509  # the caller has one thread
    )


def _entry(limits: Limits, parent: int) -> Callable[[], None]:
    """Return what the child does to itself before it becomes the command."""
    prctl = _prctl()

    def enter() -> None:
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
        _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
        _limit(resource.RLIMIT_NOFILE, limits.open_files)
        if limits.memory_bytes is not None:
            _limit(resource.RLIMIT_AS, limits.memory_bytes)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before we asked to be told
            os._exit(1)

    return enter


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (allowed, allowed))


def adopt_descendants() -> None:
    """Become the parent of every orphan below this process, so that a daemon cannot leave the tree."""
    _prctl()(PR_SET_CHILD_SUBREAPER, 1)


def _prctl() -> Callable[[int, int], int]:
    """Return Linux's `prctl`, or where there is none a function that does nothing."""
    if sys.platform != "linux":
        return lambda _option, _value: 0
    function = ctypes.CDLL(None, use_errno=True).prctl
    return lambda option, value: int(function(option, value, 0, 0, 0))


def kill_descendants(*, within_seconds: float = 2.0) -> None:
    """Kill all processes below this one: orphans come to us, so killing children until none is left does."""
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
    """Return the processes whose parent we are, where `/proc` tells."""
    me = str(os.getpid())
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if fields[1] == me:
                found.append(int(stat.parent.name))
    return found

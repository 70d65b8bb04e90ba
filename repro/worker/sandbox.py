"""Confinement of the process that runs an experiment: what it may see, use and leave behind.

At every tier the process has a session of its own, an environment built from scratch, resource limits, a
private folder, and no file descriptors but its own. On Linux it also dies with its parent, and every
descendant, daemons included, is found and killed. The process starts as a copy of its parent, which must be
single-threaded, and confines itself before doing anything else; what it then runs may be code that is already
loaded or a new program. `repro.worker.tiers` says what each tier adds and which one holds on this machine.
Nothing here knows tasks or results.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kb.evidence.record import Tier
from repro.worker import kernel, landlock, namespaces, seccomp

GIBIBYTE = 2**30
MOST_FILES = 2**20
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2  # linux/capability.h
CUDA_NEEDS = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES")


@dataclass(frozen=True)
class Limits:
    """What a confined process may use; this says nothing about what it may read or reach.

    Attributes:
        memory_bytes: Address space, or None for no limit, because CUDA reserves far more than it uses.
        cpu_seconds: Processor time; a backstop behind the caller's wall timeout.
        file_bytes: Largest file; at tier S3 also the size of the private folder.
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
        tier: What it is kept from, see `repro.worker.tiers`; the rest is for the tiers that need it.
        reads: Files and folders that it may read.
        devices: Devices that it may read and write.
        programs: What it may become; empty if it goes on as a copy of its parent.
        lists: Folders in which it may read names, for a program that imports from them.
    """

    environment: Mapping[str, str]
    limits: Limits
    folder: Path
    tier: Tier
    reads: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()
    programs: tuple[Path, ...] = ()
    lists: tuple[Path, ...] = ()


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
    _keep_to(how, descriptors)


def _keep_to(how: Confinement, descriptors: Mapping[int, int]) -> None:
    """Add what the tier adds; what the system does not allow is an error, never a weaker tier.

    Raises:
        OSError: The tier does not work here.
    """
    if how.tier == "S3":
        namespaces.enter(
            reads=(*how.reads, *how.programs),
            devices=how.devices,
            folder=how.folder,
            folder_bytes=how.limits.file_bytes,
            open_files=max(descriptors),
        )
    if how.tier in ("S2", "S3"):
        landlock.restrict(
            reads=how.reads,
            writes=(how.folder,),
            devices=how.devices,
            programs=how.programs,
            lists=how.lists,
        )
    if how.tier != "S0":
        kernel.drop_capabilities(keeping=(CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH))
        seccomp.install(may_start_programs=bool(how.programs))


def _keep_only(descriptors: Mapping[int, int]) -> None:
    """Give open files the numbers that the keys name, and close all other files."""
    for number, fd in descriptors.items():
        os.dup2(fd, number)
    lowest = 0
    for number in sorted(descriptors):
        if lowest < number:  # an empty range would close everything
            os.closerange(lowest, number)
        lowest = number + 1
    os.closerange(lowest, _most_files())


def _most_files() -> int:
    """Return how many numbers open files may have; on Linux, one call closes all of them."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (allowed, allowed))


def adopt_descendants() -> None:
    """Become the parent of every orphan below this process, so that a daemon cannot leave the tree."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when its parent ends, where the system supports that."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def outlive_parent() -> None:
    """Undo `die_with_parent`."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)


def hide() -> None:
    """Keep memory, variables and open files of this process and its copies from the user's other processes.

    Root sees them nevertheless.
    """
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def is_alone() -> bool:
    """Is this process single-threaded when it is copied? OpenBLAS, for one, ends its threads before that."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return len(list(Path("/proc/self/task").iterdir())) == 1


@contextlib.contextmanager
def without_survivors() -> Iterator[None]:
    """Have nothing that is started meanwhile survive, even if the worker that should end it was killed.

    This process and its children cannot be looked into meanwhile by others of the same user.
    """
    before = frozenset(_children())
    hide()
    adopt_descendants()
    try:
        yield
    finally:
        kill_descendants(sparing=before)


def kill_descendants(*, within_seconds: float = 2.0, sparing: Collection[int] = ()) -> None:
    """Kill all processes below this one: orphans come to us, so it is enough to kill children.

    Args:
        within_seconds: When to give up on processes that keep forking.
        sparing: Children to be left alone.
    """
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        found = [child for child in _children() if child not in sparing]
        for child in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        ended = 0
        for child in found:
            with contextlib.suppress(ChildProcessError):
                ended |= os.waitpid(child, os.WNOHANG)[0]
        if not found:
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

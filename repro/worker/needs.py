"""What the process that measures must be able to read: the system's libraries, Python, the lab, one script.

Evidence, claims, other scripts and everybody's own files are not among it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2]
"""The folder that holds our own packages."""
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
OWN = ("kb", "repro/lab", "repro/worker")
"""Our folders that a worker imports from, or reads to name a test version; of `repro/` only its modules."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
GPU_READS = (
    "/proc/driver/nvidia",
    "/proc/devices",
    "/proc/self",
    "/sys",
    "/etc/OpenCL",
    "/run/nvidia-persistenced",
)
GPU_DEVICES = ("nvidia*", "dri", "kfd")


def reads(script: Path | None) -> tuple[Path, ...]:
    """Return the files and folders that must be readable, whether they exist or not.

    Args:
        script: The experiment; None asks only for what every experiment needs.
    """
    found = [*map(Path, SYSTEM), Path(sys.base_prefix), Path(sys.prefix), *_libraries()]
    own = [*(PACKAGES / name for name in OWN), *PACKAGES.glob("repro/*.py")]
    own += [] if script is None else [script]
    found += own
    absolute = [path.absolute() for path in found]
    return tuple(dict.fromkeys([*absolute, *(path.resolve() for path in absolute)]))


def _libraries() -> Iterator[Path]:
    """Return the folders that Python imports from, without that of the project."""
    for text in sys.path:
        path = Path(text)
        if text and path.is_absolute() and path.exists() and not PACKAGES.is_relative_to(path.resolve()):
            yield path


def devices(device: str) -> tuple[Path, ...]:
    """Return what is read and written besides files.

    Args:
        device: A torch device such as `cpu` or `cuda`.
    """
    always = tuple(map(Path, DEVICES))
    if device == "cpu":
        return always
    return (*always, *(path for pattern in GPU_DEVICES for path in sorted(Path("/dev").glob(pattern))))


def programs() -> tuple[Path, ...]:
    """Return what the process that measures becomes where it cannot be a copy: Python, and what loads it."""
    loaders = [*Path("/lib64").glob("ld-linux*"), *Path("/lib").glob("ld-*")]
    return tuple(dict.fromkeys(path.resolve() for path in (Path(sys.executable), *loaders)))


def gpu_reads(device: str) -> tuple[Path, ...]:
    """Return what the libraries of a GPU read besides; nothing for the processor."""
    return () if device == "cpu" else tuple(map(Path, GPU_READS))

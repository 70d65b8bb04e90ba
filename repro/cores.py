"""How many cores this process may use: those that it is bound to, but not more than its quota pays for.

A container is often limited by a quota of its control group and still sees every core of its machine. The
formats are those of the kernel's documents, `admin-guide/cgroup-v2` (`cpu.max`) and `scheduler/sched-bwc`
(`cpu.cfs_quota_us` of version 1); a group's quota holds for everything below it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def available_cores(root: Path = _ROOT) -> int:
    """Return how many cores this process may use, at least one.

    Args:
        root: The folder that holds `proc` and `sys`.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound, *(int(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Yield the quota of every control group above this process, in cores."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux, or no control groups
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        for above in (PurePosixPath(group), *PurePosixPath(group).parents):
            inside = above.relative_to("/")
            with suppress(OSError, ValueError, ZeroDivisionError):  # no such file, or no limit
                if not controllers:
                    yield _quota(root / "sys/fs/cgroup" / inside)
                elif "cpu" in controllers.split(","):
                    yield _quota_of_version_1(root / "sys/fs/cgroup/cpu" / inside)


def _quota(group: Path) -> float:
    """Return the quota of a control group in cores; `max` in the place of a number is a ValueError."""
    quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()
    return int(quota) / int(period)


def _quota_of_version_1(group: Path) -> float:
    quota = int((group / "cpu.cfs_quota_us").read_text(encoding="utf-8"))
    if quota < 0:
        raise ValueError("no limit")
    return quota / int((group / "cpu.cfs_period_us").read_text(encoding="utf-8"))

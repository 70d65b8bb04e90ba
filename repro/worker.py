"""The unit of work as one command: measure some blocks of one arm, confined and watched.

    python -I -B -X utf8 -m repro.worker FILE ARM BLOCKS --protocol HASH ... --result-fd FD

This process measures nothing itself. It starts `repro.measuring` under a confinement, passes its lines on,
and ends it with all its descendants when it takes too long, writes too much, when it is told to stop, or when
whoever reads the lines is gone. SIGINT stops after the running block, SIGTERM at once. So every engine gets
the same care by launching one command.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from repro import sandbox
from repro.keeper import Keeper
from repro.task import Task, arguments, parse

MEASURING_FLAGS = ("-P", "-s", "-B", "-X", "utf8")
"""As isolated as `-I`, which would ignore PYTHONHASHSEED; no other variable of Python's is ever passed."""


def main(argv: Sequence[str]) -> int:
    """Measure the task that the arguments name and return the exit code."""
    task, result_fd = parse(argv)
    keeper = Keeper(task.blocks, result_fd, timeout_seconds=task.timeout_seconds)
    with tempfile.TemporaryDirectory(prefix="assay-", ignore_cleanup_errors=True) as folder:
        command = (sys.executable, *MEASURING_FLAGS, "-m", "repro.measuring", *arguments(task))
        return keeper.keep(command, confinement(task, Path(folder)))


def confinement(task: Task, folder: Path) -> sandbox.Confinement:
    """Return how the process that measures a task is confined."""
    cpu_seconds = int(task.timeout_seconds * task.threads * len(task.blocks)) + 60
    memory_bytes = task.memory_bytes if task.device == "cpu" else None
    return sandbox.Confinement(
        tier="S0",
        environment=sandbox.environment(folder, threads=task.threads, device=task.device),
        limits=sandbox.Limits(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds),
        folder=folder,
    )


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))

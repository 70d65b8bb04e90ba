"""The unit of work as one command: measure some blocks of one arm, confined and watched.

    python -I -B -X utf8 -m repro.worker FILE ARM BLOCKS --version HASH ... --result-fd FD

Every engine gets the same safeguards by launching this command. This module only prepares it: threads, hash
seed and memory settings are read when Python and its libraries start, so the process becomes
`repro.worker.server`, in an environment built from scratch, with all its descriptors and the same process id.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from repro.worker import sandbox
from repro.worker.task import Task, parse

FLAGS = ("-P", "-s", "-B", "-X", "utf8")
"""As isolated as `-I`, which would ignore PYTHONHASHSEED; no other Python variable is ever passed on."""
HOMELESS = Path("/nonexistent")


def main(argv: Sequence[str]) -> NoReturn:
    """Become the process that carries out the task named by the arguments."""
    command = (sys.executable, *FLAGS, "-m", "repro.worker.server", *argv)
    os.execve(command[0], command, environment(parse(argv).task))  # noqa: S606  # no shell is wanted


def environment(task: Task) -> dict[str, str]:
    """Return the worker's own variables: it has no home, and makes private folders where the caller would."""
    made = sandbox.environment(HOMELESS, threads=task.threads, device=task.device, capability=task.capability)
    return {**made, "TMPDIR": tempfile.gettempdir()}


if __name__ == "__main__":
    main(sys.argv[1:])

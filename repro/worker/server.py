"""The worker itself: it loads torch once, and has each task measured by a fresh copy of itself.

This process measures nothing. The child that does is a copy of it, confines itself, and ends with its
task: nothing that one experiment does to its process, be it to torch, to the environment or with threads, is
left for the next. This process passes the child's lines on, and ends it with all its descendants when it
takes too long, writes too much, is told to stop, or when the reader of the lines is gone. SIGINT
stops after the running block, SIGTERM at once.

With `--more-from-stdin` it reports the end of each task on the result pipe and takes the next from standard
input: a line of JSON, the list of arguments. It ends when its input does.

Only a process without other threads can be copied safely. Where that is impossible, and on systems other
than Linux, whose libraries may not survive a copy, each task starts `repro.worker.measure` as a new program.
"""

from __future__ import annotations

import gc
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from kb.evidence.record import Tier
from repro.worker import needs, private, sandbox, tiers
from repro.worker.command import FLAGS
from repro.worker.failures import end_line, failure_line
from repro.worker.receiver import Receiver
from repro.worker.task import Task, arguments, parse
from repro.worker.watcher import Watcher, has_reader

Measuring = Callable[[Task, int], NoReturn]
"""Turns a confined child into the process that measures a task and writes lines to a file descriptor."""


def main(argv: Sequence[str]) -> int:
    """Measure the task that the arguments name, and any that follow, and return the last one's exit code."""
    order = parse(argv)
    sandbox.die_with_parent()  # until the results are watched, which tells whether anybody is there
    if not has_reader(order.result_fd):
        sys.exit("nothing reads the results")
    private.sweep()
    try:
        tier = chosen(order.task)
    except tiers.TierError as why:
        os.write(order.result_fd, failure_line(order.task.blocks[0], "environment", str(why)))
        return 1
    measuring = loaded(order.task) if sys.platform == "linux" else started
    sandbox.outlive_parent()
    watcher = watched(order.task, order.result_fd, measuring, tier)
    while order.has_more and not watcher.is_told_to_end:
        if not has_reader(order.result_fd):
            break
        os.write(order.result_fd, end_line(watcher.exit_code))
        line = sys.stdin.buffer.readline()
        if not line:
            break
        task = parse(json.loads(line)).task
        if not fits(task, order.task):
            sys.exit(f"this worker was started for {order.task.threads} threads on {order.task.device}")
        watcher = watched(task, order.result_fd, measuring, tier)
    return watcher.exit_code


def chosen(task: Task) -> Tier:
    """Return the tier at which this machine can confine a task as it asks for.

    Raises:
        TierError: It cannot.
    """
    return tiers.chosen(task.sandbox, task.least, script=task.file, device=task.device)


def fits(task: Task, first: Task) -> bool:
    """Can a worker that was started for one task take another?"""
    return task.start == first.start


def loaded(task: Task) -> Measuring:
    """Load what measures, and return how a copy of this process runs it; an alarm guards the loading."""
    signal.alarm(math.ceil(task.timeout_seconds))
    from repro.worker import measure as measuring

    signal.alarm(0)
    gc.freeze()  # otherwise a child's collector would touch, and so copy, every page
    return measuring.run if sandbox.is_alone() else started


def started(task: Task, result_fd: int) -> NoReturn:
    """Become a new program that measures a task."""
    os.set_inheritable(result_fd, True)
    command = (sys.executable, *FLAGS, "-m", "repro.worker.measure", *arguments(task))
    os.execv(command[0], (*command, "--result-fd", str(result_fd)))  # noqa: S606  # no shell is wanted


def watched(task: Task, result_fd: int, measuring: Measuring, tier: Tier) -> Watcher:
    """Have a task measured, confined at a tier, and return who watched."""
    seconds, receive = task.timeout_seconds, Receiver(tier)
    watcher = Watcher(task.blocks, result_fd, timeout_seconds=seconds, receive=receive)
    with private.folder() as folder:
        how = confinement(task, folder, tier, is_started=measuring is started)
        watcher.watch(partial(measuring, task), how)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left to clean up
    return watcher


def confinement(task: Task, folder: Path, tier: Tier, *, is_started: bool = False) -> sandbox.Confinement:
    """Return how the process that measures a task is confined.

    Args:
        task: What is measured.
        folder: Its private folder.
        tier: As `chosen` returns it.
        is_started: Does the process become a new program, rather than go on as a copy?
    """
    cpu_seconds = int(task.timeout_seconds * task.threads * len(task.blocks)) + 60
    memory_bytes = task.memory_bytes if task.device == "cpu" else None
    return tiers.confinement(
        tier,
        folder,
        script=task.file,
        device=task.device,
        environment=sandbox.environment(
            folder, threads=task.threads, device=task.device, capability=task.capability
        ),
        limits=sandbox.Limits(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds),
        programs=needs.programs() if is_started else (),
    )


if __name__ == "__main__":
    os.umask(0o077)
    sandbox.hide()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if it is ignored, a child's exit status is lost
    os._exit(main(sys.argv[1:]))  # shutting torch down properly takes longer than many blocks do

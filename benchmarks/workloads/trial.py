"""One measurement: fork processes that each train some of the seeds, together; the slowest counts."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from typing import Any

import torch

from .task import Task, Variant

WARM_STEPS = 3
"""How many steps precede the clock, for what torch and the processor do only once."""


def seconds(variant: Variant, task: Task, *, processes: int, threads: int, fraction: float) -> float:
    """Return wall seconds of training all seeds for all steps of a task, JAX's compilation included.

    The processes are forked from one that has imported torch and made the data, but computed nothing else.

    Args:
        variant: How to train.
        task: All seeds and steps.
        processes: How many processes share the seeds.
        threads: How many threads each process has.
        fraction: Share of the variant's own share of steps that is timed.
    """
    context = multiprocessing.get_context("fork")
    steps = max(2, round(variant.fraction * fraction * task.order.shape[1]))
    share = len(task.x) // processes
    gate = context.Barrier(processes)
    pipes = []
    for place in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        part = task.part(slice(place * share, (place + 1) * share), steps)
        work = context.Process(target=_child, args=(variant, part, threads, place, gate, theirs))
        work.start()
        theirs.close()
        pipes.append((work, ours))
    taken = [ours.recv() for _, ours in pipes]
    for work, _ in pipes:
        work.join()
    scale = task.order.shape[1] / steps
    return max(build + train * scale for build, train in taken)


def _child(  # noqa: PLR0917  # multiprocessing passes by position
    variant: Variant, task: Task, threads: int, place: int, gate: Any, result: Connection
) -> None:
    torch.set_num_threads(threads)
    if variant.is_jax:
        _hold_jax(threads, place)
        function, arguments = variant.train(task)
    else:
        variant.train(task.part(slice(None), WARM_STEPS))
    gate.wait()
    if variant.is_jax:
        result.send(timed_jax(function, arguments))
    else:
        started = time.perf_counter()
        variant.train(task)
        result.send((0.0, time.perf_counter() - started))


def timed_jax(function: Any, arguments: Any) -> tuple[float, float]:
    """Return the seconds of compiling and of running."""
    import jax

    started = time.perf_counter()
    compiled = jax.jit(function).lower(*arguments).compile()
    built = time.perf_counter()
    jax.block_until_ready(compiled(*arguments))
    return built - started, time.perf_counter() - built


def _hold_jax(threads: int, place: int) -> None:
    """Give JAX as many threads as requested: it makes one for every core that it sees at its start."""
    everywhere = os.sched_getaffinity(0)
    cores = sorted(everywhere)
    os.sched_setaffinity(0, [cores[(place * threads + k) % len(cores)] for k in range(threads)])
    import jax

    jax.devices()
    os.sched_setaffinity(0, everywhere)

"""One more try for blocks that were lost to the machine, whatever engine lost them.

A failure of the infrastructure says nothing about the experiment. An exception, a bad result or a missing
environment would be the same again, and is never tried a second time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from kb.evidence.ledger import Attempt
from repro.engines import Engine, Event, Failed, Measured
from repro.engines.parts.interrupts import Interrupts
from repro.worker.failures import INFRASTRUCTURE
from repro.worker.task import Task


def retrying(engine: Engine, queue: deque[Task], *, jobs: int, interrupts: Interrupts) -> Generator[Event]:
    """Have an engine work a queue off; a lost block is tried again, with those that were to follow it.

    Failures say whether they are tried again, measurements which attempts it took. Closing the iterator
    closes the engine's.

    Args:
        engine: Yields each block once.
        queue: As the engine takes it; lost blocks are put back at its front.
        jobs: As the engine takes it.
        interrupts: As the engine takes it.
    """
    lost: defaultdict[Task, list[Attempt]] = defaultdict(list)
    with closing(engine.run(queue, jobs=jobs, interrupts=interrupts)) as events:
        for event in events:
            if isinstance(event, Measured):
                measured = Attempt(status="measured", seconds=event.measurement.seconds)
                earlier = lost[_only(event.task, event.measurement.block)]
                yield event._replace(attempts=(*earlier, measured))
            elif isinstance(event, Failed) and event.kind in INFRASTRUCTURE:
                attempts = lost[_only(event.task, event.block)]
                attempts.append(Attempt(status=event.kind, seconds=event.seconds))
                will_retry = len(attempts) == 1
                if will_retry:
                    queue.appendleft(replace(event.task, blocks=(event.block, *event.not_begun)))
                yield event._replace(will_retry=will_retry)
            else:
                yield event


def _only(task: Task, block: int) -> Task:
    """Return a task of one block, which is the same however blocks are dealt out to workers."""
    return replace(task, blocks=(block,))

"""One more attempt at blocks that were lost to the machine, whichever engine lost them.

A failure of the infrastructure says nothing about the experiment. An exception, a bad result or a missing
environment would only be repeated, and is never tried a second time.
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
    """Have an engine work through a queue; a lost block is tried again, with those that were to follow it.

    Failures say whether they will be tried again, measurements which attempts they took. Closing the iterator
    closes that of the engine.

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
    """Return a task of one block, which is the same however blocks are distributed to workers."""
    return replace(task, blocks=(block,))

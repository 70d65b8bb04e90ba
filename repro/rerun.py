"""Measure blocks again that count, and store what comes out beside them as replays."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.evidence.ledger import Evidence, Ledger
from kb.evidence.record import Tier
from kb.evidence.replays import Agreement, agreement
from kb.reading.base import Base
from kb.records.protocol import Setting
from repro import ledger as store
from repro import provenance
from repro.engines import Engine, Failed, Measured
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from repro.run import as_evidence
from repro.worker.task import Choice, Task


@dataclass(frozen=True)
class Chosen:
    """A block that counts, with the setting that it was measured at."""

    piece: Evidence
    setting: Setting


@dataclass(frozen=True)
class Replayed:
    """A block that was measured again.

    Attributes:
        path: Where the replay is stored; empty if it could not be saved.
        unsaved: Why it could not be saved.
    """

    piece: Evidence
    again: Evidence
    agreement: Agreement
    path: str
    unsaved: str = ""


def choose(base: Base, ledger: Ledger, experiments: Collection[str], count: int) -> list[Chosen]:
    """Return blocks at random among those that count today, without those that need a GPU.

    Args:
        base: All records and scripts.
        ledger: All evidence.
        experiments: Names of scripts.
        count: How many blocks; all of them where there are fewer.
    """
    counting = [
        Chosen(piece, setting)
        for name in sorted(experiments)
        for setting in base.settings(name)
        for piece in ledger.counting(name, base.scripts[name].version_at(setting)).values()
        if piece.arm in base.scripts[name].arms and not piece.machine.gpu
    ]
    chosen = random.SystemRandom().sample(counting, min(count, len(counting)))
    return sorted(chosen, key=lambda each: (each.piece.experiment, each.piece.arm, each.piece.block))


def rerun(
    base: Base,
    ledger: Ledger,
    chosen: Collection[Chosen],
    *,
    root: Path,
    commit: provenance.Commit,
    engine: Engine,
    interrupts: Interrupts,
    jobs: int,
    timeout_seconds: float,
    memory_bytes: int,
    sandbox: Choice,
    least: Tier,
) -> Iterator[Replayed | Failed]:
    """Measure blocks again, store each as a replay, and yield how it agrees, or why it has no values.

    Each is measured with the threads and the vector instructions that its piece names, so that the bits can
    be equal wherever the machine has them.
    """
    lock, pieces = provenance.lock(root), {}
    for each in chosen:
        script, piece = base.scripts[each.piece.experiment], each.piece
        version = script.version_at(each.setting)
        task = Task(
            file=(root / script.path).resolve(),
            arm=piece.arm,
            blocks=(piece.block,),
            version=version,
            seeds_from=None if ledger.origin(version) == version else ledger.origin(version),
            scale=each.setting.base,
            overrides=tuple(script.overrides_of(each.setting).items()),
            replication=piece.replication,
            threads=piece.machine.threads,
            capability=provenance.capability(piece.machine.capability),
            timeout_seconds=timeout_seconds,
            memory_bytes=memory_bytes,
            sandbox=sandbox,
            least=least,
        )
        pieces[task] = each
    queue = deque(pieces)
    with closing(retrying(engine, queue, jobs=jobs, interrupts=interrupts)) as events:
        for event in events:
            if isinstance(event, Failed) and not event.will_retry:
                yield event
            elif isinstance(event, Measured):
                each = pieces[event.task]
                again = as_evidence(base, event, each.setting, lock=lock, engine=engine.name, commit=commit)
                yield _stored(root, ledger, each.piece, again)


def _stored(root: Path, ledger: Ledger, piece: Evidence, again: Evidence) -> Replayed:
    counting = ledger.counting(piece.experiment, again.version, piece.replication)
    arm = [each for (name, _), each in counting.items() if name == piece.arm]
    how = agreement(piece, again, arm)
    try:
        return Replayed(piece, again, how, store.append(root, again).path)
    except store.LedgerError as error:
        return Replayed(piece, again, how, "", str(error))

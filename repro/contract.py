"""Whether experiments keep their contract, tried before anything of them is explored or recorded.

Each arm is tried once for the code that it runs, with seeds that never count, and at the smaller scale that
the script's TRIAL gives: the contract is about the code. What kept it is remembered in `build/`; code that
has evidence already was tried when that was measured.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from kb.evidence.ledger import Ledger
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.reading.script_syntax import Value
from kb.reading.version import version_of
from repro.engines import Engine, Failed, Measured
from repro.engines.parts.interrupts import Interrupts
from repro.plan import DueBlocks, Options, Plan
from repro.worker.messages import Measurement
from repro.worker.task import Task

FILE = "build/contract.json"
KEPT = 500
"""How many arms are remembered: the latest ones."""
MEASUREMENTS = 4
"""How often a trial measures at most, in place of the one block that the time limit is for."""


class Trial(NamedTuple):
    """What a trial of some arms found.

    Attributes:
        breaches: One for each arm that breaks the contract.
        notes: What was unusual but breaks nothing.
        kept: What names each arm that keeps the contract.
        last: What a worker said last of an arm that keeps it.
    """

    breaches: tuple[Failed, ...] = ()
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    last: Measurement | None = None

    def without_broken(self, due: Plan) -> Plan:
        """Return a plan without the experiments that break the contract."""
        broken = {failed.task.experiment for failed in self.breaches}
        return Plan(due.claims, tuple(s for s in due.steps if s.arm.experiment not in broken), due.waiting)


class _Memory(BaseModel):
    arms: list[str] = []


def untried(base: Base, past: Ledger, due: Plan, root: Path) -> tuple[DueBlocks, ...]:
    """Return a step for each arm that is due, and whose code nobody has tried here or measured before.

    Args:
        base: The records and scripts.
        past: All evidence.
        due: What is due.
        root: The project's folder.
    """
    known = {*_remembered(root).arms}
    found: dict[str, DueBlocks] = {}
    for step in due.steps:
        script = base.scripts[step.arm.experiment]
        is_measured = any(
            piece.arm == step.arm.name
            and (piece.code == script.code or past.is_same(piece.version, step.arm.version))
            for piece in past.of_experiment(script.name)
        )
        if not is_measured and (key := key_of(base, step)) not in known:
            found.setdefault(key, step)
    return tuple(found.values())


def tried(
    base: Base,
    steps: Iterable[DueBlocks],
    options: Options,
    *,
    root: Path,
    interrupts: Interrupts,
    engine: Engine,
    is_reduced: bool = True,
) -> Trial:
    """Try arms; those that keep the contract are to be remembered.

    Whatever else goes wrong, such as an exception, is left to the run, which meets it again.

    Args:
        base: The records and scripts.
        steps: What is to be tried.
        options: Limits of the workers.
        root: The project's folder.
        interrupts: Requests that the user makes meanwhile.
        engine: Launches the workers.
        is_reduced: Try at the scale of the script's TRIAL, where it has one, in place of that of the step.
    """
    keys: dict[Task, str] = {}
    for step in steps:
        script = base.scripts[step.arm.experiment]
        keys[_task(script, step, options, root, script.trial if is_reduced else {})] = key_of(base, step)
    breaches: list[Failed] = []
    notes: dict[str, None] = {}
    kept: list[str] = []
    last = None
    with closing(engine.run(deque(keys), jobs=options.jobs, interrupts=interrupts)) as events:
        for event in events:
            if isinstance(event, Failed) and event.kind == "contract":
                breaches.append(event)
            elif isinstance(event, Measured):
                kept.append(keys[event.task])
                last = event.measurement
                where = f"{event.task.experiment}, arm {event.task.arm}"
                notes.update((f"{where}: {note}", None) for note in event.measurement.notes)
    return Trial(tuple(breaches), tuple(notes), tuple(kept), last)


def remember(root: Path, trial: Trial) -> None:
    """Keep which arms keep the contract, once a run is over: a file that appears before makes it dirty."""
    if trial.kept:
        _remember(root, trial.kept)


def _task(script: Script, step: DueBlocks, options: Options, root: Path, trial: Mapping[str, Value]) -> Task:
    """Return the task of trying an arm; with fields of a trial these replace those of the step's setting."""
    overrides = {**script.overrides_of(step.setting), **trial, **dict(options.overrides)}
    scale = "minimal" if trial else step.setting.base
    return Task(
        file=(root / script.path).resolve(),
        arm=step.arm.name,
        blocks=(0,),
        version=script.version({**script.scales[scale], **overrides}),
        scale=scale,
        overrides=tuple(overrides.items()),
        stream="explore",
        device=options.device,
        threads=options.threads,
        timeout_seconds=MEASUREMENTS * options.timeout_seconds,
        memory_bytes=options.memory_bytes,
        sandbox=options.sandbox,
        least=options.least,
        is_trial=True,
    )


def key_of(base: Base, step: DueBlocks) -> str:
    """Return what names an arm of some code, whatever the scale: the contract is about the code."""
    script = base.scripts[step.arm.experiment]
    return f"{version_of(script.code, {})} {step.arm.name} {script.constant.get(step.arm.name, '')}".rstrip()


def _remembered(root: Path) -> _Memory:
    try:
        return _Memory.model_validate_json((root / FILE).read_bytes())
    except (OSError, ValueError):  # a memory that cannot be read counts as empty
        return _Memory()


def _remember(root: Path, keys: Iterable[str]) -> None:
    arms = [*dict.fromkeys([*_remembered(root).arms, *keys])]
    with contextlib.suppress(OSError):
        path = root / FILE
        path.parent.mkdir(exist_ok=True)
        path.write_text(_Memory(arms=arms[-KEPT:]).model_dump_json() + "\n", encoding="utf-8")

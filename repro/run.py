"""From what is due to evidence: rounds of blocks, each saved the moment it arrives.

An experiment's next round is planned when its last one has ended, from the verdicts so far; other experiments
continue meanwhile. No state is kept outside the ledger, so a run that was interrupted is simply run again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import NamedTuple

from pydantic import ValidationError

from kb.evidence.file import as_file
from kb.evidence.ledger import SCHEMA_VERSION, Evidence, Ledger
from kb.evidence.seeds import block_seeds
from kb.judging.judgement import Judgement, judge_claim
from kb.reading.load import Base
from kb.records.protocol import Setting
from repro import ledger as store
from repro import overheads, provenance
from repro.engines import Engine, Event, Failed, Finished, Measured
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from repro.plan import Arm, DueBlocks, Options, Plan, asked_settings, claims_protocol, plan, shares
from repro.worker.task import Task


class Planned(NamedTuple):
    """Steps were added to the work that is due."""

    steps: tuple[DueBlocks, ...]


class Judged(NamedTuple):
    """A claim was judged on the evidence so far."""

    judgement: Judgement


Observer = Callable[[Event | Planned | Judged], None]


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        ledger: All evidence, this run's included; for an exploration only its own.
        measured: The blocks of this run.
        failures: Blocks without values, except those that succeeded when tried again.
        unsaved: Why measured blocks could not be saved.
        retries: How many failures were tried again.
        notes: What was unusual but caused no failure.
        signal: The signal that stopped the run, if one did.
    """

    ledger: Ledger
    measured: tuple[Evidence, ...]
    failures: tuple[Failed, ...]
    unsaved: tuple[str, ...]
    retries: int
    notes: tuple[str, ...]
    signal: int | None


@dataclass
class _Run:
    """A run in progress."""

    root: Path
    base: Base
    options: Options
    ledger: Ledger
    past: Ledger
    claims: tuple[str, ...]
    observer: Observer
    engine: str
    commit: provenance.Commit
    lock: str
    settings: dict[str, Setting] = field(default_factory=dict)  # by test version
    queue: deque[Task] = field(default_factory=deque)
    open_tasks: Counter[str] = field(default_factory=Counter)
    measured: list[Evidence] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)
    unsaved: list[str] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    retries: int = 0
    watch: overheads.Stopwatch = field(default_factory=overheads.Stopwatch)

    def add(self, steps: tuple[DueBlocks, ...]) -> None:
        """Turn steps into tasks and tell the observer."""
        for step, blocks in shares(steps, self.options.jobs):
            self.settings[step.arm.version] = step.setting
            self.queue.append(self._task(step, blocks))
            self.open_tasks[step.arm.version] += 1
        if steps:
            self.observer(Planned(steps))

    def _task(self, step: DueBlocks, blocks: tuple[int, ...]) -> Task:
        options, script = self.options, self.base.scripts[step.arm.experiment]
        return Task(
            file=(self.root / script.path).resolve(),
            arm=step.arm.name,
            blocks=blocks,
            version=step.arm.version,
            seeds_from=self._seeds_from(step.arm),
            scale=step.setting.base,
            overrides=(*script.overrides_of(step.setting).items(), *options.overrides),
            replication=options.replication,
            stream=options.stream,
            device=options.device,
            threads=options.threads,
            timeout_seconds=options.timeout_seconds,
            memory_bytes=options.memory_bytes,
            sandbox=options.sandbox,
            least=options.least,
        )

    def _seeds_from(self, arm: Arm) -> str | None:
        """Return the version whose seeds an arm continues, if links lead to one."""
        origin = self.ledger.origin(arm.version)
        return None if origin == arm.version else origin

    def on_event(self, event: Event) -> None:
        """Save what was measured, note what failed, and plan an experiment's next round when one is done."""
        self.watch.on_event(event)
        if isinstance(event, Failed) and event.kind == "stopped":  # on request: nothing went wrong
            return
        if isinstance(event, Measured):
            self._on_measured(event)
        elif isinstance(event, Failed):
            self._on_failed(event)
        self.observer(event)
        if isinstance(event, Finished):
            if event.note:
                self.notes[f"{event.task.experiment}, arm {event.task.arm}: {event.note}"] = None
            self._on_finished(event.task)

    def _on_measured(self, event: Measured) -> None:
        try:
            piece = as_evidence(
                self.base,
                event,
                self.settings[event.task.version],
                lock=self.lock,
                engine=self.engine,
                commit=self.commit,
            )
        except ValidationError as error:
            where = f"{event.task.experiment}, arm {event.task.arm}"
            self._refuse(event, f"{where}: no valid evidence: {error.errors()[0]['msg']}")
            return
        filed = as_file(piece)[0]._replace(path="")
        if not self.options.is_exploring:
            try:
                filed = store.append(self.root, piece)
            except store.LedgerError as error:
                self.unsaved.append(f"{piece.experiment}, arm {piece.arm}, block {piece.block}: {error}")
                self.queue.clear()
                return
        for note in event.measurement.notes:
            self.notes[f"{piece.experiment}, arm {piece.arm}: {note}"] = None
        self.measured.append(filed.evidence)
        self.ledger = self.ledger.extended(filed)

    def _refuse(self, event: Measured, message: str) -> None:
        block = event.measurement.block
        self.failures.append(Failed(event.task, block, "contract", message))

    def _on_failed(self, event: Failed) -> None:
        if event.will_retry:
            self.retries += 1
            self.open_tasks[event.task.version] += 1
            return
        self.failures.append(event)
        if event.kind == "environment":  # it would be the same for every task
            self.queue.clear()

    def _on_finished(self, task: Task) -> None:
        self.open_tasks[task.version] -= 1
        if self.open_tasks[task.version] or self.unsaved or self._lacks_environment:
            return
        ids = [claim_id for claim_id in self.claims if task.version in self._versions(claim_id)]
        for claim_id in ids:
            self.observer(Judged(self._judge(claim_id)))
        failed = {Arm(f.task.experiment, f.task.version, f.task.arm) for f in self.failures}
        due = plan(self.base, self.ledger, ids, self.options, past=self.past, failed=failed)
        self.add(tuple(step for step in due.steps if step.arm.version == task.version))

    def _judge(self, claim_id: str) -> Judgement:
        return judge_claim(self.base, self.ledger, claim_id, replication=self.options.replication)

    @property
    def _lacks_environment(self) -> bool:
        return any(failure.kind == "environment" for failure in self.failures)

    def _versions(self, claim_id: str) -> list[str]:
        """Return the test versions of the requested settings of a claim."""
        protocol = claims_protocol(self.base, claim_id)
        script = self.base.scripts[protocol.experiment]
        return [script.version_at(setting) for setting in asked_settings(protocol, self.options)]


def as_evidence(
    base: Base, event: Measured, setting: Setting, *, lock: str, engine: str, commit: provenance.Commit
) -> Evidence:
    """Return a measured block as evidence.

    Args:
        base: The records and scripts of the run.
        event: The block, from a worker.
        setting: At which it was measured.
        lock: Digest of the pinned requirements.
        engine: Name of what launched the worker.
        commit: The checkout that was measured with.

    Raises:
        ValidationError: The block is not valid evidence.
    """
    task, found = event.task, event.measurement
    script = base.scripts[task.experiment]
    return Evidence(
        schema_version=SCHEMA_VERSION,
        experiment=task.experiment,
        version=task.version,
        seeds_from=task.seeds_from,
        code=script.code,
        scale=script.scale_of(setting),
        scale_name=setting.name,
        arm=task.arm,
        block=found.block,
        replication=task.replication,
        seeds=block_seeds(task.origin, found.block, replication=task.replication, stream=task.stream),
        values=found.values,
        curves=found.curves,
        predictions=_digests(base, task.version),
        attempts=event.attempts,
        started=found.started,
        seconds=found.seconds,
        peak_memory_bytes=found.peak_memory_bytes,
        **found.versions._asdict(),
        lock=lock,
        measuring=found.measuring,
        machine=found.machine,
        sandbox=found.sandbox,
        engine=engine,
        runner=provenance.runner_version(),
        commit=commit.sha,
        dirty=commit.is_dirty,
    )


def run(
    base: Base,
    ledger: Ledger,
    due: Plan,
    options: Options,
    observer: Observer,
    *,
    root: Path,
    interrupts: Interrupts,
    engine: Engine,
) -> RunResult:
    """Measure what is due, round after round, until every claim is decided or its seeds are spent.

    Args:
        base: As `repro.plan.asked_base` returns it.
        ledger: All evidence so far.
        due: The first round, as `repro.plan.plan` returns it.
        options: What the user chose.
        observer: Is told of everything that happens, in order.
        root: The project's folder, for its evidence.
        interrupts: Requests that the user makes meanwhile.
        engine: Launches tasks and yields events; blocks lost to a failure of the machine are tried once more.
    """
    start = Ledger() if options.is_exploring else ledger
    commit, lock = provenance.commit(root), provenance.lock(root)
    state = _Run(root, base, options, start, ledger, due.claims, observer, engine.name, commit, lock)
    state.add(due.steps)
    before = process_time()
    with closing(retrying(engine, state.queue, jobs=options.jobs, interrupts=interrupts)) as events:
        for event in events:
            state.on_event(event)
    if options.cluster is None:
        overheads.remember(root, before, state.watch)
    return RunResult(
        ledger=state.ledger,
        measured=tuple(state.measured),
        failures=tuple(state.failures),
        unsaved=tuple(state.unsaved),
        retries=state.retries,
        notes=tuple(state.notes),
        signal=interrupts.stopped_by,
    )


def _digests(base: Base, version: str) -> dict[str, str]:
    """Return the digest of the predictions of every claim that is judged at a test version."""
    return {
        claim_id: protocol.digest
        for claim_id, protocol, script in base.protocols()
        if version in map(script.version_at, protocol.settings)
    }

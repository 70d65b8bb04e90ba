"""Measure what tests an experiment itself: its arms tried, an arm against itself, and labels shuffled.

Nothing here touches the seeds that count. Faults are imitated with values that are there already: what a
script with such a fault would have returned is given to the same trial that every arm passes before its
first block.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.evidence.controls import (
    BLOCKS_IN_SET,
    BLOCKS_WITHOUT_LABELS,
    FIRST_SET,
    SCHEMA_VERSION,
    ControlBlock,
    Controls,
    FiledControls,
    Imitated,
    Mutant,
    ShuffledBlock,
    Tried,
    sets_of,
    shuffled_seeds,
)
from kb.evidence.ledger import Ledger
from kb.evidence.seeds import BLOCK_SIZE, block_seeds
from kb.judging.labels import learner
from kb.judging.stats import is_finite
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.records.claims import Prediction
from kb.records.protocol import Setting
from repro import provenance
from repro.contract import key_of, tried
from repro.engines import Engine, Failed, Measured
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from repro.plan import Arm, DueBlocks, Options
from repro.worker.contract import refuse_breach
from repro.worker.messages import Measurement
from repro.worker.task import TIERS, Task
from repro.worker.values import ContractError, Outcomes

Rows = Mapping[str, Sequence[float]]
"""The values of one arm: for each outcome, one number per seed."""
Measure = Callable[[tuple[int, ...]], Outcomes]
TRIED = tuple(tuple(range(start, start + BLOCK_SIZE)) for start in (0, BLOCK_SIZE))
"""Names for ten seeds whose values are known already: their places."""


@dataclass(frozen=True)
class Due:
    """What is to be measured of one experiment at one setting.

    Attributes:
        untried: Arms that nobody has tried under this version with controls.
        blocks: Blocks on the seeds for exploring, by arm and by number of the set.
        shuffled: Blocks of the first set to measure with shuffled labels, by arm.
    """

    script: Script
    setting: Setting
    version: str
    untried: tuple[str, ...]
    blocks: Mapping[tuple[str, int], tuple[int, ...]]
    shuffled: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Sitting:
    """What came of it.

    Attributes:
        controls: What is to be stored, or None if there is nothing new.
        failures: Blocks and trials without a result.
    """

    due: Due
    controls: Controls | None
    failures: tuple[Failed, ...]


def due(base: Base, ledger: Ledger, experiment: str, sets: int | None) -> Iterator[Due]:
    """Yield what is missing of an experiment at each main setting of its claims that needs no GPU.

    Args:
        base: The records and scripts.
        ledger: All evidence and controls.
        experiment: Name of a script.
        sets: Sets of twenty seeds for each arm; None for one where evidence holds fewer than twenty seeds.
    """
    script = base.scripts[experiment]
    for setting in _settings(base, experiment):
        version = script.version_at(setting)
        files = [each for each in ledger.controls if ledger.is_same(each.controls.version, version)]
        known = {each.arm for filed in files for each in filed.controls.tried}
        yield Due(
            script,
            setting,
            version,
            tuple(arm for arm in script.arms if arm not in known),
            _blocks(base, ledger, script, version, sets),
            {arm: blocks for arm in _learners(base, script) if (blocks := _unshuffled(files, arm))},
        )


def _blocks(
    base: Base, ledger: Ledger, script: Script, version: str, sets: int | None
) -> dict[tuple[str, int], tuple[int, ...]]:
    """Return the blocks that are missing, by arm and number of the set.

    Sets of a version that this one is linked to serve as well; what is compared with shuffled labels must
    have the same seeds, and so the same version.
    """
    files = [each for each in ledger.controls if ledger.is_same(each.controls.version, version)]
    stored = {(each.arm, each.replication, each.block) for each in _every(files)}
    here = {(each.arm, each.block) for each in _every(files, version) if each.replication == FIRST_SET}
    values = ledger.values(script.name, version, script.arms)
    due: dict[tuple[str, int], set[int]] = {}
    for arm in script.arms:
        seeds = max(map(len, values[arm].values()), default=0)
        least = int(seeds < BLOCKS_IN_SET * BLOCK_SIZE) if sets is None else sets
        for number in range(1, least + 1) if arm not in script.constant else ():
            due[arm, number] = {b for b in range(BLOCKS_IN_SET) if (arm, number, b) not in stored}
    for arm in _partners(base, script):
        wanted = {block for block in range(BLOCKS_WITHOUT_LABELS) if (arm, block) not in here}
        due[arm, FIRST_SET] = due.get((arm, FIRST_SET), set()) | wanted
    return {which: tuple(sorted(blocks)) for which, blocks in due.items() if blocks}


def _every(files: Sequence[FiledControls], version: str | None = None) -> Iterator[ControlBlock]:
    for filed in files:
        if version in (None, filed.controls.version):
            yield from filed.controls.blocks


def _learning(base: Base, script: Script) -> Iterator[tuple[Prediction, str]]:
    """Yield each prediction of an experiment's claims that says that an arm does well, and the arm."""
    if not script.may_draw_labels:
        return
    for _, protocol, of in base.protocols():
        if of.name == script.name:
            for prediction in protocol.predictions:
                arm = learner(prediction, script)
                if arm is not None:
                    yield prediction, arm


def _learners(base: Base, script: Script) -> list[str]:
    return list(dict.fromkeys(arm for _, arm in _learning(base, script)))


def _partners(base: Base, script: Script) -> list[str]:
    """Return the arms that keep their labels while another's are shuffled."""
    found = (
        arm for prediction, learns in _learning(base, script) for arm in prediction.arms if arm != learns
    )
    return list(dict.fromkeys(found))


def _unshuffled(files: Sequence[FiledControls], arm: str) -> tuple[int, ...]:
    stored = {each.block for filed in files for each in filed.controls.shuffled if each.arm == arm}
    return tuple(block for block in range(BLOCKS_WITHOUT_LABELS) if block not in stored)


def _settings(base: Base, experiment: str) -> list[Setting]:
    script = base.scripts[experiment]
    mains = [protocol.main for _, protocol, of in base.protocols() if of.name == experiment]
    chosen = mains or list(base.settings(experiment)[:1])
    by_version = {script.version_at(each): each for each in reversed(chosen) if not each.needs}
    return list(reversed(by_version.values()))


def sit(
    base: Base,
    ledger: Ledger,
    wanted: Due,
    options: Options,
    *,
    root: Path,
    commit: str,
    engine: Engine,
    interrupts: Interrupts,
) -> Sitting:
    """Measure what is due of one experiment, and imitate faults with what is then known of it.

    Args:
        base: The records and scripts.
        ledger: All evidence and controls.
        wanted: As `due` yields it.
        options: Limits of the workers.
        root: The project's folder.
        commit: The clean checkout.
        engine: Launches the workers.
        interrupts: Requests that the user makes meanwhile.
    """
    started, start = provenance.now(), provenance.monotonic()
    script = wanted.script
    steps = {
        arm: DueBlocks(Arm(script.name, wanted.version, arm), wanted.setting, (0,), "controls", None, ())
        for arm in wanted.untried
    }
    trial = tried(
        base,
        steps.values(),
        options,
        root=root,
        interrupts=interrupts,
        engine=engine,
        is_reduced=False,  # the controls say at which scale they were taken
    )
    breaches = {failed.task.arm: failed.message for failed in trial.breaches}
    kept = {arm for arm, step in steps.items() if key_of(base, step) in trial.kept}
    found = tuple(Tried(arm=arm, breach=breaches.get(arm, "")) for arm in steps if arm in kept | {*breaches})
    blocks, shuffled, last, failures = _measured(root, wanted, options, engine, interrupts)
    known = {
        each.arm
        for filed in ledger.controls
        if filed.controls.version == wanted.version
        for each in filed.controls.imitated
    }
    rows = _rows(ledger, wanted, blocks)
    imitated = tuple(
        each
        for arm in script.arms
        if arm in rows and arm not in known
        for each in _imitated(script, arm, rows[arm])
    )
    if not (found or blocks or imitated or shuffled):
        return Sitting(wanted, None, failures)
    last = last or trial.last
    versions = last.versions if last else provenance.versions()
    controls = Controls(
        schema_version=SCHEMA_VERSION,
        kind="controls",
        experiment=script.name,
        version=wanted.version,
        code=script.code,
        scale=script.scale_of(wanted.setting),
        scale_name=wanted.setting.name,
        tried=found,
        imitated=imitated,
        blocks=blocks,
        shuffled=shuffled,
        started=started,
        seconds=provenance.monotonic() - start,
        **versions._asdict(),
        lock=provenance.lock(root),
        measuring=(last.measuring if last else None) or provenance.measuring(),
        machine=last.machine if last else provenance.machine(options.threads),
        sandbox=last.sandbox if last else TIERS[0],  # where nothing had to be measured
        engine=engine.name,
        runner=provenance.runner_version(),
        commit=commit,
        dirty=False,
    )
    return Sitting(wanted, controls, failures)


def _measured(
    root: Path, wanted: Due, options: Options, engine: Engine, interrupts: Interrupts
) -> tuple[tuple[ControlBlock, ...], tuple[ShuffledBlock, ...], Measurement | None, tuple[Failed, ...]]:
    """Return the blocks that are due, the last of them as its worker told it, and those that failed."""
    last = None
    blocks: list[ControlBlock] = []
    shuffled: list[ShuffledBlock] = []
    failures: list[Failed] = []
    queue = deque(_tasks(root, wanted, options))
    with closing(retrying(engine, queue, jobs=options.jobs, interrupts=interrupts)) as events:
        for event in events:
            if isinstance(event, Failed) and not event.will_retry:
                failures.append(event)
            elif isinstance(event, Measured):
                last = event.measurement
                if event.task.has_shuffled_labels:
                    shuffled.append(_shuffled(event.task, last))
                else:
                    blocks.append(_block(event.task, last))
    blocks.sort(key=lambda each: (each.arm, each.replication, each.block))
    shuffled.sort(key=lambda each: (each.arm, each.block))
    return tuple(blocks), tuple(shuffled), last, tuple(failures)


def _tasks(root: Path, wanted: Due, options: Options) -> Iterator[Task]:
    script = wanted.script

    def task(arm: str, replication: int, numbers: tuple[int, ...], *, is_shuffled: bool) -> Task:
        return Task(
            file=(root / script.path).resolve(),
            arm=arm,
            blocks=numbers,
            version=wanted.version,
            scale=wanted.setting.base,
            overrides=tuple(script.overrides_of(wanted.setting).items()),
            replication=replication,
            stream="explore",
            timeout_seconds=options.timeout_seconds,
            memory_bytes=options.memory_bytes,
            has_shuffled_labels=is_shuffled,
            sandbox=options.sandbox,
            least=options.least,
        )

    for (arm, replication), numbers in wanted.blocks.items():
        yield task(arm, replication, numbers, is_shuffled=False)
    for arm, numbers in wanted.shuffled.items():
        yield task(arm, FIRST_SET, numbers, is_shuffled=True)


def _shuffled(task: Task, found: Measurement) -> ShuffledBlock:
    return ShuffledBlock(
        arm=task.arm,
        block=found.block,
        seeds=shuffled_seeds(task.version, found.block),
        values=found.values,
        data_sets=found.shuffled_sets,
        seconds=found.seconds,
    )


def _block(task: Task, found: Measurement) -> ControlBlock:
    return ControlBlock(
        arm=task.arm,
        replication=task.replication,
        block=found.block,
        seeds=block_seeds(task.version, found.block, replication=task.replication, stream="explore"),
        values=found.values,
        seconds=found.seconds,
    )


def _rows(ledger: Ledger, wanted: Due, blocks: Sequence[ControlBlock]) -> dict[str, Rows]:
    """Return ten values of each outcome for every arm that has them, of evidence or of controls."""
    rows: dict[str, Rows] = {}
    stored = ledger.values(wanted.script.name, wanted.version, wanted.script.arms)
    for arm in wanted.script.arms:
        mine = [each.values for each in blocks if (each.arm, each.replication) == (arm, 1)][:2]
        joined = {name: tuple(v for values in mine for v in values[name]) for name in (mine or [{}])[0]}
        earlier = sets_of(ledger.controls, wanted.version).get(1, {}).get(arm, {})
        for source in (stored[arm], earlier, joined):
            if min(map(len, source.values()), default=0) >= 2 * BLOCK_SIZE:
                rows.setdefault(arm, source)
    return rows


def _imitated(script: Script, arm: str, rows: Rows) -> Iterator[Imitated]:
    """Yield what the trial of arms says of each fault, imitated with the values of an honest arm.

    An arm that declares to be the same for every seed is left out, and so is one whose values lie within the
    resolution of each outcome: a fault there moves nothing that a verdict could see.
    """
    if arm in script.constant or not _is_spread(script, rows):
        return
    for mutant, measure in mutants(rows).items():
        try:
            refuse_breach(arm, script, TRIED, measure)
        except ContractError as error:
            yield Imitated(arm=arm, mutant=mutant, refusal=str(error))
        else:
            yield Imitated(arm=arm, mutant=mutant, refusal="")


def _is_spread(script: Script, rows: Rows) -> bool:
    ends = {name: (min(column), max(column)) for name, column in _finite(rows).items()}
    return any(high - low > script.outcomes[name].resolution for name, (low, high) in ends.items())


def _finite(rows: Rows) -> dict[str, list[float]]:
    """Return the first ten values of each outcome, without what is not finite."""
    columns = {name: [*filter(is_finite, column[: 2 * BLOCK_SIZE])] for name, column in rows.items()}
    return {name: column for name, column in columns.items() if column}


def mutants(rows: Rows) -> dict[Mutant, Measure]:
    """Return for each fault a measurement that has it; seeds are named by their places in `rows`.

    The first gives every seed one value. The second gives the least and the greatest value in turn, whichever
    seeds are asked for. In the third the first seed of a block adds to each value: as much as the values of
    the arm differ, or nothing, as a data set would that all seeds of a block share.
    """
    finite = _finite(rows)
    low, high = ({name: end(column) for name, column in finite.items()} for end in (min, max))

    def constant(seeds: tuple[int, ...]) -> Outcomes:
        return Outcomes({name: (low[name],) * len(seeds) for name in finite}, {}, ())

    def ignoring(seeds: tuple[int, ...]) -> Outcomes:
        ends = (low, high)
        return Outcomes(
            {name: tuple(ends[place % 2][name] for place in range(len(seeds))) for name in finite}, {}, ()
        )

    def sharing(seeds: tuple[int, ...]) -> Outcomes:
        shared = {name: high[name] - low[name] if seeds[0] else 0.0 for name in finite}
        return Outcomes(
            {name: tuple(rows[name][seed] + shared[name] for seed in seeds) for name in finite}, {}, ()
        )

    return {"outcome constant": constant, "seeds ignored": ignoring, "data drawn per block": sharing}

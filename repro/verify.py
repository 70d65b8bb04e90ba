"""Measure again what an earlier test version measured, and link two versions whose values are the same.

A change of code draws fresh seeds. If the code computes what it did before, that would waste evidence: the
new code then measures blocks of every arm again, on the earlier seeds, and a link says what was compared.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kb.evidence.ledger import Evidence, Ledger
from kb.evidence.links import Compared, Link, values_digest
from kb.evidence.record import Tier
from kb.reading.base import Base
from kb.reading.experiment import Script
from kb.records.protocol import Setting
from repro import provenance
from repro.engines import Engine, Failed, Measured
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from repro.worker.messages import Measurement
from repro.worker.task import GIBIBYTE, Choice, Task


@dataclass(frozen=True)
class Options:
    """What the user may choose about a comparison.

    Attributes:
        tolerance: The largest difference that passes, relative to the larger value; 0 requires equal bits.
        blocks: Blocks of every arm that are measured again, if it has that many.
        jobs: The most workers at a time.
        sandbox: The tier of confinement, or `auto` for the strongest that the machine offers.
        least: The weakest tier that is acceptable.
    """

    tolerance: float = 0.0
    blocks: int = 1
    jobs: int = 1
    timeout_seconds: float = 600.0
    memory_bytes: int = 4 * GIBIBYTE
    sandbox: Choice = "auto"
    least: Tier = "S0"


@dataclass(frozen=True)
class Comparison:
    """The blocks to compare for one experiment at one scale.

    Attributes:
        version: Today's test version.
        same_as: The earlier version.
        pieces: Blocks of every arm that both versions have.
        left_out: Arms with evidence that today's script does not have.
    """

    script: Script
    setting: Setting
    version: str
    same_as: str
    pieces: tuple[Evidence, ...]
    left_out: tuple[str, ...]

    @property
    def scale_name(self) -> str:
        """Return the name of the setting."""
        return self.setting.name


class NothingToCompareError(Exception):
    """An experiment has no evidence that could be carried over; the message says why."""


class AmbiguousVersionError(NothingToCompareError):
    """The first digits of a version match several versions."""


def comparisons(
    base: Base,
    ledger: Ledger,
    experiment: str,
    *,
    earlier: Collection[str] | None = None,
    blocks: int = 1,
) -> Iterator[Comparison]:
    """Yield the comparison to make for an experiment at each setting that has evidence.

    Args:
        base: The records and scripts of today.
        ledger: All evidence.
        experiment: Name of a script.
        earlier: First digits of the earlier version, or several such; None means the one measured last.
        blocks: Blocks of every arm.

    Raises:
        NothingToCompareError: No evidence has that version, or no arm is left.
    """
    script, is_found = base.scripts[experiment], False
    for setting in base.settings(experiment):
        scale = script.scale_of(setting)  # which may have gone by another name
        pieces = [
            piece
            for piece in ledger.of_experiment(experiment)
            if piece.scale_name == setting.name or piece.scale == scale
        ]
        version = script.version_at(setting)
        same_as = _earlier(pieces, earlier)
        is_found = is_found or same_as is not None
        if same_as is None or ledger.is_same(same_as, version):
            continue
        if any(piece.version == piece.origin == version for piece in pieces):
            raise NothingToCompareError(
                f"{version[:12]} has evidence on seeds of its own, so it cannot go on"
            )
        yield _comparison(script, setting, ledger, same_as, blocks)
    if not is_found:
        which = " or ".join(earlier or ())
        raise NothingToCompareError(f"no evidence of {experiment}{f' has version {which}' if which else ''}")


def _earlier(pieces: Sequence[Evidence], wanted: Collection[str] | None) -> str | None:
    """Return the version that is meant, among those that have evidence."""
    if wanted is None:
        return max(pieces, key=lambda piece: piece.started).version if pieces else None
    found = sorted({piece.version for piece in pieces if piece.version.startswith(tuple(wanted))})
    if len(found) > 1:
        short = ", ".join(version[:12] for version in found)
        raise AmbiguousVersionError(f"{' or '.join(wanted)} may be {short}; write more digits")
    return found[0] if found else None


def _comparison(script: Script, setting: Setting, ledger: Ledger, same_as: str, blocks: int) -> Comparison:
    chosen: list[Evidence] = []
    arms: dict[str, int] = {}
    replications = sorted({piece.replication for piece in ledger.of_experiment(script.name)})
    for replication in replications:
        counting = ledger.counting(script.name, same_as, replication)
        for (arm, block), piece in sorted(counting.items()):
            if arms.setdefault(arm, replication) == replication and block < blocks and arm in script.arms:
                chosen.append(piece)
    left_out = sorted(arms.keys() - script.arms.keys())
    missing = arms.keys() - {piece.arm for piece in chosen} - set(left_out)
    if not chosen or missing:
        what = ", ".join(sorted(missing)) or "every arm"
        raise NothingToCompareError(f"{script.name} has no first block to measure again of {what}")
    version = script.version_at(setting)
    return Comparison(script, setting, version, same_as, tuple(chosen), tuple(left_out))


class Difference(NamedTuple):
    """Values of one outcome of one arm that are not the same.

    Attributes:
        relative: The largest difference over the larger value; infinite where a number is not finite, or the
            outcome is missing.
        before: The earlier value where it is largest.
        now: Today's.
    """

    arm: str
    block: int
    outcome: str
    relative: float
    before: float
    now: float


@dataclass(frozen=True)
class Outcome:
    """The result of a comparison.

    Attributes:
        link: The link, if all values are the same.
        differences: All that differ, those within the tolerance included.
        failures: Blocks without values.
        is_cut_off: Was the comparison interrupted?
    """

    comparison: Comparison
    link: Link | None
    differences: tuple[Difference, ...]
    failures: tuple[Failed, ...]
    is_cut_off: bool


def compare(
    root: Path,
    ledger: Ledger,
    comparison: Comparison,
    options: Options,
    *,
    commit: str,
    engine: Engine,
    interrupts: Interrupts,
) -> Outcome:
    """Measure the blocks of a comparison again and return the result; nothing is stored.

    Args:
        root: The project's folder.
        ledger: As for `comparisons`.
        comparison: What to compare.
        options: What the user chose.
        commit: The clean checkout.
        engine: Launches the workers.
        interrupts: Requests that the user makes meanwhile.
    """
    started, start = provenance.now(), provenance.monotonic()
    queue = deque(_tasks(root, ledger, comparison, options))
    pieces = {(piece.arm, piece.block): piece for piece in comparison.pieces}
    found: dict[tuple[str, int], Measurement] = {}
    failures: list[Failed] = []
    with closing(retrying(engine, queue, jobs=options.jobs, interrupts=interrupts)) as events:
        for event in events:
            if isinstance(event, Measured):
                found[event.task.arm, event.measurement.block] = event.measurement
            elif isinstance(event, Failed) and not event.will_retry:
                failures.append(event)
    differences = tuple(
        difference for key, now in sorted(found.items()) for difference in _differences(pieces[key], now)
    )
    is_whole = found.keys() == pieces.keys()
    is_near = all(each.relative <= options.tolerance for each in differences)
    is_same = is_whole and (is_near if options.tolerance else not differences)
    link = None
    if is_same:
        link = _link(
            root,
            comparison,
            options,
            compared=tuple(_compared(ledger, piece, found[key]) for key, piece in sorted(pieces.items())),
            measured=next(iter(found.values())),
            started=started,
            seconds=provenance.monotonic() - start,
            commit=commit,
            engine=engine.name,
        )
    return Outcome(comparison, link, differences, tuple(failures), not is_whole and not failures)


def _tasks(root: Path, ledger: Ledger, comparison: Comparison, options: Options) -> Iterator[Task]:
    """Yield a task for each block, with the threads and instructions that measured it before."""
    for piece in comparison.pieces:
        yield Task(
            file=(root / comparison.script.path).resolve(),
            arm=piece.arm,
            blocks=(piece.block,),
            version=comparison.version,
            scale=comparison.setting.base,
            overrides=tuple(comparison.script.overrides_of(comparison.setting).items()),
            replication=piece.replication,
            seeds_from=ledger.origin(comparison.same_as),
            device="cuda" if piece.machine.gpu else "cpu",
            threads=piece.machine.threads,
            capability=provenance.capability(piece.machine.capability),
            timeout_seconds=options.timeout_seconds,
            memory_bytes=options.memory_bytes,
            sandbox=options.sandbox,
            least=options.least,
        )


def _differences(before: Evidence, now: Measurement) -> Iterator[Difference]:
    """Yield the outcomes and curves that differ in a bit, each with its largest difference."""
    was: Mapping[str, Sequence[float]] = before.values | _flat(before.curves)
    is_now: Mapping[str, Sequence[float]] = now.values | _flat(now.curves)
    for name in sorted(was.keys() | is_now.keys()):
        old, new = was.get(name, ()), is_now.get(name, ())
        if len(old) != len(new):
            yield Difference(before.arm, before.block, name, math.inf, math.nan, math.nan)
        elif repr(old) != repr(new):
            pairs = zip(old, new, strict=True)
            relative, a, b = max(((_relative(a, b), a, b) for a, b in pairs), key=lambda each: each[0])
            yield Difference(before.arm, before.block, name, relative, a, b)


def _flat(curves: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(value for curve in of_seeds for value in curve) for name, of_seeds in curves.items()}


def _relative(a: float, b: float) -> float:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.inf
    return abs(a - b) / max(abs(a), abs(b))


def _compared(ledger: Ledger, piece: Evidence, now: Measurement) -> Compared:
    return Compared(
        arm=piece.arm,
        block=piece.block,
        replication=piece.replication,
        evidence=ledger.file_of(piece).sha256,
        before=values_digest(piece),
        now=values_digest(now),
        difference=max((each.relative for each in _differences(piece, now)), default=0.0),
    )


def _link(
    root: Path,
    comparison: Comparison,
    options: Options,
    *,
    compared: tuple[Compared, ...],
    measured: Measurement,
    started: str,
    seconds: float,
    commit: str,
    engine: str,
) -> Link:
    script = comparison.script
    return Link(
        schema_version=1,
        kind="link",
        experiment=script.name,
        version=comparison.version,
        same_as=comparison.same_as,
        code=script.code,
        scale=script.scale_of(comparison.setting),
        scale_name=comparison.scale_name,
        compared=compared,
        left_out=comparison.left_out,
        tolerance=options.tolerance,
        started=started,
        seconds=seconds,
        **measured.versions._asdict(),
        lock=provenance.lock(root),
        measuring=measured.measuring or provenance.measuring(),
        machine=measured.machine,
        sandbox=measured.sandbox,
        engine=engine,
        runner=provenance.runner_version(),
        commit=commit,
        dirty=False,
    )

"""What is due for a claim, and why: pure functions of records, ledger and options; nothing is launched here.

Each requested setting is planned by itself; by default only the main one is. Every arm that a prediction or a
control needs gets two blocks. Then the arms of all undecided predictions and controls get half as many blocks
again, until all are decided or 40 seeds are spent: the rule may look as often as it likes, but at every look
one arm waits for another. If the user asks for a number of seeds, each arm gets exactly that many, whatever
is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import NamedTuple

from kb.evidence.ledger import Evidence, Ledger
from kb.evidence.record import Tier
from kb.evidence.seeds import BLOCK_SIZE, Stream
from kb.judging.judgement import Judgement, SettingJudgement, judge_claims
from kb.judging.verdict import is_decided
from kb.reading.experiment import Script
from kb.reading.load import Base
from kb.reading.script_syntax import Value
from kb.records.claims import Claim, Protocol
from kb.records.protocol import MOST_SEEDS, Setting
from repro.worker.task import GIBIBYTE, Choice

FIRST_BLOCKS = 2
"""Blocks of every arm before anything is judged: with five seeds hardly any interval decides."""
MAX_BLOCKS = MOST_SEEDS // BLOCK_SIZE
EVERY = "all"
"""Name that stands for every setting of a claim."""
Overrides = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Options:
    """What the user may choose about a run.

    Attributes:
        setting: The setting to measure, or `all`; None means the main one of each claim.
        overrides: Fields of the scale set to other values; only when exploring.
        replication: Which independent set of seeds.
        seeds: Seeds of every arm, in fives; None means until decided.
        is_exploring: Draw from the other stream and record nothing.
        jobs: The most workers at a time.
        threads: Threads of each worker.
        engine: Name of the engine that launches workers; None means local, or dask if `cluster` is given.
        cluster: Address of other machines' scheduler, instead of workers on this machine.
        sandbox: The tier of confinement, or `auto` for the strongest that each machine offers.
        least: The weakest tier that is acceptable.
    """

    setting: str | None = None
    overrides: Overrides = ()
    replication: int = 0
    seeds: int | None = None
    is_exploring: bool = False
    device: str = "cpu"
    jobs: int = 1
    threads: int = 1
    timeout_seconds: float = 600.0
    memory_bytes: int = 4 * GIBIBYTE
    engine: str | None = None
    cluster: str | None = None
    sandbox: Choice = "auto"
    least: Tier = "S0"

    @property
    def stream(self) -> Stream:
        """Return which stream the seeds come from."""
        return "explore" if self.is_exploring else "evidence"

    @property
    def has_gpu(self) -> bool:
        """Say whether settings that need a GPU are due, because the user named one."""
        return self.device.startswith("cuda")

    @property
    def blocks(self) -> int | None:
        """Return the number of blocks of every arm that the user asked for, or None."""
        return None if self.seeds is None else min(MAX_BLOCKS, -(-self.seeds // BLOCK_SIZE))


class Arm(NamedTuple):
    """An arm of one experiment at one setting; claims that name the same one share its blocks."""

    experiment: str
    version: str
    name: str


@dataclass(frozen=True)
class DueBlocks:
    """Blocks of one arm that are due.

    Attributes:
        setting: Where the arm is measured.
        reason: Why they are due.
        expected_seconds: Processor seconds of measuring, from past evidence; None if there is none.
        claims: The claims that need them.
    """

    arm: Arm
    setting: Setting
    blocks: tuple[int, ...]
    reason: str
    expected_seconds: float | None
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is due for some claims; more may follow while they are undecided.

    Attributes:
        waiting: Each claim and setting that would be due if there were a GPU.
    """

    claims: tuple[str, ...]
    steps: tuple[DueBlocks, ...]
    waiting: tuple[tuple[str, str], ...] = ()

    @property
    def blocks(self) -> int:
        """Return how many blocks are due."""
        return sum(len(step.blocks) for step in self.steps)


def asked_base(base: Base, options: Options) -> Base:
    """Return the base as the options ask to run it, with some fields of the scales changed."""
    if not options.overrides:
        return base
    overrides = dict(options.overrides)
    scripts = {
        name: replace(script, scales={key: fields | overrides for key, fields in script.scales.items()})
        for name, script in base.scripts.items()
    }
    claims = {claim_id: _without(claim, overrides) for claim_id, claim in base.claims.items()}
    return replace(base, claims=claims, scripts=scripts)


def _without(claim: Claim, fields: Collection[str]) -> Claim:
    """Return a claim whose settings leave some fields as they are in the script."""
    if claim.protocol is None or not any(setting.overrides for setting in claim.protocol.settings):
        return claim
    settings = tuple(
        setting.model_copy(
            update={"scale": {k: v for k, v in setting.overrides.items() if k not in fields} or None}
        )
        if setting.overrides
        else setting
        for setting in claim.protocol.settings
    )
    return claim.model_copy(update={"protocol": claim.protocol.model_copy(update={"settings": settings})})


def asked_settings(protocol: Protocol, options: Options) -> tuple[Setting, ...]:
    """Return the settings of a claim that the options ask for; none if it has none of that name."""
    if options.setting is None:
        return (protocol.main,)
    return tuple(each for each in protocol.settings if options.setting in (EVERY, each.name))


def plan(
    base: Base,
    ledger: Ledger,
    claim_ids: Iterable[str],
    options: Options,
    *,
    past: Ledger | None = None,
    failed: Collection[Arm] = (),
) -> Plan:
    """Return what is due.

    Args:
        base: As `asked_base` returns it.
        ledger: The evidence that counts; empty at the start of an exploration.
        claim_ids: Claims that have a protocol whose script exists.
        options: What the user chose.
        past: Where expected seconds come from, if not from `ledger`.
        failed: Arms on which no more work is to be spent.
    """
    claims = tuple(claim_ids)
    steps: dict[Arm, DueBlocks] = {}
    waiting: list[tuple[str, str]] = []
    for claim_id, judgement in judge_claims(base, ledger, claims, replication=options.replication).items():
        for setting in asked_settings(claims_protocol(base, claim_id), options):
            due = [*_steps(base, ledger, judgement, judgement.at(setting.name), options)]
            if due and setting.needs and not options.has_gpu:
                waiting.append((claim_id, setting.name))
                continue
            for step in due:
                if step.arm not in failed:
                    steps[step.arm] = _merged(steps.get(step.arm), step)
    past = past or ledger
    return Plan(claims, tuple(_with_cost(step, past) for step in steps.values()), tuple(waiting))


def claims_protocol(base: Base, claim_id: str) -> Protocol:
    """Return a claim's protocol.

    Raises:
        ValueError: It has no protocol, so there is nothing to run.
    """
    protocol = base.claims[claim_id].protocol
    if protocol is None:
        raise ValueError(f"claim {claim_id} has no protocol")
    return protocol


def _steps(
    base: Base, ledger: Ledger, judgement: Judgement, found: SettingJudgement, options: Options
) -> Iterator[DueBlocks]:
    protocol = claims_protocol(base, judgement.claim_id)
    present = ledger.counting(protocol.experiment, found.version, options.replication)
    for name, wanted in _wanted_blocks(protocol, found, options).items():
        missing = tuple(block for block in range(wanted) if (name, block) not in present)
        if missing:
            arm = Arm(protocol.experiment, found.version, name)
            reason = _reason(base.scripts[protocol.experiment], found, name, options)
            yield DueBlocks(arm, found.setting, missing, reason, None, (judgement.claim_id,))


def _wanted_blocks(protocol: Protocol, found: SettingJudgement, options: Options) -> dict[str, int]:
    """Return how many blocks each arm is to have, counted from block 0."""
    if options.blocks is not None:
        return dict.fromkeys(protocol.arms, options.blocks)
    wanted = dict.fromkeys(protocol.arms, FIRST_BLOCKS)
    verdict = found.verdict
    if options.is_exploring or verdict is None or is_decided(verdict):
        return wanted
    for finding in (*verdict.findings, *verdict.controls):
        if finding.asks_for_seeds:
            present = finding.seeds // BLOCK_SIZE
            blocks = min(protocol.most_seeds // BLOCK_SIZE, present + max(1, present // 2))
            for arm in finding.arms:
                wanted[arm] = max(wanted[arm], blocks)
    return wanted


def _reason(script: Script, found: SettingJudgement, arm: str, options: Options) -> str:
    if options.is_exploring:
        return "exploring"
    seeds = sum(BLOCK_SIZE for piece in found.evidence if piece.arm == arm)
    if seeds and options.blocks is not None:
        return f"asked for {options.blocks * BLOCK_SIZE} seeds, has {seeds}"
    if seeds:
        is_open = seeds >= FIRST_BLOCKS * BLOCK_SIZE
        return f"undecided after {seeds} seeds" if is_open else f"incomplete, has {seeds} seeds"
    stale = [piece for piece in found.stale if (piece.arm, piece.replication) == (arm, options.replication)]
    if not stale:
        return "missing"
    latest = max(stale, key=lambda piece: piece.started)
    return _staleness(latest, script, found.setting)


def _staleness(piece: Evidence, script: Script, setting: Setting) -> str:
    """Return what changed since a piece of evidence was measured: modules, fields of the scale or both."""
    now = script.code_like(piece.schema_version)
    code = [
        f"{name} {piece.code.get(name, 'absent')[:8]} -> {now.get(name, 'absent')[:8]}"
        for name in sorted(now.keys() | piece.code.keys())
        if piece.code.get(name) != now.get(name)
    ]
    today = script.scale_of(setting)
    fields = [
        f"{name} {piece.scale.get(name)} -> {today.get(name)}"
        for name in sorted(today.keys() | piece.scale.keys())
        if piece.scale.get(name) != today.get(name)
    ]
    return f"stale, changed: {', '.join(fields + code)}"


def _merged(first: DueBlocks | None, second: DueBlocks) -> DueBlocks:
    if first is None:
        return second
    blocks = tuple(sorted({*first.blocks, *second.blocks}))
    return replace(first, blocks=blocks, claims=(*first.claims, *second.claims))


def _with_cost(step: DueBlocks, past: Ledger) -> DueBlocks:
    seconds = past.seconds(step.arm.experiment, step.arm.name, scale_name=step.setting.name)
    return step if seconds is None else replace(step, expected_seconds=seconds * len(step.blocks))


def shares(steps: Iterable[DueBlocks], jobs: int) -> Iterator[tuple[DueBlocks, tuple[int, ...]]]:
    """Yield the blocks that one worker takes, the longest step first, so that no worker is idle at the end.

    If there are more workers than steps, a step's blocks are spread over several.
    """
    ordered = sorted(steps, key=_cost, reverse=True)
    workers = max(1, jobs // max(1, len(ordered)))
    for step in ordered:
        parts = min(workers, len(step.blocks))
        bounds = [len(step.blocks) * i // parts for i in range(parts + 1)]
        yield from ((step, step.blocks[a:b]) for a, b in pairwise(bounds))


def _cost(step: DueBlocks) -> float:
    return inf if step.expected_seconds is None else step.expected_seconds

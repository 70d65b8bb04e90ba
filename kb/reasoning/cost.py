"""What a run would cost in processor seconds: from past blocks, else from its protocol, else unknown."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kb.evidence.ledger import Ledger
from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.judgement import Judgement
from kb.judging.verdict import Verdict, is_decided
from kb.reading.base import Base
from kb.records.claims import Protocol
from kb.records.protocol import Setting

FIRST_BLOCKS = 2
"""Blocks of every arm that a first run measures."""
UNITS = {"s": 1, "second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}
_STATED = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})\b")


class Cost(NamedTuple):
    """Processor seconds and where the number comes from; None if nothing is known."""

    seconds: float | None
    basis: Literal["measured", "stated", "unknown"]


@dataclass(frozen=True)
class Run:
    """An experiment that could bring claims nearer to a verdict.

    Attributes:
        setting: Name of the setting at which it would be run, as its first claim calls it.
        claims: The claims that would be judged anew; arms that they have in common are shared.
        is_main: Is it the main setting of each of them?
        needs_gpu: Is it due only on a machine with a GPU?
        is_written: Does the script exist?
    """

    experiment: str
    setting: str
    claims: tuple[str, ...]
    is_main: bool
    needs_gpu: bool
    is_written: bool
    cost: Cost

    @property
    def options(self) -> str:
        """Return the options that `repro run` needs besides the claim, each with a space before it."""
        setting = "" if self.is_main else f" --setting {self.setting}"
        return f"{setting} --device cuda" if self.needs_gpu else setting


class Due(NamedTuple):
    """A setting of a claim at which running could still bring a verdict."""

    claim_id: str
    protocol: Protocol
    setting: Setting
    verdict: Verdict | None


def is_due(base: Base, judgement: Judgement) -> bool:
    """Could running a claim's protocol, or writing its experiment, still bring a verdict?"""
    return any(_due(base, judgement))


def _due(base: Base, judgement: Judgement) -> Iterator[Due]:
    """Yield the settings of a claim that still wait for a verdict; without a script, only the main one."""
    protocol = base.claims[judgement.claim_id].protocol
    if protocol is None:
        return
    if not judgement.settings and judgement.state in ("not run", "stale", "to be written"):
        yield Due(judgement.claim_id, protocol, protocol.main, None)
    for found in judgement.settings:
        verdict = found.verdict
        if verdict is None or (not is_decided(verdict) and verdict.seeds < protocol.most_seeds):
            yield Due(judgement.claim_id, protocol, found.setting, verdict)


def runs(
    base: Base, ledger: Ledger, judgements: Mapping[str, Judgement], claim_ids: Iterable[str]
) -> tuple[Run, ...]:
    """Return the runs that are due for some claims, one for each experiment and scale."""
    groups: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for claim_id in claim_ids:
        for due in _due(base, judgements[claim_id]):
            script = base.scripts.get(due.protocol.experiment)
            version = script.version_at(due.setting) if script else ""
            groups[due.protocol.experiment, version].append(due)
    found = [_run(base, ledger, experiment, due) for (experiment, _), due in groups.items()]
    return tuple(sorted(found, key=lambda run: (run.experiment, not run.is_main, run.setting)))


def _run(base: Base, ledger: Ledger, experiment: str, due: Sequence[Due]) -> Run:
    return Run(
        experiment,
        due[0].setting.name,
        tuple(each.claim_id for each in due),
        all(each.setting == each.protocol.main for each in due),
        any(each.setting.needs == "cuda" for each in due),
        experiment in base.scripts,
        cost(ledger, due),
    )


def due_blocks(protocol: Protocol, verdict: Verdict | None) -> dict[str, int]:
    """Return how many more blocks each arm likely needs: two for a first look, else enough to decide."""
    if verdict is None:
        return dict.fromkeys(protocol.arms, FIRST_BLOCKS)
    blocks: dict[str, int] = {}
    for part in (*verdict.findings, *verdict.controls):
        if part.asks_for_seeds:
            seeds = min(part.seeds_needed or protocol.most_seeds, protocol.most_seeds)
            more = max(1, -(-seeds // BLOCK_SIZE) - part.seeds // BLOCK_SIZE)
            blocks |= {arm: max(more, blocks.get(arm, 0)) for arm in part.arms}
    return blocks


def cost(ledger: Ledger, due: Sequence[Due]) -> Cost:
    """Return what one run costs for all claims that share an experiment; an arm they share counts once.

    An arm that was never measured is assumed to cost as much as the others of its experiment.

    Args:
        ledger: All evidence, current or not.
        due: The claims that share it; all name one experiment at one scale.
    """
    wanted: dict[str, int] = {}
    for each in due:
        for arm, blocks in due_blocks(each.protocol, each.verdict).items():
            wanted[arm] = max(blocks, wanted.get(arm, 0))
    name, setting = due[0].protocol.experiment, due[0].setting.name
    past = {arm: ledger.seconds(name, arm, scale_name=setting) for arm in wanted}
    known = [seconds for seconds in past.values() if seconds is not None]
    if not known:
        return _stated(each.protocol for each in due)
    usual = statistics.median(known)
    return Cost(sum((past[arm] or usual) * blocks for arm, blocks in wanted.items()), "measured")


def _stated(protocols: Iterable[Protocol]) -> Cost:
    """Return the last time that a plan names, by custom the cost; of several plans, the longest time."""
    found = [_STATED.findall(protocol.planned or "") for protocol in protocols]
    seconds = [float(amounts[-1][0]) * UNITS[amounts[-1][1]] for amounts in found if amounts]
    return Cost(max(seconds), "stated") if seconds else Cost(None, "unknown")

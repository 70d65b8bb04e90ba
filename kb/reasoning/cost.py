"""What a run would cost in processor seconds: from past blocks, else as its protocol states, else unknown."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kb.evidence.ledger import Ledger
from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.judgement import Judgement
from kb.judging.verdict import Verdict, is_decided
from kb.reading.base import Base
from kb.records.claims import Protocol

FIRST_BLOCKS = 2
"""Blocks of every arm that a first run measures."""
UNITS = {"s": 1, "second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}
_STATED = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})\b")


class Cost(NamedTuple):
    """Processor seconds and where the number comes from; no seconds where nothing is known."""

    seconds: float | None
    basis: Literal["measured", "stated", "unknown"]


@dataclass(frozen=True)
class Run:
    """An experiment that could bring claims nearer to a verdict.

    Attributes:
        claims: The claims that would be judged anew; they share the arms they have in common.
        is_written: Does the script exist?
    """

    experiment: str
    claims: tuple[str, ...]
    is_written: bool
    cost: Cost


def is_due(base: Base, judgement: Judgement) -> bool:
    """Could running a claim's protocol, or writing its experiment, still bring a verdict?"""
    protocol = base.claims[judgement.claim_id].protocol
    if protocol is None:
        return False
    verdict = judgement.verdict
    if verdict is None:
        return judgement.state in ("not run", "stale", "to be written")
    return not is_decided(verdict) and verdict.seeds < protocol.most_seeds


def runs(
    base: Base, ledger: Ledger, judgements: Mapping[str, Judgement], claim_ids: Iterable[str]
) -> tuple[Run, ...]:
    """Return the runs that are due for some claims, one for each experiment and scale."""
    groups: dict[tuple[str, str], list[tuple[str, Protocol]]] = defaultdict(list)
    for claim_id in claim_ids:
        protocol = base.claims[claim_id].protocol
        if protocol is not None and is_due(base, judgements[claim_id]):
            groups[protocol.experiment, protocol.scale].append((claim_id, protocol))
    return tuple(
        Run(
            experiment,
            tuple(claim_id for claim_id, _ in due),
            experiment in base.scripts,
            cost(ledger, [(protocol, judgements[claim_id].verdict) for claim_id, protocol in due]),
        )
        for (experiment, _), due in sorted(groups.items())
    )


def due_blocks(protocol: Protocol, verdict: Verdict | None) -> dict[str, int]:
    """Return how many more blocks each arm likely needs: two for a first look, else what is open needs."""
    if verdict is None:
        return dict.fromkeys(protocol.arms, FIRST_BLOCKS)
    blocks: dict[str, int] = {}
    for part in (*verdict.findings, *verdict.controls):
        if part.asks_for_seeds:
            seeds = min(part.seeds_needed or protocol.most_seeds, protocol.most_seeds)
            more = max(1, -(-seeds // BLOCK_SIZE) - part.seeds // BLOCK_SIZE)
            blocks |= {arm: max(more, blocks.get(arm, 0)) for arm in part.arms}
    return blocks


def cost(ledger: Ledger, due: Sequence[tuple[Protocol, Verdict | None]]) -> Cost:
    """Return what one run costs for all claims that share an experiment; an arm they share counts once.

    An arm that was never measured is taken to cost what the others of its experiment cost.

    Args:
        ledger: All evidence, current or not.
        due: Protocol and verdict of each claim; all name one experiment at one scale.
    """
    wanted: dict[str, int] = {}
    for protocol, verdict in due:
        for arm, blocks in due_blocks(protocol, verdict).items():
            wanted[arm] = max(blocks, wanted.get(arm, 0))
    name, scale = due[0][0].experiment, due[0][0].scale
    past = {arm: ledger.seconds(name, arm, scale_name=scale) for arm in wanted}
    known = [seconds for seconds in past.values() if seconds is not None]
    if not known:
        return _stated(protocol for protocol, _ in due)
    usual = statistics.median(known)
    return Cost(sum((past[arm] or usual) * blocks for arm, blocks in wanted.items()), "measured")


def _stated(protocols: Iterable[Protocol]) -> Cost:
    """Return the last time that a plan names, which by custom is the cost; of several plans the longest."""
    found = [_STATED.findall(protocol.planned or "") for protocol in protocols]
    seconds = [float(amounts[-1][0]) * UNITS[amounts[-1][1]] for amounts in found if amounts]
    return Cost(max(seconds), "stated") if seconds else Cost(None, "unknown")

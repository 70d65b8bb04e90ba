"""Replays: blocks that were measured again, and whether they agree with the pieces that count.

A replay never counts. It says whether somebody else's machine, or the same one later, gives what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from kb.evidence.ledger import Evidence, Ledger
from kb.evidence.prediction import is_predicted

Agreement = Literal["exact", "predicted", "different"]
"""Equal bits; else, from another machine or other versions, inside the arm's 99.9 % prediction interval."""


class Replay(NamedTuple):
    """A piece that was measured again, beside the one that counts."""

    counting: Evidence
    again: Evidence
    agreement: Agreement


def replays(ledger: Ledger, experiment: str, version: str, replication: int = 0) -> tuple[Replay, ...]:
    """Return every replay of a test version, in the order of arms and blocks."""
    counting = ledger.counting(experiment, version, replication)
    found = []
    for again in ledger.of_experiment(experiment):
        first = counting.get((again.arm, again.block))
        is_of_test = ledger.is_same(again.version, version) and again.replication == replication
        if is_of_test and first is not None and again is not first:
            arm = [piece for (name, _), piece in counting.items() if name == again.arm]
            found.append(Replay(first, again, agreement(first, again, arm)))
    return tuple(found)


def agreement(counting: Evidence, again: Evidence, arm: Sequence[Evidence]) -> Agreement:
    """Say how a block that was measured again agrees with the piece that counts.

    Args:
        counting: The piece that counts.
        again: The same block, measured again.
        arm: Every counting piece of the arm, whose seeds say what others may give.
    """
    if repr((counting.values, counting.curves)) == repr((again.values, again.curves)):
        return "exact"  # as text, since NaN differs from itself
    is_alike = (counting.version, *counting.surroundings) == (again.version, *again.surroundings)
    if is_alike or counting.values.keys() != again.values.keys():
        return "different"
    known = {name: [value for piece in arm for value in piece.values[name]] for name in counting.values}
    fits = all(is_predicted(known[name], values) for name, values in again.values.items())
    return "predicted" if fits else "different"

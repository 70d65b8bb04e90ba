"""An old id leads to a claim, not back to itself."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.mentions import forwardings
from kb.text.problems import Problem

CODES = {"tombstone-cycle": "Tombstones lead to each other in a circle."}


def check(base: Base) -> Iterator[Problem]:
    """Return one problem for each circle, at the tombstone that is first in the alphabet."""
    for old_id, keys, target in forwardings(base):
        circle = _way_back(base, target, old_id)
        if circle and old_id == min(circle):
            yield base.problem(
                "tombstone-cycle",
                old_id,
                keys,
                found="the circle " + " -> ".join([old_id, *circle]),
                allowed="tombstones that lead to claims, by as many steps as they need",
                advice="name the claim that took the place of the old one",
            )


def _way_back(base: Base, start: str, end: str) -> list[str]:
    """Return the tombstones from one to another, both included, or None if none leads there."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == end:
            return way
        tombstone = base.tombstones.get(way[-1])
        fresh = [target for target in tombstone.targets if target not in seen] if tombstone else []
        seen.update(fresh)
        ways += [[*way, target] for target in fresh]
    return []

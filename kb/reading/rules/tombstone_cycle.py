"""An old id leads to a claim, not back to itself."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.circles import circles
from kb.reading.mentions import forwardings
from kb.text.problems import Problem

CODES = {"tombstone-cycle": "Tombstones lead to each other in a circle."}


def check(base: Base) -> Iterator[Problem]:
    """Return one problem for each set of tombstones that all lead to each other, at the first of them."""
    places = {(old_id, target): keys for old_id, keys, target in forwardings(base)}
    for circle in circles({old_id: tombstone.targets for old_id, tombstone in base.tombstones.items()}):
        first, second = circle.ids[:2]
        yield base.problem(
            "tombstone-cycle",
            first,
            places[first, second],
            found=str(circle),
            allowed="tombstones that lead to claims, by as many steps as they need",
            advice="name the claim that took the place of the old one",
        )

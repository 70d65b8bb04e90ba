"""A number that is a logarithm already is not measured in decades again."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"double-log": "`units: log10` is applied to an outcome in decades."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each `units: log10` on an outcome whose unit is decades."""
    for claim_id, protocol, script in base.protocols():
        for keys, prediction in protocol.bounded:
            outcome = script.outcomes.get(prediction.outcome)
            if outcome and prediction.units != "linear" and outcome.unit.startswith("decades"):
                yield base.problem(
                    "double-log",
                    claim_id,
                    (*keys, "units"),
                    found=f"the log10 of {outcome.name}, which is in decades already",
                    allowed="units: log10 for outcomes that are plain positive numbers",
                    advice="remove units",
                )

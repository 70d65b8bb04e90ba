"""A prediction bounds a number, never a curve."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"curve-outcome": "A prediction bounds a curve."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each prediction on an outcome that is a curve."""
    for claim_id, protocol, script in base.protocols():
        for keys, prediction in protocol.bounded:
            outcome = script.outcomes.get(prediction.outcome)
            if outcome and outcome.is_curve:
                yield base.problem(
                    "curve-outcome",
                    claim_id,
                    (*keys, "outcome"),
                    found=f"the curve {outcome.name}, which is for figures",
                    allowed=", ".join(n for n, known in script.outcomes.items() if not known.is_curve),
                    advice="name an outcome that is one number per seed",
                )

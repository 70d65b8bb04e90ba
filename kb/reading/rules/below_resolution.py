"""A tolerance is not smaller than the resolution of its outcome."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.text.problems import Problem

CODES = {"below-resolution": "The tolerance of an equivalence is below the resolution of its outcome."}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each `within` below the outcome's resolution."""
    for claim_id, protocol, script in base.protocols():
        for keys, prediction in protocol.bounded:
            outcome = script.outcomes.get(prediction.outcome)
            if outcome is None or prediction.within is None or prediction.units != "linear":
                continue
            if prediction.within < outcome.resolution:
                yield base.problem(
                    "below-resolution",
                    claim_id,
                    (*keys, "within"),
                    found=f"the tolerance {prediction.within:g}, below what {outcome.name} can tell",
                    allowed=f"at least the outcome's resolution, {outcome.resolution:g}",
                    advice="widen the tolerance, or measure more finely",
                )

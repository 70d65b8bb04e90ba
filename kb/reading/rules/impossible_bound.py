"""A bound must be one that some values meet and others do not."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.outcomes import Outcome
from kb.records.claims import Prediction
from kb.records.protocol import BOUNDS
from kb.text.problems import Problem

CODES = {
    "impossible-bound": "No value that the outcome can take meets the bound.",
    "empty-bound": "Every value that the outcome can take meets the bound.",
}


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each bound on a share that lies outside the range of a share."""
    for claim_id, protocol, script in base.protocols():
        for keys, prediction in protocol.bounded:
            outcome = script.outcomes.get(prediction.outcome)
            reach = _reach(prediction, outcome) if outcome else None
            if not reach:
                continue
            bound = next(name for name in BOUNDS if getattr(prediction, name) is not None)
            allowed = f"values from {reach[0]:g} to {reach[1]:g}, because the outcome is a share"
            low, high = _ends(prediction)
            if low >= reach[1] or high <= reach[0]:
                found = f"the bound {bound} {_written(prediction, bound)}, which no value can meet"
                advice = "write the bound as a share of 1, not in percent"
                yield base.problem(
                    "impossible-bound", claim_id, (*keys, bound), found=found, allowed=allowed, advice=advice
                )
            elif low < reach[0] and high > reach[1]:
                found = f"the bound {bound} {_written(prediction, bound)}, which every value meets"
                advice = "write a bound that the claim could miss"
                yield base.problem(
                    "empty-bound", claim_id, (*keys, bound), found=found, allowed=allowed, advice=advice
                )


def _written(prediction: Prediction, bound: str) -> str:
    value = getattr(prediction, bound)
    return " to ".join(f"{number:g}" for number in (value if isinstance(value, tuple) else (value,)))


def _reach(prediction: Prediction, outcome: Outcome) -> tuple[float, float] | None:
    """Return the range of a prediction's values if the unit gives one: a share is in 0 to 1."""
    if not outcome.unit.startswith("share of "):
        return None
    if prediction.units != "linear":
        return None if prediction.contrast else (-math.inf, 0.0)
    return (-1.0, 1.0) if prediction.contrast else (0.0, 1.0)


def _ends(prediction: Prediction) -> tuple[float, float]:
    """Return the open interval that must hold the value."""
    if prediction.between:
        return prediction.between
    if prediction.equals is not None and prediction.within is not None:
        return prediction.equals - prediction.within, prediction.equals + prediction.within
    low = -math.inf if prediction.at_least is None else prediction.at_least
    return low, math.inf if prediction.at_most is None else prediction.at_most

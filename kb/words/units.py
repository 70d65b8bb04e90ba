"""How the values of a prediction are told: logarithms as factors, shares and percentages as percent."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kb.reading.outcomes import Outcome
from kb.records.claims import Prediction

Kind = Literal["plain", "factor", "share"]
"""Numbers as they are; logarithms to base ten, told as the factors that they stand for; shares of one."""
DECADES, SHARE_OF, PERCENT, TIMES = "decades", "share of ", "percent", "times"
POINTS = "percentage points"
LARGEST_POWER = 300
"""Factors of more decades than this are shown as infinite."""


class Told(NamedTuple):
    """How values are told.

    Attributes:
        unit: What follows the number; may be empty.
    """

    kind: Kind
    unit: str

    def number(self, value: float) -> float:
        """Return a value as the number that is told."""
        if self.kind == "factor":
            return float(10**value) if value < LARGEST_POWER else float("inf")
        return 100 * value if self.kind == "share" else value


def told(prediction: Prediction, outcome: Outcome) -> Told:
    """Return how the values, the bound and the mean of a prediction are told."""
    is_contrast = len(prediction.arms) > 1
    if prediction.units != "linear":
        return Told("factor", TIMES if is_contrast else outcome.unit)
    return against(outcome) if is_contrast else alone(outcome)


def alone(outcome: Outcome) -> Told:
    """Return how the values of one arm are told."""
    unit = outcome.unit
    if unit == DECADES:
        return Told("factor", "")
    if unit.startswith(f"{DECADES} of "):
        rest = unit.removeprefix(f"{DECADES} of ")
        return Told("factor", f"of {rest}" if rest.startswith("the ") else rest)
    if unit.startswith(SHARE_OF):
        return Told("share", f"% of {unit.removeprefix(SHARE_OF)}")
    if unit.split(" ")[0] == PERCENT:
        return Told("plain", f"%{unit.removeprefix(PERCENT)}")
    return Told("plain", _plain(unit))


def against(outcome: Outcome) -> Told:
    """Return how the difference of two arms is told."""
    unit = outcome.unit
    if unit == DECADES or unit.startswith(f"{DECADES} of "):
        return Told("factor", TIMES)
    if unit.startswith(SHARE_OF):
        return Told("share", POINTS)
    return Told("plain", POINTS if unit.split(" ")[0] == PERCENT else _plain(unit))


def _plain(unit: str) -> str:
    exponent = unit.replace("decades per decade of", "powers of ten per factor of ten in")
    return exponent.replace(DECADES, "powers of ten")

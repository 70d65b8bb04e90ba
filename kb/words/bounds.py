"""What was predicted, in words."""

from __future__ import annotations

from kb.reading.outcomes import Outcome
from kb.records.claims import Prediction
from kb.records.protocol import Estimand, Units
from kb.words.numbers import grouped, number, percent, unit_after
from kb.words.units import Told, told

ESTIMANDS: dict[Estimand, str] = {
    "mean": "{bound}",
    "median": "{bound} in the median",
    "win_rate": "{bound} in more than half of the seeds",
    "success_rate": "{bound} in more than {rate} of the seeds",
}
"""For each estimand the text of a bound on it, given the bound on the values and the required rate."""


UNITS: dict[Units, str] = {"linear": "", "log10": "decades", "ratio": "times"}
"""The unit of values in files for programs, except of linear ones, which have that of their outcome."""


EXPLORED: dict[bool | None, str] = {
    None: "The bounds were fixed before the run that counts; whether other seeds were looked at is not said.",
    True: "The bounds were fixed before the run that counts, after other seeds had been looked at.",
    False: "The bounds were written down beforehand: no other seeds had been looked at.",
}
"""When the bounds were fixed, by what a protocol says of `explored`."""


def unit(prediction: Prediction, outcome: Outcome) -> str:
    """Return the unit in which files for programs give a prediction's values, bound and mean."""
    return UNITS[prediction.units] or outcome.unit


def bound_text(prediction: Prediction, outcome: Outcome | None) -> str:
    """Return what was predicted, such as `at least 10 times`; without unit for an unwritten experiment."""
    as_told = told(prediction, outcome) if outcome else Told("plain", "")
    bound = _ends(prediction, as_told)
    bound = f"{bound} {unit_after(bound, as_told.unit)}".rstrip()
    if as_told.kind == "factor":
        bound += _turned(prediction, as_told)
    return ESTIMANDS[prediction.estimand].format(bound=bound, rate=percent(prediction.rate or 0))


def turned(factor: float, unit: str) -> str:
    """Return a factor as people say it, such as `12 times less` or `26 % more`; empty if it says so itself.

    Args:
        factor: A positive number.
        unit: As `Told` names it; only a number of times is more or less of something.
    """
    if unit != "times":
        return f"1/{grouped(1 / factor)}" if 1e-7 < factor < 0.01 else ""
    if factor <= 0.5:
        return f"{grouped(1 / factor)} times less"
    if factor < 2 and round(abs(factor - 1) * 100):
        return f"{percent(round(abs(factor - 1), 2))} {'more' if factor > 1 else 'less'}"
    return ""


def _turned(prediction: Prediction, as_told: Told) -> str:
    """Return a bound on a factor the other way round, as people say it; empty for bounds with two ends."""
    for end, words, other in (
        (prediction.at_most, "at most", "at least"),
        (prediction.at_least, "at least", "at most"),
    ):
        if end is None or (factor := _factor(prediction, as_told, end)) <= 0:
            continue
        if said := turned(factor, as_told.unit):
            return f" ({said})" if "/" in said else f", that is {other if 'less' in said else words} {said}"
    return ""


def _factor(prediction: Prediction, as_told: Told, end: float) -> float:
    return end if prediction.units == "ratio" else as_told.number(end)


def _ends(prediction: Prediction, as_told: Told) -> str:
    def shown(end: float) -> str:
        is_exact = as_told.kind != "factor" or prediction.units == "ratio"
        value = _factor(prediction, as_told, end) if as_told.kind == "factor" else as_told.number(end)
        return number(value, 12 if is_exact else 3)

    if prediction.at_least is not None:
        return f"at least {shown(prediction.at_least)}"
    if prediction.at_most is not None:
        return f"at most {shown(prediction.at_most)}"
    if prediction.between is not None:
        lower, upper = prediction.between
        return f"between {shown(lower)} and {shown(upper)}"
    equals, within = prediction.equals or 0, prediction.within or 0
    if prediction.units == "ratio":
        return f"between {number(equals / (1 + within), 3)} and {number(equals * (1 + within), 3)}"
    if as_told.kind == "factor":
        return f"between {shown(equals - within)} and {shown(equals + within)}"
    return f"within {shown(within)} of {shown(equals)}"

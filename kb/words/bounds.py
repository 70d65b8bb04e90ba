"""What was predicted, in words."""

from __future__ import annotations

from kb.reading.outcomes import Outcome
from kb.records.claims import Prediction
from kb.records.protocol import Estimand, Units
from kb.words.numbers import number, percent, unit_after

ESTIMANDS: dict[Estimand, str] = {
    "mean": "{bound}",
    "median": "{bound} in the median",
    "win_rate": "{bound} in more than half of the seeds",
    "success_rate": "{bound} in more than {rate} of the seeds",
}
"""For each estimand the text of a bound on it, given the bound on the values and the required rate."""


UNITS: dict[Units, str] = {"linear": "", "log10": "decades", "ratio": "times"}
"""The unit of values, except of linear ones, which have the unit of their outcome."""


EXPLORED: dict[bool | None, str] = {
    None: "The bounds were fixed before the run that counts; whether other seeds were looked at is not said.",
    True: "The bounds were fixed before the run that counts, after other seeds had been looked at.",
    False: "The bounds were written down beforehand: no other seeds had been looked at.",
}
"""When the bounds were fixed, by what a protocol says of `explored`."""


def unit(prediction: Prediction, outcome: Outcome) -> str:
    """Return the unit in which a prediction's values, bound and mean are given."""
    return UNITS[prediction.units] or outcome.unit


def bound_text(prediction: Prediction, outcome: Outcome | None) -> str:
    """Return what was predicted, such as `at least 10 decades`; without unit for an unwritten experiment."""
    bound = _ends(prediction)
    if outcome is not None:
        bound = f"{bound} {unit_after(bound, unit(prediction, outcome))}"
    if prediction.units == "ratio":
        bound += _turned(prediction)
    return ESTIMANDS[prediction.estimand].format(bound=bound, rate=percent(prediction.rate or 0))


def times_less(factor: float) -> str:
    """Return a factor as people say it of something smaller, such as `12 times less`; empty below two."""
    return f"{number(factor, 2)} times less" if factor >= 2 else ""


def _turned(prediction: Prediction) -> str:
    """Return a bound on a ratio below one the other way round, as people say it; empty for other bounds."""
    for end, words in ((prediction.at_most, "at least"), (prediction.at_least, "at most")):
        if end is not None and end > 0 and (turned := times_less(1 / end)):
            return f", that is {words} {turned}"
    return ""


def _ends(prediction: Prediction) -> str:
    if prediction.at_least is not None:
        return f"at least {number(prediction.at_least, 12)}"
    if prediction.at_most is not None:
        return f"at most {number(prediction.at_most, 12)}"
    if prediction.between is not None:
        lower, upper = prediction.between
        return f"between {number(lower, 12)} and {number(upper, 12)}"
    if prediction.units == "ratio":
        equals, within = prediction.equals or 0, prediction.within or 0
        return f"between {number(equals / (1 + within), 3)} and {number(equals * (1 + within), 3)}"
    return f"within {number(prediction.within or 0, 12)} of {number(prediction.equals or 0, 12)}"

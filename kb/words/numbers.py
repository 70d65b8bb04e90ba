"""Numbers, counts and units as text; ASCII, so that any terminal shows them."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

_DIGITS = Context(prec=700)  # enough for any float at any step


def number(value: float, digits: int = 3) -> str:
    """Return a number with the given significant digits; below ten million all whole digits are shown."""
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else str(value)
    step = exponent(value) - digits + 1
    text = rounded(value, step if abs(value) >= 1e7 else min(step, 0))
    mantissa, *power = text.split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return "e".join([mantissa, *power])


def grouped(value: float) -> str:
    """Return a positive number with two digits that count, its thousands parted by commas.

    >>> grouped(2_398_833.0), grouped(12.3), grouped(1.4e15)
    ('2,400,000', '12', '1.4e15')
    """
    return f"{float(f'{value:.2g}'):,.0f}" if 100 <= value < 1e7 else number(value, 2)


def rounded(value: float, step: int) -> str:
    """Return a number as text, rounded to the nearest with its last digit at the decimal place `step`."""
    return _placed(value, step, ROUND_HALF_EVEN)


def rounded_down(value: float, step: int) -> str:
    """Return a number as text that is no larger than the number."""
    return _placed(value, step, ROUND_FLOOR)


def rounded_up(value: float, step: int) -> str:
    """Return a number as text that is no smaller than the number."""
    return _placed(value, step, ROUND_CEILING)


def _placed(value: float, step: int, rounding: str) -> str:
    if not math.isfinite(value):
        return str(value)
    place = Decimal((0, (1,), step))
    digits = Decimal(value).quantize(place, rounding=rounding, context=_DIGITS)
    digits = digits or Decimal((0, (0,), min(step, 0)))  # no minus zero
    is_plain = digits == 0 or -5 <= digits.adjusted() < 7
    return f"{digits:f}" if is_plain else f"{digits:e}".replace("e+", "e")


def exponent(value: float) -> int:
    """Return the decimal place of a number's first digit; 0 for zero."""
    return math.floor(math.log10(abs(value))) if value else 0


def count(how_many: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun, as in `1 seed` and `5 seeds`; give the plural if it is irregular."""
    return f"{how_many} {noun if how_many == 1 else nouns or f'{noun}s'}"


def duration(seconds: float) -> str:
    """Return seconds as a reader would say them."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return count(round(seconds), "second")
    return count(round(seconds / 60), "minute")


def percent(share: float) -> str:
    """Return a share in percent, such as `90 %`."""
    return f"{number(100 * share)} %"


def unit_after(text: str, unit: str) -> str:
    """Return a unit as it reads after a number: `of labels` for a share, no plural after 1."""
    word, *rest = unit.removeprefix("share ").split(" ")
    is_one = text.rsplit(" ", maxsplit=1)[-1] in ("1", "-1")
    if is_one and unit.startswith("percentage points"):
        return unit.replace("points", "point", 1)
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is", "as"))
    if is_one and is_plural:
        word = word.removesuffix("s")
    return " ".join([word, *rest])


_RAISED = str.maketrans(
    "0123456789-\u2212", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207b"
)
"""Digits and both forms of a minus, raised."""


def power(exponent: str) -> str:
    """Return ten to a power as it is set.

    >>> power("-16") == power("\u221216") == "10\u207b\u00b9\u2076"
    True
    """
    return f"10{exponent.translate(_RAISED)}"

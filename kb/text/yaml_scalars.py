"""What an unquoted YAML scalar means here; where YAML's versions disagree, nothing is guessed.

`no`, `1.10`, `0777`, `1_000` and `1:30` mean different things to different readers of YAML, so each is
refused with a request for quotes or for the plain number.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

MAX_INTEGER = 2**53
"""Beyond this, a float can no longer tell neighbouring integers apart."""

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_LOOKALIKES = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"])
_START_OF_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_NONFINITE = re.compile(r"[-+]?\.(?:inf|nan)", re.ASCII | re.IGNORECASE)
_ODD_NUMBERS = re.compile(
    r"""[-+]?(?:
        0[0-9_]+ | 0[bB][01_]+ | 0[oO][0-7_]+ | 0[xX][0-9a-fA-F_]+      # octal, binary, hexadecimal
      | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?                     # sexagesimal: 1:30 is 90 to YAML 1.1
      | [0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?                  # 1_000, +1, 1., 007.5
      | \.[0-9_]+(?:[eE][-+]?[0-9]+)?                                   # .5
    )""",
    re.VERBOSE | re.ASCII,
)

Scalar = str | int | float | bool | None


class ScalarError(Exception):
    """An unquoted scalar that is refused.

    Attributes:
        code: `ambiguous-value` or `number-out-of-range`.
        found: What was found there.
        allowed: What is allowed there.
        advice: What to do.
    """

    def __init__(self, code: str, found: str, *, allowed: str, advice: str) -> None:
        super().__init__(found)
        self.code, self.found, self.allowed, self.advice = code, found, allowed, advice


class _Plain(NamedTuple):
    text: str

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= 40 else f"{self.text[:30]}... ({len(self.text)} characters)"


@lru_cache(maxsize=4096)  # every record has the same few words
def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar: integer, float, true, false, null, or else the text itself.

    Raises:
        ScalarError: Readers of YAML disagree about it, or it is not a finite number of ordinary size.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text and text[0] in _START_OF_NUMBER:
        return _resolve_number(_Plain(text))
    if text == "" or text.lower() in _LOOKALIKES:
        shown = f"{text} without quotes" if text else "nothing after the colon or dash"
        raise ScalarError(
            "ambiguous-value",
            f"{shown}, which some readers of YAML take for a boolean or for null",
            allowed="true, false or null in lower case; text in quotes",
            advice=f'put it in quotes: "{text}"' if text else "write the value, or remove the key",
        )
    return text


def _resolve_number(plain: _Plain) -> Scalar:
    text = plain.text
    if _INTEGER.fullmatch(text):
        return _integer(plain)
    if _DECIMAL.fullmatch(text):
        return _decimal(plain)
    if _NONFINITE.fullmatch(text):
        raise _out_of_range(plain, "not a finite number")
    if _ODD_NUMBERS.fullmatch(text):
        raise _ambiguous(plain, "a number that readers of YAML understand differently")
    return text


def _integer(plain: _Plain) -> int:
    if len(plain.text) > 17 or abs(int(plain.text)) > MAX_INTEGER:
        raise _out_of_range(plain, "an integer too large to be exact")
    return int(plain.text)


def _decimal(plain: _Plain) -> float:
    mantissa = re.split("[eE]", plain.text)[0]
    if len(plain.text) > 40:
        raise _out_of_range(plain, "a number with more digits than can be kept")
    if mantissa == plain.text and re.search(r"\.\d*0$", mantissa) and not mantissa.endswith(".0"):
        raise _ambiguous(plain, "a number whose last zero would be lost")
    value = float(plain.text)
    if not math.isfinite(value):
        raise _out_of_range(plain, "a number too large to be stored")
    if value == 0 and re.search("[1-9]", mantissa):
        raise _out_of_range(plain, "a number so small that it would become 0")
    return value


def _ambiguous(plain: _Plain, what: str) -> ScalarError:
    return ScalarError(
        "ambiguous-value",
        f"{plain.shown}, {what}",
        allowed="decimal numbers such as 10, -0.5, 1e5 or 1.0e-3; anything else in quotes",
        advice=f'write the plain number, or put text in quotes: "{plain.shown}"',
    )


def _out_of_range(plain: _Plain, what: str) -> ScalarError:
    return ScalarError(
        "number-out-of-range",
        f"{plain.shown}, {what}",
        allowed="finite numbers; integers up to 2^53",
        advice="write a number that fits, or put text in quotes",
    )

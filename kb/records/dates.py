"""Dates of works, in the parts of EDTF that CSL knows: years before our era, seasons, ranges, about when.

EDTF (ISO 8601-2) counts years as astronomers do: 44 BCE is `-0043`, because `0000` is 1 BCE.
"""

from __future__ import annotations

import calendar
from typing import Any, NamedTuple

_ONE = r"-?[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?[~?]?"
DATE = rf"^{_ONE}(?:/{_ONE})?$"

LAST_YEAR = 2099
SEASONS = {21: "spring", 22: "summer", 23: "autumn", 24: "winter"}
"""EDTF's numbers of seasons, which stand in the place of a month."""
_LAST_JULIAN_YEAR = (
    1923  # when the last country gave up the calendar in which every fourth year is a leap year
)


class Moment(NamedTuple):
    """A year, month or day.

    Attributes:
        year: As astronomers count, so that 0 is 1 BCE.
        month: From 1 to 12, or a key of `SEASONS`; 0 where only the year is known.
        day: 0 where it is unknown.
        is_about: Is it marked as approximate or uncertain?
    """

    year: int
    month: int
    day: int
    is_about: bool

    @property
    def parts(self) -> list[int]:
        """Return year, month and day as far as known, as in CSL: a season is no month, 1 BCE is -1."""
        month = self.month if self.month not in SEASONS else 0
        year = self.year if self.year > 0 else self.year - 1
        return [part for part in (year, month, self.day) if part]

    @property
    def iso(self) -> str:
        """Return it in ISO 8601, without season."""
        year = f"{self.year:04}" if self.year >= 0 else f"-{-self.year:04}"
        month = "" if self.month in SEASONS or not self.month else f"-{self.month:02}"
        return year + month + (f"-{self.day:02}" if self.day else "")


def moments(text: str) -> tuple[Moment, ...]:
    """Return the one moment of a date, or the first and the last of a range.

    Raises:
        ValueError: No calendar has such a day, the range ends before it starts, or it is too far ahead.
    """
    found = tuple(_moment(part) for part in text.split("/"))
    if [*found] != sorted(found, key=lambda moment: moment[:3]):
        raise ValueError(text)
    return found


def _moment(text: str) -> Moment:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    year, month, day = [*map(int, digits.rstrip("~?").split("-")), 0, 0][:3]
    moment = Moment(sign * year, month, day, text.endswith(("~", "?")))
    has_month = digits[4:5] == "-"
    has_day = digits[7:8] == "-"
    is_possible = (
        (sign, year) != (-1, 0)
        and moment.year <= LAST_YEAR
        and (not has_month or 1 <= month <= 12 or (month in SEASONS and not has_day))
        and (not has_day or 1 <= day <= _days(moment.year, month))
    )
    if not is_possible:
        raise ValueError(text)
    return moment


def _days(year: int, month: int) -> int:
    """Return the days of a month in the calendar that has more of them."""
    is_leap = year % 4 == 0 if year <= _LAST_JULIAN_YEAR else calendar.isleap(year)
    return calendar.monthrange(2024 if is_leap else 2023, month)[1]


def csl(text: str) -> dict[str, Any]:
    """Return a date as a CSL date."""
    found = moments(text)
    date: dict[str, Any] = {"date-parts": [moment.parts for moment in found]}
    if found[0].month in SEASONS:
        date["season"] = found[0].month - min(SEASONS) + 1
    if any(moment.is_about for moment in found):
        date["circa"] = True
    return date


def is_plain(text: str) -> bool:
    """Is a date one year, month or day of our era, known for sure, without season?"""
    return text[-1:].isdigit() and "/" not in text and _is_plain(_moment(text))


def _is_plain(moment: Moment) -> bool:
    return moment.year > 0 and moment.month not in SEASONS


def in_words(text: str) -> str:
    """Return a date for people; a plain one stays as it is written.

    >>> in_words("-0043~/0014")
    'about 44 BCE to 14 CE'
    """
    if is_plain(text):
        return text
    found = moments(text)
    era = " CE" if found[0].year <= 0 < found[-1].year else ""
    return " to ".join(_in_words(moment) + (era if moment.year > 0 else "") for moment in found)


def year_in_words(text: str) -> str:
    """Return the year in which a work was issued, or was begun.

    >>> year_in_words("1911-05/1913")
    '1911'
    """
    first = moments(text)[0]
    return text[:4] if is_plain(text) else _year(first.year)


def _in_words(moment: Moment) -> str:
    about = "about " if moment.is_about else ""
    if moment.month in SEASONS:
        return f"{about}{SEASONS[moment.month]} {_year(moment.year)}"
    if moment.year <= 0:
        known = "-".join(f"{part:02}" for part in moment[1:3] if part)
        return f"{about}{_year(moment.year)}{known and ', ' + known}"
    return about + (str(moment.year) if not moment.month else moment.iso)


def _year(year: int) -> str:
    return str(year) if year > 0 else f"{1 - year} BCE"

"""What was measured, as pieces of text to lay out: estimate, interval and unit, rounded in one place.

No piece is stronger than the finding: the ends of the interval are rounded outwards, and to as many digits as
show on which side of its bound a decided interval lies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from kb.judging.bounds import decide
from kb.judging.finding import Finding
from kb.judging.stats import WHOLE_LINE, Interval
from kb.words.bounds import turned
from kb.words.numbers import exponent, rounded, rounded_down, rounded_up, unit_after
from kb.words.units import LARGEST_POWER, told

SHARE = "% of the seeds"
WIDE = 10
"""An interval of factors that spans more than this is rounded end by end."""


class Measured(NamedTuple):
    """A finding's numbers as text; the code that shows them only decides where to place them.

    Attributes:
        estimate: The estimate, such as `16.4`, or why there is none.
        lower: Lower end of the interval, rounded down; `-inf` where it is open, empty if there is none.
        upper: Upper end of the interval, rounded up; `inf` where it is open, empty if there is none.
        unit: As it reads after the estimate, such as `times`; may be empty.
        digits: Decimal place of the last digit of all three; -1 is the first after the point.
        is_finite: Is there an estimate?
        less: A factor as people say it, such as `12 times less`; empty for everything else.
    """

    estimate: str
    lower: str
    upper: str
    unit: str
    digits: int
    less: str = ""
    is_finite: bool = True

    @property
    def interval(self) -> str:
        """Return the interval, such as `[15.9, 17.1]`."""
        return f"[{self.lower}, {self.upper}]" if self.lower else "no interval yet"

    @property
    def effect(self) -> str:
        """Return the estimate with its unit, such as `16.4 times`."""
        return f"{self.estimate} {self.unit}".rstrip()

    @property
    def in_short(self) -> str:
        """Return the estimate for a column whose unit is given elsewhere; a share as in `90 %`."""
        return f"{self.estimate} %" if self.unit == SHARE else self.estimate

    @property
    def text(self) -> str:
        """Return estimate, unit and interval, such as `16.4 nats (15.9 to 17.1)`."""
        if not self.is_finite:
            return self.estimate
        less = f", that is {self.less}" if self.less else ""
        ends = f" ({self._ends})" if self.lower else f", {self.interval}"
        return f"{self.effect}{ends}{less}"

    @property
    def _ends(self) -> str:
        if self.upper == "inf":
            return f"{self.lower} or more"
        return f"{self.upper} or less" if self.lower == "-inf" else f"{self.lower} to {self.upper}"


def measured(finding: Finding) -> Measured:
    """Return what was measured; a share of the seeds is given in percent."""
    step = _step(finding)
    lower, upper = "", ""
    if finding.interval != WHOLE_LINE:
        lower = rounded_down(
            shown(finding, finding.interval.lower), _place(finding, finding.interval.lower, step)
        )
        upper = rounded_up(
            shown(finding, finding.interval.upper), _place(finding, finding.interval.upper, step)
        )
    if math.isnan(finding.estimate):
        nothing = "no finite value" if finding.seeds else "no value"
        return Measured(nothing, lower, upper, "", step, is_finite=False)
    estimate = rounded(shown(finding, finding.estimate), _place(finding, finding.estimate, step))
    as_told = told(finding.prediction, finding.outcome)
    name = SHARE if finding.estimand.is_share else as_told.unit
    value = shown(finding, finding.estimate)
    less = turned(value, name) if _is_factor(finding) and 0 < value < math.inf else ""
    return Measured(estimate, lower, upper, unit_after(estimate, name), step, less)


def _is_factor(finding: Finding) -> bool:
    return not finding.estimand.is_share and told(finding.prediction, finding.outcome).kind == "factor"


def _place(finding: Finding, value: float, step: int) -> int:
    """Return the decimal place of the last digit of one number: its own where factors span powers of ten.

    Args:
        finding: What was found.
        value: A number in the unit of the finding, or an infinite one.
        step: The place that all numbers share; if they do not, one less than the number of their digits.
    """
    number = shown(finding, value)
    if not _spans(finding) or not math.isfinite(number) or number == 0:
        return step
    return exponent(number) - step


def _spans(finding: Finding) -> bool:
    """Do the ends of an interval of factors lie so far apart that each needs digits of its own?"""
    if not _is_factor(finding):
        return False
    lower, upper = (shown(finding, end) for end in finding.interval)
    return not 0 < upper < math.inf or upper > WIDE * lower


def within(estimate: float, interval: Interval) -> Measured:
    """Return a number that belongs to no finding, with the ends of its interval or range, without a unit.

    Args:
        estimate: A finite number.
        interval: An interval with finite ends.
    """
    step = _width_step(interval, estimate)
    lower, upper = rounded_down(interval.lower, step), rounded_up(interval.upper, step)
    return Measured(rounded(estimate, step), lower, upper, "", step)


def in_unit(finding: Finding, ends: Iterable[float]) -> tuple[float, ...]:
    """Return numbers as files for programs give them: the logarithm of a ratio as the ratio."""
    if finding.prediction.units != "ratio":
        return tuple(ends)
    return tuple(math.pow(10, end) if end < LARGEST_POWER else math.inf for end in ends)


def shown(finding: Finding, value: float) -> float:
    """Return a number as it is printed: shares in percent, logarithms as factors."""
    if finding.estimand.is_share:
        return 100 * value
    return told(finding.prediction, finding.outcome).number(value)


def _step(finding: Finding) -> int:
    """Return the decimal place of the last digit worth printing: the second one of the interval's width."""
    if finding.estimand.is_share:
        return 0
    if _spans(finding):
        return next((digits for digits in (1, 2, 3, 4) if not _reaches_bound(finding, digits)), 1)
    interval = Interval(*(shown(finding, end) for end in finding.interval))
    step = _width_step(interval, shown(finding, finding.estimate))
    if not 0 < interval.upper - interval.lower < math.inf:
        return step
    if _is_factor(finding):
        step = min(step, exponent(interval.lower) - 1)
    return next((s for s in range(step, step - 4, -1) if not _reaches_bound(finding, s)), step)


def _width_step(interval: Interval, estimate: float) -> int:
    """Return the decimal place of the second digit of an interval's width; without one, the third of all."""
    width = interval.upper - interval.lower
    if 0 < width < math.inf:
        return exponent(width) - 1
    numbers = [value for value in (*interval, estimate) if math.isfinite(value)]
    return max(map(exponent, numbers), default=0) - 2


def _reaches_bound(finding: Finding, step: int) -> bool:
    """Would a decided interval, rounded outwards at this place, seem to reach a bound that it misses?"""
    if finding.decision == "inconclusive":
        return False
    lower, upper = (shown(finding, end) for end in finding.interval)
    down, up = (_place(finding, end, step) for end in finding.interval)
    seen = Interval(float(rounded_down(lower, down)), float(rounded_up(upper, up)))
    goal = Interval(*(shown(finding, end) for end in finding.goal))
    return decide(seen, goal) != finding.decision

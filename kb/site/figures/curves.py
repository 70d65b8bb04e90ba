"""Lines with bands around them: curves over a run, and anything else that changes along an axis.

A curve's line is the median over seeds and its band goes from the lowest to the highest.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kb.evidence.ledger import Evidence
from kb.judging.stats import Interval
from kb.reading.experiment import Script
from kb.reading.outcomes import Axis as OutcomeAxis
from kb.reading.outcomes import Outcome
from kb.site.figures.seeds import LARGEST
from kb.site.figures.svg import Axis, element, figure, path, short, shortened, text, tick_label
from kb.words.measured import within
from kb.words.numbers import count, number, power

WIDTH, HEIGHT = 420, 226
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 26, 42
MOST_ARMS = 6
"""The most arms in one figure; more lines could not be told apart."""
MOST_POINTS = 32
"""The most points of a line that a figure shows."""
MOST_ROWS = 9
"""The most rows of the table beside a figure."""
WORDS = 52
"""The most letters of the words on an axis."""
MOST_TICKS = 5
"""The most numbers under the axis of a curve."""
LOGARITHMIC = " (log scale)"
DECADES = "decades"
"""The unit of logarithms, which are drawn as powers of ten."""


class Band(NamedTuple):
    """One arm, by its text: for each point the low end, the middle and the high end.

    NaN stands where a number is missing.
    """

    arm: str
    seeds: int
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]


class Curve(NamedTuple):
    """All arms of one figure.

    Attributes:
        left_out: Arms that are not shown.
        along: What the axis shows.
        at: The place of each point along the axis, from 0 to 1.
        labels: What the table calls each point.
        of: How many points were measured; some may not be shown.
        ticks: The labels of the axis, with their places.
    """

    name: str
    bands: tuple[Band, ...]
    left_out: int
    along: str
    at: tuple[float, ...]
    labels: tuple[str, ...]
    of: int
    ticks: tuple[tuple[float, str], ...]

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Return, in words, what each arm has at up to nine points from the first to the last."""
        return [
            (self.labels[k], [_cell(band, k) for band in self.bands])
            for k in spread(len(self.labels), MOST_ROWS)
        ]


def spread(points: int, most: int) -> list[int]:
    """Return a limited number of places among points, evenly spread from the first to the last."""
    count = min(points, most)
    return [round(k * (points - 1) / max(1, count - 1)) for k in range(count)]


def curves_of(pieces: Sequence[Evidence], script: Script) -> Iterator[Curve]:
    """Yield each measured curve of a script, with its arms in the order of the script.

    Curves at a scale other than that of the first piece have different points and are left out.
    """
    if not pieces:
        return
    scale = pieces[0].scale
    alike = [piece for piece in pieces if piece.scale == scale]
    for outcome in sorted(script.outcomes.values()):
        if outcome.axis and any(outcome.name in piece.curves for piece in alike):
            yield _curve(outcome.name, outcome.axis, alike, script.arms)


def _curve(name: str, axis: OutcomeAxis, pieces: Sequence[Evidence], arms: Mapping[str, str]) -> Curve:
    places = axis.places(pieces[0].scale)
    lines: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for piece in pieces:
        lines[piece.arm] += [line for line in piece.curves.get(name, ()) if len(line) == len(places)]
    measured = [arm for arm in arms if lines[arm]]
    chosen = spread(len(places), MOST_POINTS)
    at = shares([places[k] for k in chosen], is_logarithmic=axis.is_logarithmic)
    labels = tuple(_place(places[k]) for k in chosen)
    return Curve(
        name,
        tuple(_band(arms[arm], lines[arm], chosen) for arm in measured[:MOST_ARMS]),
        max(0, len(measured) - MOST_ARMS),
        f"{axis.label}{LOGARITHMIC if axis.is_logarithmic else ''}",
        at,
        labels,
        len(places),
        tuple((at[k], labels[k]) for k in spread(len(chosen), MOST_TICKS)),
    )


def shares(places: Sequence[float], *, is_logarithmic: bool) -> tuple[float, ...]:
    """Return how far along an axis, from its first to its last value, each value lies, from 0 to 1."""
    along = [math.log(place) for place in places] if is_logarithmic else places
    return tuple((place - along[0]) / ((along[-1] - along[0]) or 1.0) for place in along)


def _band(arm: str, lines: Sequence[tuple[float, ...]], chosen: Sequence[int]) -> Band:
    columns = [[line[k] for line in lines if abs(line[k]) < LARGEST] for k in chosen]
    return Band(
        arm,
        len(lines),
        tuple(min(column, default=math.nan) for column in columns),
        tuple(statistics.median(column) if column else math.nan for column in columns),
        tuple(max(column, default=math.nan) for column in columns),
    )


def curves_figure(curve: Curve, outcome: Outcome, *, figure_id: str) -> Markup:
    """Return one figure as a line of SVG.

    Args:
        curve: At least one arm.
        outcome: The outcome whose label and unit appear beside the figure.
        figure_id: Prefix of the ids inside the figure.
    """
    numbers = [v for band in curve.bands for v in (*band.low, *band.high) if not math.isnan(v)] or [0.0]
    air = (max(numbers) - min(numbers)) * 0.03 or 1.0
    axis = Axis(min(numbers) - air, max(numbers) + air, HEIGHT - BOTTOM, TOP)
    return figure(
        "curve-figure",
        WIDTH,
        HEIGHT,
        *_frame(axis, outcome, curve),
        *(_drawn(band, curve.at, axis, number) for number, band in enumerate(curve.bands)),
        figure_id=figure_id,
        title=f"{outcome.label}, {outcome.unit}, by {curve.along}",
        description=" ".join(_words(band) for band in curve.bands),
    )


def _words(band: Band) -> str:
    known = [value for value in band.middle if not math.isnan(value)] or [math.nan]
    return f"{band.arm} goes from {number(known[0])} to {number(known[-1])} over {count(band.seeds, 'seed')}."


def power_of_ten(exponent: float) -> str:
    """Return ten to a power as a tick says it, such as 10 with a raised -6, or plain numbers near one."""
    if exponent in (-1, 0, 1, 2):
        return number(10**exponent)
    label = tick_label(exponent)
    return number(10**exponent) if "." in label else power(label)


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _frame(axis: Axis, outcome: Outcome, curve: Curve) -> Iterator[Markup]:
    """Yield what lies behind the lines: a grid with its numbers, a base line, and what both axes show."""
    base, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    is_power = outcome.unit.split(" ")[0] == DECADES
    ticks = [
        (axis.place(tick), power_of_ten(tick) if is_power else tick_label(tick)) for tick in axis.ticks()
    ]
    yield path("".join(f"M{LEFT} {short(y, 1)}H{right}" for y, _ in ticks), "grid")
    yield path(f"M{LEFT} {base}H{right}", "axis")
    for y, label in ticks:
        yield text(label, LEFT - 5, y + 4, "y")
    for share, label in curve.ticks:
        yield text(label, _x(share), base + 15, "x")
    said = outcome.unit.replace(DECADES, "").strip() if is_power else outcome.unit
    yield text(shortened(said.capitalize() if said.islower() else said, WORDS), 4, 13, "unit")
    yield text(shortened(curve.along, WORDS), right, HEIGHT - 6, "unit unit--x")


def _drawn(band: Band, at: Sequence[float], axis: Axis, number: int) -> Markup:
    known = [k for k in range(len(at)) if not math.isnan(band.middle[k])]
    if not known:
        return Markup()

    def line(values: Sequence[float], points: Iterable[int], places: int = 0) -> list[str]:
        return [f"{short(_x(at[k]), places)} {short(axis.place(values[k]), places)}" for k in points]

    wide = [k for k in known if not math.isnan(band.low[k] + band.high[k])]
    outline = [*line(band.high, wide), *line(band.low, reversed(wide))]
    around = [path(f"M{'L'.join(outline)}z", "band")] if wide else []
    middle = path(f"M{'L'.join(line(band.middle, known, 1))}", "line")
    return element("g", *around, middle, class_=f"arm arm--{number}")


def _cell(band: Band, k: int) -> str:
    """Return a point in words: the middle, with the ends of the band in brackets."""
    low, middle, high = band.low[k], band.middle[k], band.high[k]
    if math.isnan(middle):
        return "\u2013"
    if math.isnan(low + high):
        return number(middle)
    shown = within(middle, Interval(low, high))
    return f"{shown.effect} {shown.interval}"


def _place(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # three digits

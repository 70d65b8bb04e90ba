"""Lines with bands around them: curves over a run, and whatever else changes along an axis.

A curve's line is the median over seeds and its band goes from the lowest to the highest.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from kb.evidence.ledger import Evidence
from kb.reading.experiment import Outcome, Script
from kb.site.figures.seeds import LARGEST, NAMESPACE, Axis

WIDTH, HEIGHT = 420, 208
LEFT, RIGHT, TOP, BOTTOM = 44, 96, 10, 42
MOST_ARMS = 6
"""Arms in one figure; more lines could not be told apart."""
MOST_POINTS = 32
"""Points of a line; a figure shows no more."""
MOST_ROWS = 9
"""Rows of the table beside a figure."""
LETTERS = 16


class Band(NamedTuple):
    """One arm: for each point the low end, the middle and the high end; NaN where there is no number."""

    arm: str
    seeds: int
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]


class Curve(NamedTuple):
    """All arms of one figure.

    Attributes:
        left_out: Arms that are not shown.
        at: For each point its place along the axis, from 0 to 1.
        labels: For each point what a table calls it.
        of: Points that were measured; some may not be shown.
        ticks: Labels of the axis with their places; a curve has none, its unit says what runs along it.
    """

    name: str
    bands: tuple[Band, ...]
    left_out: int
    at: tuple[float, ...]
    labels: tuple[str, ...]
    of: int
    ticks: tuple[tuple[float, str], ...] = ()

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Return for at most nine points, from the first to the last, what each arm has there in words."""
        return [
            (self.labels[k], [_cell(band, k) for band in self.bands])
            for k in spread(len(self.labels), MOST_ROWS)
        ]


def spread(points: int, most: int) -> list[int]:
    """Return at most so many places among points, evenly spread from the first to the last."""
    count = min(points, most)
    return [round(k * (points - 1) / max(1, count - 1)) for k in range(count)]


def curves_of(pieces: Sequence[Evidence], script: Script) -> Iterator[Curve]:
    """Yield each curve of a script that was measured, its arms in the order of the script."""
    found: dict[str, dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        for name, lines in piece.curves.items():
            if name in script.outcomes:
                found[name][piece.arm].extend(lines)
    for name, arms in sorted(found.items()):
        measured = [arm for arm in script.arms if arm in arms]
        points = min(len(line) for arm in measured for line in arms[arm])
        chosen = spread(points, MOST_POINTS)
        yield Curve(
            name,
            tuple(_band(arm, arms[arm], chosen) for arm in measured[:MOST_ARMS]),
            max(0, len(measured) - MOST_ARMS),
            tuple(k / max(1, points - 1) for k in chosen),
            tuple(f"point {k + 1}" for k in chosen),
            points,
        )


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
        outcome: The curve's unit and what runs along it.
        figure_id: Prefix of the ids inside.
    """
    numbers = [v for band in curve.bands for v in (*band.low, *band.high) if not math.isnan(v)] or [0.0]
    air = (max(numbers) - min(numbers)) * 0.03 or 1.0
    axis = Axis(min(numbers) - air, max(numbers) + air)
    names = f'aria-labelledby="{figure_id}-title {figure_id}-desc"'
    parts = [
        f'<svg class="curve-figure" role="img" {names} viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="{NAMESPACE}">',
        f'<title id="{figure_id}-title">{escape(f"{outcome.unit} over {outcome.axis}")}</title>',
        f'<desc id="{figure_id}-desc">{escape(" ".join(_words(band) for band in curve.bands))}</desc>',
        *_frame(axis, outcome, curve.ticks),
        *(_drawn(band, curve.at, axis, number) for number, band in enumerate(curve.bands)),
        *_names(curve.bands, axis),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 # every text in it is escaped


def _words(band: Band) -> str:
    known = [value for value in band.middle if not math.isnan(value)] or [math.nan]
    return f"{band.arm} goes from {_tick(known[0])} to {_tick(known[-1])} over {band.seeds} seeds."


def _y(value: float, axis: Axis) -> float:
    share = (min(max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _frame(axis: Axis, outcome: Outcome, along: Sequence[tuple[float, str]]) -> list[str]:
    base, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    ticks = axis.ticks()
    lines = "".join(f"M{LEFT} {_n(_y(tick, axis))}H{right}" for tick in ticks)
    words = [
        f'<text class="y" x="{LEFT - 5}" y="{_n(_y(tick, axis) + 4)}">{_tick(tick)}</text>' for tick in ticks
    ]
    words += [
        f'<text class="x" x="{_n(_x(share))}" y="{base + 11}">{escape(label)}</text>'
        for share, label in along
    ]
    over = f"over {outcome.axis}"
    return [
        f'<path class="grid" d="{lines}"/><path class="axis" d="M{LEFT} {base}H{right}"/>',
        *words,
        f'<text class="unit" x="{LEFT}" y="{HEIGHT - 13}">{escape(outcome.unit[:60])}</text>',
        f'<text class="unit" x="{LEFT}" y="{HEIGHT - 1}">{escape(over[:60])}</text>',
    ]


def _drawn(band: Band, at: Sequence[float], axis: Axis, number: int) -> str:
    known = [k for k in range(len(at)) if not math.isnan(band.middle[k])]
    if not known:
        return ""
    wide = [k for k in known if not math.isnan(band.low[k] + band.high[k])]
    middle = "L".join(f"{_n(_x(at[k]))} {_n(_y(band.middle[k], axis))}" for k in known)
    there = [f"{_n(_x(at[k]))} {_n(_y(band.high[k], axis))}" for k in wide]
    back = [f"{_n(_x(at[k]))} {_n(_y(band.low[k], axis))}" for k in reversed(wide)]
    around = f'<path class="band" d="M{"L".join([*there, *back])}z"/>' if wide else ""
    return f'<g class="arm arm--{number}">{around}<path class="line" d="M{middle}"/></g>'


def _names(bands: Sequence[Band], axis: Axis) -> Iterator[str]:
    """Yield the arms' names beside the ends of their lines, moved apart where they would meet."""
    ends = [
        (next((v for v in reversed(band.middle) if not math.isnan(v)), axis.low), n)
        for n, band in enumerate(bands)
    ]
    below = float(TOP)
    for value, number in sorted(ends, key=lambda end: _y(end[0], axis)):
        y = max(_y(value, axis) + 4, below)
        below = y + 12
        name = bands[number].arm
        short = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
        yield f'<text class="name arm--{number}" x="{WIDTH - RIGHT + 5}" y="{_n(y)}">{escape(short)}</text>'


def _cell(band: Band, k: int) -> str:
    """Return a point in words: the middle, and in brackets the ends of the band."""
    low, middle, high = band.low[k], band.middle[k], band.high[k]
    if math.isnan(middle):
        return "\u2013"
    return _tick(middle) if math.isnan(low + high) else f"{_tick(middle)} [{_tick(low)}, {_tick(high)}]"


def _tick(value: float) -> str:
    return "no number" if math.isnan(value) else f"{value:.3g}".replace("-", "\u2212")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

"""Curves over training as bands: the median over seeds, and the range from the lowest to the highest."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from kb.evidence import Evidence
from kb.experiment import Outcome, Script
from kb.web.figures import LARGEST, NAMESPACE, Axis

WIDTH, HEIGHT = 420, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 96, 10, 34
MOST_ARMS = 6
"""Arms in one figure; more lines could not be told apart."""
MOST_POINTS = 32
"""Points of a line; a figure shows no more."""
LETTERS = 16


class Band(NamedTuple):
    """One arm's curves: for each point the lowest, middle and highest seed; NaN where none is finite."""

    arm: str
    seeds: int
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]


class Curve(NamedTuple):
    """All arms of one curve."""

    name: str
    bands: tuple[Band, ...]
    left_out: int


def curves_of(pieces: Sequence[Evidence], script: Script) -> Iterator[Curve]:
    """Yield each curve of a script that was measured, its arms in the order of the script."""
    found: dict[str, dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        for name, lines in piece.curves.items():
            if name in script.outcomes:
                found[name][piece.arm].extend(lines)
    for name, arms in sorted(found.items()):
        bands = [_band(arm, arms[arm]) for arm in script.arms if arm in arms]
        yield Curve(name, tuple(bands[:MOST_ARMS]), max(0, len(bands) - MOST_ARMS))


def _band(arm: str, lines: Sequence[tuple[float, ...]]) -> Band:
    points = min(len(line) for line in lines)
    count = min(points, MOST_POINTS)
    chosen = [round(k * (points - 1) / max(1, count - 1)) for k in range(count)]
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
        *_frame(axis, outcome),
        *(_drawn(band, axis, number) for number, band in enumerate(curve.bands)),
        *_names(curve.bands, axis),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 # every text in it is escaped


def _words(band: Band) -> str:
    return (
        f"{band.arm} goes from {_tick(band.middle[0])} to {_tick(band.middle[-1])} over {band.seeds} seeds."
    )


def _y(value: float, axis: Axis) -> float:
    share = (min(max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _x(k: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * k / max(1, count - 1)


def _frame(axis: Axis, outcome: Outcome) -> list[str]:
    base, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    ticks = axis.ticks()
    lines = "".join(f"M{LEFT} {_n(_y(tick, axis))}H{right}" for tick in ticks)
    words = [
        f'<text class="y" x="{LEFT - 5}" y="{_n(_y(tick, axis) + 4)}">{_tick(tick)}</text>' for tick in ticks
    ]
    along = f"over {outcome.axis}"
    return [
        f'<path class="grid" d="{lines}"/><path class="axis" d="M{LEFT} {base}H{right}"/>',
        *words,
        f'<text class="unit" x="{LEFT}" y="{HEIGHT - 14}">{escape(outcome.unit[:60])}</text>',
        f'<text class="unit" x="{LEFT}" y="{HEIGHT - 1}">{escape(along[:60])}</text>',
    ]


def _drawn(band: Band, axis: Axis, number: int) -> str:
    count = len(band.middle)
    known = [k for k in range(count) if not math.isnan(band.middle[k])]
    if not known:
        return ""
    middle = "L".join(f"{_n(_x(k, count))} {_n(_y(band.middle[k], axis))}" for k in known)
    there = [f"{_n(_x(k, count))} {_n(_y(band.high[k], axis))}" for k in known]
    back = [f"{_n(_x(k, count))} {_n(_y(band.low[k], axis))}" for k in reversed(known)]
    return (
        f'<g class="arm arm--{number}"><path class="band" d="M{"L".join([*there, *back])}z"/>'
        f'<path class="line" d="M{middle}"/></g>'
    )


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


def _tick(value: float) -> str:
    return "no number" if math.isnan(value) else f"{value:.3g}".replace("-", "\u2212")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

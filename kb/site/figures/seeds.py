"""Inline SVG of what each seed gave: dots, interval, estimate and the predicted side on one axis.

This room draws numbers; it knows no claim, no verdict and no file. Colours come from the page's style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

NAMESPACE = "http://www.w3.org/2000/svg"
WIDTH = 420
MARGIN = 22  # room for the marks of seeds that have no place on the axis
LABEL, DOTS, BAR, AXIS = 18, 22, 12, 38  # heights of a strip's three parts and of a panel's axis
DOT_STEP = 5.0  # least distance of two dots in one lane
LANES = 4
LONGEST_LABEL = 58  # wider text would leave the drawing
LARGEST = 1e300  # beyond it differences overflow, so such numbers are drawn at the edge


@dataclass(frozen=True)
class Strip:
    """One row of dots.

    Attributes:
        bound: The predicted range, infinite on its open side.
        values: One number a seed; what is not finite is marked at the edge.
        interval: Ends of the interval, which may be infinite.
        estimate: The number in the middle of the argument.
        is_control: Is it drawn lighter, as a condition in which the bound must not hold?
    """

    label: str
    bound: tuple[float, float]
    values: tuple[float, ...] = ()
    interval: tuple[float, float] | None = None
    estimate: float | None = None
    is_control: bool = False


@dataclass(frozen=True)
class Panel:
    """Strips on one axis."""

    unit: str
    strips: tuple[Strip, ...]

    @property
    def height(self) -> int:
        """Return the height in units of the drawing."""
        return len(self.strips) * (LABEL + DOTS + BAR) + AXIS


@dataclass(frozen=True)
class Axis:
    """A linear map from numbers to horizontal places."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a number stands; what lies outside, or is infinite, stands at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def ticks(self) -> list[float]:
        """Return three to seven round numbers inside the axis."""
        raw = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [index * step for index in range(first, last + 1)]


def seeds_figure(panels: Sequence[Panel], *, figure_id: str, title: str, description: str) -> str:
    """Return one SVG element with all panels under each other, on a single line.

    Args:
        panels: From top to bottom.
        figure_id: Prefix of the ids inside, so that a page may hold several figures.
        title: What the figure shows, for those who do not see it.
        description: What came out, in words.
    """
    height = sum(panel.height for panel in panels)
    names = f'aria-labelledby="{figure_id}-title {figure_id}-desc"'
    parts = [
        f'<svg class="seeds-figure" role="img" {names} viewBox="0 0 {WIDTH} {height}" xmlns="{NAMESPACE}">',
        f'<title id="{figure_id}-title">{escape(title)}</title>',
        f'<desc id="{figure_id}-desc">{escape(description)}</desc>',
    ]
    top = 0
    for panel in panels:
        parts += _panel(panel, top)
        top += panel.height
    return "".join([*parts, "</svg>"])


def axis_for(panel: Panel) -> Axis:
    """Return an axis that holds every finite number of a panel, with a little air on both sides."""
    numbers = [value for strip in panel.strips for value in _numbers(strip)]
    finite = [value for value in numbers if _has_place(value)] or [0.0]
    low, high = min(finite), max(finite)
    nearness = max(abs(low), abs(high)) * 1e-4  # below this, tick labels could not tell numbers apart
    air = max((high - low) * 0.04, nearness) or 1.0
    return Axis(low - air, high + air)


def _numbers(strip: Strip) -> Iterable[float]:
    yield from strip.bound
    yield from strip.values
    yield from strip.interval or ()
    if strip.estimate is not None:
        yield strip.estimate


def _has_place(value: float) -> bool:
    return abs(value) < LARGEST  # false for NaN


def _panel(panel: Panel, top: int) -> list[str]:
    axis = axis_for(panel)
    parts = []
    for index, strip in enumerate(panel.strips):
        parts += _strip(strip, axis, top + index * (LABEL + DOTS + BAR))
    return parts + _axis(panel, axis, top + panel.height - AXIS)


def _bound(bound: tuple[float, float], axis: Axis) -> list[str]:
    """Shade the predicted side behind a strip and rule its finite ends."""
    low, high = (axis.place(value) for value in bound)
    y, tall = LABEL, DOTS + BAR
    ends = [place for value, place in zip(bound, (low, high), strict=True) if _has_place(value)]
    return [
        f'<rect class="predicted" x="{_n(low)}" y="{y}" width="{_n(high - low)}" height="{tall}"/>',
        f'<path class="bound" d="{"".join(f"M{_n(x)} {y}v{tall}" for x in ends)}"/>',
    ]


def _strip(strip: Strip, axis: Axis, top: int) -> list[str]:
    """Return a strip in a group of its own; places within it repeat from strip to strip and compress well."""
    base = LABEL + DOTS - 5
    kind = "control" if strip.is_control else "main"
    parts = [f'<g class="{kind}" transform="translate(0 {top})">', *_bound(strip.bound, axis)]
    parts.append(f'<text class="label" x="{MARGIN}" y="12">{escape(_short(strip.label))}</text>')
    if dots := _dots(strip.values, axis, base):
        parts.append(f'<path class="dots" d="{dots}"/>')
    parts += _edge_marks(strip.values, base)
    y = LABEL + DOTS + 4
    if strip.interval is not None:
        parts.append(_interval(strip.interval, axis, y))
    if strip.estimate is not None and _has_place(strip.estimate):
        parts.append(f'<path class="estimate" d="M{_n(axis.place(strip.estimate))} {y - 5}v10"/>')
    return [*parts, "</g>"]


def _dots(values: Sequence[float], axis: Axis, base: int) -> str:
    """Return a path of zero-length strokes, one a finite seed; near dots are stacked, left to right.

    Each lane starts at its first dot and goes from dot to dot by what lies between: short numbers that often
    repeat compress to half of what places would take.
    """
    lanes: list[list[int]] = [[] for _ in range(LANES)]
    for x in sorted(axis.place(value) for value in values if _has_place(value)):
        free = next((lane for lane in lanes if not lane or x - lane[-1] >= DOT_STEP), None)
        (min(lanes, key=lambda lane: lane[-1]) if free is None else free).append(round(x))
    return "".join(
        f"M{lane[0]} {base - 5 * k}h0" + "".join(f"m{b - a} 0h0" for a, b in pairwise(lane))
        for k, lane in enumerate(lanes)
        if lane
    )


def _edge_marks(values: Sequence[float], base: int) -> list[str]:
    """Mark seeds without a place on the axis: minus infinity on the left, the others on the right."""
    left = sum(value <= -LARGEST for value in values)
    right = sum(not _has_place(value) for value in values) - left
    parts = []
    for count, x in ((left, 8), (right, WIDTH - 8)):
        if count:
            parts.append(f'<path class="nonfinite" d="M{x - 3} {base - 3}l6 6m0 -6l-6 6"/>')
            parts.append(f'<text class="count" x="{x}" y="{base - 6}">{count}</text>')
    return parts


def _interval(interval: tuple[float, float], axis: Axis, y: int) -> str:
    """Return the bar; a finite end has a serif, an infinite one an arrow at the edge."""
    low, high = (axis.place(value) for value in interval)
    path = f"M{_n(low)} {y}H{_n(high)}"
    path += f"M{_n(low)} {y - 3}v6" if _has_place(interval[0]) else f"M{_n(low + 4)} {y - 3}l-4 3l4 3"
    path += f"M{_n(high)} {y - 3}v6" if _has_place(interval[1]) else f"M{_n(high - 4)} {y - 3}l4 3l-4 3"
    return f'<path class="interval" d="{path}"/>'


def _axis(panel: Panel, axis: Axis, y: int) -> list[str]:
    ticks = axis.ticks()
    path = f"M{MARGIN} {y}H{WIDTH - MARGIN}" + "".join(f"M{_n(axis.place(tick))} {y}v4" for tick in ticks)
    labels = [
        f'<text class="tick" x="{_n(axis.place(tick))}" y="{y + 14}">{_tick(tick)}</text>' for tick in ticks
    ]
    unit = f'<text class="unit" x="{WIDTH // 2}" y="{y + 28}">{escape(_short(panel.unit))}</text>'
    return [f'<path class="axis" d="{path}"/>', *labels, unit]


def _tick(value: float) -> str:
    return f"{value:.6g}".replace("-", "\u2212")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"


def _n(value: float) -> str:
    return f"{value:.0f}"

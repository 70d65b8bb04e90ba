"""Inline SVG of what each seed yielded: dots, interval, estimate and the predicted side on one axis.

This module draws numbers; it knows no claim, no verdict and no file. Colours come from the page's style
sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from kb.site.figures.svg import Axis, element, figure, path, short, shortened, text, tick_label

WIDTH = 420
MARGIN = 22  # space for the marks of seeds that have no place on the axis
LABEL, DOTS, BAR, AXIS = 18, 22, 12, 38  # heights of a strip's three parts and of a panel's axis
DOT_STEP = 5.0  # least distance between two dots in one lane
LANES = 4
LONGEST_LABEL = 58  # longer text would not fit into the drawing
LARGEST = 1e300  # beyond it differences overflow, so such numbers are drawn at the edge


@dataclass(frozen=True)
class Strip:
    """One row of dots.

    Attributes:
        bound: The predicted range, infinite on its open side.
        values: One number per seed; those that are not finite are marked at the edge.
        interval: Ends of the interval, which may be infinite.
        estimate: The number that the interval is about.
        is_control: Is it drawn in a lighter shade, as a condition under which the bound must not hold?
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


def seeds_figure(panels: Sequence[Panel], *, figure_id: str, title: str, description: str) -> Markup:
    """Return one SVG element with all panels stacked vertically, on a single line.

    Args:
        panels: From top to bottom.
        figure_id: Prefix of the ids inside, so that a page may hold several figures.
        title: What the figure shows, for readers who cannot see it.
        description: What came out, in words.
    """
    top = 0
    drawn: list[Markup] = []
    for panel in panels:
        drawn += _panel(panel, top)
        top += panel.height
    return figure(
        "seeds-figure", WIDTH, top, *drawn, figure_id=figure_id, title=title, description=description
    )


def axis_for(panel: Panel) -> Axis:
    """Return an axis that holds every finite number of a panel, with a little space on both sides."""
    numbers = [value for strip in panel.strips for value in _numbers(strip)]
    finite = [value for value in numbers if _has_place(value)] or [0.0]
    low, high = min(finite), max(finite)
    nearness = max(abs(low), abs(high)) * 1e-4  # below this, tick labels could not tell numbers apart
    air = max((high - low) * 0.04, nearness) or 1.0
    return Axis(low - air, high + air, MARGIN, WIDTH - MARGIN)


def _numbers(strip: Strip) -> Iterable[float]:
    yield from strip.bound
    yield from strip.values
    yield from strip.interval or ()
    if strip.estimate is not None:
        yield strip.estimate


def _has_place(value: float) -> bool:
    return abs(value) < LARGEST  # false for NaN


def _panel(panel: Panel, top: int) -> Iterator[Markup]:
    axis = axis_for(panel)
    for index, strip in enumerate(panel.strips):
        yield _strip(strip, axis, top + index * (LABEL + DOTS + BAR))
    yield from _axis(panel, axis, top + panel.height - AXIS)


def _strip(strip: Strip, axis: Axis, top: int) -> Markup:
    """Return a strip in its own group; places within it repeat from strip to strip and compress well."""
    base, middle = LABEL + DOTS - 5, LABEL + DOTS + 4
    parts = [*_bound(strip.bound, axis), text(shortened(strip.label, LONGEST_LABEL), MARGIN, 12, "label")]
    if dots := _dots(strip.values, axis, base):
        parts.append(path(dots, "dots"))
    parts += _edge_marks(strip.values, base)
    if strip.interval is not None:
        parts.append(_interval(strip.interval, axis, middle))
    if strip.estimate is not None and _has_place(strip.estimate):
        parts.append(path(f"M{short(axis.place(strip.estimate))} {middle - 5}v10", "estimate"))
    kind = "control" if strip.is_control else "main"
    return element("g", *parts, class_=kind, transform=f"translate(0 {top})")


def _bound(bound: tuple[float, float], axis: Axis) -> list[Markup]:
    """Shade the predicted side behind a strip and draw lines at its finite ends."""
    low, high = (axis.place(value) for value in bound)
    ends = [place for value, place in zip(bound, (low, high), strict=True) if _has_place(value)]
    tall = DOTS + BAR
    shade = {"x": round(low), "y": LABEL, "width": round(high - low), "height": tall}
    return [
        element("rect", class_="predicted", **shade),
        path("".join(f"M{short(x)} {LABEL}v{tall}" for x in ends), "bound"),
    ]


def _dots(values: Sequence[float], axis: Axis, base: int) -> str:
    """Return a path of zero-length strokes, one per finite seed; close dots are stacked, left to right.

    Each lane starts at its first dot and goes from dot to dot by their distance: short numbers that often
    repeat compress to half of what absolute places would take.
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


def _edge_marks(values: Sequence[float], base: int) -> Iterator[Markup]:
    """Mark seeds without a place on the axis: minus infinity on the left, the others on the right."""
    left = sum(value <= -LARGEST for value in values)
    right = sum(not _has_place(value) for value in values) - left
    for count, x in ((left, 8), (right, WIDTH - 8)):
        if count:
            yield path(f"M{x - 3} {base - 3}l6 6m0 -6l-6 6", "nonfinite")
            yield text(str(count), x, base - 6, "count")


def _interval(interval: tuple[float, float], axis: Axis, y: int) -> Markup:
    """Return the bar; a finite end has a serif, an infinite one an arrow at the edge."""
    low, high = (axis.place(value) for value in interval)
    data = f"M{short(low)} {y}H{short(high)}"
    data += f"M{short(low)} {y - 3}v6" if _has_place(interval[0]) else f"M{short(low + 4)} {y - 3}l-4 3l4 3"
    data += f"M{short(high)} {y - 3}v6" if _has_place(interval[1]) else f"M{short(high - 4)} {y - 3}l4 3l-4 3"
    return path(data, "interval")


def _axis(panel: Panel, axis: Axis, y: int) -> Iterator[Markup]:
    places = [(round(axis.place(tick)), tick_label(tick)) for tick in axis.ticks()]
    yield path(f"M{MARGIN} {y}H{WIDTH - MARGIN}" + "".join(f"M{x} {y}v4" for x, _ in places), "axis")
    for x, label in places:
        yield text(label, x, y + 14, "tick")
    yield text(shortened(panel.unit, LONGEST_LABEL), WIDTH // 2, y + 28, "unit")

"""A finding as one short strip: the predicted side, the interval and the estimate on their own axis."""

from __future__ import annotations

import math

from markupsafe import Markup

from kb.judging.finding import Finding
from kb.site.figures.svg import Axis, element, path, short

WIDTH, HEIGHT, EDGE = 75, 13, 3


def strip_of(finding: Finding) -> Markup | None:
    """Return the strip as a line of SVG, or None as long as there is no finite interval or estimate.

    Each strip has an axis of its own, chosen so that bound and interval both show. It says nothing that its
    row does not say in words, so it is hidden from screen readers.
    """
    goal = finding.goal
    finite = [v for v in (*goal, *finding.interval, finding.estimate) if math.isfinite(v)]
    if not finding.seeds or not all(math.isfinite(v) for v in (*finding.interval, finding.estimate)):
        return None
    air = (max(finite) - min(finite)) * 0.15 or abs(finite[0]) * 0.1 or 1.0
    axis = Axis(min(finite) - air, max(finite) + air, EDGE, WIDTH - EDGE)
    low, high, left, right, estimate = (
        short(axis.place(value)) for value in (*goal, *finding.interval, finding.estimate)
    )
    middle, base = HEIGHT // 2, HEIGHT - 1
    bounds = "".join(f"M{short(axis.place(end))} 1V{base}" for end in goal if math.isfinite(end))
    return element(
        "svg",
        path(f"M{low} 1H{high}V{base}H{low}z", "predicted"),
        path(bounds, "bound"),
        path(f"M{left} {middle - 2}v4m0-2H{right}m0-2v4"),
        path(f"M{estimate} {middle}h0", "estimate"),
        class_="strip control" if finding.is_control else "strip",
        aria_hidden="true",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )

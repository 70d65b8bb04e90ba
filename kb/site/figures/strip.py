"""A finding as one short strip: the predicted side, the interval and the estimate on an axis of its own."""

from __future__ import annotations

import math

from markupsafe import Markup

from kb.judging.bounds import rate_target, target
from kb.judging.finding import Finding
from kb.site.figures.seeds import Axis

WIDTH, HEIGHT, EDGE = 75, 13, 3


def strip_of(finding: Finding) -> Markup | None:
    """Return the strip as a line of SVG, or nothing while there is no finite interval or estimate.

    Each strip has an axis of its own, chosen so that bound and interval both show. It says nothing that its
    row does not say in words, so it is hidden from screen readers.
    """
    goal = (
        target(finding.prediction)
        if finding.prediction.estimand == "mean"
        else rate_target(finding.prediction)
    )
    finite = [v for v in (*goal, *finding.interval, finding.estimate) if math.isfinite(v)]
    if not finding.seeds or not all(math.isfinite(v) for v in (*finding.interval, finding.estimate)):
        return None
    air = (max(finite) - min(finite)) * 0.15 or abs(finite[0]) * 0.1 or 1.0
    axis = Axis(min(finite) - air, max(finite) + air)
    low, high = (_place(axis, end) for end in goal)
    left, right = (_place(axis, end) for end in finding.interval)
    middle = HEIGHT // 2
    bounds = "".join(f"M{_n(_place(axis, end))} 1V{HEIGHT - 1}" for end in goal if math.isfinite(end))
    kind = "strip control" if finding.is_control else "strip"
    return Markup(  # noqa: S704 # it holds numbers only
        f'<svg class="{kind}" aria-hidden="true" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<path class="predicted" d="M{_n(low)} 1H{_n(high)}V{HEIGHT - 1}H{_n(low)}z"/>'
        f'<path class="bound" d="{bounds}"/>'
        f'<path d="M{_n(left)} {middle - 2}v4m0-2H{_n(right)}m0-2v4"/>'
        f'<path class="estimate" d="M{_n(_place(axis, finding.estimate))} {middle}h0"/></svg>'
    )


def _place(axis: Axis, value: float) -> float:
    share = (min(max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)
    return EDGE + share * (WIDTH - 2 * EDGE)


def _n(value: float) -> str:
    return f"{value:.0f}"

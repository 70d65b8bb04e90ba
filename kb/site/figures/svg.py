"""A small writer of SVG: whole figures on one line, every text escaped, and an axis with round ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

NAMESPACE = "http://www.w3.org/2000/svg"
ELLIPSIS = "\u2026"
MINUS = "\u2212"


@dataclass(frozen=True)
class Axis:
    """A linear map from numbers to places in a drawing.

    Attributes:
        low: Number at `start`, less than `high`.
        high: Number at `end`.
        start: Place of the low end.
        end: Place of the high end; it may lie before the start.
    """

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return the place of a number; numbers outside, and infinite ones, are put at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return three to seven round numbers inside the axis."""
        raw = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [index * step for index in range(first, last + 1)]


def figure(
    kind: str,
    width: float,
    height: float,
    *content: Markup,
    figure_id: str,
    title: str,
    description: str = "",
    role: str = "img",
    is_sized: bool = False,
) -> Markup:
    """Return a complete figure that also says in words what it shows.

    Args:
        kind: Classes for the style sheet.
        width: Width of the drawing.
        height: Height of the drawing.
        content: From back to front.
        figure_id: Prefix of the ids inside, so that a page may hold several figures.
        title: What the figure shows, for readers who cannot see it.
        description: What came out, in words; a figure of links has none, since its links have names.
        role: `img`, or `group` where parts of the figure are links.
        is_sized: Does it keep its size, rather than fill the available space?
    """
    words = [element("title", title, id=f"{figure_id}-title")]
    if description:
        words.append(element("desc", description, id=f"{figure_id}-desc"))
    return element(
        "svg",
        *words,
        *content,
        class_=kind,
        role=role,
        aria_labelledby=" ".join(f"{figure_id}-{part}" for part in ("title", "desc")[: len(words)]),
        width=width if is_sized else None,
        height=height if is_sized else None,
        viewBox=f"0 0 {short(width)} {short(height)}",
        xmlns=NAMESPACE,
    )


def element(name: str, *content: str, **attributes: str | float | None) -> Markup:
    """Return one element; text and values are escaped unless they are markup; values of None are left out.

    Args:
        name: Name of the element.
        content: Texts and elements inside, in order; without any, the element is self-closing.
        attributes: By name, with `_` for a hyphen, and at the end where Python knows the word.
    """
    given = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{_written(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(escape(part) for part in content)
    made = f"<{name}{given}>{inside}</{name}>" if content else f"<{name}{given}/>"
    return Markup(made)  # noqa: S704 # every text in it is escaped


def _written(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else short(value, 1)


def text(words: str, x: float, y: float, kind: str | None = None) -> Markup:
    """Return a line of text whose baseline is at a place."""
    return element("text", words, class_=kind, x=x, y=y)


def path(data: str, kind: str | None = None) -> Markup:
    """Return a path that has a class."""
    return element("path", class_=kind, d=data)


def icon(data: str, x: float, y: float, kind: str = "icon") -> Markup:
    """Return the icon of a state with its upper left corner at a place."""
    return element("path", class_=kind, transform=f"translate({short(x)} {short(y)})", d=data)


def short(value: float, places: int = 0) -> str:
    """Return a place in the drawing with a limited number of decimal places."""
    return f"{value:.{places}f}".removesuffix(".0")


def shortened(words: str, letters: int) -> str:
    """Return a text cut to a number of letters."""
    return words if len(words) <= letters else words[: letters - 1].rstrip() + ELLIPSIS


def tick_label(value: float) -> str:
    """Return a tick's number with a true minus sign; ticks are round, so six digits are enough."""
    return f"{value:.6g}".replace("-", MINUS)

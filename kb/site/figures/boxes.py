"""Claims as boxes with links, in columns and rows, and relations as curves between them.

Arguments run from left to right: a claim's grounds are on its left, and what it bears on is on its right.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reasoning.relations import Edge
from kb.site.figures.svg import ELLIPSIS, element, icon, path, short, text
from kb.words.states import STATES

BOX_WIDTH, BOX_HEIGHT = 174, 52
COLUMN, ROW = 206, 62
MARGIN = 6
LETTERS, LINES = 22, 3


class Cell(NamedTuple):
    """Where a claim is drawn: its column and its row."""

    column: int
    row: float


def box(
    base: Base,
    judgements: Mapping[str, Judgement],
    claim_id: str,
    place: Cell,
    *,
    href: str,
    letter: str = "",
) -> Markup:
    """Return a claim's box with its title and the icon of its state.

    Args:
        base: Where its title stands.
        judgements: Where its state stands.
        claim_id: The claim.
        place: Where it is drawn; the first column is 0.
        href: Where the box leads; if empty, it is the middle of the figure and no link.
        letter: A letter below the icon, which the figure's legend explains.
    """
    x, y = corner(place)
    at = f"translate({short(x)} {short(y)})"
    title, state = base.claims[claim_id].title, STATES[judgements[claim_id].state]
    lines = textwrap.wrap(title, LETTERS, max_lines=LINES, placeholder=ELLIPSIS)
    first = BOX_HEIGHT / 2 + 4 - 7 * (len(lines) - 1)
    parts = [
        element("rect", width=BOX_WIDTH, height=BOX_HEIGHT, rx=3),
        icon(state.icon, 5, BOX_HEIGHT // 2 - 8 - (6 if letter else 0), f"icon badge--{state.slug}"),
        *(text(line, 25, round(first + 14 * k)) for k, line in enumerate(lines)),
    ]
    if letter:
        parts.append(text(letter, 9, BOX_HEIGHT - 6, "side"))
    if not href:
        return element("g", *parts, class_="node node--focus", transform=at)
    name = [element("title", title)] if lines[-1].endswith(ELLIPSIS) else []
    return element("a", *name, *parts, class_="node", transform=at, href=href)


def curve(edge: Edge, places: Mapping[str, Cell]) -> Markup:
    """Return the curve of a relation between two boxes."""
    (x1, y1), (x2, y2) = (corner(places[i]) for i in edge[:2])
    down = y2 - y1
    if x1 < x2:  # from the right side of a box to the left side of another
        x1 += BOX_WIDTH
        bend, across = (x2 - x1) / 2, x2 - x1 - 2
    elif x1 == x2:
        x1 += BOX_WIDTH
        bend, across = 26.0, 2.0
    else:
        x2 += BOX_WIDTH
        bend, across = (x2 - x1) / 2, x2 - x1 + 2
    start = f"M{short(x1)} {short(y1 + BOX_HEIGHT / 2)}"
    bow = f"c{short(bend)} 0 {short(bend)} {short(down)} {short(across)} {short(down)}"
    return path(f"{start}{bow}", f"edge edge--{edge.type}")


def placed(columns: Mapping[int, Sequence[str]]) -> dict[str, Cell]:
    """Return the place of each claim, from the leftmost column on; shorter columns are centred."""
    rows, low = max(len(ids) for ids in columns.values()), min(columns)
    return {
        claim_id: Cell(column - low, row + (rows - len(ids)) / 2)
        for column, ids in sorted(columns.items())
        for row, claim_id in enumerate(ids)
    }


def size(columns: Mapping[int, Sequence[str]]) -> tuple[int, int]:
    """Return width and height of a drawing of these columns."""
    across, down = max(columns) - min(columns), max(len(ids) for ids in columns.values()) - 1
    return across * COLUMN + BOX_WIDTH + 2 * MARGIN, down * ROW + BOX_HEIGHT + 2 * MARGIN


def corner(place: Cell) -> tuple[float, float]:
    """Return the upper left corner of a box."""
    return MARGIN + place.column * COLUMN, MARGIN + place.row * ROW

"""The claims within two relations of a claim, laid out in five columns and drawn as SVG with links.

Arguments run from left to right: a claim's grounds are on its left, and what it
bears on is on its right. The layout needs no engine: a place is a column and a row.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from markupsafe import Markup

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reasoning.relations import Edge, edges_of
from kb.site.figures.svg import ELLIPSIS, element, figure, icon, path, short, text
from kb.words.numbers import count
from kb.words.states import STATES

REACH = 2
BOX_WIDTH, BOX_HEIGHT = 160, 50
COLUMN, ROW = 188, 60
MARGIN = 6
LETTERS, LINES = 22, 3
MOST = {1: 6, 2: 2}
"""The most claims in a column, by its distance; the list beside the figure has all neighbours."""


class Cell(NamedTuple):
    """Where a claim is drawn: its column, where 0 is that of the claim itself, and its row."""

    column: int
    row: float


class Neighbourhoods:
    """Draws the neighbourhood of any claim in a base, whose relations are looked up only once."""

    def __init__(self, base: Base, judgements: Mapping[str, Judgement]) -> None:
        self.base, self.judgements = base, judgements
        self.into: dict[str, list[Edge]] = defaultdict(list)
        self.out: dict[str, list[Edge]] = defaultdict(list)
        for edge in edges_of(base):
            self.into[edge.end].append(edge)
            self.out[edge.start].append(edge)

    def drawn(self, claim_id: str) -> Markup | None:
        """Return the figure as one line of SVG, or None for a claim without relations."""
        columns = self.columns(claim_id)
        if len(columns) == 1:
            return None
        places = placed(columns)
        edges = [edge for i in places for edge in self.out[i] if edge.end in places]
        low, rows = min(columns), max(len(ids) for ids in columns.values())
        return figure(
            "graph",
            (max(columns) - low) * COLUMN + BOX_WIDTH + 2 * MARGIN,
            (rows - 1) * ROW + BOX_HEIGHT + 2 * MARGIN,
            *(_edge(edge, places, low) for edge in edges),
            *(self._box(i, place, low, is_focus=i == claim_id) for i, place in places.items()),
            figure_id=f"near-{claim_id}",
            title=_title(claim_id, edges),
            role="group",
            is_sized=True,
        )

    def columns(self, claim_id: str) -> dict[int, list[str]]:
        """Return the claims by column, each once, nearest first; crowded columns are cut."""
        found: dict[int, list[str]] = {0: [claim_id]}
        seen = {claim_id}
        for step in range(1, REACH + 1):
            for side in (-1, 1):
                before = found.get(side * (step - 1), [])
                fresh = dict.fromkeys(i for here in before for i in self._next(here, side) if i not in seen)
                if fresh:
                    found[side * step] = list(fresh)[: MOST[step]]
                    seen.update(found[side * step])
        return found

    def _next(self, claim_id: str, side: int) -> Iterable[str]:
        return (e.start for e in self.into[claim_id]) if side < 0 else (e.end for e in self.out[claim_id])

    def _box(self, claim_id: str, place: Cell, low: int, *, is_focus: bool) -> Markup:
        x, y = _corner(place, low)
        at = f"translate({short(x)} {short(y)})"
        title, state = self.base.claims[claim_id].title, STATES[self.judgements[claim_id].state]
        lines = textwrap.wrap(title, LETTERS, max_lines=LINES, placeholder=ELLIPSIS)
        first = BOX_HEIGHT / 2 + 4 - 6.5 * (len(lines) - 1)
        parts = [
            element("rect", width=BOX_WIDTH, height=BOX_HEIGHT, rx=3),
            icon(state.icon, 5, BOX_HEIGHT // 2 - 8, f"icon badge--{state.slug}"),
            *(text(line, 25, round(first + 13 * k)) for k, line in enumerate(lines)),
        ]
        if is_focus:
            return element("g", *parts, class_="node node--focus", transform=at)
        is_cut = lines[-1].endswith(ELLIPSIS)
        name = [element("title", title)] if is_cut else []
        return element("a", *name, *parts, class_="node", transform=at, href=f"../{claim_id}/")


def _title(claim_id: str, edges: Iterable[Edge]) -> str:
    ends = [(edge.end == claim_id, edge.start == claim_id) for edge in edges]
    bearing, borne = sum(into for into, _ in ends), sum(out for _, out in ends)
    return f"{count(bearing, 'relation')} to this claim, {borne} from it; the list above has them in words."


def _edge(edge: Edge, places: Mapping[str, Cell], low: int) -> Markup:
    (x1, y1), (x2, y2) = (_corner(places[i], low) for i in edge[:2])
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
    curve = f"c{short(bend)} 0 {short(bend)} {short(down)} {short(across)} {short(down)}"
    return path(f"{start}{curve}", f"edge edge--{edge.type}")


def placed(columns: Mapping[int, list[str]]) -> dict[str, Cell]:
    """Return the place of each claim; shorter columns are centred on the longest."""
    rows = max(len(ids) for ids in columns.values())
    return {
        claim_id: Cell(column, row + (rows - len(ids)) / 2)
        for column, ids in sorted(columns.items())
        for row, claim_id in enumerate(ids)
    }


def _corner(place: Cell, low: int) -> tuple[float, float]:
    return MARGIN + (place.column - low) * COLUMN, MARGIN + place.row * ROW

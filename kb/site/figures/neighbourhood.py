"""The claims within two relations of a claim, laid out in five columns and drawn as SVG with links.

From left to right arguments bear on what stands to their right: a claim's grounds are on its left, what it
carries is on its right. Layout needs no engine: a place is a column and a row.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from kb.judging.judgement import Judgement
from kb.reading.load import Base
from kb.records.claims import RelationType
from kb.site.figures.seeds import NAMESPACE
from kb.words.states import STATES

REACH = 2
BOX_WIDTH, BOX_HEIGHT = 160, 50
COLUMN, ROW = 188, 60
MARGIN = 6
LETTERS, LINES = 22, 3
MOST = {1: 6, 2: 2}
"""Claims in a column by its distance; the list beside the figure has all neighbours."""
SAYS: dict[RelationType, str] = {
    "depends_on": "carries",
    "supports": "supports",
    "contradicts": "contradicts",
    "refines": "refines",
    "explains": "explains",
}
"""A relation read from the claim that bears to the one that it bears on."""


class Edge(NamedTuple):
    """One claim bearing on another."""

    start: str
    end: str
    type: RelationType


class Place(NamedTuple):
    """Where a claim is drawn: its column, 0 being the claim itself, and its row."""

    column: int
    row: float


def edges_of(base: Base) -> list[Edge]:
    """Return every relation as one claim bearing on another; what a claim depends on bears on it."""
    found = []
    for claim_id, claim in base.claims.items():
        for relation in claim.relations:
            if relation.claim in base.claims and relation.claim != claim_id:
                ends = (claim_id, relation.claim)
                start, end = ends[::-1] if relation.type == "depends_on" else ends
                found.append(Edge(start, end, relation.type))
    return found


class Neighbourhoods:
    """Draws the neighbourhood of any claim of a base, whose relations are looked up once."""

    def __init__(self, base: Base, judgements: Mapping[str, Judgement]) -> None:
        self.base, self.judgements = base, judgements
        self.into: dict[str, list[Edge]] = defaultdict(list)
        self.out: dict[str, list[Edge]] = defaultdict(list)
        for edge in edges_of(base):
            self.into[edge.end].append(edge)
            self.out[edge.start].append(edge)

    def drawn(self, claim_id: str) -> Markup | None:
        """Return the figure as one line of SVG, or nothing of a claim without relations."""
        columns = self.columns(claim_id)
        if len(columns) == 1:
            return None
        places = placed(columns)
        shown = {i: [e for e in self.out[i] if e.end in places] for i in places}
        edges = [edge for found in shown.values() for edge in found]
        low, rows = min(columns), max(len(ids) for ids in columns.values())
        width = (max(columns) - low) * COLUMN + BOX_WIDTH + 2 * MARGIN
        height = (rows - 1) * ROW + BOX_HEIGHT + 2 * MARGIN
        name = f"near-{claim_id}"
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        parts = [
            f'<svg class="graph" role="group" aria-labelledby="{name}" {size} xmlns="{NAMESPACE}">',
            f'<title id="{name}">{escape(self._title(claim_id, edges))}</title>',
            *(self._edge(edge, places, low) for edge in edges),
            *(self._box(i, place, low, is_focus=i == claim_id) for i, place in places.items()),
            "</svg>",
        ]
        return Markup("".join(parts))  # noqa: S704 # every text in it is escaped

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

    def _title(self, claim_id: str, edges: list[Edge]) -> str:
        bearing = sum(edge.end == claim_id for edge in edges)
        borne = sum(edge.start == claim_id for edge in edges)
        return (
            f"{bearing} relations lead to this claim and {borne} from it; the list above has them in words."
        )

    def _edge(self, edge: Edge, places: Mapping[str, Place], low: int) -> str:
        (x1, y1), (x2, y2) = (_corner(places[i], low) for i in edge[:2])
        down = y2 - y1
        if x1 < x2:  # from the right side of a box to the left side of another
            x1 += BOX_WIDTH
            path = f"{_n((x2 - x1) / 2)} 0 {_n((x2 - x1) / 2)} {_n(down)} {_n(x2 - x1 - 2)} {_n(down)}"
        elif x1 == x2:
            x1 += BOX_WIDTH
            path = f"26 0 26 {_n(down)} 2 {_n(down)}"
        else:
            x2 += BOX_WIDTH
            path = f"{_n((x2 - x1) / 2)} 0 {_n((x2 - x1) / 2)} {_n(down)} {_n(x2 - x1 + 2)} {_n(down)}"
        start = f"M{_n(x1)} {_n(y1 + BOX_HEIGHT / 2)}"
        return f'<path class="edge edge--{edge.type}" d="{start}c{path}"/>'

    def _box(self, claim_id: str, place: Place, low: int, *, is_focus: bool) -> str:
        x, y = _corner(place, low)
        title, state = self.base.claims[claim_id].title, STATES[self.judgements[claim_id].state]
        lines = textwrap.wrap(title, LETTERS, max_lines=LINES, placeholder="…")
        first = BOX_HEIGHT / 2 + 4 - 6.5 * (len(lines) - 1)
        text = "".join(
            f'<text x="25" y="{_n(first + 13 * k)}">{escape(line)}</text>' for k, line in enumerate(lines)
        )
        corner = f"5 {BOX_HEIGHT // 2 - 8}"
        icon = f'<path class="icon badge--{state.slug}" transform="translate({corner})" d="{state.icon}"/>'
        box = f'<rect width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="3"/>{icon}{text}'
        at = f'transform="translate({_n(x)} {_n(y)})"'
        if is_focus:
            return f'<g class="node node--focus" {at}>{box}</g>'
        name = f"<title>{escape(title)}</title>" if lines[-1].endswith("…") else ""
        return f'<a class="node" {at} href="../{claim_id}/">{name}{box}</a>'


def placed(columns: Mapping[int, list[str]]) -> dict[str, Place]:
    """Return the place of each claim; shorter columns are centred on the longest."""
    rows = max(len(ids) for ids in columns.values())
    return {
        claim_id: Place(column, row + (rows - len(ids)) / 2)
        for column, ids in sorted(columns.items())
        for row, claim_id in enumerate(ids)
    }


def _corner(place: Place, low: int) -> tuple[float, float]:
    return MARGIN + (place.column - low) * COLUMN, MARGIN + place.row * ROW


def _n(value: float) -> str:
    return f"{value:.0f}"

"""The claims within two relations of a claim, laid out in five columns and drawn as SVG with links.

The layout needs no engine: a place is a column and a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reasoning.relations import Edge, edges_of
from kb.site.figures.boxes import box, curve, placed, size
from kb.site.figures.svg import figure
from kb.words.numbers import count

REACH = 2
MOST = {1: 6, 2: 2}
"""The most claims in a column, by its distance; the list beside the figure has all neighbours."""


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
        boxes = (
            box(self.base, self.judgements, i, place, href="" if i == claim_id else f"../{i}/")
            for i, place in places.items()
        )
        return figure(
            "graph",
            *size(columns),
            *(curve(edge, places) for edge in edges),
            *boxes,
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


def _title(claim_id: str, edges: Iterable[Edge]) -> str:
    ends = [(edge.end == claim_id, edge.start == claim_id) for edge in edges]
    bearing, borne = sum(into for into, _ in ends), sum(out for _, out in ends)
    return f"{count(bearing, 'relation')} to this claim, {borne} from it; the list above has them in words."

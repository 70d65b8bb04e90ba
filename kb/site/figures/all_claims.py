"""All claims as marks in rows by topic, with the relations as arcs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from kb.exports.published import Site
from kb.reasoning.relations import Edge
from kb.site.figures.svg import element, figure, path, text
from kb.words.states import STATES

WIDTH, LEFT, ROW, STEP = 860, 150, 50, 29
PER_LINE = (WIDTH - LEFT) // STEP
"""How many claims of a topic stand side by side; more begin another line."""
LETTERS = 24
"""Width of a topic's name beside its row."""


class Spot(NamedTuple):
    """The centre of a claim's mark."""

    x: int
    y: int


def all_claims(site: Site, topics: Mapping[str, Sequence[str]], edges: Sequence[Edge]) -> Markup:
    """Return all claims as marks in rows by topic, with the relations as arcs between them."""
    spots: dict[str, Spot] = {}
    names = []
    y = ROW // 2
    for topic, ids in topics.items():
        names.append(text(topic.replace("-", " ")[:LETTERS], 0, y + 4))
        for k, claim_id in enumerate(ids):
            spots[claim_id] = Spot(LEFT + 14 + STEP * (k % PER_LINE), y + ROW * (k // PER_LINE))
        y += ROW * (1 + (len(ids) - 1) // PER_LINE)
    used = [STATES[state] for state in site.by_state]
    icons = (element("path", id=f"mark-{state.slug}", d=state.icon) for state in used)
    counted = f"{len(spots)} claims by topic with {len(edges)} relations"
    return figure(
        "graph graph--all",
        WIDTH,
        y - ROW // 2,
        element("defs", *icons),
        *(_arc(edge, spots) for edge in edges),
        *names,
        *(_mark(site, claim_id, spot) for claim_id, spot in spots.items()),
        figure_id="graph-all",
        title=f"{counted}; the list below has them in words.",
        role="group",
    )


def _arc(edge: Edge, spots: Mapping[str, Spot]) -> Markup:
    (x1, y1), (x2, y2) = spots[edge.start], spots[edge.end]
    lift = min(44, 14 + abs(x1 - x2) // 8) if y1 == y2 else 0
    turn = 0 if y1 == y2 else (y2 - y1) // 6
    middle = f"{(x1 + x2) // 2 + turn} {(y1 + y2) // 2 - lift}"
    return path(f"M{x1} {y1}Q{middle} {x2} {y2}", f"edge edge--{edge.type}")


def _mark(site: Site, claim_id: str, spot: Spot) -> Markup:
    state = STATES[site.judgements[claim_id].state]
    return element(
        "a",
        element("title", f"{site.base.claims[claim_id].title} ({state.word.lower()})"),
        element("circle", cx=spot.x, cy=spot.y, r=11),
        element("use", class_="icon", x=spot.x - 8, y=spot.y - 8, href=f"#mark-{state.slug}"),
        class_=f"mark badge--{state.slug}",
        href=f"../claims/{claim_id}/",
    )

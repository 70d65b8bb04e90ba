"""All claims as marks in rows by topic, with the relations as arcs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from kb.site.figures.neighbourhood import Edge
from kb.site.figures.seeds import NAMESPACE
from kb.site.page import Site
from kb.words.states import STATES

WIDTH, LEFT, ROW, STEP = 860, 150, 50, 29
PER_LINE = (WIDTH - LEFT) // STEP
"""Claims of a topic beside each other; more begin another line."""


class Spot(NamedTuple):
    """The middle of a claim's mark."""

    x: int
    y: int


def all_claims(site: Site, topics: Mapping[str, Sequence[str]], edges: Sequence[Edge]) -> Markup:
    """Return all claims as marks in rows by topic, with the relations as arcs between them."""
    spots: dict[str, Spot] = {}
    names = []
    y = ROW // 2
    for topic, ids in topics.items():
        names.append(f'<text x="0" y="{y + 4}">{escape(topic.replace("-", " ")[:24])}</text>')
        for k, claim_id in enumerate(ids):
            spots[claim_id] = Spot(LEFT + 14 + STEP * (k % PER_LINE), y + ROW * (k // PER_LINE))
        y += ROW * (1 + (len(ids) - 1) // PER_LINE)
    frame = f'role="group" aria-labelledby="graph-all" viewBox="0 0 {WIDTH} {y - ROW // 2}"'
    used = [STATES[state] for state in site.by_state]
    icons = "".join(f'<path id="mark-{state.slug}" d="{state.icon}"/>' for state in used)
    counted = f"{len(spots)} claims by topic with {len(edges)} relations"
    parts = [
        f'<svg class="graph graph--all" {frame} xmlns="{NAMESPACE}">',
        f'<title id="graph-all">{counted}; the list below has them in words.</title>',
        f"<defs>{icons}</defs>",
        *(_arc(edge, spots) for edge in edges),
        *names,
        *(_mark(site, claim_id, spot) for claim_id, spot in spots.items()),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 # every text in it is escaped


def _arc(edge: Edge, spots: Mapping[str, Spot]) -> str:
    (x1, y1), (x2, y2) = spots[edge.start], spots[edge.end]
    lift = min(44, 14 + abs(x1 - x2) // 8) if y1 == y2 else 0
    turn = 0 if y1 == y2 else (y2 - y1) // 6
    middle = f"{(x1 + x2) // 2 + turn} {(y1 + y2) // 2 - lift}"
    return f'<path class="edge edge--{edge.type}" d="M{x1} {y1}Q{middle} {x2} {y2}"/>'


def _mark(site: Site, claim_id: str, spot: Spot) -> str:
    state = STATES[site.judgements[claim_id].state]
    words = escape(f"{site.base.claims[claim_id].title} ({state.word.lower()})")
    return (
        f'<a class="mark badge--{state.slug}" href="../claims/{claim_id}/"><title>{words}</title>'
        f'<circle cx="{spot.x}" cy="{spot.y}" r="11"/>'
        f'<use class="icon" x="{spot.x - 8}" y="{spot.y - 8}" href="#mark-{state.slug}"/></a>'
    )

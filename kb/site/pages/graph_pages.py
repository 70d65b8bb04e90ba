"""The graph of all claims: drawn by topic, as a nested list, and as data for the explorer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from kb.site.figures.figures import NAMESPACE
from kb.site.figures.neighbourhood import SAYS, Edge, edges_of
from kb.site.page import STANDINGS, Page, Site
from kb.words.states import STATES

WIDTH, LEFT, ROW, STEP = 860, 150, 50, 29
PER_LINE = (WIDTH - LEFT) // STEP
"""Claims of a topic beside each other; more begin another line."""


class Spot(NamedTuple):
    """The middle of a claim's mark."""

    x: int
    y: int


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview of the graph and the explorer."""
    edges = edges_of(site.base)
    topics = _by_topic(site)
    wide = ("navigation", "toc")
    yield site.page(
        "graph/index.md",
        "graph",
        "Graph",
        "What rests on what, who contradicts whom.",
        hide=wide,
        topics=topics,
        figure=_figure(site, topics, edges),
        bearing=_into(edges),
        says=SAYS,
        edges=edges,
    )
    yield site.page(
        "graph/explore.md",
        "explore",
        "Explore the graph",
        "One claim with what bears on it and what it bears on, as far as you like.",
        hide=wide,
        in_search=False,
        head={"script": "assets/explore.js"},
        says=SAYS,
        standing_names=STANDINGS,
    )


def files(site: Site) -> dict[str, str]:
    """Return the claims and relations as the explorer reads them."""
    claims = site.base.claims
    place = {claim_id: k for k, claim_id in enumerate(claims)}
    nodes = [
        [
            i,
            claims[i].title,
            STATES[site.judgements[i].state].slug,
            site.standings[i].standing,
            site.base.topics[i],
        ]
        for i in claims
    ]
    edges = [[place[e.start], place[e.end], e.type] for e in edges_of(site.base)]
    words = {state.slug: state.word for state in STATES.values()}
    icons = {state.slug: state.icon for state in STATES.values()}
    document = {"schema": "assay/explorer/1", "states": words, "icons": icons, "says": SAYS}
    return {
        "graph/claims.json": json.dumps({**document, "nodes": nodes, "edges": edges}, separators=(",", ":"))
        + "\n"
    }


def _by_topic(site: Site) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for claim_id, topic in site.base.topics.items():
        if claim_id in site.base.claims:
            found[topic].append(claim_id)
    return dict(sorted(found.items()))


def _into(edges: list[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.end].append(edge)
    return dict(found)


def _figure(site: Site, topics: Mapping[str, list[str]], edges: list[Edge]) -> Markup:
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

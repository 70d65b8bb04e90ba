"""The claims of a debate as a map: what bears on what, in columns from grounds to conclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx
from markupsafe import Markup

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reasoning.relations import Edge
from kb.site.figures.boxes import box, curve, placed, size
from kb.site.figures.svg import figure
from kb.words.numbers import count


def debate_map(
    base: Base,
    judgements: Mapping[str, Judgement],
    claims: Sequence[str],
    edges: Sequence[Edge],
    letters: Mapping[str, str],
) -> Markup:
    """Return the map as one line of SVG, for the page of a debate.

    Args:
        base: Where titles stand.
        judgements: Where states stand.
        claims: What is drawn, in the order of the debate.
        edges: Relations between these claims.
        letters: The letters of the sides that rely on a claim, for those on which one does.
    """
    columns = columns_of(claims, edges)
    places = placed(columns)
    return figure(
        "graph",
        *size(columns),
        *(curve(edge, places) for edge in edges),
        *(
            box(base, judgements, i, place, href=f"../../claims/{i}/", letter=letters.get(i, ""))
            for i, place in places.items()
        ),
        figure_id="map",
        title=f"{count(len(claims), 'claim')} and {count(len(edges), 'relation')}; "
        "the list below has them in words.",
        role="group",
        is_sized=True,
    )


def columns_of(claims: Sequence[str], edges: Sequence[Edge]) -> dict[int, list[str]]:
    """Return the claims by column, the last being 0: each as far right as what it bears on allows.

    Claims that bear on one another share a column. Within a column a claim stands at the height of those
    that it bears on, so that few curves cross.
    """
    bearing: nx.DiGraph[str] = nx.DiGraph()
    bearing.add_nodes_from(claims)
    bearing.add_edges_from((edge.end, edge.start) for edge in edges)
    circles = nx.condensation(bearing)
    order = {claim_id: place for place, claim_id in enumerate(claims)}
    columns: dict[int, list[str]] = {}
    height: dict[str, float] = {}
    for distance, generation in enumerate(nx.topological_generations(circles)):
        found = [claim_id for circle in generation for claim_id in circles.nodes[circle]["members"]]
        wanted = {i: _mean([height[j] for j in bearing.predecessors(i) if j in height]) for i in found}
        found.sort(key=lambda i: (wanted[i], order[i]))
        columns[-distance] = found
        height.update((i, row - (len(found) - 1) / 2) for row, i in enumerate(found))
    return columns


def _mean(heights: Sequence[float]) -> float:
    return sum(heights) / len(heights) if heights else 0.0

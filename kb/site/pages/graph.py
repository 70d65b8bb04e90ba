"""The graph of all claims: drawn by topic, as a nested list, and the explorer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kb.exports.published import Site
from kb.reasoning.relations import Edge, edges_of
from kb.records.relations import RELATIONS
from kb.site.figures.all_claims import all_claims
from kb.site.page import Page, page_from
from kb.words.standings import STANDINGS


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview of the graph and the explorer."""
    edges = edges_of(site.base)
    topics = _by_topic(site)
    wide = ("navigation", "toc")
    yield page_from(
        site,
        "graph/index.md",
        "graph",
        "Graph",
        "What rests on what, who contradicts whom.",
        hide=wide,
        topics=topics,
        figure=all_claims(site, topics, edges),
        bearing=_into(edges),
        relation_words=RELATIONS,
        edges=edges,
    )
    yield page_from(
        site,
        "graph/explore.md",
        "explore",
        "Explore the graph",
        "One claim with what bears on it and what it bears on, as far as you like.",
        hide=wide,
        in_search=False,
        head={"script": "assets/explore.js"},
        relation_words=RELATIONS,
        standing_names=STANDINGS,
    )


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

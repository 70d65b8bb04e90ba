"""The graph of all claims: topics by state, the maps of debates, a nested list, and the explorer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from kb.exports.published import Site
from kb.reasoning.relations import Edge, edges_of
from kb.records.relations import RELATIONS
from kb.site.page import Page, page_from
from kb.words.numbers import count
from kb.words.standings import STANDINGS
from kb.words.states import Group


class TopicCell(NamedTuple):
    """The claims of one topic in the states of one group.

    Attributes:
        group: What the states are called together.
        claims: Ids; there may be none.
        title: What the cell holds, in words.
        query: What the address of the table of claims asks for, so that it shows these claims alone.
    """

    group: Group
    claims: tuple[str, ...]
    title: str
    query: str


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
        groups=[group for group, ids, _ in site.by_group if ids],
        matrix=matrix(site, topics),
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


def matrix(site: Site, topics: Mapping[str, Sequence[str]]) -> list[tuple[str, list[TopicCell]]]:
    """Return for each topic, by its name in words, a cell for each group of states that any claim is in."""
    rows = []
    for topic, ids in topics.items():
        name = topic.replace("-", " ").capitalize()
        cells = []
        for group, in_group, first in site.by_group:
            if in_group:
                found = tuple(i for i in ids if i in in_group)
                title = f"{name}, {group.word}: {count(len(found), 'claim')}"
                query = f"?topic={quote(topic)}&group={group.slug}#{first}"
                cells.append(TopicCell(group, found, title, query))
        rows.append((name, cells))
    return rows


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

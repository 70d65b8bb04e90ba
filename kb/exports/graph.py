"""A graph as text for other programs: Graphviz's language, networkx's node-link JSON, GraphML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from networkx import MultiDiGraph

SHAPES = {
    "claim": "box",
    "source": "note",
    "person": "oval",
    "experiment": "component",
    "debate": "diamond",
    "evidence": "cylinder",
}
"""How each type of node is drawn."""


def as_data(graph: MultiDiGraph) -> dict[str, Any]:
    """Return a graph in networkx's node-link form, with a `schema` field."""
    from networkx import node_link_data

    return {"schema": "assay/graph/1", **node_link_data(_ordered(graph), edges="edges")}


def as_json(graph: MultiDiGraph) -> str:
    """Return a graph in networkx's node-link form as JSON."""
    return json.dumps(as_data(graph))


def as_graphml(graph: MultiDiGraph) -> str:
    """Return a graph as GraphML, which most graph editors read; each edge has an id of its own and a type."""
    from networkx import MultiDiGraph, generate_graphml

    named = MultiDiGraph()
    ordered = _ordered(graph)
    named.add_nodes_from(ordered.nodes(data=True))
    for start, end, kind, facts in ordered.edges(keys=True, data=True):
        named.add_edge(start, end, key=f"{start} {kind} {end}", type=kind, **facts)
    return "\n".join(generate_graphml(named))


def as_dot(graph: MultiDiGraph) -> str:
    """Return a graph in the language of Graphviz."""
    return "\n".join(_dot_lines(_ordered(graph)))


def _dot_lines(graph: MultiDiGraph) -> Iterator[str]:
    yield "digraph assay {"
    yield "  rankdir=LR;"
    for name, facts in graph.nodes(data=True):
        yield f"  {_quoted(name)} [label={_quoted(facts['label'])}, shape={SHAPES[facts['type']]}];"
    for start, end, kind, facts in graph.edges(keys=True, data=True):
        style = ", style=bold" if facts.get("strict") else ""
        yield f"  {_quoted(start)} -> {_quoted(end)} [label={_quoted(kind)}{style}];"
    yield "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _ordered(graph: MultiDiGraph) -> MultiDiGraph:
    """Return a copy with sorted nodes and edges, so that equal graphs give equal bytes."""
    ordered: MultiDiGraph = graph.__class__()
    nodes = graph.nodes(data=True)
    ordered.add_nodes_from(sorted(nodes, key=lambda pair: pair[0]))
    edges = graph.edges(keys=True, data=True)
    ordered.add_edges_from(sorted(edges, key=lambda edge: edge[:3]))
    return ordered


FORMATS: Mapping[str, Callable[[MultiDiGraph], str]] = {
    "dot": as_dot,
    "json": as_json,
    "graphml": as_graphml,
}
"""Each format by the name that the command line gives it."""

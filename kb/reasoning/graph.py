"""The whole record as one graph: claims, sources, people, experiments, debates and evidence, joined by type.

Nodes are named by type and id, such as `claim:bigger-is-better`. Edges point as their word reads: a source
`asserts` a claim, a claim `depends_on` another and is `tested_by` an experiment, evidence `measured` it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal, get_args

from kb.evidence.ledger import Ledger
from kb.reading.base import Base
from kb.reasoning.people import People, people
from kb.records.claims import Claim, Source, Stance
from kb.records.relations import RELATIONS

if TYPE_CHECKING:
    from networkx import MultiDiGraph

NodeType = Literal["claim", "source", "person", "experiment", "debate", "evidence"]
EdgeType = Literal["quoted", "authored", "tested_by", "measured", "side_of", "discriminates"]
Direction = Literal["up", "down", "both"]
NODE_TYPES: tuple[str, ...] = get_args(NodeType)
EDGE_TYPES: tuple[str, ...] = (*RELATIONS, *get_args(Stance), *get_args(EdgeType))
AGAINST = frozenset([*(kind for kind, row in RELATIONS.items() if row.points_back), "tested_by"])
"""Edges whose end bears on their start; along all others the start bears on the end."""


def node(kind: NodeType, name: str) -> str:
    """Return the name of a node."""
    return f"{kind}:{name}"


def build(base: Base, ledger: Ledger | None = None) -> MultiDiGraph:
    """Return the graph of a base, and of the evidence if a ledger is given.

    Every node has a `type` and a `label`; every edge has its type as key. The other fields of a relation,
    stance or side are attributes. Links to records that do not exist are left out; `repro check` reports
    them. Evidence has one node per arm, replication and protocol.
    """
    from networkx import MultiDiGraph

    graph = MultiDiGraph()
    everybody = people(base)
    for source_id, source in base.sources.items():
        _add_source(graph, everybody, source_id, source)
    for name, script in base.scripts.items():
        graph.add_node(node("experiment", name), type="experiment", label=script.question, state="written")
    for claim_id, claim in base.claims.items():
        graph.add_node(node("claim", claim_id), type="claim", label=claim.title, kind=claim.kind)
    for claim_id, claim in base.claims.items():
        _add_claim(graph, everybody, base, claim_id, claim)
    _add_debates(graph, base)
    if ledger is not None:
        _add_evidence(graph, base, ledger)
    return graph


def _add_source(graph: MultiDiGraph, everybody: People, source_id: str, source: Source) -> None:
    name = node("source", source_id)
    graph.add_node(name, type="source", label=source.title, issued=source.issued or "")
    for person in source.author:
        graph.add_edge(_person(graph, everybody, person.full), name, key="authored")


def _person(graph: MultiDiGraph, everybody: People, full_name: str) -> str:
    """Return the name of a person's node, which is in the graph from now on."""
    known = everybody[full_name]
    graph.add_node(node("person", known.id), type="person", label=known.name)
    return node("person", known.id)


def _add_claim(graph: MultiDiGraph, everybody: People, base: Base, claim_id: str, claim: Claim) -> None:
    name = node("claim", claim_id)
    for relation in claim.relations:
        if relation.claim in base.claims:
            facts = {"because": relation.because, "strict": relation.strict}
            if relation.on:
                facts["on"] = " ".join(relation.on)
            graph.add_edge(name, node("claim", relation.claim), key=relation.type, **facts)
    for said in claim.stated_in:
        if said.source in base.sources:
            graph.add_edge(node("source", said.source), name, key=said.stance, by=said.by or "")
        if said.taken_by is not None:
            graph.add_edge(_person(graph, everybody, said.taken_by), name, key=said.stance)
        if said.by is not None and said.quoted_by is not None:
            graph.add_edge(_person(graph, everybody, said.by), name, key="quoted", by=said.quoted_by)
    if claim.protocol is not None:
        experiment = node("experiment", claim.protocol.experiment)
        if experiment not in graph:
            facts = {"label": claim.protocol.experiment, "state": "to be written"}
            graph.add_node(experiment, type="experiment", **facts)
        names = [setting.name for setting in claim.protocol.settings]
        graph.add_edge(name, experiment, key="tested_by", scale=names[0], settings=", ".join(names))


def _add_debates(graph: MultiDiGraph, base: Base) -> None:
    for debate_id, debate in base.debates.items():
        name = node("debate", debate_id)
        graph.add_node(name, type="debate", label=debate.title)
        for side in debate.sides:
            for claim_id in side.claims:
                if claim_id in base.claims:
                    graph.add_edge(node("claim", claim_id), name, key="side_of", side=side.name)
        for claim_id in debate.discriminating.claims:
            if claim_id in base.claims:
                graph.add_edge(node("claim", claim_id), name, key="discriminates")


def _add_evidence(graph: MultiDiGraph, base: Base, ledger: Ledger) -> None:
    current = {
        ledger.origin(script.version_at(setting))
        for script in base.scripts.values()
        for setting in base.settings(script.name)
    }
    for piece in ledger.evidence:
        experiment = node("experiment", piece.experiment)
        if experiment not in graph:
            graph.add_node(experiment, type="experiment", label=piece.experiment, state="removed")
        run = "" if piece.replication == 0 else f"/replication-{piece.replication}"
        name = node("evidence", f"{piece.experiment}/{piece.version[:12]}/{piece.arm}{run}")
        if name not in graph:
            is_current = ledger.origin(piece.version) in current
            label = f"{piece.arm} of {piece.experiment}"
            graph.add_node(name, type="evidence", label=label, current=is_current, seeds=0, seconds=0.0)
            graph.add_edge(name, experiment, key="measured")
        graph.nodes[name]["seeds"] += len(piece.seeds)
        graph.nodes[name]["seconds"] += piece.seconds


def around(
    graph: MultiDiGraph, focus: str, *, direction: Direction = "both", depth: int | None = None
) -> MultiDiGraph:
    """Return the part of a graph that is at most `depth` steps from a node.

    Args:
        graph: As `build` returns it.
        focus: Name of a node.
        direction: `up` to what bears on the focus, `down` to what it bears on, or both ways at every step.
        depth: Steps from the focus; None means as many as there are.
    """
    from networkx import DiGraph, ego_graph

    bears_on = DiGraph()
    bears_on.add_nodes_from(graph)
    for start, end, kind in graph.edges(keys=True):
        bears_on.add_edge(*((end, start) if kind in AGAINST else (start, end)))
    way = bears_on.reverse(copy=False) if direction == "up" else bears_on
    return graph.subgraph(ego_graph(way, focus, radius=depth, undirected=direction == "both")).copy()


def of_types(graph: MultiDiGraph, types: Collection[str], *, keep: str | None = None) -> MultiDiGraph:
    """Return a graph with only some types of nodes and edges; if none of a kind is named, all stay.

    Args:
        graph: As `build` returns it.
        types: Types of nodes, edges or both. If only edges are named, nodes without any are left out.
        keep: A node that stays, whatever its type.
    """
    nodes = [kind for kind in NODE_TYPES if kind in types] or NODE_TYPES
    edges = [kind for kind in EDGE_TYPES if kind in types] or EDGE_TYPES
    types_of = graph.nodes(data="type")
    kept = graph.subgraph(name for name, kind in types_of if kind in nodes or name == keep).copy()
    kept.remove_edges_from([edge for edge in kept.edges(keys=True) if edge[2] not in edges])
    if edges is not EDGE_TYPES and nodes is NODE_TYPES:
        kept.remove_nodes_from([name for name, degree in [*kept.degree] if not degree and name != keep])
    return kept

"""The graph of claims: who rests on whom, who supports and who contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.load import Base

if TYPE_CHECKING:
    from networkx import MultiDiGraph


def build(base: Base) -> MultiDiGraph:
    """Return claims as nodes and relations as edges keyed by type, from the stating claim to its target.

    A relation whose target does not exist is left out; `repro check` reports it.
    """
    from networkx import MultiDiGraph

    graph = MultiDiGraph()
    graph.add_nodes_from(base.claims)
    for claim_id, claim in base.claims.items():
        for relation in claim.relations:
            if relation.claim in base.claims:
                graph.add_edge(claim_id, relation.claim, key=relation.type, relation=relation)
    return graph

"""No claim rests on itself through others."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from kb.reading.base import Base
from kb.records.claims import Relation
from kb.records.relations import RELATIONS
from kb.text.problems import Problem

CODES = {"dependency-cycle": "Claims depend on each other in a circle."}


def check(base: Base) -> Iterator[Problem]:
    """Return one problem for each cycle, at the relation of its alphabetically first claim."""
    graph = {
        claim_id: [r.claim for r in claim.relations if _is_base(r) and r.claim != claim_id]
        for claim_id, claim in base.claims.items()
    }
    while cycle := _cycle(graph):
        claim_id, target = cycle[:2]
        relations = base.claims[claim_id].relations
        pairs = [(_is_base(relation), relation.claim) for relation in relations]
        yield base.problem(
            "dependency-cycle",
            claim_id,
            ("relations", pairs.index((True, target)), "claim"),
            found="the circle " + " -> ".join([*cycle, claim_id]),
            allowed="depends_on without circles",
            advice="remove the dependency that is not meant; supports may form circles",
        )
        graph[claim_id].remove(target)


def _is_base(relation: Relation) -> bool:
    return RELATIONS[relation.type].effect == "base"


def _cycle(graph: dict[str, list[str]]) -> list[str]:
    """Return the claims of a cycle, each before the one it depends on, from the first of the alphabet."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # The error lists each node before the one that has it as predecessor, the first again at the end.
        nodes = list(reversed(error.args[1][1:]))
        start = nodes.index(min(nodes))
        return nodes[start:] + nodes[:start]
    return []

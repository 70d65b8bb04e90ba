"""Circles in what records say of each other, one for each knot of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple


class Circle(NamedTuple):
    """A shortest way from an id back to itself.

    Attributes:
        ids: The alphabetically first id of the knot, those on the way, and the first again.
        size: Number of ids that all lead to each other; the circle has some of them or all.
    """

    ids: list[str]
    size: int

    def __str__(self) -> str:
        """Return the circle in words, with the size of a knot that is larger."""
        is_whole = self.size == len(self.ids) - 1
        more = "" if is_whole else f", one of several among {self.size} that all lead to each other"
        return f"the circle {' -> '.join(self.ids)}{more}"


def circles(graph: Mapping[str, Sequence[str]]) -> Iterator[Circle]:
    """Yield one circle for each set of ids that all lead to each other.

    Args:
        graph: For each id, where it leads to.
    """
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        import networkx as nx  # 140 ms, for what hardly any base has

        whole = nx.DiGraph(graph)
        for knot in sorted(nx.strongly_connected_components(whole), key=min):
            part, first = whole.subgraph(knot), min(knot)
            ways = [nx.shortest_path(part, second, first) for second in sorted(part.successors(first))]
            if ways:
                yield Circle([first, *min(ways, key=len)], len(knot))

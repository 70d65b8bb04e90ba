"""`repro graph`: claims, sources, people and runs as one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from kb.exports.graph import FORMATS
from kb.reading.base import Base
from kb.reasoning.graph import EDGE_TYPES, NODE_TYPES, Direction, around, build, node, of_types
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.errors import unknown
from repro.cli.parts.targets import claim_named

if TYPE_CHECKING:
    from networkx import MultiDiGraph

PLACE = 100


HELP = f"""Write claims, sources, people, experiments, debates and evidence as one graph.

Types of nodes: {", ".join(NODE_TYPES)}.

Types of edges: {", ".join(EDGE_TYPES)}.
"""


@click.command(help=HELP)
@click.option(
    "--focus",
    metavar="ID",
    shell_complete=completion.claims,
    help="A claim, or any node with its type, such as person:ali-rahimi.",
)
@click.option(
    "--direction",
    type=click.Choice(get_args(Direction)),
    default="both",
    show_default=True,
    help="From the focus up to what bears on it, down to what it bears on, or both ways.",
)
@click.option(
    "--depth", type=click.IntRange(0), metavar="N", default=1, show_default=True, help="Steps from the focus."
)
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice([*NODE_TYPES, *EDGE_TYPES]),
    metavar="TYPE",
    help="Keep only these types of nodes, or of edges; may be repeated.",
)
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="dot", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_obj
def command(
    context: Context,
    *,
    focus: str | None,
    direction: Direction,
    depth: int,
    types: tuple[str, ...],
    form: str,
    as_json: bool,
) -> None:
    """Write the graph, or the requested part."""
    project = context.project()
    graph = build(project.base, project.ledger)
    if focus is None:
        graph = of_types(graph, types)
    else:
        name = _name(project.base, graph, focus)
        graph = around(of_types(graph, types, keep=name), name, direction=direction, depth=depth)
    click.echo(FORMATS["json" if as_json else form](graph))


def _name(base: Base, graph: MultiDiGraph, focus: str) -> str:
    if focus in graph:
        return focus
    if ":" in focus:
        raise unknown("node", focus, graph.nodes)
    return node("claim", claim_named(base, focus))

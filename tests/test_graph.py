"""The graph holds every record and what joins them; parts of it are cut out and written in three formats."""

import json
from xml.etree import ElementTree as ET

import pytest
from networkx import node_link_graph, parse_graphml

from kb.evidence.ledger import read_ledger
from kb.exports.graph import as_dot, as_graphml, as_json
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.graph import EDGE_TYPES, NODE_TYPES, around, build, of_types
from kb.reasoning.people import plain_id
from tests.standings_project import write_standings_project

DEBATE = """\
title: Is a house firm?
question: Does what is built on a fallen claim stand?
sides:
  - {name: It stands, claims: [house]}
  - {name: It falls, claims: [fallen]}
discriminating: {what: Look at it., claims: [tower]}
readings:
  - {if: it lies there, then: it falls}
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """Return the graph of a small project with a debate and evidence."""
    root = tmp_path_factory.mktemp("bases")
    write_standings_project("bases", root)
    (root / "claims/debates").mkdir()
    (root / "claims/debates/firm-houses.yaml").write_text(DEBATE, encoding="utf-8")
    base = load_base(Folder(root))
    assert [p for p in base.problems if p.code != "unused-experiment"] == []
    return build(base, read_ledger(Folder(root)))


def edges(graph, kind):
    """Return start and end of every edge of a type."""
    return {(start, end) for start, end, key in graph.edges(keys=True) if key == kind}


def test_every_type_of_node_and_its_edges_are_there(graph):
    """Records, their authors and speakers, and for the evidence one node per arm of a protocol."""
    assert {kind for _, kind in graph.nodes(data="type")} == {*NODE_TYPES}
    assert {kind for *_, kind in graph.edges(keys=True)} <= {*EDGE_TYPES}
    assert ("claim:tower", "claim:house") in edges(graph, "depends_on")
    assert ("claim:tower", "experiment:coin") in edges(graph, "tested_by")
    assert ("source:toy-source", "claim:tower") in edges(graph, "asserts")
    assert ("person:jane-doe", "claim:tower") in edges(graph, "asserts")
    assert edges(graph, "authored") == {("person:jane-doe", "source:toy-source")}
    assert edges(graph, "side_of") == {
        ("claim:house", "debate:firm-houses"),
        ("claim:fallen", "debate:firm-houses"),
    }
    assert edges(graph, "discriminates") == {("claim:tower", "debate:firm-houses")}
    assert {end for _, end in edges(graph, "measured")} == {"experiment:coin", "experiment:dice"}


def test_evidence_tells_whether_it_is_current(graph):
    """And how many seeds it holds."""
    current = {name: facts for name, facts in graph.nodes(data=True) if facts.get("current")}
    assert {name.split("/")[0] for name in current} == {"evidence:coin"}
    assert {facts["seeds"] for facts in current.values()} == {10}


def test_without_a_ledger_there_is_no_evidence(tmp_path):
    """The records alone make a graph."""
    write_standings_project("supports", tmp_path)
    kinds = {kind for _, kind in build(load_base(Folder(tmp_path))).nodes(data="type")}
    assert kinds == {"claim", "source", "person", "experiment"}


@pytest.mark.parametrize(
    ("direction", "depth", "claims"),
    [
        ("up", 1, {"house", "fallen"}),
        ("up", 0, {"house"}),
        ("down", 1, {"house", "tower"}),
        ("both", 1, {"house", "fallen", "tower"}),
        ("down", None, {"house", "tower"}),
        ("up", None, {"house", "fallen"}),
    ],
)
def test_up_leads_to_what_bears_on_a_claim_and_down_to_what_it_bears_on(graph, direction, depth, claims):
    """As many steps as asked for."""
    part = around(of_types(graph, ["claim", "depends_on"]), "claim:house", direction=direction, depth=depth)
    assert set(part) == {f"claim:{claim_id}" for claim_id in claims}


def test_sources_and_evidence_lie_above_a_claim_and_debates_below(graph):
    """A verdict flows from people and machines to what is argued about."""
    above = set(around(graph, "claim:fallen", direction="up", depth=None))
    assert {"source:toy-source", "person:jane-doe", "experiment:coin"} <= above
    assert any(name.startswith("evidence:coin/") for name in above)
    assert "debate:firm-houses" in around(graph, "claim:fallen", direction="down")


def test_types_of_edges_leave_out_nodes_without_any(graph):
    """Except for the requested one."""
    part = of_types(graph, ["side_of"], keep="claim:firm")
    assert set(part) == {"claim:house", "claim:fallen", "debate:firm-houses", "claim:firm"}


def test_json_is_read_back_by_networkx(graph):
    """Nodes, edges and what they say."""
    document = json.loads(as_json(graph))
    assert document.pop("schema") == "assay/graph/1"
    back = node_link_graph(document, edges="edges")
    assert dict(back.nodes(data=True)) == dict(graph.nodes(data=True))
    assert sorted(back.edges(keys=True)) == sorted(graph.edges(keys=True))


def test_graphml_is_read_back_by_networkx(graph):
    """Each edge has an id of its own, as the format asks, and its type as data."""
    text = as_graphml(graph)
    ids = [edge.get("id") for edge in ET.fromstring(text).iter() if edge.tag.endswith("}edge")]  # noqa: S314  # our own text
    assert len({*ids}) == len(ids) == graph.number_of_edges()
    back = parse_graphml(text, force_multigraph=True)
    typed = sorted((start, end, facts["type"]) for start, end, facts in back.edges(data=True))
    assert typed == sorted(graph.edges(keys=True))


def test_dot_names_and_quotes_everything(graph):
    """One line per node and one per edge; quotes in labels are escaped."""
    graph = graph.copy()
    graph.add_node("claim:odd", type="claim", label='It says "no" \\ and\nmore')
    text = as_dot(graph)
    assert '  "claim:odd" [label="It says \\"no\\" \\\\ and more", shape=box];' in text
    assert text.count(" -> ") == graph.number_of_edges()
    assert text.startswith("digraph assay {\n")
    assert text.endswith("\n}")


def test_equal_records_give_equal_bytes(tmp_path):
    """However the files are listed."""
    write_standings_project("supports", tmp_path)
    base = load_base(Folder(tmp_path))
    graph = build(base, read_ledger(Folder(tmp_path)))
    backwards = graph.__class__()
    backwards.add_nodes_from(reversed([*graph.nodes(data=True)]))
    backwards.add_edges_from(reversed([*graph.edges(keys=True, data=True)]))
    for form in (as_dot, as_json, as_graphml):
        assert form(graph) == form(backwards)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Ali Rahimi", "ali-rahimi"), ("Léon Bottou", "leon-bottou"), ("algotechniq.com", "algotechniq-com")],
)
def test_people_get_ids(name, expected):
    """Letters without accents, digits and hyphens."""
    assert plain_id(name) == expected


@pytest.mark.parametrize("name", ["!", "<>", "Index", "x" * 300, "\U0001d4e2" * 300])
def test_people_with_strange_names_get_ids_that_a_file_may_have(name):
    """No id is empty, too long for a file system, or that of the folder's own page."""
    found = plain_id(name)
    assert found not in ("", "index")
    assert len(f"{found}.html".encode()) <= 255
    assert found != plain_id(f"{name}a")

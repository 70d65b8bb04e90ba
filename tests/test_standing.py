"""Standings follow from verdicts and relations by five rules, the first that applies."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx import DiGraph, single_source_shortest_path_length

from kb.evidence.ledger import read_ledger
from kb.judging.judgement import Judgement, judge_base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import OWN, standings
from tests.standings_project import FOLDER, write_standings_project
from tests.strategies import IDS, judged_graphs, relation_tables


def base_of(**relations):
    """Return a base of claims whose relations are given as (type, target[, strict])."""
    claims = {}
    for claim_id, links in relations.items():
        made = [SimpleNamespace(type=kind, claim=to, strict=bool(rest)) for kind, to, *rest in links]
        claims[claim_id] = SimpleNamespace(relations=made)
    return SimpleNamespace(claims=claims)


def standing_of(claim_id, states, **relations):
    """Return one claim's standing under the given states; the others have not been run."""
    base = base_of(**relations)
    judgements = {name: Judgement(name, states.get(name, "not run")) for name in base.claims}
    return standings(base, judgements)[claim_id]


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("reproduced", "established"),
        ("contradicted", "refuted"),
        ("split", "split"),
        ("inconclusive", "open"),
        ("invalid", "open"),
        ("stale", "open"),
        ("not run", "open"),
        ("not testable", "open"),
    ],
)
def test_own_verdict_gives_the_standing(state, standing):
    """A claim without relations stands as its verdict says; states that are not verdicts leave it open."""
    assert standing_of("a", {"a": state}, a=[]).standing == standing


def test_open_claim_says_what_its_evidence_lacks():
    """Having measured without a decision is not the same as not having measured."""
    assert (
        standing_of("a", {"a": "inconclusive"}, a=[])
        .because[0]
        .startswith("its own evidence is inconclusive")
    )
    assert standing_of("a", {}, a=[]).because[0].startswith("no evidence of its own")


def test_resting_on_a_refuted_claim_undermines_through_any_number_of_steps():
    """The chain to the refuted claim is the reason."""
    found = standing_of("a", {"c": "contradicted"}, a=[("depends_on", "b")], b=[("depends_on", "c")], c=[])
    assert found.standing == "undermined"
    assert found.because == ("it rests on b", "b rests on c", "c is refuted by its own evidence")


def test_a_refuted_claim_stays_refuted_when_its_base_falls():
    """Its own evidence says more than its neighbours."""
    states = {"a": "contradicted", "b": "contradicted"}
    assert standing_of("a", states, a=[("depends_on", "b")], b=[]).standing == "refuted"


def test_contradiction_by_an_established_claim_contests():
    """Also a claim that was reproduced itself."""
    states = {"a": "reproduced", "b": "reproduced"}
    assert standing_of("a", states, a=[], b=[("contradicts", "a", "strict")]).standing == "contested"


def test_strict_contradiction_refutes_where_there_is_no_evidence():
    """Only one side of a strict contradiction can hold."""
    states = {"b": "reproduced"}
    assert standing_of("a", states, a=[], b=[("contradicts", "a", "strict")]).standing == "refuted"
    assert standing_of("a", states, a=[], b=[("contradicts", "a")]).standing == "contested"


def test_only_established_claims_support():
    """A claim that has not been run supports nothing."""
    assert standing_of("a", {"b": "reproduced"}, a=[], b=[("supports", "a")]).standing == "supported"
    assert standing_of("a", {}, a=[], b=[("supports", "a")]).standing == "open"


def test_no_claim_supports_itself_through_a_cycle():
    """Support does not travel: only a verdict of its own makes a claim lend any."""
    assert standing_of("a", {}, a=[("supports", "b")], b=[("supports", "a")]).standing == "open"


def test_a_cycle_of_dependencies_undermines_nobody():
    """It is reported as a problem; only a refuted claim in it undermines the others."""
    cycle = {"a": [("depends_on", "b")], "b": [("depends_on", "a")]}
    assert standing_of("a", {}, **cycle).standing == "open"
    assert standing_of("a", {"b": "contradicted"}, **cycle).standing == "undermined"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.iterdir()))
def test_records_stand_as_they_expect(name, tmp_path):
    """From files and evidence on disk to the standing, and to the claims through which it comes about."""
    expected = write_standings_project(name, tmp_path)
    base = load_base(Folder(tmp_path))
    found = standings(base, judge_base(base, read_ledger(Folder(tmp_path))))
    assert [problem.code for problem in base.problems if problem.code != "unused-experiment"] == []
    assert {i: found[i].standing for i in expected} == {i: e["standing"] for i, e in expected.items()}
    routes = {i: e["route"] for i, e in expected.items() if "route" in e}
    assert {i: [*found[i].route] for i in routes} == routes


def base_with(table):
    """Return a base that has nothing but relations."""
    return SimpleNamespace(claims={i: SimpleNamespace(relations=relations) for i, relations in table.items()})


def names(table, judged):
    """Return the standing of each claim as a word."""
    judgements = {claim_id: Judgement(claim_id, state) for claim_id, state in judged.items()}
    found = standings(base_with(table), judgements)
    return {claim_id: standing.standing for claim_id, standing in found.items()}


@given(judged_graphs(), st.randoms(use_true_random=False))
def test_order_of_files_and_relations_is_irrelevant(graph, dice):
    """Standings, reasons and routes are the same however the records are listed."""
    table, judged = graph
    shuffled = {i: dice.sample(table[i], len(table[i])) for i in dice.sample([*table], len(table))}
    judgements = {claim_id: Judgement(claim_id, state) for claim_id, state in judged.items()}
    one, other = standings(base_with(table), judgements), standings(base_with(shuffled), judgements)
    assert [*one] == [*other]
    assert [(s.standing, s.because, s.route) for s in one.values()] == [
        (s.standing, s.because, s.route) for s in other.values()
    ]


@given(judged_graphs(), st.sampled_from(IDS), st.sampled_from(["inconclusive", "invalid", "stale"]))
def test_a_run_that_does_not_decide_changes_no_standing(graph, claim_id, state):
    """Measuring without a verdict is worth as much as not measuring."""
    table, judged = graph
    before = judged | {claim_id: "not run"}
    assert names(table, before | {claim_id: state}) == names(table, before)


@given(judged_graphs(), st.sampled_from(IDS))
def test_no_claim_supports_itself_through_a_circle(graph, claim_id):
    """What it supports makes no difference to where it stands itself."""
    table, judged = graph
    without = table | {claim_id: [r for r in table[claim_id] if r.type != "supports"]}
    assert names(without, judged)[claim_id] == names(table, judged)[claim_id]


@given(judged_graphs())
def test_every_route_ends_at_a_verdict_and_meets_no_claim_twice(graph):
    """Whatever leads to a standing starts at a claim with a verdict of its own, or there is nothing."""
    table, judged = graph
    judgements = {claim_id: Judgement(claim_id, state) for claim_id, state in judged.items()}
    for standing in standings(base_with(table), judgements).values():
        assert len({*standing.route}) == len(standing.route)
        assert (judged[standing.premise] in OWN) == (standing.rule != "none")


@given(relation_tables())
def test_without_any_verdict_everything_is_open(table):
    """No circle of relations makes something out of nothing."""
    assert {*names(table, dict.fromkeys(table, "not run")).values()} == {"open"}


@given(judged_graphs())
def test_routes_to_refuted_bases_are_the_shortest(graph):
    """No chain of dependencies reaches something refuted in fewer steps."""
    table, judged = graph
    judgements = {claim_id: Judgement(claim_id, state) for claim_id, state in judged.items()}
    found = standings(base_with(table), judgements)
    rests = DiGraph([(i, r.claim) for i in table for r in table[i] if r.type == "depends_on"])
    rests.add_nodes_from(table)
    for claim_id, standing in found.items():
        reached = single_source_shortest_path_length(rests, claim_id)
        ends = [n + len(found[i].links) for i, n in reached.items() if found[i].standing == "refuted"]
        if standing.standing == "undermined":
            assert len(standing.links) == min(ends)
        elif standing.standing != "refuted":
            assert ends == []


@given(judged_graphs())
def test_whoever_contests_or_supports_stands(graph):
    """A contested claim faces one that is not undermined; a supported one has an established friend."""
    table, judged = graph
    judgements = {claim_id: Judgement(claim_id, state) for claim_id, state in judged.items()}
    found = standings(base_with(table), judgements)
    for standing in found.values():
        other = found[standing.premise].standing
        assert standing.standing != "contested" or other in ("established", "contested")
        assert standing.standing != "supported" or other == "established"

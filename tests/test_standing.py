"""Standings of claims that a protocol tests follow from verdicts and relations by five rules."""

from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from networkx import DiGraph, single_source_shortest_path_length

from kb.evidence.ledger import read_ledger
from kb.judging.judgement import Judgement, judge_base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.relations import relations_of
from kb.reasoning.standing import OWN, Known, Standing, known_of, standings, standings_of
from tests.standings_project import FOLDER, write_standings_project
from tests.strategies import IDS, PREDICTIONS, TESTABLE_STATES, judged_graphs, known_graphs, relation_tables


def base_of(**relations):
    """Return a base of claims whose relations are given as (type, target[, strict])."""
    claims = {}
    for claim_id, links in relations.items():
        made = [SimpleNamespace(type=kind, claim=to, strict=bool(rest), on=None) for kind, to, *rest in links]
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
        ("varies", "varies"),
        ("inconclusive", "open"),
        ("invalid", "open"),
        ("stale", "open"),
        ("not run", "open"),
        ("to be written", "open"),
    ],
)
def test_own_verdict_gives_the_standing(state, standing):
    """A claim without relations stands as its verdict says; states that are no verdict leave it open."""
    base = base_of(a=[])
    assert standings_of(relations_of(base), {"a": Known(state)})["a"].standing == standing


@pytest.mark.parametrize("state", ["not testable", "untested"])
def test_a_claim_that_no_protocol_tests_has_no_standing(state):
    """Not even where what it rests on is refuted and a reproduced claim contradicts it."""
    base = base_of(a=[("depends_on", "b")], b=[], c=[("contradicts", "a", "strict")])
    states = {"a": state, "b": "contradicted", "c": "reproduced"}
    assert [*standings(base, {i: Judgement(i, s) for i, s in states.items()})] == ["b", "c"]


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
    assert (found.premise, found.backers) == ("c", ("b",))


def test_a_base_that_nobody_can_test_passes_on_what_it_rests_on():
    """It has no standing itself, and is no wall between two claims that have one."""
    states = {"b": "not testable", "c": "contradicted"}
    found = standing_of("a", states, a=[("depends_on", "b")], b=[("depends_on", "c")], c=[])
    assert (found.standing, found.route) == ("undermined", ("a", "b", "c"))


@pytest.mark.parametrize(("state", "standing"), [("contradicted", "refuted"), ("reproduced", "established")])
def test_a_claims_own_verdict_outweighs_its_base(state, standing):
    """What was measured of it says more than what it was thought to rest on."""
    states = {"a": state, "b": "contradicted"}
    assert standing_of("a", states, a=[("depends_on", "b")], b=[]).standing == standing


def test_an_established_claim_says_what_speaks_against_it():
    """A refuted base and a contradiction by what was measured are named beside its verdict."""
    states = {"a": "reproduced", "b": "contradicted", "c": "reproduced"}
    found = standing_of("a", states, a=[("depends_on", "b")], b=[], c=[("contradicts", "a")])
    [reason] = found.because
    assert "although it rests on b, which is refuted, and although c contradicts it" in reason


def test_a_base_that_a_contradiction_refuted_is_the_one_that_is_named():
    """Not the claim that refuted it, whichever of the two states the contradiction."""
    states = {"a": "reproduced", "c": "reproduced"}
    links = {"a": [("depends_on", "b")], "b": [("contradicts", "c", "strict")], "c": []}
    [reason] = standing_of("a", states, **links).because
    assert "although it rests on b, which is refuted" in reason
    found = standing_of("d", states, d=[("depends_on", "b")], **links)
    links |= {"b": [], "c": [("contradicts", "b", "strict")]}
    assert standing_of("d", states, d=[("depends_on", "b")], **links).backers == ("b",)
    assert (found.route, found.because) == (
        ("d", "b", "c"),
        ("it rests on b", "c excludes b by what was measured"),
    )


def test_a_claim_with_two_refuted_bases_passes_both_on_as_one():
    """It takes the first by its id, and so does what rests on it."""
    links = {"f": [("depends_on", "e")], "e": [("depends_on", "c"), ("depends_on", "b")], "b": [], "c": []}
    assert standing_of("f", dict.fromkeys("bc", "contradicted"), **links).route == ("f", "e", "b")


def test_the_shortest_way_down_is_told_and_of_two_the_first_by_its_ids():
    """The relation that refuted a base counts as a step like any other."""
    down, states = [("depends_on", "a"), ("depends_on", "z")], dict.fromkeys("bz", "contradicted")
    found = standing_of("k", states, k=down, a=[("depends_on", "b")], b=[], z=[])
    assert found.route == ("k", "z")
    states = {"b": "contradicted", "x": "reproduced"}
    links = {"a": [("depends_on", "b")], "b": [], "x": [("contradicts", "z", "strict")], "z": []}
    assert standing_of("k", states, k=down, **links).route == ("k", "a", "b")


def test_refuted_claims_that_rest_on_each_other_undermine_what_rests_on_them():
    """Their circle is followed once."""
    links = {"a": [("depends_on", "b")], "b": [("depends_on", "a")], "c": [("depends_on", "a")]}
    states = dict.fromkeys("ab", "contradicted")
    assert standing_of("c", states, **links).route == ("c", "a")
    assert standing_of("a", states, **links).route == ("a",)


def test_every_claim_that_contests_is_named():
    """In the order of their ids."""
    states = dict.fromkeys("bcd", "reproduced")
    links = {i: [("contradicts", "a")] for i in "dbc"}
    found = standing_of("a", states, a=[], **links)
    assert (found.backers, len(found.because)) == (("b", "c", "d"), 3)


def test_contradiction_by_an_established_claim_contests():
    """Strict or not, but never a claim that has a verdict of its own."""
    links = {"a": [], "b": [("contradicts", "a")]}
    assert standing_of("a", {"b": "reproduced"}, **links).standing == "contested"
    assert standing_of("a", {"a": "reproduced", "b": "reproduced"}, **links).standing == "established"


def test_strict_contradiction_refutes_where_there_is_no_verdict():
    """Only one side of a strict contradiction can hold."""
    states = {"b": "reproduced"}
    assert standing_of("a", states, a=[], b=[("contradicts", "a", "strict")]).standing == "refuted"
    assert standing_of("a", states, a=[], b=[("contradicts", "a")]).standing == "contested"


def test_no_claim_refutes_what_it_rests_on():
    """It would pull away its own base, and whatever rests on both would be led in a circle."""
    links = {"a": [], "b": [("contradicts", "a", "strict"), ("depends_on", "c")], "c": [("depends_on", "a")]}
    assert standing_of("a", {"b": "reproduced"}, **links).standing == "contested"
    assert standing_of("c", {"b": "reproduced"}, **links).standing == "open"


def test_support_gives_no_standing():
    """An example that held does not establish what it is an example of."""
    assert standing_of("a", {"b": "reproduced"}, a=[], b=[("supports", "a")]).standing == "open"


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
    stands = {i: found[i].standing if i in found else None for i in expected}
    assert stands == {i: e["standing"] for i, e in expected.items()}
    routes = {i: e["route"] for i, e in expected.items() if "route" in e}
    assert {i: found[i].route for i in routes} == routes


def base_with(table):
    """Return a base that has nothing but relations."""
    return SimpleNamespace(claims={i: SimpleNamespace(relations=relations) for i, relations in table.items()})


def found_by(table, known):
    """Return the standing of each claim that has one."""
    return standings_of(relations_of(base_with(table)), known)


def names(table, known):
    """Return the same as words."""
    return {claim_id: standing.standing for claim_id, standing in found_by(table, known).items()}


@given(known_graphs(), st.randoms(use_true_random=False))
def test_order_of_files_and_relations_is_irrelevant(graph, dice):
    """Standings, reasons and routes are the same however the records are listed."""
    table, known = graph
    shuffled = {i: dice.sample(table[i], len(table[i])) for i in dice.sample([*table], len(table))}
    one, other = found_by(table, known), found_by(shuffled, known)
    assert [*one] == [*other]
    assert [(s.standing, s.because, s.route) for s in one.values()] == [
        (s.standing, s.because, s.route) for s in other.values()
    ]


@given(known_graphs())
def test_only_and_all_testable_claims_have_a_standing(graph):
    """Whatever others say of a claim without a protocol."""
    table, known = graph
    assert {*names(table, known)} == {i for i in IDS if known[i].state in TESTABLE_STATES}


@given(known_graphs())
def test_own_verdicts_come_first(graph):
    """No neighbour changes the standing of a claim that has a verdict."""
    table, known = graph
    found = names(table, known)
    assert all(found[i] == OWN[known[i].state] for i in IDS if known[i].state in OWN)


@given(known_graphs(), st.sampled_from(IDS), st.sampled_from(["inconclusive", "invalid", "stale"]))
def test_a_run_that_does_not_decide_changes_no_standing(graph, claim_id, state):
    """Measuring without a verdict is worth as much as not measuring, whichever predictions came out."""
    table, known = graph
    before = known | {claim_id: Known("not run")}
    assert names(table, before | {claim_id: known[claim_id]._replace(state=state)}) == names(table, before)


@given(known_graphs(), st.sampled_from(IDS), st.sampled_from(["not run", "inconclusive", "not testable"]))
def test_adding_an_undecided_claim_changes_no_other_standing(graph, claim_id, state):
    """Whatever it says of others, and they of it, unless others rest on another claim through it or it falls.

    Without evidence of its own it falls to a strict contradiction by an established claim, and then what
    rests on it is undermined.
    """
    table, known = graph
    known |= {claim_id: Known(state)}
    table |= {claim_id: [r for r in table[claim_id] if r.type != "depends_on"]}
    without = {i: [r for r in table[i] if r.claim != claim_id] for i in IDS if i != claim_id}
    found = names(table, known)
    assume(found.pop(claim_id, None) != "refuted")
    assert names(without, known) == found


@given(known_graphs())
def test_supports_change_no_standing(graph):
    """Nothing is established by being spoken for."""
    table, known = graph
    without = {i: [r for r in table[i] if r.type != "supports"] for i in IDS}
    assert names(without, known) == names(table, known)


@given(known_graphs(), st.sampled_from(IDS))
def test_naming_fewer_predictions_never_silences_a_relation(graph, claim_id):
    """A relation that rests on less bears where one that rests on more does, so nothing opens again."""
    table, known = graph
    wide = {i: [r.model_copy(update={"on": PREDICTIONS}) for r in table[i]] for i in IDS}
    narrow = wide | {claim_id: [r.model_copy(update={"on": ("p",)}) for r in wide[claim_id]]}
    before, after = names(wide, known), names(narrow, known)
    assert all(after[i] != "open" for i in before if before[i] != "open")


@given(known_graphs(), st.sampled_from(IDS))
def test_a_split_claim_speaks_by_named_predictions_alone(graph, claim_id):
    """Without names, or with one that failed, it is as if not run, except that nothing refutes it."""
    table, known = graph
    failed = {claim_id: [r.model_copy(update={"on": r.on and ("q",)}) for r in table[claim_id]]}
    split, silent = Known("split", frozenset(["p"])), Known("not run")
    found, without = (names(table | failed, known | {claim_id: each}) for each in (split, silent))
    assume(without.pop(claim_id) != "refuted")
    del found[claim_id]
    assert found == without


@given(judged_graphs())
def test_every_route_ends_at_a_verdict_and_meets_no_claim_twice(graph):
    """Whatever leads to a standing starts at a claim with a verdict of its own, or there is nothing."""
    table, judged = graph
    for standing in found_by(table, {i: Known(state) for i, state in judged.items()}).values():
        assert len({*standing.route}) == len(standing.route)
        assert (judged[standing.premise] in OWN) == (standing.rule != "none")


@given(relation_tables())
def test_without_any_verdict_everything_is_open(table):
    """No cycle of relations makes something out of nothing."""
    assert {*names(table, dict.fromkeys(table, Known("not run"))).values()} == {"open"}


@given(known_graphs())
def test_routes_to_refuted_bases_are_the_shortest(graph):
    """No chain of dependencies reaches something refuted in fewer steps."""
    table, known = graph
    found = found_by(table, known)
    rests = DiGraph([(i, r.claim) for i in table for r in table[i] if r.type == "depends_on"])
    rests.add_nodes_from(table)
    for claim_id, standing in found.items():
        reached = single_source_shortest_path_length(rests, claim_id)
        refuted = {i for i in reached if i in found and found[i].standing == "refuted"}
        ends = [n + len(found[i].links) for i, n in reached.items() if i in refuted]
        if standing.standing == "undermined":
            assert len(standing.links) == min(ends)
        elif standing.standing != "refuted" and known[claim_id].state not in OWN:
            assert ends == []


@given(known_graphs())
def test_whoever_contests_has_a_verdict(graph):
    """A contested claim faces one that is established, or divided and speaks by what held of it."""
    table, known = graph
    found = found_by(table, known)
    for standing in found.values():
        if standing.standing == "contested":
            assert found[standing.premise].standing in ("established", "split", "varies", "refuted")


def settings_of(*held):
    """Return a judgement of settings, each with the names of predictions that held, or None unmeasured."""

    def finding(name, names):
        decision = "reproduced" if name in names else "inconclusive"
        return SimpleNamespace(prediction=SimpleNamespace(name=name), decision=decision)

    verdicts = [
        names and SimpleNamespace(findings=[finding(name, names) for name in "pqr"]) for names in held
    ]
    return tuple(SimpleNamespace(verdict=verdict) for verdict in verdicts)


@pytest.mark.parametrize(
    ("state", "settings", "held"),
    [
        ("split", ["pq", "qr"], "q"),
        ("varies", [None, "pq"], "pq"),
        ("varies", ["p", "r", None], ""),
        ("split", [], ""),
        ("inconclusive", ["pq"], ""),
    ],
)
def test_what_held_at_every_setting_with_a_verdict_is_known(state, settings, held):
    """Settings without one are passed over, and evidence that does not decide tells nothing."""
    found = known_of({"a": Judgement("a", state, settings_of(*settings))})
    assert found == {"a": Known(state, frozenset(held))}


def test_a_standing_cannot_be_changed():
    """It follows from what was measured."""
    with pytest.raises(FrozenInstanceError):
        object.__new__(Standing).standing = "established"

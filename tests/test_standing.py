"""Standings follow from verdicts and relations by five rules, the first that applies."""

from types import SimpleNamespace

import pytest

from kb.judgement import Judgement
from kb.standing import standings


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
    """A claim without relations stands as its verdict says; states that are no verdict leave it open."""
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

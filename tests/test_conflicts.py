"""Conflicts are the smallest sets of claims that cannot all stand."""

import pytest
from hypothesis import given

from kb.evidence.ledger import Ledger
from kb.reasoning.conflicts import FALLEN, conflicts, minimal_sets, voices
from kb.reasoning.relations import reach, relations_of
from kb.reasoning.standing import known_of, standings_of
from kb.records.claims import Relation, Source
from kb.records.debates import Debate
from tests.reasoning import base_of, claim, judged
from tests.strategies import known_graphs, prediction, protocol


def sets(base, **states):
    """Return each conflict's claims and kind."""
    found = minimal_sets(relations_of(base), known_of(judged(base, **states)))
    return {claims: kind for claims, (kind, _) in found.items()}


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ({}, {("a", "b"): "exclusion"}),
        ({"a": "reproduced", "b": "reproduced"}, {("a", "b"): "exclusion"}),
        ({"a": "contradicted"}, {}),
        ({"a": "reproduced"}, {}),
    ],
)
def test_a_strict_contradiction_is_a_conflict_until_one_side_falls(states, found):
    """Against a reproduced claim the other one falls at once."""
    assert sets(base_of(a=claim(("contradicts", "b", "strict")), b=claim()), **states) == found


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ({}, {}),
        ({"a": "reproduced"}, {("a", "b"): "evidence"}),
        ({"b": "reproduced"}, {("a", "b"): "evidence"}),
        ({"a": "reproduced", "b": "contradicted"}, {}),
    ],
)
def test_a_plain_contradiction_is_a_conflict_once_one_side_was_reproduced(states, found):
    """Before that it is an argument."""
    assert sets(base_of(a=claim(("contradicts", "b")), b=claim()), **states) == found


def test_claims_that_no_protocol_tests_are_in_no_conflict():
    """What a reproduced claim says against them is in their accounts."""
    base = base_of(a=claim(("contradicts", "b", "strict")), b=claim(), c=claim(("depends_on", "a")))
    assert sets(base, a="reproduced", b="not testable") == {}
    assert sets(base, a="untested", b="not testable") == {}


@pytest.mark.parametrize(("on", "found"), [(None, {}), (("p",), {})])
def test_a_split_claim_conflicts_with_nobody_by_what_failed(on, found):
    """Its plain contradiction rests on what did not hold."""
    denial = Relation(type="contradicts", claim="b", because="so it is", on=on)
    assert sets(base_of(a=claim(denial), b=claim()), a="split", b="reproduced") == found


def test_a_claim_that_rests_on_both_sides_stands_alone_in_conflict():
    """Whatever rests on it in turn is not a separate conflict."""
    base = base_of(
        top=claim(("depends_on", "both")),
        both=claim(("depends_on", "one"), ("depends_on", "other")),
        one=claim(("contradicts", "other")),
        other=claim(),
    )
    assert sets(base) == {("both",): "circular"}


def test_a_claim_that_contradicts_its_base_stands_alone_in_conflict():
    """Also through others."""
    base = base_of(
        a=claim(("depends_on", "b"), ("contradicts", "c")), b=claim(("depends_on", "c")), c=claim()
    )
    assert sets(base) == {("a",): "circular"}


def test_claims_are_replaced_by_what_they_rest_on():
    """The conflict is told of the claims at its root, not of all that are built on them."""
    base = base_of(
        high=claim(("depends_on", "low"), ("contradicts", "rival", "strict")),
        low=claim(("contradicts", "rival", "strict")),
        rival=claim(),
    )
    assert sets(base) == {("low", "rival"): "exclusion"}


@given(known_graphs())
def test_conflicts_are_minimal(graph):
    """No conflict contains another, no claim in it has fallen, and none rests on a smaller one."""
    table, known = graph
    relations = relations_of(base_of(**{i: claim(*given_relations) for i, given_relations in table.items()}))
    found = minimal_sets(relations, known)
    standing = standings_of(relations, known)
    for claims in found:
        assert not any(standing[i].standing in FALLEN for i in claims)
        assert not any({*other} < {*claims} for other in found)
        for other in found.keys() - {claims}:
            held = {*claims} | reach(relations.rests_on, claims)
            assert not ({*other} <= held and len(other) < len(claims))


def test_the_cheapest_deciding_run_comes_first():
    """A plan states its cost; a claim without a protocol decides nothing."""
    slow = protocol(prediction(at_least=1.0)).model_copy(
        update={"experiment": "slow", "planned": "Takes 90 seconds."}
    )
    fast = protocol(prediction(at_least=1.0)).model_copy(
        update={"experiment": "fast", "planned": "Takes 2 seconds."}
    )
    base = base_of(a=claim(("contradicts", "b", "strict"), protocol=slow), b=claim(protocol=fast))
    [conflict] = conflicts(base, Ledger(), judged(base, a="to be written", b="to be written"))
    assert [(run.experiment, run.is_written) for run in conflict.deciders] == [
        ("fast", False),
        ("slow", False),
    ]
    assert [run.cost for run in conflict.deciders] == [(2.0, "stated"), (90.0, "stated")]


def test_where_no_run_decides_the_debate_names_what_would():
    """Its discriminating claims that are due are told apart from those that settle the conflict."""
    planned = protocol(prediction(at_least=1.0)).model_copy(update={"planned": "Two hours."})
    base = base_of(a=claim(("contradicts", "b")), b=claim(), c=claim(protocol=planned))
    debate = {
        "title": "Is it so?",
        "question": "Is it so?",
        "sides": ({"name": "yes", "claims": ("a",)}, {"name": "no", "claims": ("b",)}),
        "discriminating": {"what": "Look.", "claims": ("c",)},
        "readings": ({"if": "it is", "then": "yes"},),
    }
    base.debates["is-it"] = Debate.model_validate(debate)
    [conflict] = conflicts(base, Ledger(), judged(base, a="reproduced", b="not run", c="to be written"))
    assert (conflict.deciders, conflict.debates) == ((), ("is-it",))
    assert [run.claims for run in conflict.telling] == [("c",)]


def test_voices_are_speakers_or_else_authors():
    """Each person once, by stance."""
    source = {
        "title": "Talk",
        "type": "speech",
        "author": ({"given": "Jane", "family": "Doe"}, {"literal": "A Group"}),
        "verified": "memory",
    }
    said = {"source": "s", "stance": "asserts", "locator": {"page": "1"}}
    base = base_of(
        a=claim(stated_in=(said, {**said, "by": "Jane Doe"}, {**said, "by": "Ann", "stance": "disputes"}))
    )
    base.sources["s"] = Source.model_validate(source)
    assert voices(base, base.claims["a"], "asserts") == ("Jane Doe", "A Group")
    assert voices(base, base.claims["a"], "disputes") == ("Ann",)


def test_whoever_quotes_takes_the_stance_and_not_who_is_quoted():
    """Words that somebody else repeats do not count as held by their speaker in that place."""
    source = {"title": "Post", "type": "post-weblog", "author": ({"literal": "Ann"},), "verified": "memory"}
    said = {"source": "s", "by": "Bob", "quoted_by": "Ann", "stance": "disputes", "locator": {"page": "1"}}
    base = base_of(a=claim(stated_in=(said,)))
    base.sources["s"] = Source.model_validate(source)
    assert voices(base, base.claims["a"], "disputes") == ("Ann",)

"""An account lists what bears on a claim without a verdict, for and against, and how each came out."""

from pathlib import Path

import pytest
from hypothesis import given

from kb.project import read
from kb.reading.tree import Folder
from kb.reasoning.accounts import account, accounts
from kb.reasoning.relations import relations_of
from kb.reasoning.standing import OWN, standings, standings_of
from kb.records.claims import Relation
from tests.reasoning import base_of, claim, judged
from tests.standings_project import write_standings_project
from tests.strategies import IDS, known_graphs

ROOT = Path(__file__).parents[1]


def account_of(claim_id, base, **states):
    """Return the account of one claim as (other claim, role, weight)."""
    judgements = judged(base, **states)
    found = accounts(base, judgements, standings(base, judgements))[claim_id]
    return [(entry.claim_id, entry.role, entry.weight) for entry in found]


@pytest.mark.parametrize(
    ("state", "support", "base", "against"),
    [
        ("reproduced", "for", "for", "against"),
        ("contradicted", "neither", "against", "neither"),
        ("split", "neither", "neither", "neither"),
        ("inconclusive", "open", "open", "open"),
        ("not run", "open", "open", "open"),
        ("not testable", "open", "open", "open"),
    ],
)
def test_an_entry_is_weighed_by_how_the_other_claim_came_out(state, support, base, against):
    """A support that failed lends nothing, a base that failed speaks against what rests on it."""
    made = base_of(
        a=claim(("depends_on", "b")), b=claim(), s=claim(("supports", "a")), c=claim(("contradicts", "a"))
    )
    found = account_of("a", made, a="not testable", b=state, s=state, c=state)
    assert {*found} == {("b", "base", base), ("s", "support", support), ("c", "against", against)}


@pytest.mark.parametrize(("on", "weight"), [(None, "neither"), (("loaded-beats-fair",), "for")])
def test_a_split_claim_is_an_entry_for_by_named_predictions_that_held(on, weight, tmp_path):
    """Its verdict as a whole lends nothing."""
    write_standings_project("contradictions", tmp_path)
    project = read(Folder(tmp_path))
    half = project.base.claims["half-fact"]
    spoken = Relation(type="supports", claim="opinion", because="so it is", on=on)
    project.base.claims["half-fact"] = half.model_copy(update={"relations": (spoken,)})
    [entry] = [entry for entry in project.accounts["opinion"] if entry.claim_id == "half-fact"]
    assert (entry.weight, entry.on) == (weight, on)


def test_an_account_follows_bases_to_the_end():
    """A base of a base stands under the claims on the way to it."""
    base = base_of(a=claim(("depends_on", "b")), b=claim(("depends_on", "c")), c=claim())
    judgements = judged(base, a="not testable", b="not testable", c="contradicted")
    found = accounts(base, judgements, standings(base, judgements))["a"]
    assert [entry.words for entry in found] == [
        "it rests on b, and so on c, which was contradicted",
        "it rests on b, which is not testable",
    ]


def test_entries_for_come_before_those_against_and_those_that_are_open():
    """Whatever the order of their ids."""
    base = base_of(
        x=claim(), a=claim(("supports", "x")), b=claim(("contradicts", "x")), c=claim(("supports", "x"))
    )
    found = account_of("x", base, x="untested", b="reproduced", c="reproduced")
    assert [weight for _, _, weight in found] == ["for", "against", "open"]


@given(known_graphs())
def test_every_claim_with_a_relation_towards_it_is_in_its_account_once(graph):
    """No entry is lost, and no claim bears on itself."""
    table, known = graph
    relations = relations_of(base_of(**{i: claim(*links) for i, links in table.items()}))
    stands = standings_of(relations, known)
    for i in IDS:
        found = account(relations, known, stands, i)
        others = {e.claim_id for e in found if e.role == "support"}
        assert others == {j for j in IDS for r in table[j] if j != i and (r.type, r.claim) == ("supports", i)}
        bases = [entry.claim_id for entry in found if entry.role == "base"]
        assert len({*bases}) == len(bases)
        assert i not in {entry.claim_id for entry in found}


@given(known_graphs())
def test_what_is_decided_is_never_open_and_what_is_open_never_weighs(graph):
    """Only a verdict puts an entry on a side; a strict contradiction may refute a base without one."""
    table, known = graph
    relations = relations_of(base_of(**{i: claim(*links) for i, links in table.items()}))
    stands = standings_of(relations, known)
    for entry in (entry for i in IDS for entry in account(relations, known, stands, i)):
        refuted = entry.claim_id in stands and stands[entry.claim_id].standing == "refuted"
        assert (entry.weight == "open") == (entry.state not in OWN and not (entry.role == "base" and refuted))


@pytest.mark.parametrize("claim_id", ["ml-has-become-alchemy", "alchemy-label-dangerous"])
def test_judgements_on_a_field_have_an_account_and_no_standing(claim_id):
    """One toy experiment lifts neither the verdict of a speech nor its opposite."""
    project = read(Folder(ROOT))
    assert claim_id not in project.standings
    assert project.accounts[claim_id]

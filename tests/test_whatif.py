"""Suppositions change what follows from them, and supposing the opposite again changes it back."""

from hypothesis import given
from hypothesis import strategies as st

from kb.reasoning.standing import standings
from kb.reasoning.whatif import changes, suppose
from tests.reasoning import base_of, claim, judged
from tests.strategies import IDS, judged_graphs, states


def base_with(table):
    """Return a base of claims with these relations."""
    return base_of(**{claim_id: claim(*relations) for claim_id, relations in table.items()})


def pairs(found):
    """Return each change as claim, standing before and standing after."""
    return [(c.claim_id, *(s and s.standing for s in (c.before, c.after))) for c in found]


@given(judged_graphs(), st.dictionaries(st.sampled_from(IDS), states))
def test_supposing_what_was_undoes_a_supposition(graph, supposed):
    """Standings and reasons are the former ones, and the changes are the same ones backwards."""
    table, now = graph
    base = base_with(table)
    judgements = judged(base, **now)
    changed = suppose(judgements, supposed)
    restored = suppose(changed, {claim_id: now[claim_id] for claim_id in supposed})
    before, after = standings(base, judgements), standings(base, changed)
    assert standings(base, restored) == before
    there, back = pairs(changes(before, after)), pairs(changes(after, standings(base, restored)))
    assert back == [(claim_id, new, old) for claim_id, old, new in there]


@given(judged_graphs())
def test_supposing_what_is_changes_nothing(graph):
    """The judgements stay, with their evidence."""
    table, now = graph
    judgements = judged(base_with(table), **now)
    assert suppose(judgements, now) == judgements


def test_a_supposition_reaches_what_rests_on_it():
    """Through any number of steps, and no further."""
    base = base_of(a=claim(("depends_on", "b")), b=claim(("depends_on", "c")), c=claim(), d=claim())
    judgements = judged(base, c="reproduced")
    after = standings(base, suppose(judgements, {"c": "contradicted"}))
    assert pairs(changes(standings(base, judgements), after)) == [
        ("a", "open", "undermined"),
        ("b", "open", "undermined"),
        ("c", "established", "refuted"),
    ]

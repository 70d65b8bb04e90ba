"""Every standing has a derivation, the shortest there is, from what was measured to where a claim stands."""

import json
from pathlib import Path

import pytest

from kb.evidence.ledger import read_ledger
from kb.judging.judgement import judge_base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import standings
from kb.reasoning.why import derivation, shortest, why
from tests.reasoning import base_of, claim, judged
from tests.standings_project import FOLDER, write_standings_project

ROOT = Path(__file__).parents[1]


def read(root):
    """Return a project's base and judgements."""
    base = load_base(Folder(root))
    return base, judge_base(base, read_ledger(Folder(root)))


@pytest.fixture(scope="module")
def contradictions(tmp_path_factory):
    """Return base and judgements of the project of contradictions."""
    root = tmp_path_factory.mktemp("contradictions")
    write_standings_project("contradictions", root)
    return read(root)


def steps(base, judgements, claim_id):
    """Return kind and claim of each step."""
    return [(step.kind, step.claim_id) for step in why(base, judgements, claim_id)]


def test_every_standing_of_this_project_has_a_derivation():
    """It ends with a rule that gives the standing, and is plain JSON."""
    base, judgements = read(ROOT)
    found = standings(base, judgements)
    assert base.claims
    for claim_id, standing in found.items():
        *before, last = why(base, judgements, claim_id)
        assert before
        assert (last.kind, last.claim_id, last.facts["gives"]) == ("rule", claim_id, standing.standing)
        assert json.loads(json.dumps([step.as_data() for step in (*before, last)]))


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.iterdir()))
def test_derivations_go_from_the_premise_to_the_claim(name, tmp_path):
    """Runs and findings are those of the premise; relations lead from there to the claim, each once."""
    write_standings_project(name, tmp_path)
    base, judgements = read(tmp_path)
    for standing in standings(base, judgements).values():
        found = derivation(base, judgements, standing)
        assert {s.claim_id for s in found if s.kind in ("run", "finding")} == {standing.premise}
        about = [step.claim_id for step in found if step.kind == "relation"]
        assert about == [*reversed(standing.route[:-1])]


def test_a_measured_claim_is_derived_from_its_run_and_findings(contradictions):
    """Every prediction and control that the verdict needs, then the verdict, then the standing."""
    assert steps(*contradictions, "fact") == [
        ("run", "fact"),
        ("finding", "fact"),
        ("finding", "fact"),
        ("rule", "fact"),
        ("rule", "fact"),
    ]


def test_a_base_that_is_excluded_gets_a_rule_of_its_own(contradictions):
    """The chain: what was measured for the law, what that excludes, and what rests on it."""
    found = why(*contradictions, "built-on-excluded")
    assert [(step.kind, step.claim_id) for step in found[-4:]] == [
        ("relation", "excluded"),
        ("rule", "excluded"),
        ("relation", "built-on-excluded"),
        ("rule", "built-on-excluded"),
    ]
    assert found[-3].facts == {"rule": "exclusion", "gives": "refuted"}


def test_open_claims_say_what_is_missing():
    """Untested, not testable and supposed claims each in their words."""
    base = base_of(a=claim(), b=claim(untested=None, not_testable="It is a wish."), c=claim())
    judgements = judged(base, a="untested", b="not testable", c="reproduced")
    words = {claim_id: why(base, judgements, claim_id)[0].words for claim_id in base.claims}
    assert words == {
        "a": "no protocol yet; it would take: An afternoon",
        "b": "no measurement could decide it: It is a wish",
        "c": "supposed to be reproduced",
    }


def test_of_several_contradictions_the_one_with_the_shortest_evidence_is_named(tmp_path):
    """The first by id needs three findings, the other two."""
    write_standings_project("contradictions", tmp_path)
    path = tmp_path / "claims/toys/fact.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("    - name:"), text.index("  controls:")
    more = text[start:end].replace("loaded-beats-fair", "once-more")
    other = text.replace("A loaded coin", "Elsewhere a loaded coin").replace(
        "A coin that", "There a coin that"
    )
    long = other[:end] + more + other[end:]
    long = long.replace("In the test fact", "In another test")
    (path.parent / "a-long-fact.yaml").write_text(long, encoding="utf-8")
    base, judgements = read(tmp_path)
    standing = standings(base, judgements)["guess"]
    assert standing.backers == ("a-long-fact", "fact")
    assert shortest(base, judgements, standing).premise == "fact"


def test_unknown_claims_are_refused():
    """A request for a claim that does not exist fails at once."""
    with pytest.raises(KeyError, match="nobody"):
        why(base_of(), {}, "nobody")

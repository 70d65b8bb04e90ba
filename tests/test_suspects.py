"""Which links become suspect, what clears them, and what does not count."""

from dataclasses import replace

import pytest

from kb.project import read
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.time.suspects import Past, suspects
from kb.writing.review import reviewed, with_review
from tests.conftest import CLAIM
from tests.evidence_of import evidence_of, ledger_with

OTHER = CLAIM.replace("A coin that is loaded", "A die that is loaded") + (
    "relations:\n  - {type: depends_on, claim: toy-claim, because: dice are coins with more sides}\n"
)
CONTROLS = CLAIM[CLAIM.index("  controls:") : CLAIM.index("  deviations:")]
STATEMENT = ("visibly more often", "a little more often")


@pytest.fixture
def two(project):
    """Return the tiny project with a second claim that rests on the first."""
    (project / "claims/toys/toy-other.yaml").write_text(OTHER, encoding="utf-8")
    return project


def change(root, claim_id, old, new):
    """Replace a part of a claim's record."""
    path = root / f"claims/toys/{claim_id}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def review(root, claim_id):
    """Write a review into a claim's record."""
    base = load_base(Folder(root))
    path = root / base.paths[claim_id]
    found = reviewed(base, claim_id, day="2026-01-31", note="read")
    path.write_text(with_review(path.read_text(encoding="utf-8"), found), encoding="utf-8")


def links(root, ledger=None, former=None):
    """Return the suspect links as (claim, link, changed), given the base at the time of all evidence."""
    project = read(Folder(root))
    project = replace(project, ledger=ledger or project.ledger)
    past = former and Past("2026-01-01", lambda i: former.claims.get(i) or former.sources.get(i))
    measured = [i for i, j in project.judgements.items() if j.evidence or j.stale]
    found = suspects(project, dict.fromkeys(measured, past) if past else {})
    return [(s.claim_id, s.link, s.changed) for each in found.values() for s in each]


def measured(root, *claim_ids, **changes):
    """Return a ledger with evidence for today's code, known to some claims, and today's base."""
    base = load_base(Folder(root))
    script = base.scripts["coin"]
    digests = {claim_id: base.claims[claim_id].protocol.digest for claim_id in claim_ids}
    pieces = [
        evidence_of(script, script.version(), arm, 0, values, predictions=digests, **changes)
        for arm, values in (("fair", (0.5,) * 5), ("loaded", (0.8, 0.81, 0.79, 0.8, 0.82)))
    ]
    return ledger_with(pieces), base


def test_a_changed_statement_makes_its_own_links_and_those_to_it_suspect(two):
    """Relations of both ends, appearances, and the predictions that test it."""
    review(two, "toy-claim")
    review(two, "toy-other")
    assert links(two) == []
    change(two, "toy-claim", *STATEMENT)
    assert links(two) == [
        ("toy-claim", "toy-source asserts it", ("its statement",)),
        ("toy-other", "depends_on toy-claim", ("the statement of toy-claim",)),
    ]


def test_a_review_clears_its_own_claim_only(two):
    """The other end's links wait for a review of their own."""
    for claim_id in ("toy-claim", "toy-other"):
        review(two, claim_id)
    change(two, "toy-claim", *STATEMENT)
    review(two, "toy-claim")
    assert [claim_id for claim_id, _, _ in links(two)] == ["toy-other"]
    review(two, "toy-other")
    assert links(two) == []


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("one hundred simulated", "two hundred simulated", "scope"),
        ("at_least: 0.1", "at_least: 0.2", "protocol"),
        (CONTROLS, "", "protocol"),
    ],
)
def test_scope_and_protocol_bear_on_relations(two, old, new, part):
    """Bounds and controls count as the protocol; appearances rest on the statement alone."""
    review(two, "toy-other")
    change(two, "toy-claim", old, new)
    assert links(two) == [("toy-other", "depends_on toy-claim", (f"the {part} of toy-claim",))]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: A loaded", "title: Any loaded"),
        ("fair coin does.", "fair\n  coin does."),
        ("because: a tenth is", "because: one tenth is"),
        ("visibly more often than", "visibly   more often than"),
    ],
)
def test_wording_that_decides_nothing_does_not_count(two, old, new):
    """Titles, reasons, line ends and spaces."""
    review(two, "toy-claim")
    review(two, "toy-other")
    change(two, "toy-claim", old, new)
    assert links(two) == []


def test_a_source_at_another_address_makes_appearances_suspect(project):
    """The passage may stand elsewhere, or nowhere."""
    review(project, "toy-claim")
    source = project / "claims/sources/toy-source.yaml"
    source.write_text(source.read_text(encoding="utf-8").replace("/coins", "/coins-2"), encoding="utf-8")
    assert links(project) == [("toy-claim", "toy-source asserts it", ("the title or address of toy-source",))]


def test_without_review_the_records_at_the_time_of_the_evidence_count(two):
    """The relation of a claim with evidence is compared with them, and so are its predictions."""
    ledger, former = measured(two, "toy-claim", "toy-other")
    change(two, "toy-claim", *STATEMENT)
    found = links(two, ledger, former)
    assert ("toy-claim", "prediction loaded-beats-fair", ("its statement",)) in found
    assert ("toy-other", "depends_on toy-claim", ("the statement of toy-claim",)) in found
    assert links(two, ledger) == []  # nobody can tell


def test_a_relation_without_evidence_of_its_own_is_compared_with_the_other_ends(two):
    """What rests on a measured claim is watched, though it was itself never measured."""
    change(two, "toy-other", "experiment: coin", "experiment: dice\n  planned: All of it.")
    ledger, former = measured(two, "toy-claim")
    change(two, "toy-claim", *STATEMENT)
    found = [link for link in links(two, ledger, former) if link[0] == "toy-other"]
    assert found == [("toy-other", "depends_on toy-claim", ("the statement of toy-claim",))]


def test_a_link_younger_than_the_evidence_is_not_watched(two):
    """Its author had today's statement in view."""
    ledger, former = measured(two, "toy-claim", "toy-other")
    young = replace(former, claims={"toy-claim": former.claims["toy-claim"]})
    change(two, "toy-claim", *STATEMENT)
    assert {claim_id for claim_id, _, _ in links(two, ledger, young)} == {"toy-claim"}


def test_evidence_alone_tells_that_predictions_are_others(project):
    """Without any version control, from the digests that it carries; a review clears it."""
    ledger, _ = measured(project, "toy-claim")
    change(project, "toy-claim", "at_least: 0.1", "at_least: 0.2")
    prediction = ("toy-claim", "prediction loaded-beats-fair", ("the prediction itself",))
    assert links(project, ledger) == [prediction]
    review(project, "toy-claim")
    assert links(project, ledger) == []


def test_only_the_predictions_that_changed_are_named_where_the_record_is_known(project):
    """A prediction that was added is one of them."""
    ledger, former = measured(project, "toy-claim")
    second = (
        "    - {name: loaded-high, says: It does., outcome: score, of: loaded, at_least: 0.6, because: so}\n"
    )
    change(project, "toy-claim", "  controls:\n", f"{second}  controls:\n")
    found = [link for link in links(project, ledger, former) if link[1].startswith("prediction")]
    assert found == [("toy-claim", "prediction loaded-high", ("the prediction itself",))]


def test_a_claim_written_for_old_evidence_is_no_suspect(project):
    """Nothing changed; that its predictions came after the data is the judgement's business."""
    assert links(project, measured(project)[0]) == []


def test_changed_code_asks_for_a_run_and_no_review_clears_it(project):
    """The modules that differ are named."""
    ledger, _ = measured(project, "toy-claim")
    script = project / "repro/experiments/coin.py"
    script.write_text(script.read_text(encoding="utf-8").replace("0.8}", "0.9}"), encoding="utf-8")
    review(project, "toy-claim")
    (found,) = suspects(replace(read(Folder(project)), ledger=ledger))["toy-claim"]
    assert (found.changed, found.remedy) == (("the code of coin",), "run")

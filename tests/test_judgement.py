"""A claim's state follows from its record, today's test version and the evidence, and from nothing else."""

from dataclasses import replace

import pytest

from kb.evidence.seeds import block_seeds
from kb.judging.judgement import judge_claim, undeclared_revisions
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.records.claims import Revision
from tests.evidence_of import evidence_of, ledger_with

VERSION = "f" * 64


@pytest.fixture
def base(project):
    """Return the tiny project, read."""
    return load_base(Folder(project))


def measured(base, *, shift=0.3, version=None, predictions=None, blocks=3):
    """Return a ledger in which the loaded coin shows `shift` more heads than the fair one."""
    script = base.scripts["coin"]
    today = version or script.version()
    digests = {"toy-claim": base.claims["toy-claim"].protocol.digest} if predictions is None else predictions
    pieces = []
    for block in range(blocks):
        noise = [0.01 * (seed % 7) for seed in block_seeds(today, block)]
        for arm, centre in (("fair", 0.5), ("loaded", 0.5 + shift)):
            values = tuple(centre + (x if arm == "loaded" else 0) for x in noise)
            pieces.append(evidence_of(script, today, arm, block, values, predictions=digests))
    return ledger_with(pieces)


def test_without_evidence_a_claim_has_not_been_run(base):
    """No verdict is better than an invented one."""
    found = judge_claim(base, measured(base, blocks=0), "toy-claim")
    assert (found.state, found.verdict) == ("not run", None)


def test_current_evidence_is_judged(base):
    """Three blocks with a clear difference reproduce the claim."""
    found = judge_claim(base, measured(base), "toy-claim")
    assert found.state == "reproduced"
    assert found.verdict.seeds == 15
    assert len(found.evidence) == 6


def test_evidence_of_another_version_is_stale(base):
    """It is kept beside the claim and never counted."""
    found = judge_claim(base, measured(base, version=VERSION), "toy-claim")
    assert (found.state, found.verdict, len(found.stale)) == ("stale", None, 6)


def test_gap_in_the_blocks_ends_what_counts(base):
    """Blocks are judged in order, so that none can be left out because of its values."""
    ledger = measured(base)
    kept = tuple(p for p in ledger.evidence if not (p.arm == "fair" and p.block == 1))
    found = judge_claim(base, ledger_with(kept), "toy-claim")
    assert found.verdict.findings[0].seeds == 5


@pytest.mark.parametrize(("predictions", "earlier"), [(None, 0), ({"toy-claim": "0" * 64}, 1), ({}, 1)])
def test_predictions_that_follow_the_evidence_make_another_test(base, predictions, earlier):
    """Changed or written after data were seen: judged at half the level."""
    found = judge_claim(base, measured(base, predictions=predictions), "toy-claim")
    assert (len(found.tests), found.verdict.superseded) == (earlier, earlier)
    assert found.verdict.alpha == 0.05 / 2**earlier


def test_undeclared_revision_is_a_problem(base):
    """The record must keep what stood before."""
    judgement = judge_claim(base, measured(base, predictions={"toy-claim": "0" * 64}), "toy-claim")
    (problem,) = undeclared_revisions(base, {"toy-claim": judgement})
    assert problem.code == "undeclared-revision"
    assert problem.place.path.endswith("toy-claim.yaml")
    honest = judge_claim(base, measured(base), "toy-claim")
    assert list(undeclared_revisions(base, {"toy-claim": honest})) == []


def test_claims_without_protocol_say_why(base):
    """Not testable and untested are different states."""
    claim = base.claims["toy-claim"].model_copy(update={"protocol": None, "not_testable": "a value"})
    changed = replace(base, claims={"toy-claim": claim})
    assert judge_claim(changed, measured(base), "toy-claim").state == "not testable"
    claim = claim.model_copy(update={"not_testable": None, "untested": "a larger machine"})
    changed = replace(base, claims={"toy-claim": claim})
    assert judge_claim(changed, measured(base), "toy-claim").state == "untested"


def test_a_prediction_on_an_outcome_that_is_not_measured_is_not_judged(base):
    """`repro check` names the wrong outcome; judging neither guesses nor breaks off."""
    claim = base.claims["toy-claim"]
    wrong = claim.protocol.predictions[0].model_copy(update={"outcome": "scores"})
    protocol = claim.protocol.model_copy(update={"predictions": (wrong,)})
    changed = replace(base, claims={"toy-claim": claim.model_copy(update={"protocol": protocol})})
    assert judge_claim(changed, measured(base), "toy-claim").state == "not run"


def test_former_predictions_on_a_removed_outcome_are_not_judged(base):
    """The verdict of today stands, and that of the revision is left out."""
    claim = base.claims["toy-claim"]
    former = claim.protocol.predictions[0].model_copy(update={"outcome": "scores"})
    revision = Revision(because="it was renamed", predictions=(former,))
    protocol = claim.protocol.model_copy(update={"revisions": (revision,)})
    changed = replace(base, claims={"toy-claim": claim.model_copy(update={"protocol": protocol})})
    found = judge_claim(changed, measured(base), "toy-claim")
    assert (found.state, found.earlier) == ("reproduced", (None,))

"""A claim's state follows from its record, today's test version and the evidence, and from nothing else."""

from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import pytest

from kb.evidence.seeds import block_seeds
from kb.judging.judgement import (
    CODES,
    Judgement,
    Replication,
    SettingJudgement,
    coarse_resolutions,
    joined,
    judge_base,
    judge_claim,
    undeclared_revisions,
)
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.records.claims import Revision, predictions_digest
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


# What a judgement tells of its settings


def at(name, state, **fields):
    """Return a setting with a state; only its name is known."""
    return SettingJudgement(SimpleNamespace(name=name), f"version-of-{name}", state, **fields)


OPEN, STALE = at("minimal", "not run"), at("wide", "stale", stale=("old",))
HELD = at("large", "reproduced", verdict="held", evidence=("new",))
FAILED = at("huge", "contradicted", verdict="failed", evidence=("newer", "newest"))


@pytest.mark.parametrize(
    ("settings", "main", "verdict", "version"),
    [
        ((OPEN, HELD, FAILED), HELD, "held", "version-of-large"),
        ((FAILED, HELD), FAILED, "failed", "version-of-huge"),
        ((OPEN, STALE), OPEN, None, "version-of-minimal"),
        ((), None, None, ""),
    ],
)
def test_the_first_setting_with_a_verdict_speaks_for_the_claim(settings, main, verdict, version):
    """Without any, the first of all; without settings, none."""
    found = Judgement("toy-claim", "not run", settings)
    assert (found.main, found.verdict, found.version) == (main, verdict, version)


def test_a_judgement_gathers_what_its_settings_have():
    """Verdicts, evidence that counts and evidence that does not, in the order of the settings."""
    found = Judgement("toy-claim", "varies", (OPEN, HELD, STALE, FAILED))
    assert found.judged == (HELD, FAILED)
    assert found.evidence == ("new", "newer", "newest")
    assert found.stale == ("old",)
    assert found.at("wide") is STALE
    with pytest.raises(KeyError):
        found.at("narrow")


@pytest.mark.parametrize(
    ("settings", "is_stale"), [((OPEN, STALE), True), ((STALE,), True), ((OPEN, HELD), False), ((), False)]
)
def test_one_stale_setting_makes_a_claim_stale(settings, is_stale):
    """The others may have a verdict, or none."""
    assert Judgement("toy-claim", "not run", settings).is_stale is is_stale


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], "stale"),
        (["split"], "split"),
        (["reproduced", "reproduced"], "reproduced"),
        (["reproduced", "split"], "varies"),
        (["contradicted", "reproduced", "contradicted"], "varies"),
    ],
)
def test_settings_join_to_the_state_of_their_claim(states, state):
    """They agree or it varies; without a verdict it is what the first setting is."""
    assert joined(iter(states), "stale") == state


def test_what_nobody_measured_has_nothing_of_any_kind(base):
    """No evidence, no other sets of seeds, no replays, no earlier tests."""
    found = judge_claim(base, measured(base, blocks=0), "toy-claim")
    [setting] = found.settings
    assert setting.evidence == setting.stale == setting.replications == setting.replays == ()
    assert (found.earlier, found.tests, found.replication) == ((), (), 0)
    untested = Judgement("toy-claim", "untested")
    assert (untested.settings, untested.earlier, untested.tests, untested.replication) == ((), (), (), 0)


@pytest.mark.parametrize("kind", [Judgement, SettingJudgement, Replication])
def test_a_judgement_cannot_be_changed(kind):
    """It is computed anew instead."""
    with pytest.raises(FrozenInstanceError):
        object.__new__(kind).state = "reproduced"


# Which pieces count


def moved(ledger, **changes):
    """Return the ledger's evidence with other fields."""
    return [piece.model_copy(update=changes) for piece in ledger.evidence]


def test_a_script_that_is_a_template_waits_to_be_written(base, monkeypatch):
    """It was not run because nobody can run it."""
    monkeypatch.setattr(type(base.scripts["coin"]), "is_template", property(lambda _: True))
    assert judge_claim(base, ledger_with([]), "toy-claim").state == "to be written"


@pytest.mark.parametrize(("planned", "state"), [("a day of flips", "to be written"), (None, "not run")])
def test_a_script_that_there_is_not_waits_or_is_missing(base, planned, state):
    """A plan says which."""
    claim = base.claims["toy-claim"]
    protocol = claim.protocol.model_copy(update={"planned": planned})
    claims = {"toy-claim": claim.model_copy(update={"protocol": protocol})}
    assert judge_claim(replace(base, scripts={}, claims=claims), ledger_with([]), "toy-claim").state == state


def test_another_set_of_seeds_is_judged_beside_the_verdict(base):
    """It agrees or does not, and asked for by its number it is the one judged."""
    first, script = measured(base), base.scripts["coin"]
    again = []
    for number, shift in ((1, 0.3), (2, 0.0)):
        for piece in measured(base, shift=shift).evidence:
            seeds = block_seeds(script.version(), piece.block, replication=number)
            again.append(piece.model_copy(update={"replication": number, "seeds": seeds}))
    ledger = ledger_with([*first.evidence, *again])
    found = judge_claim(base, ledger, "toy-claim")
    assert [(each.number, each.agrees) for each in found.main.replications] == [(1, True), (2, False)]
    second = judge_claim(base, ledger, "toy-claim", replication=2)
    assert (second.state, second.replication) == ("contradicted", 2)
    assert [each.number for each in second.main.replications] == [1]
    assert {piece.replication for piece in second.evidence} == {2}


def test_arms_of_others_count_neither_as_evidence_nor_as_stale(base):
    """A claim answers for its own arms."""
    ledger = measured(base)
    others = moved(ledger, arm="worn")
    old = moved(measured(base, version=VERSION), arm="worn")
    found = judge_claim(base, ledger_with([*ledger.evidence, *others, *old]), "toy-claim")
    assert {piece.arm for piece in found.evidence} == {"fair", "loaded"}
    assert [(piece.arm, piece.block) for piece in found.evidence[:3]] == [("fair", n) for n in range(3)]
    assert found.stale == ()


def test_blocks_measured_again_are_shown_for_the_arms_of_the_claim(base):
    """With whether they agree."""
    first = measured(base)
    again = moved(first, started="2026-01-02T00:00:00Z")
    others = [*moved(first, arm="worn"), *moved(first, arm="worn", started="2026-01-02T00:00:00Z")]
    found = judge_claim(base, ledger_with([*first.evidence, *again, *others]), "toy-claim").main.replays
    assert {(each.again.arm, each.again.block, each.agreement) for each in found} == {
        (arm, block, "exact") for arm in ("fair", "loaded") for block in range(3)
    }


@pytest.mark.parametrize(("predictions", "stale"), [({"toy-claim": "0" * 64}, 6), ({"other": "0" * 64}, 0)])
def test_stale_evidence_of_a_setting_that_is_gone_belongs_to_the_claim_it_names(base, predictions, stale):
    """It is shown at the main setting."""
    old = moved(measured(base, version=VERSION, predictions=predictions), scale_name="former")
    found = judge_claim(base, ledger_with(old), "toy-claim")
    assert (len(found.stale), found.state) == (stale, "stale" if stale else "not run")


def test_evidence_of_others_hides_no_stale_evidence_behind_it(base):
    """Every piece is looked at."""
    old = measured(base, version=VERSION)
    found = judge_claim(base, ledger_with([*moved(old, arm="worn"), *old.evidence]), "toy-claim")
    assert found.stale == old.evidence


def revised(base, at_least):
    """Return the base with a declared revision of the prediction's bound."""
    claim = base.claims["toy-claim"]
    former = claim.protocol.predictions[0].model_copy(update={"at_least": at_least})
    revision = Revision(because="it was too low", predictions=(former,), controls=claim.protocol.controls)
    protocol = claim.protocol.model_copy(update={"revisions": (revision,)})
    return replace(base, claims={"toy-claim": claim.model_copy(update={"protocol": protocol})})


def test_evidence_is_judged_by_former_predictions_as_well(base):
    """As they stood, revision by revision, on the values that count."""
    changed = revised(base, 0.9)
    found = judge_claim(changed, measured(base), "toy-claim")
    assert (found.state, [verdict.state for verdict in found.earlier]) == ("reproduced", ["contradicted"])
    assert judge_claim(changed, ledger_with([]), "toy-claim").earlier == ()


def test_evidence_is_judged_by_former_controls_as_well(base):
    """A bound that was to fail for the fair coin, and holds, left no verdict then."""
    changed = revised(base, 0.1)
    claim = changed.claims["toy-claim"]
    [revision], [control] = claim.protocol.revisions, claim.protocol.controls
    former = revision.model_copy(update={"controls": (control.model_copy(update={"at_least": 0.2}),)})
    protocol = claim.protocol.model_copy(update={"revisions": (former,)})
    again = replace(base, claims={"toy-claim": claim.model_copy(update={"protocol": protocol})})
    found = judge_claim(again, measured(base), "toy-claim")
    assert (found.state, [verdict.state for verdict in found.earlier]) == ("reproduced", ["invalid"])


def test_a_declared_revision_is_no_problem(base):
    """The record keeps what stood before."""
    changed = revised(base, 0.9)
    revision = changed.claims["toy-claim"].protocol.revisions[0]
    digest = predictions_digest(revision.predictions, revision.controls)
    judgement = judge_claim(changed, measured(base, predictions={"toy-claim": digest}), "toy-claim")
    assert list(undeclared_revisions(changed, {"toy-claim": judgement})) == []
    hidden = judge_claim(changed, measured(base, predictions={"toy-claim": "0" * 64}), "toy-claim")
    [problem] = undeclared_revisions(changed, {"toy-claim": hidden})
    assert problem.code in CODES
    assert problem.found.endswith("0" * 64)
    assert problem.place.line == 14


def test_claims_without_evidence_or_protocol_hide_no_revision(base):
    """Nothing was seen before their predictions."""
    untested = {"protocol": None, "untested": "a larger machine"}
    bare = replace(base, claims={"toy-claim": base.claims["toy-claim"].model_copy(update=untested)})
    judgement = judge_claim(base, measured(base, predictions={"toy-claim": "0" * 64}), "toy-claim")
    for rule in (undeclared_revisions, coarse_resolutions):
        assert list(rule(bare, {"toy-claim": judgement})) == []
        assert list(rule(base, judge_base(base, ledger_with([])))) == []


def with_a_claim_before(base, claim):
    """Return the base with a claim that has no protocol and one with the given claim."""
    bare = claim.model_copy(update={"protocol": None, "untested": "a larger machine"})
    return replace(
        base, claims={"a-bare-one": bare, "toy-claim": claim}, topics={**base.topics, "a-bare-one": "toys"}
    )


def test_a_claim_that_cannot_hide_a_revision_hides_none_behind_it(base):
    """Every claim is looked at."""
    changed = with_a_claim_before(base, base.claims["toy-claim"])
    found = judge_base(changed, measured(base, predictions={"toy-claim": "0" * 64}))
    assert [*found] == ["a-bare-one", "toy-claim"]
    assert [problem.place.line for problem in undeclared_revisions(changed, found)] == [14]


@pytest.mark.parametrize(
    ("units", "low", "is_coarse"), [("log10", 1e-5, True), ("linear", 1e-5, False), ("log10", 5e-5, False)]
)
def test_a_resolution_that_hides_decades_is_a_problem_where_decades_are_bounded(base, units, low, is_coarse):
    """In the outcome of that bound; a bound on plain values asks for no finer one."""
    script, claim = base.scripts["coin"], base.claims["toy-claim"]
    prediction = claim.protocol.predictions[0].model_copy(
        update={"contrast": None, "of": "fair", "units": units, "at_least": -9.0}
    )
    protocol = claim.protocol.model_copy(update={"predictions": (prediction,), "controls": ()})
    changed = with_a_claim_before(base, claim.model_copy(update={"protocol": protocol}))
    values = (low, 1e-4, low, 1e-4, low)
    words = {"predictions": {"toy-claim": protocol.digest}}
    pieces = [evidence_of(script, script.version(), "fair", block, values, **words) for block in range(2)]
    found = list(coarse_resolutions(changed, judge_base(changed, ledger_with(pieces))))
    assert [problem.code in CODES for problem in found] == [True] * is_coarse
    assert all(problem.place.line == 16 and "of score, 0.01" in problem.found for problem in found)

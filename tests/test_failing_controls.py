"""Controls planted in a ledger: which of them fail, for which version, and what the rest says of learning."""

from dataclasses import replace

import pytest

from kb.evidence.controls import FiledControls
from kb.evidence.ledger import Ledger
from kb.judging.failing import failing, without_labels
from kb.judging.labels import relabelled
from kb.reading.load import load_base
from kb.reading.tree import Folder
from tests.conftest import EXPERIMENT, write_project
from tests.evidence_of import control_block, controls_of, shuffled_block
from tests.strategies import prediction

LOW, HIGH = (0.4, 0.45, 0.5, 0.55, 0.6), (0.75, 0.78, 0.8, 0.82, 0.85)
IMITATED = {"arm": "fair", "mutant": "outcome constant", "refusal": "arm fair gave one value"}


@pytest.fixture
def base(tmp_path):
    """Return the tiny project with an outcome of which more is better."""
    root = write_project(tmp_path)
    script = root / "repro/experiments/coin.py"
    text = EXPERIMENT.replace(
        '"share of heads", better="neither", res', '"share of heads", better="higher", res'
    )
    script.write_text(text, encoding="utf-8")
    return load_base(Folder(root))


def ledger_of(*controls):
    """Return a ledger that holds nothing but some controls."""
    return Ledger((), controls=tuple(FiledControls(each, "0" * 64, each.folder) for each in controls))


def with_labels_shuffled(script, version, shuffled, *, blocks=2):
    """Return controls in which the loaded coin was measured so without labels, and the fair one as it is."""
    return controls_of(
        script,
        version,
        blocks=tuple(control_block(version, "fair", block, LOW) for block in range(blocks)),
        shuffled=tuple(shuffled_block(version, "loaded", block, shuffled) for block in range(blocks)),
    )


def learned(base, *controls):
    """Return what the claim's predictions say of learning, and which of them fail the claim."""
    script, protocol = base.scripts["coin"], base.claims["toy-claim"].protocol
    ledger = ledger_of(*controls)
    return (
        list(relabelled(protocol, script, ledger, alpha=0.05)),
        without_labels(protocol, script, ledger, alpha=0.05),
    )


@pytest.mark.parametrize(
    ("shuffled", "decision", "fails"), [(LOW, "contradicted", False), (HIGH, "reproduced", True)]
)
def test_a_prediction_must_not_hold_without_labels(base, shuffled, decision, fails):
    """Where it does, it and its arm are told."""
    script = base.scripts["coin"]
    version = script.version()
    [found], failed = learned(base, with_labels_shuffled(script, version, shuffled))
    assert (found.arm, found.version, found.decision) == ("loaded", version, decision)
    assert found.is_passed is not fails
    assert [(each.kind, each.arm, each.what) for each in failed] == (
        [("labels do not matter", "loaded", found.prediction)] if fails else []
    )


def test_predictions_of_arms_whose_labels_were_not_shuffled_say_nothing(base):
    """The others are judged all the same, whatever stands before them."""
    script, protocol = base.scripts["coin"], base.claims["toy-claim"].protocol
    [usual] = protocol.predictions
    other = prediction(name="other", outcome="score", of="fair", at_least=0.3)
    unknown = prediction(name="unknown", outcome="heads", of="loaded", at_least=0.3)
    several = protocol.model_copy(update={"predictions": (other, unknown, usual)})
    ledger = ledger_of(with_labels_shuffled(script, script.version(), HIGH))
    assert [each.prediction for each in relabelled(several, script, ledger, alpha=0.05)] == [usual.name]


def test_too_few_seeds_say_nothing_of_learning(base):
    """Ten are needed, as for a verdict."""
    script = base.scripts["coin"]
    assert learned(base, with_labels_shuffled(script, script.version(), HIGH, blocks=1)) == ([], ())


def test_shuffled_labels_of_another_version_are_past(base):
    """What measures has changed since; a version that is linked to today's still counts."""
    script = base.scripts["coin"]
    controls = with_labels_shuffled(script, "f" * 64, HIGH)
    assert learned(base, controls) == ([], ())
    protocol = base.claims["toy-claim"].protocol
    linked = replace(ledger_of(controls), origins={"f" * 64: script.version()})
    [found] = relabelled(protocol, script, linked, alpha=0.05)
    assert (found.version, found.decision) == ("f" * 64, "reproduced")


def test_the_level_decides_what_holds_without_labels(base):
    """At a smaller one the interval is wider, and reaches the bound."""
    script, protocol = base.scripts["coin"], base.claims["toy-claim"].protocol
    near = tuple(value - 0.15 for value in HIGH)
    ledger = ledger_of(with_labels_shuffled(script, script.version(), near))
    [usual], [strict] = (list(relabelled(protocol, script, ledger, alpha=alpha)) for alpha in (0.05, 1e-9))
    assert (usual.decision, strict.decision) == ("reproduced", "inconclusive")


def kinds(base, *controls, **changes):
    """Return the kind, arm and words of each control of the experiment that failed."""
    ledger = replace(ledger_of(*controls), **changes)
    return [(each.kind, each.arm, each.what) for each in failing(base, ledger, base.scripts["coin"])]


def test_controls_that_came_out_as_they_must_fail_nothing(base):
    """Arms that keep the contract, and faults that were refused."""
    script = base.scripts["coin"]
    assert kinds(base) == []
    assert kinds(base, controls_of(script, script.version(), imitated=(IMITATED,))) == []


def test_an_arm_that_broke_the_contract_fails(base):
    """And so does a fault that was let pass; each is told once, breaches first."""
    script = base.scripts["coin"]
    version = script.version()
    broken = controls_of(
        script,
        version,
        tried=({"arm": "fair", "breach": ""}, {"arm": "loaded", "breach": "it ignores its seeds"}),
        imitated=({**IMITATED, "refusal": ""}, {**IMITATED, "arm": "loaded"}),
    )
    expected = [
        ("contract broken", "loaded", "it ignores its seeds"),
        ("fault not refused", "fair", "outcome constant"),
    ]
    assert kinds(base, broken) == expected
    old = broken.model_copy(update={"version": "f" * 64})
    assert kinds(base, old) == []
    assert kinds(base, old, origins={"f" * 64: version}) == expected


def test_controls_of_another_experiment_fail_nothing_here(base):
    """Not even where a version is the same."""
    script = base.scripts["coin"]
    tried = ({"arm": "fair", "breach": "it is broken"},)
    other = controls_of(script, script.version(), tried=tried, experiment="another")
    assert kinds(base, other) == []


@pytest.mark.parametrize(("sets", "fails"), [(1, []), (20, [("differs from itself", "", "20 of 20")])])
def test_arms_that_differ_from_themselves_too_often_fail(base, sets, fails):
    """A single false difference is within what the rule allows itself."""
    script = base.scripts["coin"]
    version = script.version()
    blocks = tuple(
        control_block(version, "fair", block, LOW if block < 2 else HIGH, number=number)
        for number in range(1, sets + 1)
        for block in range(4)
    )
    assert kinds(base, controls_of(script, version, blocks=blocks)) == fails

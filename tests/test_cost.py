"""Costs are measured if anything was measured, else those that a plan states, else unknown."""

import pytest

from kb.evidence.ledger import read_ledger
from kb.judging.judgement import judge_base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.cost import Due, cost, due_blocks, is_due, runs
from tests.standings_project import write_standings_project
from tests.strategies import prediction, protocol


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Return base, ledger and judgements of claims in every state; each block took a tenth of a second."""
    root = tmp_path_factory.mktemp("own-verdicts")
    write_standings_project("own-verdicts", root)
    base, ledger = load_base(Folder(root)), read_ledger(Folder(root))
    return base, ledger, judge_base(base, ledger)


def due(asked):
    """Return the main setting of a protocol as one that was never measured."""
    return Due("toy-claim", asked, asked.main, None)


def test_only_runs_that_may_bring_a_verdict_are_due(known):
    """What is decided, invalid or not testable is not."""
    base, _, judgements = known
    waiting = {claim_id for claim_id, judgement in judgements.items() if is_due(base, judgement)}
    assert waiting == {"measured-and-undecided", "code-has-changed", "never-measured"}


def test_runs_share_an_experiment_and_its_arms(known):
    """Costs come from past blocks, stale ones included; the cost of what was never run is unknown."""
    base, ledger, judgements = known
    found = {run.experiment: run for run in runs(base, ledger, judgements, base.claims)}
    assert {name: run.claims for name, run in found.items()} == {
        "cards": ("never-measured",),
        "coin": ("measured-and-undecided",),
        "dice": ("code-has-changed",),
    }
    assert found["cards"].cost == (None, "unknown")
    assert found["dice"].cost == (pytest.approx(2 * 2 * 0.1), "measured")
    assert found["coin"].cost.basis == "measured"
    assert found["coin"].cost.seconds > 0.1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Arms a and b. 2 seconds.", (2.0, "stated")),
        ("Trains for 300 seconds of simulated time; 1.5 minutes.", (90.0, "stated")),
        ("Takes 2 hours.", (7200.0, "stated")),
        ("Arms a and b; 30 s on two cores.", (30.0, "stated")),
        ("About 40 steps of a walk.", (None, "unknown")),
    ],
)
def test_plans_state_their_cost(known, text, expected):
    """The last time that is named counts."""
    planned = protocol(prediction(at_least=1.0)).model_copy(update={"planned": text})
    assert cost(known[1], [due(planned)]) == expected


def test_an_arm_that_was_never_measured_costs_what_the_others_do(known):
    """The median of those of its experiment that were."""
    coin = protocol(prediction(at_least=1.0, contrast=("fair", "new"))).model_copy(
        update={"experiment": "coin"}
    )
    assert cost(known[1], [due(coin)]) == (pytest.approx(0.4), "measured")


def test_a_first_look_takes_two_blocks_of_every_arm():
    """Open findings ask for what they likely need."""
    assert due_blocks(protocol(prediction(at_least=1.0)), None) == {"a": 2, "b": 2}


def test_open_findings_ask_for_the_blocks_they_likely_need(known):
    """At least one, and never beyond the most seeds."""
    base, _, judgements = known
    verdict = judgements["measured-and-undecided"].verdict
    blocks = due_blocks(base.claims["measured-and-undecided"].protocol, verdict)
    assert {"fair", "loaded"} <= blocks.keys()
    assert all(1 <= count <= 6 for count in blocks.values())

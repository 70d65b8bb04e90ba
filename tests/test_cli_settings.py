"""Settings, earlier tests and replications as they are typed and printed."""

import json

import pytest

from tests.conftest import CLAIM, EXPERIMENT
from tests.test_cli_run import cheap, invoke
from tests.test_run import coin
from tests.test_settings import RECORD, WIDE

__all__ = ["cheap"]

SCRIPT = "repro/experiments/coin.py"
ATTEMPT = EXPERIMENT.replace("    heads = (seeds", "    _attempt = 1\n    heads = (seeds")


@pytest.fixture
def wide(project):
    """Return the tiny project with the settings minimal, wide and large."""
    (project / RECORD).write_text(CLAIM.replace("  predictions:\n", WIDE), encoding="utf-8")
    return project


def by_setting(task, block):
    """Give the loaded coin its load at the main setting only."""
    return coin(0.5 if not task.overrides else 0.0, spread=0.01)(task, block)


def test_settings_that_differ_exit_with_10_and_are_told_apart(wide, cheap):
    """Each has its table, and the sentence says how each came out."""
    cheap(by_setting)
    assert invoke(wide, "run", "toy-claim").exit_code == 0
    found = invoke(wide, "run", "toy-claim", "--setting", "all")
    assert found.exit_code == 10
    assert "toy-claim at setting large needs a GPU: give --device cuda on a machine with one" in found.output
    assert "At setting minimal: reproduced" in found.output
    assert "At setting wide (flips 300): contradicted" in found.output
    assert 'Varies: reproduced in our small setting and contradicted in the setting "wide"' in (
        " ".join(found.output.split())
    )


def test_the_exit_code_is_that_of_the_setting_that_is_named(wide, cheap):
    """The other one came out otherwise."""
    cheap(by_setting)
    assert invoke(wide, "run", "toy-claim", "--setting", "wide").exit_code == 10
    assert invoke(wide, "run", "toy-claim", "--setting", "minimal").exit_code == 0


def test_a_setting_that_needs_a_gpu_is_an_environment_failure(wide, cheap):
    """Nothing is measured, and nothing is said to hold."""
    found = invoke(wide, "run", "toy-claim", "--setting", "large")
    assert (found.exit_code, "needs a GPU" in found.output) == (4, True)


def test_every_setting_of_the_processor_is_due_with_all(wide, cheap):
    """What waits for a GPU is named."""
    plan = json.loads(invoke(wide, "plan", "--all", "--json").output)
    assert [step["setting"] for step in plan["steps"]] == ["minimal", "minimal", "wide", "wide"]
    assert plan["waiting"] == [{"claim": "toy-claim", "setting": "large", "needs": "cuda"}]


def test_show_lists_the_settings(wide, cheap):
    """Also those that were not run."""
    cheap(by_setting)
    invoke(wide, "run", "--all")
    shown = invoke(wide, "show", "toy-claim").output
    assert "  minimal: reproduced, 10 seeds\n" in shown
    assert "  wide (flips 300): contradicted, 10 seeds\n" in shown
    assert "  large: not run, and needs a GPU\n" in shown


def test_next_and_status_know_the_settings(wide, cheap):
    """What is left to run is named by its setting."""
    invoke(wide, "run", "toy-claim")
    found = invoke(wide, "next").output
    assert "run coin at setting wide" in found
    assert "run coin at setting large, which needs a GPU" in found
    assert "toy-claim, setting wide: never measured" in invoke(wide, "status").output


def test_a_replication_says_its_number_and_whether_it_agrees(project, cheap):
    """It is never taken for the verdict."""
    invoke(project, "run", "toy-claim")
    cheap(coin(0.0, spread=0.01))
    found = invoke(project, "run", "toy-claim", "--replication", "2")
    assert "Replication 2, whose seeds never count for the verdict: it does not agree" in found.output
    again = invoke(project, "run", "toy-claim")
    assert again.exit_code == 0
    assert "Replication 2: contradicted after 10 seeds, does not agree" in again.output
    assert (
        "replication 2: contradicted after 10 seeds, does not agree"
        in invoke(project, "show", "toy-claim").output
    )


def test_show_tells_of_an_earlier_test_that_came_out_otherwise(project, cheap):
    """With what has changed since, and what it costs."""
    cheap(coin(0.0, spread=0.01))
    invoke(project, "run", "toy-claim")
    (project / SCRIPT).write_text(ATTEMPT, encoding="utf-8")
    cheap(coin(0.5))
    found = invoke(project, "run", "toy-claim")
    assert "Second test of this claim; before: contradicted." in found.output
    shown = invoke(project, "show", "toy-claim").output
    assert "Second test of this claim; before: contradicted." in shown
    assert "changed since: the code of coin" in " ".join(shown.split())
    assert "an error level of 0.025 instead of 0.05" in " ".join(shown.split())

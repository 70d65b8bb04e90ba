"""`repro impact` tells a reviewer what a branch does to claims, and that evidence was only added."""

import json

import pytest
from click.testing import CliRunner

from repro.cli import cli
from tests.conftest import CLAIM
from tests.repository import commit_all, git
from tests.states_project import write_states_project

RESTING = """\
title: Whoever bets on a loaded coin wins
kind: empirical
statement: A player who bets on heads of a loaded coin wins more often than not.
stated_in:
  - {source: toy-source, stance: asserts, locator: {section: Results}}
relations:
  - {type: depends_on, claim: toy-contradicted, because: "it only wins if | heads <b>come</b> more often"}
"""
PLANNED = CLAIM[CLAIM.index("scope:") : CLAIM.index("reported:")]
RESTING += PLANNED.replace("experiment: coin", "experiment: bets\n  planned: An evening of bets.")


@pytest.fixture
def branch(tmp_path):
    """Return a project with evidence and one claim in each state, on a branch of its main."""
    root = write_states_project(tmp_path / "project")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit_all(root, "Begin")
    git(root, "switch", "--quiet", "--create", "mine")
    return root


def impact(root, *words):
    """Return the result of `repro impact main`."""
    return CliRunner().invoke(cli, ["--root", str(root), "impact", "main", *words])


def data(root):
    """Return the same as data."""
    return json.loads(impact(root, "--json").stdout)


def claim_file(root, claim_id):
    """Return where a claim's record lies."""
    return next(root.glob(f"claims/*/{claim_id}.yaml"))


def evidence(root):
    """Return the files of evidence."""
    return sorted(root.glob("repro/evidence/**/*.json"))


def test_a_branch_that_changes_nothing_says_so(branch):
    """Two lines and no table."""
    found = impact(branch)
    assert found.exit_code == 0
    assert found.output == (
        "## Impact against `main`\n\nRecords and scripts: unchanged.\n\nEvidence added: none.\n"
    )


def test_a_new_claim_is_listed_with_its_relations_and_standing(branch):
    """Its author cannot mark up anything in the summary."""
    (claim_file(branch, "toy-claim").parent / "resting.yaml").write_text(RESTING, encoding="utf-8")
    output = impact(branch).output
    assert "Records and scripts: 1 added." in output
    assert "| `resting` | none | undermined | it rests on toy-contradicted; " in output
    assert "| `resting` depends\\_on `toy-contradicted` | added |" in output
    assert "<b>" not in output


def test_evidence_may_be_added(branch):
    """It is counted by experiment."""
    piece = evidence(branch)[0]
    piece.with_name(f"more-{piece.name}").write_text("{}\n", encoding="utf-8")
    found = impact(branch)
    assert found.exit_code == 0
    assert f"Evidence added: 1 of `{piece.parts[-3]}`." in found.output


@pytest.mark.parametrize("done", ["changed", "deleted"])
def test_evidence_may_be_neither_changed_nor_deleted(branch, done):
    """Exit code 2, also where nothing else depends on it; each file is named."""
    piece = evidence(branch)[0]
    if done == "changed":
        piece.write_bytes(piece.read_bytes() + b" ")
    else:
        piece.unlink()
    commit_all(branch, "Lose some evidence")
    found = impact(branch)
    assert found.exit_code == 2
    assert f"- {done}: `{piece.relative_to(branch).as_posix()}`" in found.output


def test_what_others_add_to_main_meanwhile_is_not_missed_here(branch):
    """The comparison is with where the branch left."""
    git(branch, "switch", "--quiet", "main")
    piece = evidence(branch)[0]
    piece.with_name(f"more-{piece.name}").write_text("{}\n", encoding="utf-8")
    commit_all(branch, "Add evidence elsewhere")
    git(branch, "switch", "--quiet", "mine")
    assert impact(branch).exit_code == 0


def test_a_changed_script_makes_claims_stale_and_runs_due(branch):
    """Each with what it was before, and what measuring it again costs."""
    script = branch / "repro/experiments/coin.py"
    script.write_text(script.read_text(encoding="utf-8").replace("0.8}", "0.9}"), encoding="utf-8")
    found = data(branch)
    assert {"claim_id": "toy-claim", "before": "reproduced", "after": "stale"} in found["verdicts"]
    moved = {change["claim_id"]: (change["before"], change["after"]) for change in found["standings"]}
    assert moved["toy-contradicted"] == ("refuted", "open")
    (run,) = (run for run in found["runs"] if "toy-claim" in run["claims"])
    assert run["cost"]["basis"] == "measured"
    assert "### Runs that become due" in impact(branch).output


def test_a_changed_prediction_makes_its_link_suspect(branch):
    """It must be reviewed again; the summary says with which command."""
    claim = claim_file(branch, "toy-claim")
    claim.write_text(
        CLAIM.replace("A coin that is loaded lands", "A loaded coin always lands"), encoding="utf-8"
    )
    found = data(branch)
    assert {"toy-claim"} == {link["claim_id"] for link in found["suspects"]}
    assert "`repro review toy-claim`" in impact(branch).output


def test_a_strict_contradiction_is_a_new_conflict(branch):
    """It is named with the relation at its heart."""
    text = RESTING.replace("depends_on", "contradicts").replace('often"}', 'often", strict: true}')
    (claim_file(branch, "toy-claim").parent / "resting.yaml").write_text(text, encoding="utf-8")
    other = text.replace("claim: toy-contradicted", "claim: resting").replace(
        "A player who bets", "Anybody who bets"
    )
    (claim_file(branch, "toy-claim").parent / "other.yaml").write_text(other, encoding="utf-8")
    assert ["other", "resting"] in [each["claims"] for each in data(branch)["conflicts"]]
    assert "| `other`, `resting` | exclusion | `other` contradicts `resting`: " in impact(branch).output


def test_a_claim_that_goes_without_a_trace_is_told(branch):
    """Old links should go on, by a tombstone."""
    claim_file(branch, "toy-claim").unlink()
    assert "| `toy-claim` | removed | leave a tombstone, so that old links go on |" in impact(branch).output


def test_a_branch_that_is_not_there_is_refused(branch):
    """In one line that says what to name."""
    found = CliRunner().invoke(cli, ["--root", str(branch), "impact", "nowhere"])
    assert found.exit_code == 2
    assert found.output.startswith("Error: there is no revision 'nowhere'")


def test_a_branch_that_changes_a_test_says_what_it_costs(branch):
    """A no-op line in the script is another test of every claim on it, declared or not."""
    script = branch / "repro/experiments/coin.py"
    script.write_text(
        script.read_text(encoding="utf-8").replace("    heads =", "    _attempt = 1\n    heads ="),
        encoding="utf-8",
    )
    commit_all(branch, "Change")
    found = data(branch)["tests"]
    assert {(test["number"], test["level"], *test["changed"]) for test in found} >= {
        (2, 0.025, "the code of coin")
    }
    assert "### Tests that are superseded" in impact(branch).output
    assert "| 2 | 0.025 | the code of coin |" in impact(branch).output


def test_what_is_not_committed_is_noted(branch):
    """Predictions that are measured before they are committed are refused later."""
    assert "differ from the last commit" not in impact(branch).stderr
    record = claim_file(branch, "toy-contradicted")
    record.write_text(record.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "differ from the last commit" in impact(branch).stderr

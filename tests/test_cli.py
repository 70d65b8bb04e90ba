"""The commands that only read: what they print, what they complete, what they say when they cannot."""

import json
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from repro.cli import cli
from tests.conftest import CLAIM


@pytest.fixture
def repro(project):
    """Return a caller of the command line on the tiny project."""
    return lambda *words: CliRunner().invoke(cli, ["--root", str(project), *words])


def renamed(text):
    """Return a claim's record with a statement of its own."""
    return text.replace("A coin that is loaded", "A coin that somebody loaded")


def completed(project, words, incomplete):
    """Return what the shell would offer."""
    found = ShellComplete(cli, {}, "repro", "_REPRO_COMPLETE").get_completions(
        ["--root", str(project), *words], incomplete
    )
    return [item.value for item in found]


def test_list_names_topics_claims_and_states(repro):
    """One line per claim, below its topic."""
    assert repro("list").output == "toys\n  not run       toy-claim\n1 claim, 0 with current evidence\n"


def test_list_as_data_is_one_document(repro):
    """Nothing else stands on standard output."""
    document = json.loads(repro("list", "--json").output)
    assert document["schema"] == "assay/list/1"
    assert [(c["id"], c["topic"], c["state"]) for c in document["claims"]] == [
        ("toy-claim", "toys", "not run")
    ]


PLANNED = CLAIM.replace(
    "experiment: coin", "experiment: dice\n  planned: Arms fair and loaded; outcome score."
)


@pytest.fixture
def planning(project, repro):
    """Return a caller of the command line on a project whose claim waits for its script."""
    (project / "claims/toys/toy-planned.yaml").write_text(renamed(PLANNED), encoding="utf-8")
    return repro


def test_a_protocol_without_script_is_to_be_written(planning):
    """It is not a problem; list and status name it, and its text says what is missing."""
    assert planning("check").exit_code == 0
    assert "  to be written toy-planned\n" in planning("list").output
    assert planning("status").output.endswith(
        "to be written toy-planned: the experiment dice has no script yet\n"
    )
    output = planning("show", "toy-planned").output
    assert "To be written: Arms fair and loaded; outcome score." in output
    assert "at least 0.1: not measured" in output
    assert "Run it" not in output


@pytest.mark.parametrize("target", ["toy-planned", "dice"])
def test_a_planned_experiment_is_not_run(planning, target):
    """Its claim and its name are answered with what must be written; exit code 2, as without a protocol."""
    found = planning("run", target)
    assert found.exit_code == 2
    assert "cannot be run before repro/experiments/dice.py is written; to write: Arms fair" in found.output


def test_planned_experiments_are_left_out_of_groups(planning):
    """Asking for a topic or for all claims measures what can be measured."""
    for words in (["toys/"], ["--all"]):
        assert json.loads(planning("plan", "--json", *words).output)["claims"] == ["toy-claim"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list", "toy"), "Error: there is no topic 'toy'. Did you mean toys?\n"),
        (("show", "toy-clam"), "Error: there is no claim 'toy-clam'. Did you mean toy-claim?\n"),
        (("lisst",), "Error: there is no command 'lisst'. Did you mean list?\n"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(repro, words, message):
    """A typing error is clear at a glance, with exit code 2."""
    found = repro(*words)
    assert (found.exit_code, found.output) == (2, message)


def test_show_says_what_is_predicted_before_anything_was_run(repro):
    """The statement, who states it, the bound, and the command that measures it."""
    output = repro("show", "toy-claim").output
    for part in (
        "A coin that is loaded",
        "asserts: On coins",
        "at least 10 percentage points",
        "repro run toy-claim",
    ):
        assert part in output
    assert max(len(line) for line in output.split("\n")) <= 80


def test_show_as_data_holds_the_record(repro):
    """The record comes back as it was written, with the state beside it."""
    document = json.loads(repro("show", "toy-claim", "--json").output)
    assert (document["schema"], document["state"], document["findings"]) == ("assay/claim/1", "not run", [])
    assert document["record"]["title"].startswith("A loaded coin")


def test_status_names_what_asks_for_something(repro):
    """A claim that was never measured is work to do."""
    output = repro("status").output
    assert "    1  not run\n" in output
    assert output.endswith("not run       toy-claim: never measured\n")
    assert json.loads(repro("status", "--json").output)["open"] == {"toy-claim": "not run"}


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        (["show"], "toy", ["toy-claim"]),
        (["list"], "t", ["toys"]),
        (["run"], "", ["coin", "toy-claim", "toys/"]),
        (["run"], "c", ["coin"]),
        ([], "sta", ["status"]),
    ],
)
def test_shell_completes_ids(project, words, incomplete, offered):
    """From file names alone, sources left out."""
    assert completed(project, words, incomplete) == offered


def test_folder_without_claims_is_refused(tmp_path):
    """The message says what is missing."""
    found = CliRunner().invoke(cli, ["--root", str(tmp_path), "list"])
    assert found.exit_code == 2
    assert "has no folder claims/" in found.output


@pytest.mark.parametrize("words", [["--help"], ["list"], ["show", "toy-claim"], ["check"], ["status"]])
def test_reading_never_imports_torch(project, words):
    """Nor numpy, networkx or mkdocs: these commands answer at once."""
    heavy = "{'torch', 'numpy', 'networkx', 'mkdocs', 'rich'}"
    code = (
        "import sys\nfrom repro.cli import cli\n"
        f"cli({['--root', str(project), *words]!r}, standalone_mode=False)\n"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_errors_are_exceptions_of_click():
    """So that the command line prints them in one line and never as a traceback."""
    from repro.cli.parts.errors import EnvironmentProblem, UsageProblem

    assert issubclass(UsageProblem, click.ClickException)
    assert (UsageProblem.exit_code, EnvironmentProblem.exit_code) == (2, 4)


@pytest.fixture
def moved(project, repro):
    """Return a caller on a project in which two old ids lead to today's claims, one by two steps."""
    folder = project / "claims/toys"
    (folder / "older.yaml").write_text("moved_to: old\n", encoding="utf-8")
    (folder / "old.yaml").write_text("moved_to: toy-claim\n", encoding="utf-8")
    (folder / "other.yaml").write_text(renamed(CLAIM), encoding="utf-8")
    (folder / "whole.yaml").write_text("split_into: [toy-claim, other]\n", encoding="utf-8")
    return repro


def test_old_ids_lead_to_the_claim_of_today(moved):
    """Standard error says which claim it is; standard output is that claim's, also as data."""
    assert moved("check").exit_code == 0
    found = moved("show", "older", "--json")
    assert json.loads(found.stdout)["id"] == "toy-claim"
    assert found.stderr == "note: claim older has moved to toy-claim.\n"


def test_a_split_claim_is_run_in_all_its_parts(moved):
    """A run follows each part, and what needs one claim asks for one."""
    found = moved("plan", "whole", "--json")
    assert json.loads(found.stdout)["claims"] == ["toy-claim", "other"]
    assert found.stderr == "note: claim whole was split into toy-claim and other.\n"
    found = moved("show", "whole")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr.endswith("Error: claim 'whole' was split; name one of toy-claim, other.\n")


def test_an_old_id_that_leads_nowhere_is_said_so(project, repro):
    """A circle of tombstones is a usage problem, not an endless search."""
    (project / "claims/toys/old.yaml").write_text("moved_to: old\n", encoding="utf-8")
    for words in (("show", "old"), ("run", "old")):
        found = repro(*words)
        assert found.exit_code == 2
        assert "has moved to one that cannot be read; see `repro check`" in found.output

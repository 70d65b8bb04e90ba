"""`repro check` with suspect links, `review`, `log` and `diff`: what they print, write and return."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from repro.cli import cli
from repro.cli.parts.overview import is_remembered
from tests.measured import RECORD, SCRIPT, begun, change, measure
from tests.repository import commit_all, git


@pytest.fixture
def measured(project):
    """Return a repository in which the claim was measured, and its statement changed afterwards."""
    begun(project)
    measure(project, commit=git(project, "rev-parse", "HEAD"), dirty=False)
    commit_all(project, "Measure")
    change(project, RECORD, "visibly more", "a little more")
    commit_all(project, "Say less")
    return project


def repro(root, *words):
    """Return the result of a command on a project."""
    return CliRunner().invoke(cli, ["--root", str(root), *words], catch_exceptions=False)


SUSPECT = """\
claims/toys/toy-claim.yaml:6:5: warning[suspect-link]: toy-source asserts it
    changed: its statement, since the evidence of 2026-01-01
    do: look at it again, then repro review toy-claim --note "..."

claims/toys/toy-claim.yaml:14:7: warning[suspect-link]: prediction
    loaded-beats-fair
    changed: its statement, since the evidence of 2026-01-01
    do: look at it again, then repro review toy-claim --note "..."

"""


def test_check_warns_of_suspect_links(measured):
    """Each is named with its place and what changed since when; the exit code stays 0."""
    found = repro(measured, "check")
    closing = "No problems: 1 claim, 1 source, 1 experiment. 2 suspect links to review.\n"
    assert (found.exit_code, found.output) == (0, SUSPECT + closing)


def test_check_gives_suspect_links_as_data(measured):
    """Flat, as problems are."""
    document = json.loads(repro(measured, "check", "--json").output)
    assert document["problems"] == []
    first = document["suspects"][0]
    assert (first["line"], first["kind"], first["changed"]) == (6, "appearance", ["its statement"])
    assert (first["target"], first["remedy"]) == ("toy-source", "review")


def test_paths_choose_suspect_links_too(measured, monkeypatch):
    """As they choose problems."""
    monkeypatch.chdir(measured)
    assert "suspect" not in repro(measured, "check", "claims/sources").output
    assert "suspect" in repro(measured, "check", "claims/toys").output


def test_review_shows_and_clears(measured):
    """Without a note nothing is written; with one the record gets lines at its end."""
    before = (measured / RECORD).read_text(encoding="utf-8")
    assert repro(measured, "review", "toy-claim").output == f"{SUSPECT}2 suspect links.\n"
    assert (measured / RECORD).read_text(encoding="utf-8") == before
    done = repro(measured, "review", "toy-claim", "--note", "The source says no more than that.")
    assert done.output == "Reviewed in claims/toys/toy-claim.yaml: 2 suspect links cleared.\n"
    text = (measured / RECORD).read_text(encoding="utf-8")
    assert text.startswith(before + "reviewed:\n")
    assert repro(measured, "review", "toy-claim").output == "No suspect links.\n"
    assert repro(measured, "check").output == "No problems: 1 claim, 1 source, 1 experiment.\n"


def test_review_as_data_is_one_document(measured):
    """With what was suspect, and the review that was written."""
    document = json.loads(repro(measured, "review", "toy-claim", "--json").output)
    assert (document["schema"], len(document["suspects"])) == ("assay/review/1", 2)
    assert document["review"] is None
    document = json.loads(repro(measured, "review", "toy-claim", "--json", "--note", "read").output)
    assert document["review"]["note"] == "read"


@pytest.mark.parametrize("note", ["", " ", "x" * 301])
def test_a_note_must_say_something(measured, note):
    """And fit a line; exit code 2, and nothing is written."""
    found = repro(measured, "review", "toy-claim", "--note", note)
    assert (found.exit_code, "--note takes one line" in found.output) == (2, True)
    assert "reviewed" not in (measured / RECORD).read_text(encoding="utf-8")


def test_a_record_in_braces_is_left_alone(project):
    """What cannot be extended line by line is not touched; the message says so."""
    record = '{title: T, kind: normative, statement: S., not_testable: so, stated_in: [{source: toy-source, stance: asserts, locator: {page: "1"}}]}\n'  # noqa: E501  # one line is what it is about
    (project / "claims/toys/braces.yaml").write_text(record, encoding="utf-8")
    found = repro(project, "review", "braces", "--note", "read")
    assert (found.exit_code, "inside braces" in found.output) == (2, True)
    assert (project / "claims/toys/braces.yaml").read_text(encoding="utf-8") == record


def test_suspects_without_git_come_from_the_evidence_alone(project):
    """Predictions that changed are still found; nothing else can be."""
    measure(project)
    change(project, RECORD, "visibly more", "a little more")
    change(project, RECORD, "at_least: 0.1", "at_least: 0.2")
    suspects = json.loads(repro(project, "check", "--json").stdout)["suspects"]
    assert [(each["target"], each["changed"]) for each in suspects] == [
        ("loaded-beats-fair", ["the prediction itself"])
    ]


@pytest.mark.parametrize("commit", [None, "f" * 40])
def test_the_commit_that_brought_the_evidence_stands_in(project, commit):
    """For a checkout with changes, and for a commit that a squashed pull request left behind."""
    begun(project)
    change(project, RECORD, "visibly more", "clearly more")
    measure(project, commit=commit, dirty=False)
    commit_all(project, "Add the claim with its evidence")
    assert json.loads(repro(project, "check", "--json").output)["suspects"] == []
    change(project, RECORD, "clearly more", "a little more")
    assert len(json.loads(repro(project, "check", "--json").output)["suspects"]) == 2


def test_log_is_one_line_an_event(measured):
    """With the state where it turned."""
    lines = repro(measured, "log", "toy-claim").output.split("\n")
    assert [line[20:] for line in lines] == [
        "written",
        "script coin written",
        "-> not run",
        "evidence added: 4 blocks, measured 2026-01-01",
        "-> reproduced on 10 seeds",
        "statement changed",
        "",
    ]
    assert lines[0][11:18] == git(measured, "rev-parse", "HEAD~2")[:7]


def test_log_as_data_holds_both_texts(measured):
    """The last event is the changed statement."""
    document = json.loads(repro(measured, "log", "toy-claim", "--json").output)
    event = document["events"][-1]
    assert (document["schema"], event["kind"], event["state"]) == ("assay/log/1", "statement", "reproduced")
    assert ("visibly" in event["before"], "a little" in event["after"]) == (True, True)


def test_log_of_an_unknown_claim_offers_the_nearest(measured):
    """Exit code 2."""
    found = repro(measured, "log", "toy-clam")
    assert (found.exit_code, "Did you mean toy-claim?" in found.output) == (2, True)


def test_diff_names_what_changed(measured):
    """Claims, verdicts and standings, each with before and after."""
    assert repro(measured, "diff", "HEAD~2", "HEAD").output == (
        "Claims\n  changed  toy-claim: statement\n\n"
        "Verdicts\n  toy-claim: not run -> reproduced\n\n"
        "Standings\n  toy-claim: open -> established\n      its own predictions were reproduced\n"
    )


def test_diff_names_relations_and_claims_that_came_and_went(measured):
    """Without a second revision the files in the folder are compared; a tombstone names the successor."""
    text = (measured / RECORD).read_text(encoding="utf-8")
    relation = "relations:\n  - {type: supports, claim: toy-third, because: so}\n"
    for name, words in (("toy-new", "Coins roll."), ("toy-third", "Coins shine.")):
        renewed = text.replace("A coin that is loaded", f"{words} One that is loaded")
        (measured / f"claims/toys/{name}.yaml").write_text(
            renewed + (relation if name == "toy-new" else ""), encoding="utf-8"
        )
    (measured / RECORD).write_text("moved_to: toy-new\n", encoding="utf-8")
    lines = repro(measured, "diff", "HEAD").output.split("\n")
    for line in (
        "  removed  toy-claim; toy-new took its place",
        "  added    toy-new",
        "  added    toy-new supports toy-third",
        "  toy-claim: reproduced -> -",
    ):
        assert line in lines


def test_diff_as_data_is_one_document(measured):
    """Prose that decides nothing is told from what does."""
    change(measured, RECORD, "because: a tenth", "because: one tenth")
    document = json.loads(repro(measured, "diff", "HEAD", "--json").output)
    assert (document["schema"], document["after"]) == ("assay/diff/1", None)
    assert document["claims"] == [
        {"claim_id": "toy-claim", "done": "changed", "what": ["protocol (wording)"]}
    ]
    assert document["relations"] == document["verdicts"] == document["standings"] == []


def test_diff_of_nothing_says_so(measured):
    """One line, exit code 0."""
    found = repro(measured, "diff", "HEAD")
    assert (found.exit_code, found.output) == (0, "No claim, relation, verdict or standing changed.\n")


@pytest.mark.parametrize("words", [("log", "toy-claim"), ("diff", "HEAD")])
def test_without_a_repository_history_is_an_environment_problem(project, words):
    """Exit code 4, and git's own message."""
    found = repro(project, *words)
    assert found.exit_code == 4
    assert found.output.startswith("Error: the history cannot be read: not a git repository")


def test_an_unknown_revision_is_a_usage_problem(measured):
    """Exit code 2."""
    found = repro(measured, "diff", "nowhere")
    assert (found.exit_code, "there is no revision 'nowhere'" in found.output) == (2, True)


@pytest.mark.parametrize("words", [["log", "toy-claim"], ["diff", "HEAD~1"], ["review", "toy-claim"]])
def test_history_never_imports_torch(measured, words):
    """Nor numpy or networkx: these commands answer at once."""
    change(measured, SCRIPT, "0.8}", "0.9}")
    code = (
        "import sys\nfrom repro.cli import cli\n"
        f"cli({['--root', str(measured), *words]!r}, standalone_mode=False)\n"
        "assert not {'torch', 'numpy', 'networkx', 'rich'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_history_is_never_answered_from_memory():
    """The answers depend on git as well as on the files."""
    assert not any(is_remembered(name) for name in ("log", "diff", "review", "check"))


ANSWER = "answer:\n  says: The loaded coin showed 30 points more heads.\n"
DOUBT = """\
claims/toys/toy-claim.yaml:32:3: warning[suspect-answer]: the answer of
    toy-claim
    why: nobody has confirmed it beside the verdict yet
    do: read it beside the verdicts, change it, then repro review toy-claim
        --answers

"""
SHOWN = """\
Answer of toy-claim: The loaded coin showed 30 points more heads.
  toy-claim: Reproduced in our small setting: "The loaded coin shows at least a
    tenth more heads" held, with 30.4 percentage points (29.1 to 31.7) over 10
    seeds; limit: at least 10 percentage points.
"""


@pytest.fixture
def answered(project):
    """Return a project whose claim was measured and has an answer that nobody confirmed."""
    (project / RECORD).write_text((project / RECORD).read_text(encoding="utf-8") + ANSWER, encoding="utf-8")
    measure(project)
    return project


def test_check_warns_of_suspect_answers(answered):
    """In words, as data and as notes; the exit code stays 0."""
    closing = "No problems: 1 claim, 1 source, 1 experiment. 1 suspect answer to review.\n"
    found = repro(answered, "check")
    assert (found.exit_code, found.stdout) == (0, DOUBT + closing)
    document = json.loads(repro(answered, "check", "--json").stdout)
    assert [(each["id"], each["line"]) for each in document["answers"]] == [("toy-claim", 32)]
    assert (
        "::warning file=claims/toys/toy-claim.yaml" in repro(answered, "check", "--format", "github").output
    )


def test_review_shows_an_answer_beside_its_verdict_and_confirms_it(answered):
    """Nothing is written without --answers; with it the record says what the answer speaks of."""
    before = (answered / RECORD).read_text(encoding="utf-8")
    shown = repro(answered, "review", "toy-claim").stdout
    assert shown.startswith(SHOWN + "Suspect: nobody has confirmed it")
    assert (answered / RECORD).read_text(encoding="utf-8") == before
    done = repro(answered, "review", "toy-claim", "--answers").output
    assert "Confirmed in claims/toys/toy-claim.yaml.\n" in done
    assert (answered / RECORD).read_text(encoding="utf-8").startswith(before + "  of: ")
    assert repro(answered, "check").stdout == "No problems: 1 claim, 1 source, 1 experiment.\n"


def test_all_answers_are_confirmed_by_one_command(answered):
    """Each is shown beside its verdict first; a second time there is nothing left."""
    assert repro(answered, "review", "--answers", "--all").output.startswith(SHOWN)
    found = json.loads(repro(answered, "review", "--answers", "--all", "--json").output)
    assert found == {"schema": "assay/answers/1", "confirmed": [], "suspect": []}
    document = json.loads(repro(answered, "review", "toy-claim", "--json").stdout)
    assert (document["answer"]["suspect"], document["answer"]["of"]) == (False, document["answer"]["now"])


def test_show_marks_a_suspect_answer(answered):
    """It stands below the statement; the exact sentence stays."""
    doubted = repro(answered, "show", "toy-claim").output
    assert "Answer: The loaded coin showed 30 points more heads. (Suspect:" in doubted
    repro(answered, "review", "toy-claim", "--answers")
    shown = repro(answered, "show", "toy-claim").output
    assert "Suspect" not in shown
    assert "Reproduced in our small setting" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "name a claim or a debate"),
        (["--all"], "--all goes with --answers"),
        (["toy-claim", "--answers", "--all"], "--all goes with --answers"),
        (["toy-claim", "--answers"], "no answer"),
    ],
)
def test_review_says_what_it_lacks(project, words, says):
    """Exit code 2, and nothing is written."""
    found = repro(project, "review", *words)
    assert (found.exit_code, says in found.output) == (2, True)


def test_an_answer_without_a_verdict_cannot_be_confirmed(project):
    """There is nothing that it could speak of."""
    (project / RECORD).write_text((project / RECORD).read_text(encoding="utf-8") + ANSWER, encoding="utf-8")
    before = (project / RECORD).read_text(encoding="utf-8")
    found = repro(project, "review", "toy-claim", "--answers")
    assert (found.exit_code, "no verdict to speak of" in found.output) == (2, True)
    assert "why: there is no verdict" in repro(project, "review", "--answers", "--all").output
    assert (project / RECORD).read_text(encoding="utf-8") == before


def test_links_and_answer_are_reviewed_together(answered):
    """Both are in the record afterwards."""
    repro(answered, "review", "toy-claim", "--note", "Read.", "--answers")
    text = (answered / RECORD).read_text(encoding="utf-8")
    assert ("  of: " in text, "  note: Read." in text) == (True, True)

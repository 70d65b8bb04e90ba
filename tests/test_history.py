"""What became of a claim: git's commits in, one event for each thing that changed out."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kb.evidence.controls import Tried, as_controls_file
from kb.exports.published import Site
from kb.project import read
from kb.reading.load import load_base, record_in
from kb.reading.tree import Folder
from kb.site.render import render
from repro.histories import histories
from repro.vcs import Repository
from tests.conftest import CLAIM
from tests.evidence_of import controls_of
from tests.measured import RECORD, SCRIPT, begun, change, measure
from tests.repository import commit_all, git
from tests.states_project import ROOT


@pytest.fixture
def repository(project):
    """Return the tiny project as a git repository with one commit."""
    return begun(project)


def log(root, claim_id="toy-claim"):
    """Return the events of a claim as (committed, kind, words, state where it turned)."""
    return [
        (event.commit is not None, event.kind, event.words, event.state if event.is_turn else "")
        for event in told(root, claim_id).get(claim_id, ())
    ]


def told(root, *claims):
    """Return the events of some claims, or of all, by claim."""
    with Repository(root) as repository:
        return histories(repository, Folder(root), claims or None)


BEGIN = [(True, "record", "written", ""), (True, "code", "script coin written", "not run")]


def test_a_claim_begins_with_its_record_and_script(repository):
    """Nothing else has happened."""
    assert log(repository) == BEGIN


def test_evidence_turns_the_verdict(repository):
    """The state is that which the evidence of the time gives."""
    measure(repository)
    commit_all(repository, "Measure")
    (event,) = told(repository, "toy-claim")["toy-claim"][2:]
    assert event.words == "evidence added: 4 blocks, measured 2026-01-01"
    assert (event.state, event.seeds, event.is_turn) == ("reproduced", 10, True)
    assert event.commit == git(repository, "rev-parse", "HEAD")


def test_a_control_that_failed_turns_the_verdict(repository):
    """The event says what failed, and the next version of the script has no control that does."""
    measure(repository)
    commit_all(repository, "Measure")
    script = load_base(Folder(repository)).scripts["coin"]
    broken = Tried(arm="fair", breach="arm fair ignores its seeds; use them")
    path, content = as_controls_file(controls_of(script, script.version(), tried=(broken,)))
    (repository / path).write_bytes(content)
    commit_all(repository, "Test")
    (event,) = told(repository, "toy-claim")["toy-claim"][3:]
    assert event.words == "a control of the experiment failed: arm fair ignores its seeds"
    assert (event.kind, event.state, event.is_turn) == ("evidence", "invalid", True)


def test_changed_code_makes_the_evidence_stale(repository):
    """The log says when, and which module."""
    measure(repository)
    commit_all(repository, "Measure")
    change(repository, SCRIPT, "0.8}", "0.9}")
    commit_all(repository, "Load the coin more")
    assert log(repository)[-1] == (True, "code", "code changed: coin", "stale")


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("visibly more", "a little more", "statement", "statement changed"),
        ("title: A loaded", "title: Any loaded", "title", "title changed"),
        ("one hundred simulated", "ten simulated", "scope", "scope changed"),
        ("at_least: 0.1", "at_least: 0.2", "protocol", "prediction changed: loaded-beats-fair"),
        (
            "contrast: [loaded, fair]",
            "contrast: [fair, fair]",
            "record",
            "written in a form that today's rules do not read",
        ),
        (CLAIM[CLAIM.index("  controls:") :], "", "protocol", "control of removed: fair-is-fair"),
    ],
)
def test_each_part_of_a_record_has_its_event(repository, old, new, kind, words):
    """Only what was changed is named."""
    change(repository, RECORD, old, new)
    commit_all(repository, "Change the record")
    assert log(repository)[len(BEGIN) :] == [(True, kind, words, "")]


def test_texts_come_with_what_they_were(repository):
    """The event holds the former and the new wording on one line each."""
    change(repository, RECORD, "visibly more", "a little more")
    commit_all(repository, "Say less")
    event = told(repository, "toy-claim")["toy-claim"][-1]
    assert ("visibly more" in event.before, "a little more" in event.after) == (True, True)
    assert "\n" not in event.before + event.after


def test_what_is_not_committed_comes_last(repository):
    """A run that was just made shows at once."""
    measure(repository)
    (event,) = told(repository, "toy-claim")["toy-claim"][2:]
    assert (event.commit, event.time, event.state) == (None, "", "reproduced")


def test_a_move_between_topics_keeps_the_history(repository):
    """The id is the file's stem, whatever the folder."""
    (repository / "claims/games").mkdir()
    shutil.move(repository / RECORD, repository / "claims/games/toy-claim.yaml")
    commit_all(repository, "Sort")
    assert log(repository)[len(BEGIN) :] == [(True, "record", "moved from toys/ to games/", "")]


def test_a_tombstone_and_a_deletion_end_a_claim(repository):
    """Both are reported, and the state is gone."""
    (repository / RECORD).write_text("moved_to: other-claim\n", encoding="utf-8")
    commit_all(repository, "Rename")
    (repository / RECORD).unlink()
    commit_all(repository, "Delete")
    ends = [words for _, kind, words, _ in log(repository)[2:] if kind == "record"]
    assert ends == ["moved to other-claim", "deleted"]


def test_a_merge_is_one_step(repository):
    """The main line is followed, as its readers saw it."""
    git(repository, "switch", "--quiet", "--create", "mine")
    change(repository, RECORD, "visibly more", "a little more")
    commit_all(repository, "Say less")
    change(repository, RECORD, "a little more", "slightly more")
    commit_all(repository, "Say it shorter")
    git(repository, "switch", "--quiet", "main")
    (repository / "README.md").touch()
    commit_all(repository, "Go on")
    git(repository, "merge", "--quiet", "--no-ff", "--message", "Merge", "mine")
    assert log(repository)[len(BEGIN) :] == [(True, "statement", "statement changed", "")]


def test_all_claims_have_their_histories_at_once(repository):
    """The site asks for all, and gets what each would get alone."""
    (repository / "claims/toys/other.yaml").write_text("untested: nothing\n", encoding="utf-8")
    commit_all(repository, "Add one that cannot be read")
    found = told(repository)
    assert sorted(found) == ["other", "toy-claim"]
    assert found["toy-claim"] == told(repository, "toy-claim")["toy-claim"]


def test_a_claim_that_never_was_has_no_events(repository):
    """It is not mistaken for a deleted one."""
    assert told(repository, "no-such-claim") == {}


def test_a_project_inside_a_larger_repository_is_followed(project):
    """Paths are those of the project."""
    git(project.parent, "init", "--quiet", "--initial-branch=main")
    commit_all(project.parent, "Begin")
    assert log(project) == BEGIN


def test_the_page_of_a_history_lists_the_events(repository):
    """Escaped, with both texts of a change and a badge where the state turned; the claim links to it."""
    shutil.copytree(ROOT / "site/templates", repository / "site/templates")
    measure(repository)
    commit_all(repository, "Measure")
    change(repository, RECORD, "visibly more", "<b>more</b>")
    commit_all(repository, "Say less")
    found = told(repository)
    site = Site(read(Folder(repository)), repository, histories=found)
    pages = {page.path: page.content for page in render(site)}
    html = pages["claims/toy-claim/history.md"]
    assert html.count("<tr>") == 1 + len(found["toy-claim"])
    assert "Evidence added: 4 blocks, measured 2026-01-01." in html
    assert ("badge--reproduced" in html, "<b>" in html, "&lt;b&gt;more" in html) == (True, False, True)
    assert 'href="history/"' in pages["claims/toy-claim.md"]
    assert "claims/toy-claim/history.md" not in {page.path for page in render(replace(site, histories={}))}


def test_former_records_are_read_in_the_names_of_today():
    """A prediction's former `scale` is its `units`, so a renaming is not a turn of the claim."""
    root = Path(__file__).parents[1]
    path = "claims/normalisation/bn-accelerates-training.yaml"
    today = (root / path).read_bytes()
    assert b"units: log10" in today
    former = record_in(today.replace(b"units: log10", b"scale: log10"), "normalisation")
    assert former is not None
    assert former == record_in(today, "normalisation")


def test_former_debates_are_read_in_the_names_of_today():
    """A debate's former `outcomes` are its `readings`."""
    today = (Path(__file__).parents[1] / "claims/debates/depth.yaml").read_bytes()
    former = record_in(today.replace(b"readings:", b"outcomes:"), "debates")
    assert former is not None
    assert former == record_in(today, "debates")

"""`repro verify --same`: today's code measures again, and evidence goes on where the values are the same."""

import json
import math
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

import repro.engines.local
from kb.evidence.ledger import read_ledger
from kb.judging.judgement import judge_base
from kb.project import read
from kb.reading.tree import Folder
from repro.cli import cli
from tests.conftest import EXPERIMENT
from tests.measured import RECORD, begun, change
from tests.repository import commit_all, git
from tests.test_cli_run import typed
from tests.test_run import coin, fake_engine

SCRIPT = "repro/experiments/coin.py"
SAME = EXPERIMENT.replace("so_far", "shares")
"""Another version of the script that computes the same."""


def invoke(root, *words):
    """Run a command line in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), *words])


def answer(root, *words):
    """Return the exit code and the JSON document of `repro verify`."""
    done = invoke(root, "verify", "--json", *words)
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def engine(monkeypatch):
    """Return a function that replaces the workers by a coin tossed on the spot; it returns the tasks."""

    def replace(values=coin(0.5), **options):  # noqa: B008  # a pure function
        tasks = []

        def noted(task, block):
            tasks.append(task)
            return values(task, block)

        made = fake_engine(noted, **options)
        monkeypatch.setattr(repro.engines.local, "Local", lambda: made)
        return tasks

    return replace


@pytest.fixture
def changed(project, engine):
    """Return a measured project whose script has changed since, in a clean checkout."""
    git(project, "init", "--quiet", "--initial-branch=main")
    commit_all(project, "Begin")
    engine()
    assert invoke(project, "run", "toy-claim").exit_code == 0
    commit_all(project, "Measure")
    git(project, "tag", "measured")
    (project / SCRIPT).write_text(SAME, encoding="utf-8")
    commit_all(project, "Rename a variable")
    assert state(project) == "stale"
    return project


def state(root):
    """Return the state of the claim."""
    return read(Folder(root)).judgements["toy-claim"].state


def versions(root):
    """Return today's version and the one that was measured."""
    found = read(Folder(root))
    return found.base.scripts["coin"].version(), found.ledger.evidence[0].version


def test_equal_values_are_linked_and_evidence_goes_on(changed, engine):
    """Block 0 of both arms is measured under the new version on the old seeds; then nothing is due."""
    tasks, (new, old) = engine(), versions(changed)
    done = invoke(changed, "verify", "--same")
    assert (done.exit_code, state(changed)) == (0, "reproduced")
    assert "2 blocks, equal to the bit\n  linked: repro/evidence/coin/" in done.output
    assert [(t.arm, t.blocks, t.version, t.origin) for t in tasks] == [
        ("fair", (0,), new, old),
        ("loaded", (0,), new, old),
    ]
    assert "Nothing is due" in invoke(changed, "plan", "--all").output
    checked = invoke(changed, "check")
    assert checked.exit_code == 0, checked.output
    assert "stale" not in invoke(changed, "status").output
    assert json.loads(invoke(changed, "show", "toy-claim", "--json").output)["version"] == new


def test_evidence_of_a_main_setting_with_a_name_goes_on(project, engine):
    """MINIMAL may go by the name that a claim gives it; what was measured under that name is compared."""
    change(project, RECORD, "  experiment: coin\n", "  experiment: coin\n  settings: [{name: few-tosses}]\n")
    begun(project)
    engine()
    invoke(project, "run", "toy-claim")
    commit_all(project, "Measure")
    (project / SCRIPT).write_text(SAME, encoding="utf-8")
    commit_all(project, "Rename a variable")
    assert state(project) == "stale"
    done = invoke(project, "verify", "--same")
    assert (done.exit_code, state(project)) == (0, "reproduced"), done.output
    assert invoke(project, "check").exit_code == 0


def test_a_link_says_what_was_compared(changed):
    """Versions, blocks, digests, machine and the clean commit."""
    invoke(changed, "verify", "--same")
    ledger, (new, old) = read_ledger(Folder(changed)), versions(changed)
    (filed,) = ledger.links
    link = filed.link
    assert (link.version, link.same_as, link.scale_name, link.tolerance) == (new, old, "minimal", 0)
    assert [(each.arm, each.block, each.difference) for each in link.compared] == [
        ("fair", 0, 0),
        ("loaded", 0, 0),
    ]
    assert all(each.before == each.now for each in link.compared)
    assert {each.evidence for each in link.compared} <= {piece.sha256 for piece in ledger.pieces}
    assert (link.commit, link.dirty) == (git(changed, "rev-parse", "HEAD"), False)


def test_more_seeds_of_a_linked_version_are_those_of_the_first(changed, engine):
    """New blocks lie under the new version, say whose seeds they have, and count with the old ones."""
    invoke(changed, "verify", "--same")
    tasks, (new, old) = engine(), versions(changed)
    assert invoke(changed, "run", "toy-claim", "--seeds", "15").exit_code == 0
    assert {task.origin for task in tasks} == {old}
    ledger = read_ledger(Folder(changed))
    later = [piece for piece in ledger.evidence if piece.version == new]
    assert {(piece.arm, piece.block, piece.seeds_from) for piece in later} == {
        ("fair", 2, old),
        ("loaded", 2, old),
    }
    assert ledger.problems == ()
    assert len(ledger.counting("coin", new)) == len(ledger.counting("coin", old)) == 6


def test_other_values_are_told_and_nothing_is_stored(changed, engine):
    """By arm, block and outcome, with the largest difference; exit code 10."""
    before = coin(0.5)
    engine(lambda task, block: before(task, block) * (1 + 0.25 * (task.arm == "loaded")))
    done = invoke(changed, "verify", "--same", "coin")
    assert (done.exit_code, state(changed)) == (10, "stale")
    assert "different; nothing was stored" in done.output
    assert "arm loaded, block 0, score: " in done.output
    assert "a relative difference of 0.2" in done.output
    assert "arm fair" not in done.output
    code, data = answer(changed, "--same")
    (difference,) = data["compared"][0]["differences"]
    assert (code, data["exit_code"], data["compared"][0]["link"]) == (10, 10, None)
    assert (difference["arm"], difference["block"], difference["outcome"]) == ("loaded", 0, "score")
    assert math.isclose(difference["relative"], 0.2)


def test_a_tolerance_is_kept_and_recorded(changed, engine):
    """Small differences pass when asked for; the link says how large they were."""
    before = coin(0.5)
    engine(lambda task, block: before(task, block) * (1 + 1e-9))
    assert invoke(changed, "verify", "--same", "--tolerance", "1e-12").exit_code == 10
    assert invoke(changed, "verify", "--same", "--tolerance", "1e-6").exit_code == 0
    ledger = read_ledger(Folder(changed))
    assert ledger.links[0].link.tolerance == 1e-6
    assert all(0 < each.difference < 1e-8 for each in ledger.links[0].link.compared)
    assert (ledger.problems, state(changed)) == ((), "reproduced")


def test_not_finite_numbers_are_equal_to_themselves_alone(project, engine):
    """NaN measured again is the same; NaN in place of a number is not within any tolerance."""
    git(project, "init", "--quiet")
    commit_all(project, "Begin")
    engine(lambda _task, _block: np.array([0.1, math.nan, math.inf, 0.2, 0.3]))
    invoke(project, "run", "toy-claim")
    (project / SCRIPT).write_text(SAME, encoding="utf-8")
    commit_all(project, "Rename a variable")
    engine(lambda _task, _block: np.array([0.1, 0.0, math.inf, 0.2, 0.3]))
    assert invoke(project, "verify", "--same", "--tolerance", "0.9").exit_code == 10
    engine(lambda _task, _block: np.array([0.1, math.nan, math.inf, 0.2, 0.3]))
    assert invoke(project, "verify", "--same").exit_code == 0


@pytest.mark.parametrize("how", ["digits", "commit", "name"])
def test_the_earlier_version_can_be_named(changed, how):
    """By its first digits, by a commit whose script has it, or not at all before an experiment's name."""
    _, old = versions(changed)
    words = {"digits": ["--same", old[:8]], "commit": ["--same", "measured"], "name": ["--same", "coin"]}
    code, data = answer(changed, *words[how])
    assert (code, data["compared"][0]["same_as"]) == (0, old)


REFUSED = {
    "two things": (["--same", "--rerun", "1"], 2, "give one of them"),
    "nobody": (["coyn"], 2, "Did you mean coin?"),
    "unknown version": (["--same", "abcdef0"], 2, "no evidence has a version abcdef0"),
    "unknown experiment": (["--same", "main", "coyn"], 2, "Did you mean coin?"),
    "no version of that commit": (["--same", "HEAD", "coin"], 2, "no evidence of coin has version"),
    "tolerance of one": (["--same", "--tolerance", "1"], 2, "--tolerance"),
}


@pytest.mark.parametrize(("words", "code", "found"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_compared_is_refused(changed, words, code, found):
    """The message says what was found."""
    done = invoke(changed, "verify", *words)
    assert (done.exit_code, found in done.output) == (code, True), done.output


def test_a_checkout_with_changes_is_refused(changed, engine):
    """A link names a commit that anybody can measure again; nothing is measured before."""
    (changed / "notes.txt").write_text("changed")
    tasks = engine()
    done = invoke(changed, "verify", "--same")
    assert (done.exit_code, tasks) == (4, [])
    assert "clean checkout; commit or stash" in done.output
    shutil.rmtree(changed / ".git")
    assert invoke(changed, "verify", "--same").exit_code == 4


def test_what_is_linked_or_current_needs_nothing(changed, engine):
    """A second time nothing is measured, and where code did not change neither."""
    assert invoke(changed, "verify", "--same").exit_code == 0
    tasks = engine()
    done = invoke(changed, "verify", "--same")
    assert (done.exit_code, tasks, done.output.startswith("Nothing to link")) == (0, [], True)
    git(changed, "checkout", "--quiet", "measured")
    assert (invoke(changed, "verify", "--same").exit_code, state(changed)) == (0, "reproduced")


def test_evidence_of_its_own_keeps_a_version_from_going_on(changed, engine):
    """Seeds are not exchanged for others once they were drawn."""
    _, old = versions(changed)
    assert invoke(changed, "run", "toy-claim").exit_code == 0
    done = invoke(changed, "verify", "--same", old[:12], "coin")
    assert (done.exit_code, "has evidence on seeds of its own" in done.output) == (2, True)
    assert engine() == []


def test_failed_blocks_store_nothing(changed, engine):
    """An exception is told with its arm; exit code 5."""
    engine(fails=lambda task, _block: "exception" if task.arm == "fair" else None)
    done = invoke(changed, "verify", "--same")
    assert (done.exit_code, state(changed)) == (5, "stale")
    assert "1 of 2 blocks failed; nothing was stored\n  arm fair, block 0: why" in done.output


def test_an_arm_that_is_gone_is_left_out(changed, engine):
    """Evidence of the other arms goes on, and the link says which arm it does not speak of."""
    text = SAME.replace('    "loaded": "heads with probability 0.8",\n', "")
    (changed / SCRIPT).write_text(text, encoding="utf-8")
    commit_all(changed, "Drop an arm")
    tasks = engine()
    done = invoke(changed, "verify", "--same")
    assert (done.exit_code, [task.arm for task in tasks]) == (0, ["fair"])
    assert "no longer has them: loaded" in done.output
    assert read_ledger(Folder(changed)).links[0].link.left_out == ("loaded",)


def test_real_workers_measure_the_same_bits(project):
    """From a run over a change to a link, with workers and seeds as they are."""
    git(project, "init", "--quiet")
    commit_all(project, "Begin")
    assert typed(project, "run", "toy-claim").returncode == 0
    (project / SCRIPT).write_text(SAME, encoding="utf-8")
    commit_all(project, "Rename a variable")
    done = typed(project, "verify", "--same", "--blocks", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 blocks, equal to the bit" in done.stdout
    found = read(Folder(project))
    assert judge_base(found.base, found.ledger)["toy-claim"].state == "reproduced"
    assert found.problems == ()

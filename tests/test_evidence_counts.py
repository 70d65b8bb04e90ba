"""Which evidence counts: what the history had first, and nothing that the runner cannot have measured."""

import json
import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from scipy.stats import t as student

from kb.evidence.company import CODES
from kb.evidence.file import as_file
from kb.evidence.ledger import ledger_of, to_file
from kb.evidence.order import OrderError
from kb.evidence.prediction import is_predicted, t_quantile
from kb.evidence.seeds import block_seeds
from kb.evidence.strays import CODES as STRAY_CODES
from kb.project import read
from kb.reading.tree import Folder
from repro import evidence_history, histories
from repro.cli import Context, cli
from repro.evidence_history import EvidenceHistory, order_of
from repro.vcs import HistoryError, Repository
from tests.evidence_of import MACHINE, evidence_of
from tests.measured import begun
from tests.repository import commit_all, git
from tests.store_faults import VERSION, piece

LATER = "2026-03-01T00:00:00Z"
ELSEWHERE = MACHINE.model_copy(update={"cpu": "another"})


def ledger(*pieces, order=None):
    """Return the ledger of some pieces."""
    return ledger_of([as_file(each)[0] for each in pieces], order=order)


def path(evidence):
    """Return where a piece lies."""
    return as_file(evidence)[0].path


def found(ledger):
    """Return code and file name of every problem."""
    return [(problem.code, problem.place.path) for problem in ledger.problems]


FIRST = piece(started="2026-02-02T00:00:00Z")
NEAR = tuple(value + 0.5 for value in FIRST.values["score"])
PLANTED = piece(started="2026-01-01T00:00:00Z", values={"score": NEAR}, machine=ELSEWHERE)


def test_the_history_decides_and_not_the_stated_start():
    """A file that came later counts as a replay, however early it says that it was measured."""
    order = {path(FIRST): 3}.items
    with_history = ledger(FIRST, PLANTED, order=lambda _: dict(order()))
    assert with_history.counting("coin", VERSION) == {("fair", 0): FIRST}
    assert ledger(FIRST, PLANTED).counting("coin", VERSION) == {("fair", 0): PLANTED}
    assert with_history.only("coin").counting("coin", VERSION) == {("fair", 0): FIRST}


def test_the_history_is_asked_only_where_two_pieces_contend():
    """Reading a project costs no call of git as long as each block was measured once."""
    asked = []
    ledger(FIRST, piece(block=1), order=lambda paths: asked.append(paths) or {})
    assert asked == []
    ledger(FIRST, PLANTED, piece(block=1), order=lambda paths: asked.append(paths) or {})
    assert asked == [{path(FIRST), path(PLANTED)}]


def test_a_history_that_cannot_tell_is_a_problem():
    """Then the stated start decides, and the problem says why."""

    def refuse(_):
        raise OrderError("the clone is shallow")

    read_so = ledger(FIRST, PLANTED, order=refuse)
    assert [code for code, _ in found(read_so)] == ["evidence-order"]
    assert "the clone is shallow" in read_so.problems[0].found
    assert read_so.counting("coin", VERSION) == {("fair", 0): PLANTED}


def test_a_replay_elsewhere_may_differ_as_much_as_seeds_do():
    """Beyond the 99.9 % prediction interval of the arm two machines contradict each other."""
    far = piece(values={"score": (1e3,) * 5}, machine=ELSEWHERE, started=LATER)
    assert ledger(FIRST, PLANTED).problems == ()
    assert found(ledger(FIRST, far)) == [("evidence-conflict", path(far))]


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 14, 39])
def test_the_quantile_is_that_of_student(freedom):
    """Checked against scipy, for even and odd degrees of freedom."""
    assert t_quantile(freedom) == pytest.approx(student.ppf(0.9995, freedom), rel=1e-9)


def test_predictions_know_numbers_that_are_not_finite():
    """Values that diverged predict values that diverge; equal values predict themselves."""
    assert is_predicted((math.inf,) * 5, (math.nan,) * 5)
    assert not is_predicted((math.inf,) * 5, (1.0,) * 5)
    assert not is_predicted((1.0,) * 5, (math.inf,) * 5)
    assert is_predicted((1.0,) * 5, (1.0 + 1e-9,) * 5)
    assert not is_predicted((1.0,) * 5, (1.1,) * 5)


def scaled(evidence, factor):
    """Return values a factor away from those of a piece."""
    return {"score": tuple(1 + value * factor for value in evidence.values["score"])}


BESIDE = {
    "a block without an outcome that the others have": (
        "evidence-outcomes",
        piece(block=2, values={"other": (1.0, 2.0, 3.0, 4.0, 5.0)}),
        True,
    ),
    "a copy of the block before": (
        "evidence-copy",
        piece(block=2, values=piece(block=1).values, started=LATER),
        True,
    ),
    "a copy under another arm and block": (
        "evidence-copy",
        piece("bent", block=1, values=piece().values, started=LATER),
        True,
    ),
    "a block in percent beside blocks of shares": (
        "evidence-units",
        piece(block=2, values={"score": (9e3, 9.1e3, 9.2e3, 9.3e3, 9.4e3)}),
        False,
    ),
    "other values from the same machine": (
        "evidence-conflict",
        piece(values={"score": NEAR}, started=LATER),
        False,
    ),
}
SHARES = [
    piece(block=block, values={"score": tuple(90 + seed % 7 / 7 for seed in block_seeds(VERSION, block))})
    for block in (0, 1)
]


@pytest.mark.parametrize(("code", "bad", "is_refused"), BESIDE.values(), ids=BESIDE)
def test_a_piece_that_does_not_fit_the_others_is_named(code, bad, is_refused):
    """What cannot have been measured does not count; what contradicts an earlier piece is a problem."""
    good = SHARES if code == "evidence-units" else [piece(), piece(block=1)]
    read_so = ledger(*good, bad)
    assert found(read_so) == [(code, path(bad))]
    assert (bad in read_so.evidence) is not is_refused


def test_every_code_of_comparing_has_a_bad_piece():
    """No rule without a case."""
    assert {code for code, *_ in BESIDE.values()} == CODES.keys()


@pytest.mark.parametrize(
    "values",
    [(1.0,) * 5, (0.0, 1.0, 1.0, 0.0, 1.0), (math.inf,) * 5],
    ids=["constant", "of two values", "diverged"],
)
def test_equal_values_that_chance_explains_are_no_copies(values):
    """Outcomes with few values repeat; they say nothing about who made a file."""
    pieces = [piece(block=block, values={"score": values}) for block in range(3)]
    assert ledger(*pieces).problems == ()


def test_arms_that_do_the_same_on_the_same_seeds_are_no_copies():
    """As adaptive methods do where all of them find the same solution."""
    assert ledger(piece(), piece("bent", values=piece().values)).problems == ()


def measured(root, arm="fair", block=0, replication=0, **changes):
    """Write a block of the project's coin and return its piece."""
    script = read(Folder(root)).base.scripts["coin"]
    version = script.version()
    seeds = block_seeds(version, block, replication=replication)
    values = tuple((seed % 1000 + len(arm)) / 1000 for seed in seeds)
    fields = {"replication": replication, "seeds": seeds} | changes
    made = evidence_of(script, version, arm, block, fields.pop("score", values), **fields)
    name, content = to_file(made)
    place = root / made.folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return made


STRAYS = {
    "of an arm that the script lacks": ("evidence-arm", {"arm": "lodaed"}, True),
    "under the name of another scale": ("evidence-scale", {"scale_name": "large"}, True),
    "of an outcome that the script lacks": ("evidence-outcomes", {"outcome": "heads"}, True),
    "behind a gap": ("evidence-gap", {"block": 1}, False),
}


@pytest.mark.parametrize(("code", "changes", "is_refused"), STRAYS.values(), ids=STRAYS)
def test_evidence_that_the_script_cannot_have_is_named(project, code, changes, is_refused):
    """And does not count, so that a run measures what is missing, and nothing else fails over it."""
    bad = measured(project, **changes)
    known = read(Folder(project))
    assert found(known) == [(code, path(bad))]
    assert (bad in known.ledger.evidence) is not is_refused
    assert CliRunner().invoke(cli, ["--root", str(project), "graph"], catch_exceptions=False).exit_code == 0


def test_evidence_without_its_script_is_named(project):
    """A renamed experiment leaves its evidence behind; the problem says so and names the new name."""
    measured(project)
    scripts = project / "repro/experiments"
    (scripts / "coin.py").rename(scripts / "coins.py")
    problem = next(each for each in read(Folder(project)).problems if each.code == "evidence-experiment")
    assert (problem.place.path, problem.nearest) == ("repro/evidence/coin", "coins")
    assert "renamed" in problem.advice


def test_every_stray_has_a_bad_piece():
    """No rule without a case."""
    assert {code for code, *_ in STRAYS.values()} - {"evidence-outcomes"} | {"evidence-experiment"} == set(
        STRAY_CODES
    )


@pytest.fixture
def repository(project):
    """Return the tiny project under git."""
    return begun(project)


def today():
    """Return the time as evidence states it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def head(root):
    """Return the commit that is checked out."""
    return git(root, "rev-parse", "HEAD")


def honest(root, **changes):
    """Measure a block from a clean checkout, commit it and return its piece."""
    made = measured(root, **{"commit": head(root), "dirty": False, "started": today()} | changes)
    commit_all(root, "Measure")
    return made


def unhistorical(root):
    """Return code and path of what contradicts the history."""
    known = read(Folder(root), order=order_of(root))
    return [(p.code, p.place.path) for p in EvidenceHistory(root).problems(known.ledger, now=today())]


def test_honest_evidence_agrees_with_the_history(repository):
    """Committed or not yet."""
    honest(repository)
    measured(repository, block=1, commit=head(repository), dirty=False, started=today())
    assert unhistorical(repository) == []


UNHISTORICAL = {
    "no commit": ("evidence-commit", {"commit": None}),
    "a commit that nobody has": ("evidence-commit", {"commit": "a" * 40}),
    "a checkout with changes": ("evidence-dirty", {"dirty": True}),
    "a checkout of which nobody knows": ("evidence-dirty", {"dirty": None}),
    "a start in the future": ("evidence-time", {"started": "2031-01-01T00:00:00Z"}),
}


@pytest.mark.parametrize(("code", "changes"), UNHISTORICAL.values(), ids=UNHISTORICAL)
def test_what_contradicts_the_history_is_named(repository, code, changes):
    """By `repro check`, with the file and exit code 2."""
    bad = honest(repository, **changes)
    assert unhistorical(repository) == [(code, path(bad))]
    answer = CliRunner().invoke(cli, ["--root", str(repository), "check"], catch_exceptions=False)
    assert answer.exit_code == 2
    assert f"error[{code}]" in answer.output


def test_a_start_after_the_commit_that_added_it_is_named(repository):
    """A file cannot be committed before it was measured, whatever the time is now."""
    started = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    bad = honest(repository, started=started)
    history = EvidenceHistory(repository)
    (problem,) = history.problems(read(Folder(repository)).ledger, now="2199-01-01T00:00:00Z")
    assert (problem.code, problem.place.path) == ("evidence-time", path(bad))
    assert "a commit that added it" in problem.found


@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "not committed"])
def test_deleted_evidence_is_named(repository, is_committed):
    """The history knows what was there, in a pull request and outside of one."""
    gone = honest(repository)
    (repository / path(gone)).unlink()
    if is_committed:
        commit_all(repository, "Remove")
    assert unhistorical(repository) == [("evidence-deleted", path(gone))]


def test_what_is_restored_is_no_longer_missing(repository):
    """The advice helps."""
    gone = honest(repository)
    (repository / path(gone)).unlink()
    commit_all(repository, "Remove")
    (problem,) = EvidenceHistory(repository).problems(read(Folder(repository)).ledger, now=today())
    git(repository, *problem.advice.partition("git ")[2].split())
    assert unhistorical(repository) == []


def test_what_was_removed_long_ago_is_excused_by_its_commit(repository, monkeypatch):
    """By that commit alone: whatever goes later is a problem."""
    gone, later = honest(repository), honest(repository, block=1)
    (repository / path(gone)).unlink()
    commit_all(repository, "Remove")
    monkeypatch.setattr(evidence_history, "REMOVED", {head(repository): "a reason"})
    assert unhistorical(repository) == []
    (repository / path(later)).unlink()
    commit_all(repository, "Remove more")
    assert unhistorical(repository) == [("evidence-deleted", path(later))]


def test_every_code_of_the_history_has_a_case():
    """No rule without one."""
    assert {code for code, _ in UNHISTORICAL.values()} | {"evidence-deleted"} == evidence_history.CODES.keys()


def test_of_two_committed_files_the_one_that_came_first_counts(repository):
    """Whoever adds an earlier-dated file later adds a replay."""
    first = honest(repository)
    planted = tuple(value + 0.01 for value in first.values["score"])
    honest(repository, started="2026-01-01T00:00:00Z", machine=ELSEWHERE, score=planted)
    uncommitted = tuple(value + 0.02 for value in first.values["score"])
    measured(repository, started="2025-01-01T00:00:00Z", machine=ELSEWHERE, score=uncommitted, torch="3")
    known = read(Folder(repository), order=order_of(repository))
    version = known.base.scripts["coin"].version()
    assert known.ledger.counting("coin", version) == {("fair", 0): first}


def test_every_reader_of_the_project_asks_the_history(repository, request):
    """The commands, and the site by its configuration."""
    first = honest(repository)
    planted = tuple(value + 0.01 for value in first.values["score"])
    honest(repository, started="2026-01-01T00:00:00Z", machine=ELSEWHERE, score=planted)
    known = Context(repository).project()
    version = known.base.scripts["coin"].version()
    assert known.ledger.counting("coin", version) == {("fair", 0): first}
    configuration = (request.config.rootpath / "mkdocs.yml").read_text(encoding="utf-8")
    assert re.search(r"^ +order: repro\.evidence_history:order_of\b", configuration, re.MULTILINE)


def test_former_states_are_judged_by_what_came_first(repository):
    """A history replays the commits, and knows their order."""
    first = honest(repository)
    planted = tuple(value + 0.01 for value in first.values["score"])
    honest(repository, started="2026-01-01T00:00:00Z", machine=ELSEWHERE, score=planted)
    with Repository(repository) as known:
        replay = histories._Replay(known, histories._Scripts(known, {}), None)
        for commit in known.commits("repro/evidence"):
            replay.apply(commit.changes)
        ledger = replay._ledger("coin")
    assert len(ledger.pieces) == 2
    assert ledger.counting("coin", first.version) == {("fair", 0): first}


def test_a_shallow_clone_says_that_it_cannot_tell(repository, tmp_path):
    """Half a history is no answer."""
    honest(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", str(clone))
    with pytest.raises(HistoryError, match="shallow"):
        unhistorical(clone)
    answer = CliRunner().invoke(cli, ["--root", str(clone), "check", "--json"], catch_exceptions=False)
    assert json.loads(answer.stdout)["problems"] == []
    assert "the clone is shallow" in answer.stderr

"""What git's surroundings do to the program and to its tests: hooks, clones without history, settings."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.exports import feeds
from kb.exports.published import Site
from kb.project import read
from kb.reading.tree import Folder
from kb.site.render import render
from repro.cli import cli
from repro.histories import histories_of
from repro.vcs import HistoryError, Repository
from tests.measured import RECORD, begun, change
from tests.repository import commit_all, git

ROOT = Path(__file__).parents[1]
PUSHED = (
    "tests/test_vcs.py::test_the_fork_point_is_where_two_branches_parted",
    "tests/test_history.py::test_a_merge_is_one_step",
    "tests/test_workflows.py::test_the_impact_stands_in_the_summary",
)
"""Tests that commit, merge, and run git through a shell."""


@pytest.fixture
def repository(project):
    """Return the tiny project as a git repository with one commit on main."""
    return begun(project)


def repro(root, *words):
    """Run a command line in this process."""
    return CliRunner().invoke(cli, ["--root", str(root), *words])


def state(root, *worktrees):
    """Return everything that a stray command of git would change."""
    found = [
        git(root, "for-each-ref", "refs/heads", "refs/tags"),
        git(root, "stash", "list"),
        git(root, "config", "--list", "--local"),
    ]
    for folder in worktrees:
        found += [git(folder, "rev-parse", "HEAD"), git(folder, "status", "--porcelain"), git(folder, "diff")]
        found += [git(folder, "ls-files", "--stage"), git(folder, "reflog")]
    return found


def test_tests_that_a_hook_starts_change_nothing(repository, tmp_path):
    """Git tells a hook where its repository is; a test that commits must not commit there."""
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "--quiet", "-b", "mine", str(linked))
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    git(linked, "remote", "add", "origin", str(tmp_path / "origin"))
    (linked / "own").write_text("not committed\n", encoding="utf-8")
    tests = [str(ROOT / name) for name in PUSHED]
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT))
    config = ("-c", str(ROOT / "pyproject.toml"), "--basetemp", str(linked / "basetemp"))
    hook = repository / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nset -e\n"
        'export GIT_DIR="$(git rev-parse --absolute-git-dir)" GIT_WORK_TREE="$PWD"\n'
        'export GIT_INDEX_FILE="$GIT_DIR/index"\n'
        f"{shlex.join((*command, *config, *tests))} >{shlex.quote(str(tmp_path / 'said'))} 2>&1\n"
        "rm -rf basetemp\n",
        encoding="utf-8",
    )
    hook.chmod(0o755)
    before = state(repository, repository, linked)
    git(linked, "-c", f"core.hooksPath={hook.parent}", "push", "--quiet", "origin", "mine")
    assert "3 passed" in (tmp_path / "said").read_text(encoding="utf-8")
    assert state(repository, repository, linked) == before


FOLDERS = [path for folder in ("tests", "benchmarks") for path in ROOT.glob(f"{folder}/**/*.py")]


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.stem)
def test_only_one_helper_of_the_tests_runs_git(path):
    """It leaves out what a hook sets, and the hooks of whoever runs the tests."""
    runs_git = re.search(r"""[(\[]\s*["']git["'],""", path.read_text(encoding="utf-8"))
    assert bool(runs_git) == (path.name == "repository.py")


@pytest.fixture
def shallow(repository, tmp_path):
    """Return a clone of the last commit alone."""
    change(repository, RECORD, "visibly more", "a little more")
    commit_all(repository, "Say less")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    return tmp_path / "shallow"


@pytest.fixture
def unborn(project):
    """Return a repository without commits."""
    git(project, "init", "--quiet", "--initial-branch=main")
    return project


@pytest.fixture
def bare_files(project):
    """Return a project that is not in a repository."""
    return project


@pytest.fixture
def without_git(repository, monkeypatch):
    """Return a repository where git is not installed."""
    monkeypatch.setenv("PATH", "")
    return repository


@pytest.fixture
def of_another_owner(repository, monkeypatch):
    """Return a repository whose files belong to somebody else, for whom git refuses to read it."""
    for name in ("SYSTEM", "GLOBAL"):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", "/dev/null")
    fake = repository.parent / "bin"
    fake.mkdir()
    (fake / "git").write_text(
        f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 PATH={shlex.quote(PATH)} exec git "$@"\n',
        encoding="utf-8",
    )
    (fake / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(fake), prepend=":")
    return repository


PATH = os.environ["PATH"]
REASONS = {
    "shallow": "the clone is shallow; fetch the whole history: git fetch --unshallow",
    "unborn": "there is no commit yet",
    "bare_files": "not a git repository",
    "without_git": "git cannot be run",
    "of_another_owner": "detected dubious ownership",
}


@pytest.fixture(params=REASONS)
def without_history(request):
    """Return the root of a project whose history cannot be read, and why."""
    return request.getfixturevalue(request.param), REASONS[request.param]


def test_log_says_why_there_is_no_history(without_history):
    """A part of the history would be taken for the whole; exit code 4."""
    root, reason = without_history
    found = repro(root, "log", "toy-claim")
    assert (found.exit_code, found.stdout) == (4, "")
    assert f"Error: the history cannot be read: {reason}" in found.stderr


def test_impact_says_what_it_cannot_tell(without_history):
    """A shallow clone is compared all the same, with a note; nothing else can be compared."""
    root, reason = without_history
    found = repro(root, "impact", "HEAD")
    assert f"the history cannot be read: {reason}" in found.stderr
    assert found.exit_code == (0 if "shallow" in reason else 4)
    assert ("Evidence added" in found.stdout) == (found.exit_code == 0)


def test_review_says_that_links_cannot_be_suspect_without_a_past(without_history):
    """No suspect link was found, and none could be."""
    root, reason = without_history
    found = repro(root, "review", "toy-claim")
    assert (found.exit_code, found.stdout) == (0, "No suspect links.\n")
    assert (
        f"note: what changed since evidence was taken is unknown, as the history cannot be read: {reason}"
        in (found.stderr)
    )


def test_pages_and_feeds_say_that_the_history_is_missing(without_history):
    """Half a history is left out as a whole; the reason, which may hold a path, is for whoever builds."""
    root, reason = without_history
    told = histories_of(root)
    assert (told.events, reason in told.missing) == ({}, True)
    site = Site(read(Folder(root)), ROOT, histories=told.events, knows_history=not told.missing)
    feed = feeds.files(site)[feeds.PATH]
    assert f"<subtitle>{feeds.WITHOUT_HISTORY}</subtitle>" in feed.replace("&#39;", "'")
    page = next(page for page in render(site) if page.path == "changes.md").as_markdown()
    assert "made without the history of the records" in page


def test_with_a_history_nothing_is_missing(repository):
    """Neither in feeds nor on the page."""
    told = histories_of(repository)
    assert (told.missing, list(told.events)) == ("", ["toy-claim"])
    site = Site(read(Folder(repository)), ROOT, histories=told.events)
    assert "subtitle" not in feeds.files(site)[feeds.PATH]


def test_what_is_exported_without_a_history_says_so(shallow):
    """On standard error, so that what is written to standard output stays as it is."""
    shutil.copy(ROOT / "mkdocs.yml", shallow)
    shutil.copytree(ROOT / "site/templates", shallow / "site/templates", dirs_exist_ok=True)
    found = repro(shallow, "export", "feeds")
    assert found.exit_code == 0
    assert f"as the history cannot be read: {REASONS['shallow']}.\n" in found.stderr


def test_verify_tells_an_unknown_version_from_git_that_cannot_tell(bare_files):
    """Where there is no repository, nobody knows whether there is such a commit."""
    found = repro(bare_files, "verify", "coin", "--same", "abcdef")
    assert found.exit_code == 4
    assert "the history cannot be read: not a git repository" in found.stderr


def test_a_base_without_files_is_a_base(repository):
    """Everything was added since."""
    git(repository, "switch", "--quiet", "--orphan", "empty")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Begin with nothing")
    git(repository, "checkout", "--quiet", "main", "--", ".")
    commit_all(repository, "Add everything")
    found = repro(repository, "impact", "HEAD~1")
    assert (found.exit_code, "| `toy-claim` | added |" in found.stdout) == (0, True), found.output


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("status.showUntrackedFiles", "no"),
        ("status.branch", "true"),
        ("status.relativePaths", "false"),
        ("log.diffMerges", "off"),
        ("log.showRoot", "false"),
        ("log.follow", "true"),
        ("log.date", "relative"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("i18n.logOutputEncoding", "latin1"),
        ("format.pretty", "oneline"),
    ],
)
def test_settings_of_a_user_change_no_answer(repository, setting, value):
    """Whatever they like to see of git themselves, commits and changes are what they are."""
    git(repository, "switch", "--quiet", "--create", "mine")
    change(repository, RECORD, "visibly more", "a little more")
    commit_all(repository, "Saying less: é")
    git(repository, "switch", "--quiet", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--message", "Merge", "mine")
    known = Repository(repository)
    expected = known.commits("claims")
    assert not known.is_changed(but="repro/evidence")
    git(repository, "config", setting, value)
    assert known.commits("claims") == expected
    assert not known.is_changed(but="repro/evidence")
    (repository / "claims/toys/new.yaml").touch()
    assert known.is_changed(but="repro/evidence")


def test_half_a_history_is_none(shallow):
    """Whoever asks for commits gets all of them or the reason why not."""
    with pytest.raises(HistoryError, match="shallow"):
        Repository(shallow).commits("claims")

"""Git is asked in one place, about the project's own repository only, and its files are read as a tree."""

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.project import read
from kb.reading.tree import Entry, Folder, TreeError
from repro import provenance
from repro.cli import cli
from repro.vcs import HistoryError, NoRevisionError, Repository, Revision
from tests.conftest import CLAIM, write_project
from tests.measured import RECORD, begun, change, measure
from tests.repository import commit_all, git

TOO_MANY = 1 << 20


@pytest.fixture
def repository(project):
    """Return the tiny project as a git repository with one commit on main."""
    return begun(project)


def test_a_former_state_is_read_as_it_was(repository):
    """What was committed counts, not what lies in the folder; that stays as it is."""
    change(repository, RECORD, "visibly more", "a little more")
    with Repository(repository) as known:
        tree = Revision(known, "main")
        assert tree.read(RECORD, limit=TOO_MANY).decode() == CLAIM
        assert (
            read(tree).base.claims["toy-claim"].statement
            != read(Folder(repository)).base.claims["toy-claim"].statement
        )


def test_a_commit_and_a_folder_are_one_project(repository):
    """Read from either, records, evidence, judgements and problems are the same."""
    measure(repository)
    (repository / "claims/toys/Not an id.yaml").write_text("x: 1\n", encoding="utf-8")
    commit_all(repository, "Measure")
    here = read(Folder(repository))
    with Repository(repository) as known:
        then = read(Revision(known, "HEAD"))
    assert (then.base, then.ledger, then.problems) == (here.base, here.ledger, here.problems)
    assert then.judgements == here.judgements
    assert [problem.code for problem in then.problems] == ["bad-id"]


def test_folders_are_listed_alike(repository):
    """In order of name, without hidden names, nothing for what is not there."""
    (repository / "claims/.hidden").touch()
    commit_all(repository, "Hide")
    with Repository(repository) as known:
        tree = Revision(known, "main")
        assert tree.list("claims") == Folder(repository).list("claims")
        assert Entry("toys", is_folder=True) in tree.list("claims")
        assert tree.list("nowhere") == Folder(repository).list("nowhere") == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [("claims/toys/away.yaml", "link"), ("claims/toys", "folder"), ("gone", "unreadable"), (RECORD, "size")],
)
def test_what_is_no_file_is_refused_alike(repository, path, kind):
    """A link of a commit leads nowhere, as one in a folder does."""
    (repository / "claims/toys/away.yaml").symlink_to("/etc/passwd")
    commit_all(repository, "Link away")
    with Repository(repository) as known:
        for tree in (Folder(repository), Revision(known, "main")):
            with pytest.raises(TreeError) as error:
                tree.read(path, limit=10)
            assert error.value.kind == kind


def test_a_project_inside_a_larger_repository_is_found(project):
    """Only the project's own folder is taken."""
    begun(project.parent)
    with Repository(project) as known:
        assert Revision(known, "main").read(RECORD, limit=TOO_MANY).decode() == CLAIM


def test_the_fork_point_is_where_two_branches_parted(repository):
    """What others have added to the branch since then is not included."""
    start = git(repository, "rev-parse", "HEAD")
    git(repository, "switch", "--quiet", "--create", "mine")
    (repository / "mine").touch()
    commit_all(repository, "Go on here")
    git(repository, "switch", "--quiet", "main")
    (repository / "theirs").touch()
    commit_all(repository, "Go on there")
    git(repository, "switch", "--quiet", "mine")
    assert Repository(repository).fork_point("main") == start


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "main:claims"])
def test_what_is_no_revision_is_refused(repository, revision):
    """The message names it; nothing that looks like an option reaches git as one."""
    with pytest.raises(NoRevisionError, match="there is no revision"):
        Repository(repository).fork_point(revision)


def test_branches_without_a_common_commit_are_refused(repository):
    """A clone that lacks history is the usual reason, and the message says how to get it."""
    git(repository, "switch", "--quiet", "--orphan", "other")
    (repository / "other").touch()
    commit_all(repository, "Begin elsewhere")
    with pytest.raises(HistoryError, match="git fetch --unshallow"):
        Repository(repository).fork_point("main")


def test_without_repository_or_git_the_reason_is_told(project, monkeypatch):
    """Git's own message if git is there, and that it is missing if it is not."""
    with pytest.raises(HistoryError, match="not a git repository"):
        Repository(project).commits("claims")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(HistoryError, match="git cannot be run"):
        Repository(project).resolve("main")
    with pytest.raises(HistoryError, match="git cannot be run"), Repository(project) as known:
        known.read("0" * 40)


def test_a_repository_of_somebody_else_is_told_in_gits_words(repository, monkeypatch):
    """With the command that git advises, on one line."""
    git_says = "fatal: detected dubious ownership in repository at '/x'\\n\\tgit config --global ..."
    fake = repository.parent / "bin"
    fake.mkdir()
    (fake / "git").write_text(f'#!/bin/sh\nprintf "{git_says}" >&2\nexit 128\n', encoding="utf-8")
    (fake / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(fake), prepend=os.pathsep)
    with pytest.raises(HistoryError) as error:
        Repository(repository).head()
    assert str(error.value) == "detected dubious ownership in repository at '/x' git config --global ..."


def test_a_content_that_is_missing_is_an_error(repository):
    """As in a clone that left contents out; the next question is answered all the same."""
    with Repository(repository) as known:
        with pytest.raises(HistoryError, match="is missing"):
            known.read("0" * 40)
        _, blob = known.files("main")[RECORD]
        assert known.read(blob).decode() == CLAIM


def test_git_is_asked_without_locks(repository):
    """Reading a commit changes no file of the repository."""
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    with Repository(repository) as known:
        read(Revision(known, "main"))
        known.is_changed(but="repro/evidence")
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


@pytest.fixture
def misled(repository, tmp_path_factory, monkeypatch):
    """Return a repository with two commits, while the environment names another one, as in a hook."""
    change(repository, RECORD, "visibly more", "a little more")
    commit_all(repository, "Say less")
    other = begun(write_project(tmp_path_factory.mktemp("other")))
    expected = git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_TRACE", "1")
    return repository, expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("log", "toy-claim"), "statement changed"),
        (("diff", "HEAD~1"), "statement"),
        (("impact", "HEAD~1"), "1 changed"),
        (("check",), "No problems"),
        (("review", "toy-claim"), "No suspect links"),
    ],
)
def test_no_command_is_misled_by_an_inherited_environment(misled, words, said):
    """`GIT_DIR` and its like are set by hooks, and refer to another repository."""
    root, _ = misled
    found = CliRunner().invoke(cli, ["--root", str(root), *words])
    assert (found.exit_code, said in found.output) == (0, True), found.output


def test_provenance_is_not_misled_either(misled):
    """Evidence names the commit of the project that was measured."""
    root, expected = misled
    assert provenance.commit(root) == (expected, False)


SOURCES = [path for folder in ("kb", "repro") for path in Path(__file__).parents[1].glob(f"{folder}/**/*.py")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.as_posix().rpartition("/")[2])
def test_only_one_module_runs_git(path):
    """All other code asks this module about git."""
    runs_git = re.search(r"""["']git["']""", path.read_text(encoding="utf-8"))
    assert bool(runs_git) == (path.as_posix().endswith("repro/vcs.py"))


def test_the_repository_is_whole_afterwards(repository):
    """Git itself finds nothing wrong with it."""
    with Repository(repository) as known:
        read(Revision(known, "main"))
    git(repository, "fsck")

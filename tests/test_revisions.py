"""Former states of the project come out of git whole, and leave the checkout as it is."""

import subprocess

import pytest

from repro.revisions import RevisionError, checked_out, fork_point
from tests.repository import commit_all, git


@pytest.fixture
def repository(project):
    """Return the tiny project as a git repository with one commit on main."""
    git(project, "init", "--quiet", "--initial-branch=main")
    commit_all(project, "Begin")
    return project


def test_a_former_state_lies_in_a_folder_of_its_own(repository):
    """It holds what was committed, not what lies in the checkout, and is gone afterwards."""
    claim = repository / "claims/toys/toy-claim.yaml"
    before = claim.read_text(encoding="utf-8")
    claim.write_text("title: changed\n", encoding="utf-8")
    with checked_out(repository, "main") as folder:
        assert (folder / "claims/toys/toy-claim.yaml").read_text(encoding="utf-8") == before
    assert not folder.exists()
    assert claim.read_text(encoding="utf-8") == "title: changed\n"


def test_a_project_inside_a_larger_repository_is_found(project):
    """Only the project's own folder is taken."""
    git(project.parent, "init", "--quiet", "--initial-branch=main")
    commit_all(project.parent, "Begin")
    with checked_out(project, "main") as folder:
        assert (folder / "claims/toys/toy-claim.yaml").is_file()


def test_the_fork_point_is_where_two_branches_parted(repository):
    """What others have added to the branch since then does not belong to it."""
    start = git(repository, "rev-parse", "HEAD")
    git(repository, "switch", "--quiet", "--create", "mine")
    (repository / "mine").touch()
    commit_all(repository, "Go on here")
    git(repository, "switch", "--quiet", "main")
    (repository / "theirs").touch()
    commit_all(repository, "Go on there")
    git(repository, "switch", "--quiet", "mine")
    assert fork_point(repository, "main") == start


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "main:claims"])
def test_what_is_no_commit_is_refused(repository, revision):
    """The message names it; nothing that looks like an option reaches git as one."""
    with pytest.raises(RevisionError, match="there is no commit"):
        fork_point(repository, revision)


def test_branches_without_a_common_commit_are_refused(repository):
    """A clone that lacks history is the usual reason, and the message says how to get it."""
    git(repository, "switch", "--quiet", "--orphan", "other")
    (repository / "other").touch()
    commit_all(repository, "Begin elsewhere")
    with pytest.raises(RevisionError, match="git fetch --unshallow"):
        fork_point(repository, "main")


def test_a_folder_without_git_is_refused(project):
    """There is nothing to read, and no traceback."""
    with pytest.raises(RevisionError), checked_out(project, "main"):
        pass


def test_links_of_a_commit_are_left_out(repository):
    """A link to elsewhere is never unpacked, and what lies beside it is."""
    (repository / "claims/toys/away").symlink_to("/etc")
    commit_all(repository, "Link away")
    with checked_out(repository, "main") as folder:
        assert not (folder / "claims/toys/away").is_symlink()
        assert list((folder / "claims/toys").glob("*.yaml"))


def test_git_is_asked_without_locks(repository):
    """Reading a commit changes no file of the repository."""
    before = git(repository, "status", "--porcelain")
    with checked_out(repository, "main"):
        pass
    assert git(repository, "status", "--porcelain") == before
    assert subprocess.run(("git", "-C", repository, "fsck"), capture_output=True, check=False).returncode == 0

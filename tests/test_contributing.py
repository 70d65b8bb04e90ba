"""What a contributor is told to type works, from a clone to a pushed branch, in the order it is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_lines import refuse_unknown
from tests.repository import commit_all, git

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("claims", "kb", "repro/cli", "repro/engines", "repro/experiments", "repro/lab")
FILES = ("Makefile", "pyproject.toml", "constraints.txt", "tests/test_experiments.py", "tests/conftest.py")


def console_blocks(text):
    """Return the commands that a page shows, each block in one piece."""
    return re.findall(r"```console\n(.*?)```", text, re.DOTALL)


def commands_in(text):
    """Return every command of ours that a page names in its prose."""
    return re.findall(r"`(repro [^`]+)`", text)


@pytest.fixture
def clone(tmp_path):
    """Return a folder as a contributor has it after cloning: on main, with a place to push to."""
    folder = tmp_path / "clone"
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, *(f"repro/{path.name}" for path in ROOT.glob("repro/*.py"))):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".gitignore").write_text("/.venv\n/build\n__pycache__/\n.pytest_cache/\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin"))
    commit_all(folder, "Begin")
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (folder / ".venv/.base-installed").touch()
    return folder


def test_the_way_to_a_pull_request_can_be_gone(clone):
    """Every block, typed in order, succeeds; the branch that is pushed holds claim, script and evidence."""
    script = "set -eu\n" + "".join(console_blocks(TEXT))
    person = {
        f"GIT_{who}_{what}": "jane@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ("bash", "-c", script),
        cwd=clone,
        env={**os.environ, **person, "PYTHONPATH": str(clone)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    pushed = git(clone, "ls-tree", "-r", "--name-only", "origin/more-draws-err-less").split("\n")
    new = sorted(set(pushed) - set(git(clone, "ls-tree", "-r", "--name-only", "main").split("\n")))
    assert new[:2] == ["claims/evaluation/more-draws-err-less.yaml", "claims/sources/student-1908-mean.yaml"]
    assert [name.split("/")[1] for name in new[2:]] == ["evidence"] * 4 + ["experiments"]
    assert "| `more-draws-err-less` | none | established |" in done.stdout


def test_commands_named_in_passing_are_real():
    """A command with an option that was renamed is worse than none."""
    named = commands_in(TEXT)
    assert len(named) >= 6
    for line in named:
        refuse_unknown(line)


def test_files_that_it_links_to_are_there():
    """Links are relative to its own folder."""
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert [link for link in links if not (ROOT / ".github" / link).is_file()] == []


def test_templates_that_it_names_are_there():
    """And none is there that it does not name."""
    there = {path.name for path in (ROOT / ".github/PULL_REQUEST_TEMPLATE").iterdir()}
    assert set(re.findall(r"`(?:\?template=)?([a-z]+\.md)`", TEXT)) == there

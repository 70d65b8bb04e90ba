"""What a contributor is told to type works, from a clone to a pushed branch, in the order it is written."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_lines import refuse_unknown
from tests.repository import commit_all, git

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("claims", "kb", "locks", "repro/cli", "repro/engines", "repro/experiments", "repro/lab")
FILES = ("Makefile", "pyproject.toml", "constraints.txt")


def console_blocks(text):
    """Return the commands that a page shows, each block in one piece."""
    return re.findall(r"```console\n(.*?)```", text, re.DOTALL)


def commands_in(text):
    """Return every command of ours that a page names in its prose."""
    return re.findall(r"`(repro [^`]+)`", text)


PAGES = ("README.md", ".github/CONTRIBUTING.md", "site/docs/contribute.md")


def shell_lines(name):
    """Return every command of ours that a page shows in a block, one a line."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", text, re.DOTALL)
    lines = re.sub(r"<<'END'.*?\nEND\n", "\n", "".join(blocks), flags=re.DOTALL).split("\n")
    return [line for line in lines if line.startswith(("repro ", "make "))]


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_block_exist_with_their_options(page):
    """Placeholders in angle brackets stand for names."""
    lines = shell_lines(page)
    assert lines
    for line in lines:
        if line.startswith("repro "):
            refuse_unknown(line)


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page):
    """In blocks and in prose; a name in capitals is a variable."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = [*shell_lines(page), *re.findall(r"`(make [^`]+)`", text)]
    made = set(re.findall(r"^([.\w$()/-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    targets = [line.split()[1] for line in named if line.startswith("make ")]
    assert [target for target in targets if target not in made | {".venv/.dev-installed"}] == []


def test_readme_says_what_its_first_command_does():
    """It judges committed evidence, and the next command measures anew; both are one target of make."""
    first, second, third = (
        block for block in console_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    )
    assert (first, third) == ("make run CLAIM=gd-stalls-two-layer-linear\n", "make test\n")
    done = subprocess.run(
        ("make", "-n", *shlex.split(second)[1:], "BASE="),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    [line] = re.findall(r"\.venv/bin/(repro run [^;]*);", done.stdout)
    refuse_unknown(line)
    assert "--replication 1" in line


def test_what_make_lint_runs_is_named():
    """A contributor learns of ruff, its formatter and mypy before a reviewer runs them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\nlint:")[1].split("\n\n")[0]
    tools = [line.strip().removeprefix("$(BIN)/") for line in recipe.split("\n")[1:]]
    assert tools[:3] == ["ruff check .", "ruff format --check .", "mypy"]
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports", "repro check"):
        assert f"`{tool}`" in TEXT


def test_every_command_of_the_way_is_installed_by_make_check():
    """Nothing of the tools of development is used before they are asked for."""
    words = {
        line.split()[0] for block in console_blocks(TEXT) for line in block.split("\n") if line[:1].isalpha()
    }
    assert words & {"pytest", "ruff", "mypy", "lint-imports", "pre-commit"} == set()


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
    assert [name.split("/")[1] for name in new[2:]] == ["evidence"] * 6 + ["experiments"]
    claim = git(clone, "show", "origin/more-draws-err-less:claims/evaluation/more-draws-err-less.yaml")
    assert "template" not in claim
    assert "First, on seeds that never count: whether 3 arms keep the contract" in done.stdout
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

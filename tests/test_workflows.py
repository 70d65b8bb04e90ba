"""What runs on GitHub is what runs here, with few rights; editors find the schema of every record."""

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from kb.exports.editor import PATH
from kb.reading.files import record_files
from kb.reading.tree import Folder
from tests.command_lines import refuse_unknown
from tests.conftest import EXPERIMENT, write_project
from tests.repository import commit_all, git

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
FORMS = sorted(path for path in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml") if path.stem != "config")
PULL_REQUESTS = sorted(ROOT.glob(".github/PULL_REQUEST_TEMPLATE/*.md"))
TOOLS = Path(sys.executable).parent


def read(path):
    """Return a workflow; every key stays text, also `on`."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # builds text alone


HOOKS = read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]


def steps(path):
    """Yield every step of every job of a workflow."""
    for job in read(path)["jobs"].values():
        yield from job["steps"]


def step(name):
    """Return what a step of the workflow `check` runs."""
    path = ROOT / ".github/workflows/check.yml"
    return next(each["run"] for each in steps(path) if each.get("name") == name)


@pytest.fixture
def pull_request(tmp_path):
    """Return a caller of a step of `check`, on a branch that touched one experiment, and its summary."""
    root = write_project(tmp_path / "project")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit_all(root, "Begin")
    base = git(root, "rev-parse", "HEAD")
    (root / "repro/experiments/coin.py").write_text(EXPERIMENT.replace("= 100", "= 50"), encoding="utf-8")
    commit_all(root, "Flip fewer coins")
    summary = tmp_path / "summary.md"
    environment = {
        **os.environ,
        "BASE": base,
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def call(name):
        command = ("bash", "-e", "-c", step(name))
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        return done, summary

    return call


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read(path):
    """Whatever a pull request brings, it finds no token that can write."""
    assert read(path)["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in read(path)["on"]
    for each in steps(path):
        if each.get("uses", "").startswith("actions/checkout@"):
            assert each["with"]["persist-credentials"] == "false"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_name_actions_by_their_commit(path):
    """The owner of a tag can move it, but not a commit; the version is a comment for people."""
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert len(used) == sum("uses" in each for each in steps(path))
    assert [
        line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    ] == []


def test_workflows_name_one_commit_of_each_action():
    """What is updated in one workflow is updated in all."""
    used = {each["uses"] for path in WORKFLOWS for each in steps(path) if "uses" in each}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_an_auditor_finds_nothing_in_the_workflows():
    """Zizmor in its strictest mode, without network, and without listening to ignore comments."""
    command = (
        TOOLS / "zizmor",
        "--offline",
        "--persona=auditor",
        "--no-ignores",
        "--strict-collection",
        ".github",
    )
    if not command[0].exists() and "CI" not in os.environ:
        pytest.skip("make .venv/.dev-installed brings zizmor")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_before_a_commit_pass_on_what_is_committed(hook):
    """Each calls a tool of the repository's own environment, which finds nothing."""
    folder, _, command = hook["entry"].partition("/bin/")
    assert (folder, hook["language"]) == (".venv", "unsupported")
    names = [] if hook.get("pass_filenames") == "false" else ["kb/__init__.py"]
    words = [*shlex.split(command), *names]
    done = subprocess.run(
        [TOOLS / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_before_a_commit_are_part_of_the_tests(hook):
    """So that a commit which passes them is not refused for the same reason by the tests, nor the reverse."""
    command = hook["entry"].removeprefix(".venv").replace(" --force-exclude --", "")
    assert f"$(BIN){command.removeprefix('/bin')}" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_real_commands(path):
    """Each command of ours, with its options; nothing from outside is pasted into a shell."""
    for each in steps(path):
        assert "${{" not in each.get("run", "")
        for line in each.get("run", "").splitlines():
            if line.strip().startswith("repro "):
                refuse_unknown(line.strip())


def test_a_wrong_command_would_be_noticed():
    """The test above can fail."""
    for line in ("repro chek", "repro check --formt github", "repro export nothing"):
        with pytest.raises(click.ClickException):
            refuse_unknown(line)


def test_everything_is_run_as_on_any_machine():
    """The continuous integration calls the script that anybody can call."""
    assert ".ci/run" in [each.get("run") for each in steps(ROOT / ".github/workflows/ci.yml")]


def test_the_impact_stands_in_the_summary(pull_request):
    """What the change does to claims is the first thing that a reviewer sees."""
    done, summary = pull_request("Impact")
    assert done.returncode == 0, done.stderr
    assert "| `repro run toy-claim` | cost unknown |" in summary.read_text(encoding="utf-8")


def test_touched_experiments_are_tried(pull_request):
    """On few seeds that never count; the others are left alone."""
    done, _ = pull_request("Touched experiments, on seeds that never count")
    assert done.returncode == 0, done.stderr
    assert "Exploring" in done.stdout
    assert "measured  coin" in done.stdout


@pytest.mark.parametrize(
    "name", ["--all", "--explore --seeds 5", "-h", "two\nlines", "$(touch taken)", "a;touch taken"]
)
def test_a_script_that_is_named_like_an_option_is_none(pull_request, tmp_path, name):
    """It is refused under its name, like any word that is no claim; nothing else is measured instead."""
    root = tmp_path / "project"
    (root / f"repro/experiments/{name}.py").write_text(EXPERIMENT, encoding="utf-8")
    git(root, "checkout", "--quiet", "HEAD~1", "--", "repro/experiments/coin.py")
    commit_all(root, "Hide an option in a name")
    done, _ = pull_request("Touched experiments, on seeds that never count")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "bad-name" in done.stderr or f"no claim has the experiment {name!r}" in done.stderr
    assert not (root / "taken").exists()
    checked, _ = pull_request("Records, scripts and evidence")
    assert checked.returncode == 2
    assert "title=bad-name" in checked.stdout


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_have_what_github_asks_for(path):
    """A name, a description, and fields with labels and ids of their own."""
    form = read(path)
    assert set(form) == {"name", "description", "body"}
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids)
    assert all(
        field["type"] in ("input", "textarea") and field["attributes"]["label"] for field in form["body"]
    )


@pytest.mark.parametrize("path", PULL_REQUESTS, ids=lambda path: path.stem)
def test_templates_name_real_commands(path):
    """Each has a list to go through, and its commands exist."""
    text = path.read_text(encoding="utf-8")
    assert text.count("- [ ] ") >= 3
    for line in re.findall(r"`(repro [^`]+)`", text):
        refuse_unknown(line)
    default = (ROOT / ".github/pull_request_template.md").read_text(encoding="utf-8")
    assert f"template={path.name}" in default


def test_editors_bind_each_record_to_one_schema():
    """Every file of claims/ matches one pattern, of the schema for its kind; the schemas are there."""
    text = (ROOT / PATH).read_text(encoding="utf-8")
    bound = json.loads(text.split("\n", 1)[1])["yaml.schemas"]
    kinds = {"sources": "source", "debates": "debate"}
    for file in record_files(Folder(ROOT))[0]:
        matching = [
            schema for schema, globs in bound.items() if any(fnmatch.fnmatch(file.path, g) for g in globs)
        ]
        assert matching == [f"./kb/schemas/{kinds.get(file.folder, 'claim')}.json"], file.path
    assert all((ROOT / schema).is_file() for schema in bound)


def test_editors_indent_records_as_they_are():
    """Two columns for YAML, as every record has them."""
    settings = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    assert "[*.{yaml,yml,html,css,js,json}]\nindent_size = 2\n" in settings

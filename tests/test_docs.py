"""Everything a user can type or meet is documented, and generated blocks are current."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner

from kb.exports.fields import RECORDS, models_in
from kb.judging.judgement import State
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.records.claims import RelationType, Stance
from kb.records.protocol import BOUNDS, Estimand
from kb.text.problems import render_terminal
from repro.cli import cli
from repro.cli.parts.overview import command_names, overview

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHOD = (ROOT / "site/docs/method.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "claims/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", overview(), ids=lambda command: command.name)
def test_commands_are_in_the_readme(command):
    """Every command is in the README's table, as one types it, with what the overview says about it."""
    assert f"| `repro {command.name}` | {command.summary} |" in README


@pytest.mark.parametrize("command", command_names())
def test_commands_explain_themselves(command):
    """Every command answers --help with the sentence that the overview gives."""
    found = CliRunner().invoke(cli, [command, "--help"])
    assert found.exit_code == 0
    assert "Usage:" in found.output


@pytest.mark.parametrize("state", get_args(State))
def test_states_are_in_the_method(state):
    """Every state that a claim can be in is explained."""
    assert f"| {state.capitalize()} |" in METHOD


@pytest.mark.parametrize("word", [*get_args(RelationType), *get_args(Stance), *get_args(Estimand), *BOUNDS])
def test_words_of_records_are_in_the_field_guide(word):
    """Every word that a record may use stands in the tables."""
    assert f"`{word}`" in GUIDE


PARTS = dict.fromkeys(part for record in RECORDS for part in models_in(record))


@pytest.mark.parametrize("model", PARTS, ids=lambda model: model.__name__)
def test_parts_of_records_are_in_the_field_guide(model):
    """Every part of a record has its table."""
    assert f"### {model.__name__}\n" in GUIDE


def test_examples_of_the_field_guide_pass_the_check(tmp_path):
    """All of them together, as a separate project, under their own names."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == GUIDE.count("```yaml\n")
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    base = load_base(Folder(tmp_path))
    assert render_terminal(base.problems) == ""
    assert len(blocks) == len(base.claims) + len(base.sources) + len(base.debates) + len(base.tombstones)


def test_generated_blocks_are_current():
    """The README's verdict is the one that the evidence gives today."""
    found = CliRunner().invoke(cli, ["--root", str(ROOT), "export", "docs", "--check"])
    assert (found.exit_code, found.output) == (0, "3 files are current.\n")


def test_files_that_the_readme_links_to_are_there():
    """Links within the repository lead somewhere."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_readme_commands_are_those_that_ci_runs():
    """The continuous integration calls nothing that the README does not show."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for command in ("make run CLAIM=gd-stalls-two-layer-linear", "make test"):
        assert f"\n{command}\n" in README
        assert f"\n{command}\n" in script


def test_changelog_citation_and_package_name_one_version():
    """The newest release of the changelog is the one that is installed and cited, with the same day."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert headings[:2] == ["[Unreleased]", f"[{project['version']}] - {citation['date-released']}"]
    assert citation["version"] == project["version"]


def test_the_changelog_has_the_parts_that_its_format_allows():
    """A reader who knows Keep a Changelog finds the newest release first, in parts of known names."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    days = re.findall(r"^## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert days == sorted(days, reverse=True)
    assert len(days) == changelog.count("\n## [") - 1
    parts = set(re.findall(r"^### (.*)$", changelog, re.MULTILINE))
    assert parts <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


DECISIONS = sorted(path for path in ROOT.glob("site/docs/decisions/*.md") if path.stem != "index")


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.stem)
def test_the_index_of_decisions_lists_every_entry(page):
    """Each entry has an anchor of its own, and an address under the index leads to it."""
    index = (ROOT / "site/docs/decisions/index.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## (.*?)(?: \{#([\w-]+)\})?$", page.read_text(encoding="utf-8"), re.MULTILINE)
    missing = [
        line
        for title, anchor in entries
        if (line := f"- [{title}]({page.name}#{anchor}){{#{anchor}}}") not in index.splitlines()
    ]
    assert missing == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_ends_with_its_date(page):
    """A reader sees how old a choice is."""
    entries = page.read_text(encoding="utf-8").split("\n## ")[1:]
    undated = [entry.splitlines()[0] for entry in entries if not re.search(r"\n\d{4}-\d\d-\d\d\.\n?$", entry)]
    assert undated == []

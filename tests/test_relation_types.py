"""A type of relation is its name and its row in one table; nothing else knows the types."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.standings_project import write_standings_project

ROOT = Path(__file__).parents[1]
TABLE = "kb/records/relations.py"
NAMES = '"refines", "explains"]'
ROWS = "RELATIONS: dict[RelationType, RelationWords] = {\n"
ILLUSTRATES = (
    '    "illustrates": RelationWords("Illustrates", "Is illustrated by", "illustrates", "support"),\n'
)
ASKING = """
import sys
from click.testing import CliRunner
from repro.cli import cli

def ask(*words):
    result = CliRunner().invoke(cli, ["--root", sys.argv[1], *words], catch_exceptions=False)
    assert result.exit_code == 0, (words, result.output)
    return result.output

import kb
assert kb.__file__.startswith(sys.argv[2]), kb.__file__
ask("check")
for form in ("dot", "json", "graphml"):
    assert "illustrates" in ask("graph", "--format", form)
assert "claim:believed" in ask("graph", "--type", "illustrates", "--format", "json")
assert "witness illustrates it" in ask("why", "believed")
ask("whatif", "witness=contradicted")
ask("conflicts")
ask("site", "export", sys.argv[1] + "/exported")
"""


@pytest.fixture
def code(tmp_path):
    """Return a copy of the code in which the table has one more type."""
    folder = tmp_path / "code"
    nothing_built = shutil.ignore_patterns("__pycache__", "evidence", "experiments")
    for name in ("kb", "repro"):
        shutil.copytree(ROOT / name, folder / name, ignore=nothing_built)
    text = (folder / TABLE).read_text(encoding="utf-8")
    assert NAMES in text
    assert ROWS in text
    text = text.replace(NAMES, f'{NAMES[:-1]}, "illustrates"]').replace(ROWS, ROWS + ILLUSTRATES)
    (folder / TABLE).write_text(text, encoding="utf-8")
    return folder


def test_a_relation_type_is_a_name_and_a_row(code, tmp_path):
    """With both, a new type goes through checks, graph, standings, what-if, conflicts and pages."""
    root = tmp_path / "project"
    write_standings_project("supports", root)
    shutil.copytree(ROOT / "site", root / "site")
    shutil.copy(ROOT / "mkdocs.yml", root)
    for unused in ("cards", "dice"):
        (root / f"repro/experiments/{unused}.py").unlink()
        shutil.rmtree(root / f"repro/evidence/{unused}", ignore_errors=True)
    for path in (root / "claims/toys").glob("*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace("supports", "illustrates"), encoding="utf-8")
    line = (sys.executable, "-c", ASKING, str(root), str(code))
    done = subprocess.run(line, cwd=code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (root / "exported/docs/claims/believed/index.md").read_text(encoding="utf-8")
    assert "Is illustrated by" in page

"""The repository stays readable in an afternoon: sizes, rooms and traps."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted([*ROOT.glob("kb/**/*.py"), *ROOT.glob("repro/**/*.py")])


def lines(path):
    """Return the number of lines."""
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path):
    """Yield the place and length of every function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_hold_one_idea(path):
    """No module is longer than 400 lines, and no function longer than 60."""
    assert lines(path) <= 400
    assert [name for name, length in functions(path) if length > 60] == []


def test_most_functions_fit_a_screen():
    """Nine functions in ten have at most 30 lines."""
    lengths = sorted(length for path in MODULES for _, length in functions(path))
    assert lengths[int(0.9 * len(lengths))] <= 30


def test_experiments_are_read_in_five_minutes():
    """No experiment is longer than 120 lines."""
    experiments = ROOT.glob("repro/experiments/*.py")
    assert [path.name for path in experiments if lines(path) > 120] == []


def test_claims_are_short():
    """Nine claims in ten have at most 60 lines, and none more than 120."""
    lengths = sorted(lines(path) for path in ROOT.glob("claims/*/*.yaml"))
    assert lengths[int(0.9 * len(lengths))] <= 60
    assert lengths[-1] <= 120


def test_sources_of_the_site_are_not_its_output():
    """MkDocs empties its output folder, whose default name is that of our sources."""
    assert "site_dir: build/site" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert not {"site", "/site", "site/", "/site/"} & set(ignored)
    assert list(ROOT.glob("site/**/*.py")) == []

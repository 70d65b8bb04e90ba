"""The page on architecture tells the truth: what it names exists, and its layers are those enforced."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([^`\s]+)`", PAGE)))
PATHS = [name for name in NAMED if "/" in name or name.endswith((".md", ".toml"))]
DOTTED = [name for name in NAMED if re.fullmatch(r"(kb|repro)(\.\w+)+", name)]


def contract(package):
    """Return the layers of a package from top to bottom, each as the set of its parts."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(each["layers"] for each in settings["contracts"] if each.get("containers") == [package])
    return [set(re.findall(r"\w+", layer)) for layer in layers]


def rows(package):
    """Return the parts that the page lists for a package, in its order, each row as a set."""
    first = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith(f"| `{package}/")]
    return [set(re.findall(rf"`{package}/(\w+?)(?:/|\.py)`", cell)) for cell in first]


@pytest.mark.parametrize("path", PATHS)
def test_paths_on_the_page_exist(path):
    """A reader who opens what the page names finds it."""
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", DOTTED)
def test_names_on_the_page_exist(name):
    """A module, or something that a module holds."""
    module, _, attribute = name.rpartition(".")
    found = importlib.import_module(module)
    assert hasattr(found, attribute) or importlib.import_module(name)


@pytest.mark.parametrize("package", ["kb", "repro"])
def test_the_tables_list_the_layers_in_their_order(package):
    """What a row may import stands below it: rows of one layer may stand in any order."""
    layer_of = {part: place for place, layer in enumerate(contract(package)) for part in layer}
    listed = [part for row in rows(package) for part in row if part in layer_of]
    assert sorted(listed) == sorted(layer_of)
    places = [{layer_of[part] for part in row if part in layer_of} for row in rows(package)]
    assert all(len(place) <= 1 for place in places)
    order = [place for row in places for place in row]
    assert order == sorted(order)


@pytest.mark.parametrize("package", ["kb", "repro"])
def test_the_docstring_of_a_package_names_its_layers_in_their_order(package):
    """A newcomer to the package learns what may import what."""
    layer_of = {part: place for place, layer in enumerate(contract(package)) for part in layer}
    order = importlib.import_module(package).__doc__.partition("in the order ")[2].partition(";")[0]
    named = re.findall(r"`(\w+)`", order)
    assert sorted(named) == sorted(layer_of)
    assert [layer_of[part] for part in named] == sorted(layer_of[part] for part in named)


@pytest.mark.parametrize("package", ["kb", "repro"])
def test_every_folder_says_what_belongs_there(package):
    """Its docstring goes beyond a title, and the page lists the folder."""
    folders = [path.parent for path in ROOT.glob(f"{package}/*/__init__.py")]
    assert {folder.name for folder in folders} <= {part for row in rows(package) for part in row}
    short = [folder.name for folder in folders if len(_docstring(folder).split()) < 10]
    assert short == []


def _docstring(folder):
    return importlib.import_module(f"{folder.parent.name}.{folder.name}").__doc__ or ""

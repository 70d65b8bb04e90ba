"""The page that says which piece of the lab is for what lists every public piece, from its docstring."""

import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import repro.lab
from repro.cli.parts.lab_table import lab_table, pieces

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "site/docs/lab.md").read_text(encoding="utf-8")
MODULES = sorted({module.name for module in pkgutil.iter_modules(repro.lab.__path__)} - {"template"})


@pytest.mark.parametrize("name", MODULES)
def test_every_public_piece_is_on_the_page(name):
    """Functions, classes and methods, as Python itself finds them, each with a sentence."""
    module = import_module(f"repro.lab.{name}")
    public = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value) or hasattr(value, "__wrapped__"))
        and value.__module__ == module.__name__
    ]
    section = PAGE.split(f"### `repro.lab.{name}`")[1].split("\n### ")[0]
    assert public
    for key in public:
        assert re.search(rf"^\| `{key}(\(.*\))?` \| \S.*\. \|$", section, re.MULTILINE), key


def test_the_page_is_current():
    """As `repro export docs --check` demands."""
    assert lab_table() in PAGE


def test_every_piece_that_is_recommended_exists():
    """The table by purpose names no piece that is gone, and the example uses what it recommends."""
    table = PAGE.split("| you want to | take |")[1].split("\n\n")[0]
    known = {piece.name for name in MODULES for piece in pieces((ROOT / f"repro/lab/{name}.py").read_text())}
    assert set(re.findall(r"`([\w.]+)`", table)) - known == {"torch.nn.Module"}


def test_a_piece_is_shown_as_it_is_called():
    """What must be given is shown, by name where only the name will do; methods carry their class."""
    source = (
        'def f(x, y=1, *, z, w=2):\n    """Return x."""\n\n\n'
        'class A:\n    """An A."""\n\n    def m(self, n, *o):\n        """Do m | n."""\n\n'
        '    def _n(self):\n        """Hide."""\n'
    )
    assert [tuple(piece) for piece in pieces(source)] == [
        ("f", "x, z=", "Return x."),
        ("A", None, "An A."),
        ("A.m", "n, *o", "Do m \\| n."),
    ]

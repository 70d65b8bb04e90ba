"""A test version covers what `measure` can depend on, and nothing that it cannot."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.reading.lab import lab_of
from kb.reading.load import load_base
from kb.reading.reach import Module, UnfollowedError, reach
from kb.reading.tree import Folder
from kb.reading.version import code_of, version_of, without_texts

SCRIPT = '''\
"""Does a loaded coin show?"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab import coins
from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds
from repro.lab.tables import summed as added

OUTCOMES = {"share": Outcome("heads", unit="share of tosses", better="neither", resolution=0.01)}
WEIGHT = 0.75
UNUSED = 3


@dataclass(frozen=True)
class Scale:
    """How much."""

    tosses: int = 100


MINIMAL = Scale()
LARGE = Scale(tosses=1000)


class Arm(NamedTuple):
    """A coin."""

    text: str
    weight: float


ARMS = {"fair": Arm("a fair coin", 0.5), "loaded": Arm("a loaded coin", WEIGHT)}


def unused(x: Tensor) -> Tensor:
    """Do nothing that counts."""
    return torch.relu(x)


def helped(x: Tensor) -> Tensor:
    """Return something."""
    # with a comment
    return added(x, scale=2)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Toss."""
    return {"share": helped(coins.toss(seeds, scale.tosses, ARMS[arm].weight))}
'''
LAB = {
    "repro.lab": '"""What experiments import."""\n\nimport os\n\nos.environ.setdefault("MKL_CBWR", "AUTO")\n',
    "repro.lab.seeds": "class Seeds:\n    def draws(self, count):\n        return [count]\n",
    "repro.lab.outcomes": "class Outcome:\n    def __init__(self, label, **_):\n        self.label = label\n",
    "repro.lab.tables": '''\
from functools import cache
from repro.lab.deeper import FACTOR, Base

TABLE = {"a": 1}
OTHER = 5

@cache
def summed(x, *, scale=1):
    """Add."""
    return x.sum() * scale * FACTOR * TABLE["a"]

def spare(x):
    return OTHER
''',
    "repro.lab.deeper": """\
import torch.nn.functional as F
FACTOR = 2
class Base:
    size = FACTOR
    def act(self):
        return F.relu
def alone():
    return 1
""",
    "repro.lab.coins": """\
from repro.lab import deeper
from repro.lab.deeper import Base

STEP = 1

class Coin(Base):
    side = STEP

    def toss(self, count=STEP):
        return count

def toss(seeds, count, weight):
    return Coin().toss(count) + deeper.FACTOR

def spin(count):
    return count
""",
    "repro.lab.idle": "def idle():\n    return 0\n",
}


def changed(module, old, new):
    """Return script and lab after one replacement."""
    if module == "script":
        assert old in SCRIPT
        return SCRIPT.replace(old, new, 1), LAB
    assert old in LAB[module]
    return SCRIPT, LAB | {module: LAB[module].replace(old, new, 1)}


def code(script=SCRIPT, lab=LAB):
    """Return what the version is made of."""
    return code_of("coin", script, lab)


MEASURE = "    return {"
SAME = {
    "docstring of the script": ("script", "Does a loaded coin show?", "Does it?"),
    "docstring of measure": ("script", '"""Toss."""', '"""Toss and count."""'),
    "no docstring": ("script", '    """Return something."""\n', ""),
    "docstring of a class": ("script", '"""How much."""', '"""How many."""'),
    "comment": ("script", "# with a comment", "# with another"),
    "layout": ("script", "added(x, scale=2)", "added(\n        x, scale=2\n    )"),
    "label of an outcome": ("script", 'Outcome("heads"', 'Outcome("share of heads"'),
    "unit of an outcome": ("script", "share of tosses", "share"),
    "resolution of an outcome": ("script", "resolution=0.01", "resolution=0.1"),
    "text of an arm": ("script", "a fair coin", "an honest coin"),
    "unused constant": ("script", "UNUSED = 3", "UNUSED = 4"),
    "unused function": ("script", "torch.relu(x)", "torch.tanh(x)"),
    "the other scale": ("script", "tosses=1000", "tosses=2000"),
    "unused import": ("script", "import torch\n", "import math\n\nimport torch\n"),
    "order of functions": (
        "script",
        "def unused(x: Tensor)",
        "def late(y):\n    return y\n\n\ndef unused(x: Tensor)",
    ),
    "unused function of a used module": ("repro.lab.tables", "return OTHER", "return OTHER + 1"),
    "new function in a used module": (
        "repro.lab.coins",
        "def spin",
        "def roll(x):\n    return x\n\ndef spin",
    ),
    "unused constant of the lab": ("repro.lab.tables", "OTHER = 5", "OTHER = 6"),
    "docstring in the lab": ("repro.lab.tables", '"""Add."""', '"""Sum."""'),
    "docstring of the package": ("repro.lab", "What experiments import.", "What they import."),
    "comment in the package": ("repro.lab", "import os", "# first\nimport os"),
    "a module that nobody imports": ("repro.lab.idle", "return 0", "return 1"),
    "the class of outcomes": ("repro.lab.outcomes", "self.label = label", "self.label = label + ''"),
}
OTHER = {
    "body of measure": ("script", MEASURE, "    seeds.draws(3)\n    return {"),
    "a function that measure calls": ("script", "scale=2", "scale=3"),
    "a constant in an arm": ("script", "WEIGHT = 0.75", "WEIGHT = 0.8"),
    "number of an arm": ("script", '"a fair coin", 0.5', '"a fair coin", 0.6'),
    "name of an arm": ("script", '"fair": Arm', '"plain": Arm'),
    "field of an arm": ("script", "    weight: float\n", "    weight: float\n    bias: float = 0.0\n"),
    "decorator of measure": ("script", "def measure", "@torch.no_grad()\ndef measure"),
    "default of an argument": ("script", "def helped(x: Tensor)", "def helped(x: Tensor, y: int = 1)"),
    "what a name is imported from": (
        "script",
        "from repro.lab.tables import summed as added",
        "from torch import sum as added",
    ),
    "a setting of torch": ("script", "WEIGHT =", "torch.set_flush_denormal(True)\nWEIGHT ="),
    "a setting in an assignment": ("script", "WEIGHT =", "_ = torch.set_flush_denormal(True)\nWEIGHT ="),
    "a setting in a condition": (
        "script",
        "WEIGHT =",
        "if WEIGHT_ := 1:\n    torch.manual_seed(0)\nWEIGHT =",
    ),
    "a patched library": ("script", "WEIGHT =", "torch.Tensor.mean = max\nWEIGHT ="),
    "a patched module of the lab": ("script", "WEIGHT =", "coins.STEP = 4\nWEIGHT ="),
    "a patched function of the lab": (
        "script",
        "WEIGHT =",
        "coins.Coin.toss = lambda self, count: 0\nWEIGHT =",
    ),
    "a changed table": ("script", "\n\ndef measure", '\nARMS["fair"] = Arm("", 0.1)\n\n\ndef measure'),
    "a registering decorator": ("script", "def unused", "@torch.library.custom_op\ndef unused"),
    "a default that is computed": ("script", "def unused(x: Tensor)", "def unused(x=torch.manual_seed(1))"),
    "a deleted name": ("script", "\n\ndef measure", "\ndel UNUSED\n\n\ndef measure"),
    "a second definition": ("script", "\n\ndef measure", "\n\ndef helped(x):\n    return x\n\n\ndef measure"),
    "a constant through two modules": ("repro.lab.deeper", "FACTOR = 2", "FACTOR = 3"),
    "a function of the lab": ("repro.lab.tables", "x.sum()", "x.mean()"),
    "a decorator in the lab": ("repro.lab.tables", "@cache\ndef summed", "def summed"),
    "a table of the lab": ("repro.lab.tables", '{"a": 1}', '{"a": 2}'),
    "a base class of the lab": ("repro.lab.deeper", "return F.relu", "return F.tanh"),
    "an alias of a library": ("repro.lab.deeper", "import torch.nn.functional as F", "import torch as F"),
    "a constant in a class of the lab": ("repro.lab.coins", "STEP = 1", "STEP = 2"),
    "an effect in a used module": ("repro.lab.coins", "STEP = 1", "STEP = 1\nprint(STEP)"),
    "an effect in a module used by another": ("repro.lab.deeper", "FACTOR = 2", "FACTOR = 2\nFACTOR.real"),
    "an effect in a module of unused names": ("repro.lab.outcomes", "class", "print('here')\nclass"),
    "a line of the package": ("repro.lab", "AUTO", "COMPATIBLE"),
    "a new function in the package": ("repro.lab", "import os\n", "import os\n\ndef f():\n    return 1\n"),
    "the future": ("repro.lab.coins", "from repro", "from __future__ import annotations\nfrom repro"),
    "the class of seeds": ("repro.lab.seeds", "[count]", "[count, 0]"),
}


@pytest.mark.parametrize(("module", "old", "new"), SAME.values(), ids=SAME)
def test_what_measures_nothing_leaves_the_version(module, old, new):
    """Texts, and what `measure` does not reach, change no version."""
    assert code(*changed(module, old, new)) == code()


@pytest.mark.parametrize(("module", "old", "new"), OTHER.values(), ids=OTHER)
def test_what_numbers_may_depend_on_changes_the_version(module, old, new):
    """Whatever `measure` reaches, and whatever an import runs, changes the version."""
    assert code(*changed(module, old, new)) != code()


def test_functions_may_stand_in_any_order():
    """Where a function without decorators and computed defaults stands makes no difference."""
    start, helped, measure = SCRIPT.partition("def helped")[0], "def helped", "def measure"
    middle, end = SCRIPT[len(start) :].split(measure)
    assert code(f"{start}{measure}{end}\n\n{middle}") == code()
    assert helped in middle


def test_each_module_has_a_digest():
    """What changed since evidence was taken can be named by module."""
    modules = {
        "coin",
        "repro.lab",
        "repro.lab.seeds",
        "repro.lab.tables",
        "repro.lab.deeper",
        "repro.lab.coins",
    }
    assert code().keys() == modules
    after = code(*changed("repro.lab.deeper", "FACTOR = 2", "FACTOR = 3"))
    assert {name for name in modules if after[name] != code()[name]} == {"repro.lab.deeper"}


def test_code_and_scale_make_the_version():
    """The formula that the page of the method gives."""
    assert version_of({"coin": "ab"}, {"tosses": 1}) == version_of({"coin": "ab"}, {"tosses": 1})
    assert version_of({"coin": "ab"}, {"tosses": 1}) != version_of({"coin": "ab"}, {"tosses": 2})
    assert version_of({"b": "1", "a": "2"}, {}) == version_of({"a": "2", "b": "1"}, {})


REFUSED = {
    "exec": ("script", MEASURE, '    exec("x = 1")\n    return {', "exec"),
    "eval at the top": ("script", "UNUSED = 3", 'UNUSED = eval("3")', "eval"),
    "eval under another name": ("script", "UNUSED = 3", "run = eval\nUNUSED = run('3')", "eval"),
    "eval in the lab": ("repro.lab.coins", "deeper.FACTOR", "eval('deeper.FACTOR')", "eval"),
    "import by text": ("script", MEASURE, '    __import__("repro.lab.idle")\n    return {', "__import__"),
    "importlib": (
        "script",
        MEASURE,
        '    import importlib\n\n    importlib.import_module("repro.lab.idle")\n    return {',
        "importlib",
    ),
    "from importlib": (
        "script",
        "import torch\n",
        "import torch\nfrom importlib import import_module\nIDLE = import_module('repro.lab.idle')\n",
        "importlib",
    ),
    "all names": ("script", MEASURE, '    globals()["helped"](0)\n    return {', "globals"),
    "a computed attribute": ("script", MEASURE, "    getattr(coins, arm)\n    return {", "computed name"),
    "a computed patch": ("script", MEASURE, "    setattr(torch, arm, 1)\n    return {", "computed name"),
    "a lookup under another name": ("script", MEASURE, "    look = getattr\n    return {", "getattr"),
    "another experiment": (
        "script",
        "import torch\n",
        "from repro.experiments import other\nimport torch\n",
        "repro",
    ),
    "what experiments share": (
        "script",
        "import torch\n",
        "from repro.experiments._shared import helper\nimport torch\n",
        "repro",
    ),
    "a relative import of what experiments share": (
        "script",
        "import torch\n",
        "from ._shared import helper\nimport torch\n",
        "imported",
    ),
    "the lab as a name": ("script", "from repro.lab import coins", "from repro import lab as coins", "repro"),
    "the knowledge base": ("script", "import torch\n", "import kb\nimport torch\n", "kb"),
    "a neighbour": ("script", "import torch\n", "from . import shared\nimport torch\n", "imported"),
    "another library": ("script", "import torch\n", "import pandas\nimport torch\n", "pandas"),
    "a folder of the lab": ("script", "repro.lab.seeds", "repro.lab.inner.seeds", "repro.lab.inner.seeds"),
    "a relative import in the lab": (
        "repro.lab.coins",
        "from repro.lab import deeper",
        "from . import deeper",
        ".",
    ),
    "a name that the lab lacks": ("script", "coins.toss(", "coins.throw(", "throw"),
    "the package itself": (
        "script",
        "from repro.lab import coins",
        "import repro.lab\ncoins = repro.lab",
        "repro",
    ),
    "no measure": ("script", "def measure", "def measured", "measure"),
}


@pytest.mark.parametrize(("module", "old", "new", "found"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_followed_is_refused(module, old, new, found):
    """Code that is found by its text could be any; the message says what was found, and where."""
    with pytest.raises(UnfollowedError) as error:
        code(*changed(module, old, new))
    assert found in str(error.value)
    assert error.value.module == ("coin" if module == "script" else module)
    assert error.value.line >= 1


SEEING = {
    "sys": "    import sys\n\n    sys.modules[arm]\n    return {",
    "a docstring": "    len(measure.__doc__)\n    return {",
    "sys by way of torch": "    torch.sys.modules[arm]\n    return {",
    "importlib by way of torch": "    torch.importlib.import_module(arm)\n    return {",
    "a path": "    print(__file__)\n    return {",
    "a frame": "    import inspect\n\n    inspect.currentframe().f_lineno\n    return {",
    "names of a function": "    helped.__globals__\n    return {",
    "by getattr": '    getattr(helped, "__globals__")\n    return {',
}


@pytest.mark.parametrize("new", SEEING.values(), ids=SEEING)
def test_where_a_script_sees_more_all_text_counts(new):
    """Docstrings, comments and positions included, in the script and everywhere in the lab."""
    script, _ = changed("script", MEASURE, new)
    seen = code(script)
    assert seen.keys() == {"coin", *LAB}
    assert code(f"# first\n{script}") != seen
    assert code(script, LAB | {"repro.lab.idle": "def idle():\n    return 1\n"}) != seen


FOLLOWED = {
    "a star": (
        ("from repro.lab import coins\n", "from repro.lab.coins import *\n"),
        ("coins.toss(", "toss("),
    ),
    "a dotted import": (
        ("from repro.lab import coins\n", "import repro.lab.coins\n"),
        ("coins.toss(", "repro.lab.coins.toss("),
    ),
    "a renamed module": (
        ("from repro.lab import coins\n", "import repro.lab.coins as c\n"),
        ("coins.toss(", "c.toss("),
    ),
    "an import in a function": (
        ("from repro.lab import coins\n", ""),
        (MEASURE, "    from repro.lab import coins\n\n    return {"),
    ),
    "a literal lookup": (("coins.toss(", 'getattr(coins, "toss")('),),
    "a module handed on": (("coins.toss(", "(lambda module: module.toss)(coins)("),),
    "a table of functions": (
        ("WEIGHT =", 'WAYS = {"toss": coins.toss}\nWEIGHT ='),
        ("coins.toss(", 'WAYS["toss"]('),
    ),
    "a default": (
        ("def helped(x: Tensor)", "def helped(x: Tensor, way=coins.toss)"),
        ("helped(coins.toss(seeds, scale.tosses, ARMS[arm].weight))", "helped(0)"),
    ),
    "a decorator": (
        ("def helped", "@coins.toss\ndef helped"),
        ("helped(coins.toss(seeds, scale.tosses, ARMS[arm].weight))", "helped(0)"),
    ),
    "a base class": (
        ("class Arm(NamedTuple)", "class Sub(coins.Coin):\n    pass\n\n\nclass Arm(NamedTuple)"),
        ("coins.toss(seeds, scale.tosses, ARMS[arm].weight)", "Sub().toss(0)"),
    ),
    "a global statement": (
        ("UNUSED = 3", "UNUSED = coins.toss(0, 0, 0)"),
        ("coins.toss(seeds, scale.tosses, ARMS[arm].weight)", "1"),
        (MEASURE, "    global UNUSED\n    return {"),
    ),
}


@pytest.mark.parametrize("replacements", FOLLOWED.values(), ids=FOLLOWED)
def test_every_way_into_the_lab_is_followed(replacements):
    """However a function of the lab is named, a change of what it rests on changes the version."""
    script = SCRIPT
    for old, new in replacements:
        assert old in script
        script = script.replace(old, new, 1)
    _, other = changed("repro.lab.coins", "STEP = 1", "STEP = 2")
    assert code(script) != code(script, other)


def test_a_module_that_is_handed_on_counts_whole():
    """Code that holds a module may take anything from it."""
    script = SCRIPT.replace("coins.toss(", "(lambda module: module.toss)(coins)(")
    _, other = changed(
        "repro.lab.coins", "def spin(count):\n    return count", "def spin(count):\n    return 0"
    )
    assert code() == code(SCRIPT, other)
    assert code(script) != code(script, other)


def test_outcomes_count_where_measure_looks_into_them():
    """Their names alone may be asked for without their texts."""
    names = SCRIPT.replace(MEASURE, "    names = list(OUTCOMES)\n    return {")
    inside = SCRIPT.replace(MEASURE, '    OUTCOMES["share"].resolution\n    return {')
    for script, is_same in ((names, True), (inside, False)):
        other = script.replace("resolution=0.01", "resolution=0.1")
        assert (code(script) == code(other)) is is_same
    assert code(names) != code(names.replace('{"share": Outcome', '{"part": Outcome'))


def test_order_of_what_acts_counts():
    """Two modules that change something when they are imported do so in an order."""
    lab = LAB | {"repro.lab.coins": LAB["repro.lab.coins"] + "print(1)\n", "repro.lab.idle": "print(2)\n"}
    first = "from repro.lab import coins, idle\n"
    script = SCRIPT.replace("from repro.lab import coins\n", first)
    swapped = SCRIPT.replace("from repro.lab import coins\n", "from repro.lab import idle, coins\n")
    assert code(script, lab) != code(swapped, lab)


def test_texts_of_arms_are_emptied_before_a_script_runs():
    """No number can depend on what does not count."""
    tree = ast.parse(SCRIPT)
    tree.body = [without_texts(node) for node in tree.body]
    assert "'fair': Arm('', 0.5)" in ast.unparse(tree)
    assert ast.unparse(without_texts(ast.parse('ARMS = {"a": "text"}').body[0])) == "ARMS = {'a': ''}"
    assert [node.lineno for node in tree.body] == [node.lineno for node in ast.parse(SCRIPT).body]


NAMES = [f"f{k}" for k in range(6)]


@st.composite
def graphs(draw):
    """Return functions over two modules, each with the functions that it calls."""
    calls = {name: draw(st.sets(st.sampled_from(NAMES), max_size=3)) for name in NAMES}
    homes = {name: draw(st.sampled_from(["repro.lab.a", "repro.lab.b"])) for name in NAMES}
    return calls, homes


def modules_of(calls, homes, values):
    """Return the lab in which each function calls others and adds a number."""
    lab = {}
    for home, other in (("repro.lab.a", "repro.lab.b"), ("repro.lab.b", "repro.lab.a")):
        lines = [f"from repro.lab import {other[-1]}"]
        for name in NAMES:
            if homes[name] == home:
                parts = [c if homes[c] == home else f"{other[-1]}.{c}" for c in sorted(calls[name])]
                lines.append(f"def {name}(x):\n    return [{', '.join(parts)}], {values[name]}")
        lab[home] = "\n".join(lines) + "\n"
    return lab


@given(graphs(), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_a_function_counts_where_a_path_of_calls_leads_to_it(graph, root, touched):
    """Over any graph of calls, circles included, the version changes with what is reached, and only then."""
    calls, homes = graph
    reached, waiting = set(), [root]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += calls[name]
    home = homes[root]
    script = (
        f"from {home} import {root}\nclass Scale: pass\ndef measure(arm, seeds, scale): return {root}(arm)"
    )
    values = dict.fromkeys(NAMES, 0)
    before = code_of("x", script, modules_of(calls, homes, values))
    after = code_of("x", script, modules_of(calls, homes, values | {touched: 1}))
    assert (before != after) == (touched in reached)


def test_the_experiments_are_followed_to_the_end(request):
    """No script of this project sees more than its names lead to, so that texts are free everywhere."""
    from kb.reading.lab import lab_of
    from kb.reading.tree import Folder

    root = request.config.rootpath
    lab = {name: Module(name, ast.parse(text)) for name, text in lab_of(Folder(root)).items()}
    scripts = sorted((root / "repro/experiments").glob("[a-z]*.py"))
    found = [reach(Module(path.stem, ast.parse(path.read_text(encoding="utf-8"))), lab) for path in scripts]
    assert len(found) >= 19
    assert not any(each.is_all for each in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('os.environ.setdefault("MKL_CBWR", "AUTO")\n', ""),
        ("import os\n", "import os\n\nos.environ['A'] = ''\n"),
    ],
    ids=["removed", "added"],
)
def test_what_the_lab_does_when_it_is_imported_is_in_every_version(request, old, new):
    """Taking away the line that pins Intel's kernels, or adding one, leaves no experiment its version."""
    tree = Folder(request.config.rootpath)
    lab = lab_of(tree)
    other = {**lab, "repro.lab": lab["repro.lab"].replace(old, new)}
    assert other["repro.lab"] != lab["repro.lab"]
    scripts = load_base(tree).scripts
    assert len(scripts) >= 19
    for script in scripts.values():
        assert code_of(script.name, script.source, other) != script.code

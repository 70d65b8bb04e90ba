"""Scripts are read without being run, and any change of code or scale gives another protocol."""

import ast

import pytest

from kb.reading.experiment import ScriptError, canonical_tree, read_script

SCRIPT = '''"""Is a coin fair?

Hypothesis  It is.
"""
from dataclasses import dataclass
from repro.lab import tosses
ARMS = {"fair": "a fair coin", "bent": Arm("a bent coin", bias=0.7)}
OUTCOMES = {
    "heads": "share; higher is better; resolution 0.01",
    "heads_curve": "share; neither is better; over tosses 1 to 64",
}
@dataclass(frozen=True)
class Scale:
    """How much."""
    tosses: int = 10
    bias: float = 0.5
MINIMAL = Scale()
LARGE = Scale(tosses=1000)
def measure(arm, seeds, scale):
    """Toss."""
    return {}
'''


@pytest.fixture
def read():
    """Return a reader of a script's text, with a lab of one module that imports another."""
    lab = {"repro.lab.tosses": "from repro.lab.coins import coin\n", "repro.lab.coins": "coin = 1\n"}

    def reader(text):
        return read_script("coin", text, lab)

    reader.lab = lab
    return reader


def test_script_states_arms_outcomes_and_scales(read):
    """An arm is described by its literal, or by the first argument of the call that makes it."""
    script = read(SCRIPT)
    assert script.question == "Is a coin fair?"
    assert script.arms == {"fair": "a fair coin", "bent": "a bent coin"}
    assert script.scales == {"minimal": {"tosses": 10, "bias": 0.5}, "large": {"tosses": 1000, "bias": 0.5}}
    heads = script.outcomes["heads"]
    assert (heads.unit, heads.direction, heads.resolution, heads.is_curve) == ("share", "higher", 0.01, False)
    assert script.outcomes["heads_curve"].axis == "tosses 1 to 64"


@pytest.mark.parametrize(
    ("old", "new"),
    [("Is a coin fair?", "Is any coin fair?"), ("Toss.", "Throw."), ("return {}", "return {}  # nothing")],
)
def test_prose_does_not_change_the_protocol(read, old, new):
    """Docstrings and comments measure nothing."""
    assert read(SCRIPT.replace(old, new)).version() == read(SCRIPT).version()


@pytest.mark.parametrize(("old", "new"), [("return {}", "return {1: 2}"), ("bias=0.7", "bias=0.8")])
def test_code_changes_the_protocol(read, old, new):
    """Nobody can tune to the seeds that will count."""
    assert read(SCRIPT.replace(old, new)).version() != read(SCRIPT).version()


def test_scale_changes_the_protocol(read):
    """Each scale, and each override, has its own seeds."""
    script = read(SCRIPT)
    assert len({script.version(), script.version("large"), script.version("minimal", {"tosses": 11})}) == 3


@pytest.mark.parametrize("module", ["repro.lab.tosses", "repro.lab.coins"])
def test_lab_changes_the_protocol(read, module):
    """Also through a module that the script imports only indirectly."""
    before = read(SCRIPT).version()
    read.lab[module] += "more = 1\n"
    assert read(SCRIPT).version() != before


def test_unused_lab_does_not_change_the_protocol(read):
    """A new module of the lab leaves old evidence current."""
    before = read(SCRIPT).version()
    read.lab["repro.lab.dice"] = "die = 6\n"
    assert read(SCRIPT).version() == before


def test_tree_leaves_out_empty_fields():
    """Newer Pythons add fields that are empty in older code; the hash must not see them."""
    code = "def f(a: int = 1): return [a]"
    tree = ast.parse(code)
    for node in ast.walk(tree):
        node._fields = (*node._fields, "field_of_the_future")
        node.field_of_the_future = []
    assert canonical_tree(tree) == canonical_tree(ast.parse(code))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ARMS =", "WAYS =", "does not define ARMS"),
        ('"fair":', "fair:", "literal string"),
        ('Arm("a bent coin", bias=0.7)', "bent", "an arm must be"),
        ("higher is better", "more is better", "higher is better"),
        ("resolution 0.01", "resolution fine", "write a number"),
        ("class Scale", "class Size", "class Scale"),
        ("Scale(tosses=1000)", "Scale(tosses=10**3)", "literal number"),
        ("LARGE = Scale(", "LARGE = Scale(1, ", "call Scale"),
        ('"""Is a coin fair?', 'x = """Is a coin fair?', "docstring"),
        ("return {}", "return {", "does not parse"),
    ],
)
def test_broken_contract_is_named(read, old, new, message):
    """The message says what is asked for."""
    with pytest.raises(ScriptError, match=message):
        read(SCRIPT.replace(old, new))

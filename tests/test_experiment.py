"""Scripts are read without being run, and any change of what measures gives another version."""

import ast

import pytest

from kb.reading.experiment import read_script
from kb.reading.former import former_outcomes
from kb.reading.outcomes import Axis, Outcome
from kb.reading.script_syntax import ScriptError
from kb.reading.statements import canonical_tree
from kb.records.protocol import LARGE, MINIMAL, Setting
from repro.lab.curves import thinned

SCRIPT = '''"""Is a coin fair?

Hypothesis  It is.
"""
from dataclasses import dataclass
from repro.lab import tosses
from repro.lab.outcomes import Axis, Curve, Outcome
BIASES = (0.1, 0.3, 1)
ARMS = {"fair": "a fair coin", "bent": Arm("a bent coin", bias=0.7)}
OUTCOMES = {
    "heads": Outcome("share of heads", unit="share of tosses", better="higher", resolution=0.01),
    "heads_curve": Curve(
        "heads so far", unit="share", better="neither", axis=Axis("toss", first=1, last="tosses", points=4)
    ),
    "bias_curve": Curve("heads by bias", unit="share", better="neither", axis=Axis("bias", values=BIASES)),
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
    return {tosses.coin: ARMS[arm]}
'''


@pytest.fixture
def read():
    """Return a reader of a script's text, with a lab of one module that imports another."""
    lab = {
        "repro.lab.tosses": "from repro.lab.coins import coin\n",
        "repro.lab.coins": "coin = 1\n",
        "repro.lab.outcomes": "Axis = Curve = Outcome = None\n",
    }

    def reader(text, **how):
        return read_script("coin", text, lab, **how)

    reader.lab = lab
    return reader


def test_script_states_arms_outcomes_and_scales(read):
    """An arm is described by its literal, or by the first argument of the call that makes it."""
    script = read(SCRIPT)
    assert script.question == "Is a coin fair?"
    assert script.arms == {"fair": "a fair coin", "bent": "a bent coin"}
    assert script.scales == {"minimal": {"tosses": 10, "bias": 0.5}, "large": {"tosses": 1000, "bias": 0.5}}
    assert script.outcomes["heads"] == Outcome("heads", "share of heads", "share of tosses", "higher", 0.01)
    assert [name for name, outcome in script.outcomes.items() if outcome.is_curve] == [
        "heads_curve",
        "bias_curve",
    ]


def test_a_curve_has_its_places_at_each_scale(read):
    """Evenly spaced between ends that may be fields of the scale, or where a constant says."""
    script = read(SCRIPT)
    axis = script.outcomes["heads_curve"].axis
    assert axis.label == "toss"
    assert [axis.places(script.scales[name]) for name in ("minimal", "large")] == [
        (1, 4, 7, 10),
        (1, 334, 667, 1000),
    ]
    assert script.outcomes["bias_curve"].axis.places({}) == (0.1, 0.3, 1.0)


def test_a_long_curve_is_thinned_as_the_lab_thins_it():
    """One point every so much, and never more than 64, the first and the last among them."""
    axis = Axis("step", first=20, last="steps", every=20)
    assert axis.places({"steps": 100}) == (20, 40, 60, 80, 100)
    assert axis.places({"steps": 8000}) == tuple(20.0 * (k + 1) for k in thinned(400))


@pytest.mark.parametrize(
    ("old", "new"),
    [("Is a coin fair?", "Is any coin fair?"), ("Toss.", "Throw."), ("return {", "return {  # nothing\n")],
)
def test_prose_does_not_change_the_version(read, old, new):
    """Docstrings and comments measure nothing."""
    assert read(SCRIPT.replace(old, new)).version() == read(SCRIPT).version()


@pytest.mark.parametrize(("old", "new"), [("return {", "return {1: 2, "), ("bias=0.7", "bias=0.8")])
def test_code_changes_the_version(read, old, new):
    """Nobody can tune to the seeds that will count."""
    assert read(SCRIPT.replace(old, new)).version() != read(SCRIPT).version()


def test_scale_changes_the_version(read):
    """Each scale, and each override, has its own seeds."""
    script = read(SCRIPT)
    settings = (MINIMAL, LARGE, Setting(name="more", scale={"tosses": 11}))
    assert len({script.version_at(setting) for setting in settings}) == 3
    assert script.version_at(MINIMAL) == script.version()


def test_lab_changes_the_version(read):
    """Also through a module that the script imports only indirectly."""
    before = read(SCRIPT).version()
    read.lab["repro.lab.coins"] = "coin = 2\n"
    assert read(SCRIPT).version() != before


def test_what_cannot_be_followed_is_refused_by_line(read):
    """In the script its line is told, in the lab the module."""
    with pytest.raises(ScriptError, match="eval makes or finds code") as error:
        read(SCRIPT.replace("return {", "return eval(arm) or {"))
    assert error.value.line == SCRIPT.splitlines().index("    return {tosses.coin: ARMS[arm]}") + 1
    read.lab["repro.lab.coins"] = "\ncoin = eval('1')\n"
    with pytest.raises(ScriptError, match=r"repro\.lab\.coins, line 2: eval"):
        read(SCRIPT)


def test_the_first_formula_is_kept(read):
    """Evidence of the first schema is known by hashes of whole modules, unused parts included."""
    before, script = (
        read(SCRIPT),
        read(SCRIPT.replace("tosses: int = 10", "tosses: int = 10\n    spare: int = 0")),
    )
    assert before.first_version() == "e481ccbd446e415f21335ab09c877452bd9cb62c280ae19619f71facb71c24bb"
    assert before.first_code.keys() == {"coin", "repro.lab.tosses", "repro.lab.coins", "repro.lab.outcomes"}
    assert before.code_like(1) == before.first_code
    assert before.code_like(2) == before.code
    assert script.first_version() != before.first_version()


def test_unused_lab_does_not_change_the_version(read):
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
        ('"fair":', '"--trial":', "lower-case letters"),
        ('Arm("a bent coin", bias=0.7)', "bent", "an arm must be"),
        ('better="higher"', 'better="more"', "better of outcome heads is 'more'; write 'higher' or 'lower'"),
        (
            "resolution=0.01",
            'resolution="fine"',
            "outcome heads is 'fine'; write a finite number",
        ),
        ("resolution=0.01", "resolution=1e999", "write a finite number"),
        ("resolution=0.01", "resolution=True", "write a finite number"),
        ("resolution=0.01", "resolution=0", "write a number above 0"),
        ("resolution=0.01", "resolution=-1", "write a number above 0"),
        ("resolution=0.01", "resolution=-1e999", "write a finite number"),
        ("resolution=0.01", "resolution=float('nan')", "write a literal number"),
        (
            "resolution=0.01",
            "resolution=fine",
            "outcome heads is `fine`; write a literal number",
        ),
        ("resolution=0.01", "resolutoin=0.01", "no field resolutoin; did you mean resolution"),
        ("resolution=0.01", "size=0.01", "no field size; Outcome has label, unit, better, resolution"),
        ("resolution=0.01", "**more", "name each field"),
        (', unit="share of tosses"', "", r'has no unit; write Outcome\("label", unit='),
        ('unit="share of tosses"', '"share of tosses"', "only the label goes without its name"),
        ('unit="share of tosses"', 'unit=" "', "the unit of outcome heads is ' '; write some words"),
        ('Outcome("share of heads"', "Outcome(3", "label of outcome heads is 3; write some words"),
        ('Outcome("share of heads"', 'Curve("share of heads"', "outcome heads is .*; write Outcome"),
        (
            'Curve(\n        "heads so far"',
            'Outcome(\n        "heads so far"',
            "outcome heads_curve is .*; write Curve",
        ),
        ("first=1, ", "", "gives last, points; write values="),
        (
            'last="tosses"',
            'last="throws"',
            "last of .* is 'throws'; Scale has the numbers tosses, bias",
        ),
        ("points=4", "points=65", "write a whole number from 2 to 64"),
        ("points=4", "every=0", "every of the axis .* above 0"),
        ("first=1", "first=10", "does not rise from point to point"),
        ("(0.1, 0.3, 1)", "(0.1, 0.3, limit)", "write a literal tuple of numbers"),
        ("(0.1, 0.3, 1)", "(0.3, 0.1, 1)", "does not rise from point to point"),
        ("(0.1, 0.3, 1)", "(0.1,)", "has 1 points; a curve has from 2 to 64"),
        ("values=BIASES", "values=(0, 1), is_logarithmic=True", "begin above 0"),
        ("values=BIASES", "values=BIASES, is_logarithmic=1", "write True or False"),
        ("class Scale", "class Size", "class Scale"),
        ("Scale(tosses=1000)", "Scale(tosses=10**3)", "literal number"),
        ("LARGE = Scale(", "LARGE = Scale(1, ", "call Scale"),
        ('"""Is a coin fair?', 'x = """Is a coin fair?', "docstring"),
        ("ARMS[arm]}", "ARMS[arm]", "does not parse"),
    ],
)
def test_broken_contract_is_named(read, old, new, message):
    """The message says what is asked for."""
    with pytest.raises(ScriptError, match=message):
        read(SCRIPT.replace(old, new))


HIDDEN = ("\\x1b]0;mine\\x07", "\\ud800", "\\u202e", "\\0", "\\N{ZERO WIDTH SPACE}", "e\\u0301")
"""Escapes for what steers a terminal, cannot be written, turns text round or cannot be seen."""


@pytest.mark.parametrize("escape", HIDDEN)
@pytest.mark.parametrize(
    "text",
    [
        "Is a coin fair?",
        "a fair coin",
        "a bent coin",
        '"fair',
        "share of heads",
        "share of tosses",
        '"heads',
        '"toss',
        "bias: float = 0.5",
        '"higher',
    ],
)
def test_no_escape_hides_something_in_a_text(read, text, escape):
    """What a script shows people holds nothing that its file itself may not hold."""
    new = f'bias: str = "0{escape}"' if text.startswith("bias") else f"{text}{escape}"
    with pytest.raises(ScriptError, match=r"holds (the character U|'e\\u0301')"):
        read(SCRIPT.replace(text, new, 1))


FORMER = (
    SCRIPT[: SCRIPT.index("OUTCOMES")]
    + """OUTCOMES = {
    "heads": "share of tosses; higher is better; resolution 0.01",
    "heads_curve": "share; neither is better; over tosses 1 to 64",
}
"""
    + SCRIPT[SCRIPT.index("@dataclass") :]
)


def test_former_scripts_are_read_for_their_history(read):
    """They stated their outcomes as strings; today's are read as before."""
    former = read(FORMER, outcomes=former_outcomes)
    assert former.outcomes["heads"] == Outcome("heads", "heads", "share of tosses", "higher", 0.01)
    assert former.outcomes["heads_curve"].axis.label == "tosses 1 to 64"
    assert read(SCRIPT, outcomes=former_outcomes) == read(SCRIPT)


def test_strings_are_refused_today(read):
    """The message shows how an outcome is declared."""
    with pytest.raises(ScriptError, match=r'outcome heads is .*; write Outcome\("label", unit='):
        read(FORMER)

"""Every experiment keeps the contract; none is registered by hand.

What a script says is read from its text. What it does is tried by a confined worker, as for a run: nothing of
`repro/experiments/` is imported here. An arm is tried if its code has no evidence, for which it was tried
before; of an experiment whose code has evidence, the arm that took least time stands for all.
"""

import ast
import os
import re
from collections import deque
from pathlib import Path

import pytest

from kb.evidence.ledger import read_ledger
from kb.reading.contract import contract_faults
from kb.reading.experiment import ANY_LABELS, CONSTANT, TRIAL
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.writing.drafts import script
from repro.engines import Failed, Measured, connect
from repro.engines.parts.interrupts import Interrupts
from repro.worker.task import UNTRUSTED, Task

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in ROOT.glob("repro/experiments/[!_]*.py"))
LEAST = UNTRUSTED if os.environ.get("CI") else "S0"
"""Where strangers' code is tested, it is confined or not run."""
ORDER = re.compile(
    "docstring( import)+( constant)* Scale MINIMAL LARGE( TRIAL)? OUTCOMES"
    "( definition( constant)*)*( Arm)? ARMS"
    "( SAME_FOR_EVERY_SEED)?( SAME_FOR_ANY_LABELS)?( definition)* measure"
)
DECLARED = {"MINIMAL", "LARGE", TRIAL, "OUTCOMES", "ARMS", CONSTANT, ANY_LABELS}


@pytest.fixture(scope="module")
def base():
    """Return all records and scripts, as texts."""
    return load_base(Folder(ROOT))


@pytest.fixture(scope="module")
def ledger():
    """Return all evidence."""
    return read_ledger(Folder(ROOT))


def due(script, base, ledger):
    """Return the arms to be tried: those without evidence, or else the cheapest."""
    settings = base.settings(script.name)
    counting = [ledger.counting(script.name, script.version_at(setting)) for setting in settings]
    pieces = [piece for blocks in counting for piece in blocks.values()]
    untried = [arm for arm in script.arms if arm not in {piece.arm for piece in pieces}]
    cheapest = min(pieces, key=lambda piece: piece.seconds).arm if pieces else None
    return untried or [cheapest]


def trials(script, arms):
    """Yield a task for each arm, which tries the contract as before a run, on seeds that never count."""
    version = script.version({**script.scales["minimal"], **script.trial})
    overrides = tuple(script.trial.items())
    path = ROOT / script.path
    for arm in arms:
        yield Task(
            path, arm, (0,), version, overrides=overrides, stream="explore", is_trial=True, least=LEAST
        )


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_keeps_the_contract(name, base, ledger):
    """Arms, outcomes and scales are what the text says; values depend on each seed and on nothing else."""
    script = base.scripts[name]
    queue = deque(trials(script, due(script, base, ledger)))
    asked = len(queue)
    with Interrupts() as interrupts:
        events = list(connect("local").run(queue, jobs=2, interrupts=interrupts))
    assert [event for event in events if isinstance(event, Failed)] == []
    assert len([event for event in events if isinstance(event, Measured)]) == asked


@pytest.mark.parametrize("name", NAMES)
def test_docstring_argues(name, base):
    """The docstring opens with a question and has a paragraph for each step of the argument."""
    script = base.scripts[name]
    assert script.question.endswith("?")
    openings = [paragraph.split(maxsplit=1)[0] for paragraph in script.docstring.split("\n\n")[1:]]
    assert [word.rstrip(":") for word in openings] == ["Hypothesis", "Method", "Arms", "Outcomes"]


@pytest.mark.parametrize("name", [*NAMES, "template"])
def test_parts_of_a_script_have_one_order(name):
    """A reader who knows one script finds their way in all: the order is that of the template.

    Constants come before the scale, but for those made of a class of the script's own, which follow it.
    """
    template = script("template", "Is it?", ["few", "many"], ["error"])
    source = template if name == "template" else (ROOT / f"repro/experiments/{name}.py").read_text()
    assert ORDER.fullmatch(" ".join(part(node) for node in ast.parse(source).body))


def part(node):
    """Return which part of a script a statement at its top level is."""
    match node:
        case ast.Expr():
            return "docstring"
        case ast.Import() | ast.ImportFrom():
            return "import"
        case ast.ClassDef(name="Scale" | "Arm" as name) | ast.FunctionDef(name="measure" as name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) if name in DECLARED:
            return name
        case ast.Assign() | ast.AnnAssign():
            return "constant"
        case ast.ClassDef() | ast.FunctionDef():
            return "definition"


@pytest.mark.parametrize("name", NAMES)
def test_the_text_of_an_experiment_keeps_the_contract(name, base):
    """No clock, file, print or generator of its own, as `repro check` sees it; nor does it run other text."""
    assert contract_faults(base.scripts[name].source) == ()
    assert not re.search(r"\b(exec|eval)\(", base.scripts[name].source)


@pytest.mark.parametrize("name", NAMES)
def test_experiment_is_named_by_a_claim(name, base):
    """Some claim's protocol uses the experiment."""
    protocols = [claim.protocol for claim in base.claims.values() if claim.protocol]
    assert name in {protocol.experiment for protocol in protocols}


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_is_asked_for(name, base):
    """No arm is measured that no prediction and no control needs."""
    asked = {
        arm
        for claim in base.claims.values()
        if claim.protocol and claim.protocol.experiment == name
        for arm in claim.protocol.arms
    }
    assert asked == set(base.scripts[name].arms)

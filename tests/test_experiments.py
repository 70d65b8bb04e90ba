"""Every experiment keeps the contract; none is registered by hand.

Each arm is measured once, at the minimal scale. What needs a second or a third measurement is checked on the
arm that took least time, which keeps the module within a minute: the arms of an experiment share their code.
"""

import ast
import dataclasses
import importlib
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from kb.evidence.seeds import block_seeds
from kb.reading.contract import contract_faults
from kb.reading.experiment import CONSTANT, read_script
from kb.reading.lab import Lab
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.writing.drafts import script
from repro.lab.seeds import Seeds
from repro.worker.contract import refuse_breach
from repro.worker.values import read_outcomes

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in ROOT.glob("repro/experiments/[!_]*.py"))
ORDER = re.compile(
    "docstring( import)+( constant)* Scale MINIMAL LARGE OUTCOMES"
    "( definition)*( Arm)? ARMS( SAME_FOR_EVERY_SEED)?( definition)* measure"
)
DECLARED = {"MINIMAL", "LARGE", "OUTCOMES", "ARMS", CONSTANT}
BLOCKS = tuple(block_seeds("contract", block, stream="explore") for block in range(2))


@dataclasses.dataclass(frozen=True)
class Subject:
    """An experiment, read and imported, with each arm's values on block 0.

    Attributes:
        values: Arm, then outcome, then one number (or one curve) for each seed.
        before: The state of the process before anything was measured.
        cheapest: The arm that took least time.
    """

    script: object
    module: object
    values: dict
    before: tuple
    cheapest: str


def measured(module, arm, block):
    """Return an arm's values on one of the two blocks, at the minimal scale."""
    return module.measure(arm, Seeds(BLOCKS[block]), module.MINIMAL)


def global_state():
    """Return what an experiment must leave as it found it."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 -- the legacy generator is what must not be touched
    torch_settings = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    has_denormals = 5e-324 * 1.5 > 0
    return torch.get_rng_state().tolist(), kind, keys.tolist(), rest, torch_settings, has_denormals


@pytest.fixture(scope="module", params=NAMES)
def subject(request):
    """Return each experiment in turn, measured on one thread as the worker does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    source = (ROOT / f"repro/experiments/{request.param}.py").read_text(encoding="utf-8")
    script = read_script(request.param, source, Lab(Folder(ROOT)))
    module = importlib.import_module(f"repro.experiments.{request.param}")
    values, seconds, before = {}, {}, global_state()
    for arm in script.arms:
        start = time.perf_counter()
        values[arm] = measured(module, arm, 0)
        seconds[arm] = time.perf_counter() - start
    yield Subject(script, module, values, before, min(seconds, key=seconds.get))
    torch.set_num_threads(threads)


def test_reading_agrees_with_running(subject):
    """Arms, outcomes and scales are what the static reading says they are."""
    assert list(subject.script.arms) == list(subject.module.ARMS)
    assert list(subject.script.outcomes) == list(subject.module.OUTCOMES)
    assert subject.script.scales["minimal"] == dataclasses.asdict(subject.module.MINIMAL)
    assert subject.script.scales["large"] == dataclasses.asdict(subject.module.LARGE)


def test_docstring_argues(subject):
    """The docstring opens with a question and has a paragraph for each step of the argument."""
    assert subject.script.question.endswith("?")
    openings = [paragraph.split(maxsplit=1)[0] for paragraph in subject.script.docstring.split("\n\n")[1:]]
    assert [word.rstrip(":") for word in openings] == ["Hypothesis", "Method", "Arms", "Outcomes"]


@pytest.mark.parametrize("name", [*NAMES, "template"])
def test_parts_of_a_script_have_one_order(name):
    """A reader who knows one script finds their way in all: the order is that of the template."""
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


def test_outcomes_are_one_number_per_seed(subject):
    """Each outcome has shape (seeds,), each curve (seeds, points of its axis), and real floating numbers."""
    seeds, scale = len(BLOCKS[0]), subject.script.scales["minimal"]
    shapes = {
        name: (seeds, len(outcome.axis.places(scale))) if outcome.is_curve else (seeds,)
        for name, outcome in subject.script.outcomes.items()
    }
    for values in subject.values.values():
        assert list(values) == list(subject.script.outcomes)
        for name, tensor in values.items():
            assert tensor.is_floating_point(), name
            assert not tensor.requires_grad, name
            assert tensor.shape == shapes[name], name


def test_no_arm_ignores_its_seed(subject):
    """In every arm some outcome differs between seeds, unless the script declares that none does."""
    for arm, values in subject.values.items():
        rows = torch.cat([tensor.reshape(5, -1).double() for tensor in values.values()], 1)
        assert (len({tuple(row) for row in rows.tolist()}) > 1) == (arm not in subject.script.constant), arm


def test_an_arm_keeps_the_contract_as_a_run_tries_it(subject):
    """The same seeds give the same bits, at other places and beside other seeds, too."""

    def values(seeds):
        found = subject.module.measure(subject.cheapest, Seeds(seeds), subject.module.MINIMAL)
        return read_outcomes(
            found, subject.script.outcomes, len(seeds), dataclasses.asdict(subject.module.MINIMAL)
        )

    assert refuse_breach(subject.cheapest, subject.script, BLOCKS, values).values


def test_measuring_leaves_the_process_as_found(subject):
    """Global generators, thread count, default type, gradient mode and denormals are as they were."""
    assert global_state() == subject.before


def test_the_text_of_an_experiment_keeps_the_contract(subject):
    """No clock, file, print or generator of its own, as `repro check` sees it; nor does it run other text."""
    assert contract_faults(subject.script.source) == ()
    assert not re.search(r"\b(exec|eval)\(", subject.script.source)


@pytest.mark.parametrize("name", NAMES)
def test_experiment_is_named_by_a_claim(name):
    """Some claim's protocol uses the experiment."""
    protocols = [claim.protocol for claim in load_base(Folder(ROOT)).claims.values() if claim.protocol]
    assert name in {protocol.experiment for protocol in protocols}


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_is_asked_for(name):
    """No arm is measured that no prediction and no control needs."""
    base = load_base(Folder(ROOT))
    asked = {
        arm
        for claim in base.claims.values()
        if claim.protocol and claim.protocol.experiment == name
        for arm in claim.protocol.arms
    }
    assert asked == set(base.scripts[name].arms)

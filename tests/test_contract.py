"""The contract of experiments: what `repro check` sees in a script's text, and what a run tries before it."""

import math
from types import SimpleNamespace

import pytest
import torch
from pydantic import ValidationError

from kb.reading.contract import contract_faults
from kb.reading.experiment import read_script
from kb.reading.lab import installed_lab
from kb.reading.script_syntax import ScriptError
from kb.records.protocol import Setting
from repro.worker.contract import refuse_breach
from repro.worker.values import ContractError, Outcomes
from tests.conftest import EXPERIMENT
from tests.test_cli_run import invoke

BLOCKS = ((1, 2, 3, 4, 5), (6, 7, 8, 9, 10))
IMPORTS = "import torch\nimport numpy as np\nfrom torch import nn\nfrom numpy.random import default_rng\n"


def codes_of(line, **options):
    """Return code, line and column of each breach in one line of a script that uses its seeds."""
    source = f"{IMPORTS}def measure(arm, seeds, scale):\n    {line}\n    return seeds\n"
    return [(fault.code, fault.line, fault.column) for fault in contract_faults(source, **options)]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("print(arm)", 5),
        ("x = open('a')", 9),
        ("x = hash(arm)", 9),
        ("x = 'é', id(arm)", 14),
        ("torch.manual_seed(0)", 5),
        ("torch.random.fork_rng()", 5),
        ("torch.cuda.manual_seed_all(0)", 5),
        ("torch.set_num_threads(1)", 5),
        ("x = torch.randn(3)", 9),
        ("x = torch.zeros(3).normal_()", 9),
        ("x = nn.init.xavier_uniform_(arm)", 9),
        ("x = nn.functional.dropout(arm)", 9),
        ("x = torch.default_generator", 9),
        ("np.random.seed(1)", 5),
        ("x = np.random.rand(3)", 9),
        ("x = default_rng()", 9),
        ("for each in {'a', 'b'}: pass", 17),
        ("x = [each for each in set(arm)]", 27),
    ],
)
def test_what_depends_on_more_than_seeds_is_a_problem_at_its_place(line, column):
    """Whatever the function is called in the script; columns count characters, not bytes."""
    assert codes_of(line) == [("script-call", 6, column)]


@pytest.mark.parametrize(
    "line",
    [
        "generator = torch.Generator().manual_seed(seeds.values[0])",
        "x = torch.randn(3, generator=seeds)",
        "x = torch.zeros(3).normal_(generator=seeds)",
        "x = nn.init.xavier_uniform_(arm, generator=seeds)",
        "x = default_rng(seeds.values[0])",
        "x = np.random.Generator(np.random.Philox(key=1))",
        "x = seeds.normal('draws', 3)",
        "x = [rng.normal(0, 1) for rng in seeds.generators('draws')]",
        "x = [each for each in sorted({*arm})]",
    ],
)
def test_what_is_seeded_is_no_problem(line):
    """A generator that gets its seed from ours is as good as our own methods."""
    assert codes_of(line) == []


@pytest.mark.parametrize(
    "module", ["time", "random", "os", "datetime", "secrets", "pathlib", "matplotlib.pyplot"]
)
def test_a_script_imports_only_what_computes(module):
    """Neither clock nor process nor files, also inside a function."""
    assert codes_of(f"import {module}") == [("script-import", 6, 5)]


def test_the_lab_may_import_more_but_neither_clock_nor_generator():
    """It sets what the process computes with, which a script must not."""
    assert codes_of("import os; torch.set_flush_denormal(True)", is_lab=True) == []
    assert codes_of("import time", is_lab=True) == [("script-import", 6, 5)]


def test_a_script_without_seeds_may_say_so():
    """If every arm is declared the same for every seed, `measure` need not use them."""
    source = "def measure(arm, seeds, scale):\n    return {}\n"
    assert [fault.code for fault in contract_faults(source)] == ["script-seeds"]
    assert contract_faults(source, is_seeded=False) == ()


def script_with(**constant):
    """Return the experiment `coin` with some arms declared the same for every seed."""
    table = f"SAME_FOR_EVERY_SEED = {constant!r}\n" if constant else ""
    return read_script("coin", EXPERIMENT + table, installed_lab())


def test_a_declaration_enters_no_version():
    """No number can depend on it."""
    assert script_with(fair="it is exact").version() == script_with().version()
    assert dict(script_with(fair="it is exact").constant) == {"fair": "it is exact"}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ('{"coins": 3}', "names coins, which is no field of Scale"),
        ('{"flips": 3.5}', "of another type"),
        ('{"flips": 1 + 2}', "a field of a scale"),
        ("{}", "at least one entry"),
    ],
)
def test_the_scale_of_a_trial_is_checked(table, found):
    """It sets fields that there are, to literals of their type."""
    with pytest.raises(ScriptError, match=found):
        read_script("coin", f"{EXPERIMENT}TRIAL = {table}\n", installed_lab())


def test_the_scale_of_a_trial_enters_no_version():
    """What counts is measured without it."""
    script = read_script("coin", EXPERIMENT + 'TRIAL = {"flips": 7}\n', installed_lab())
    assert dict(script.trial) == {"flips": 7}
    assert (script.version(), script.code) == (script_with().version(), script_with().code)


def test_no_claim_is_judged_at_the_scale_of_a_trial():
    """A setting starts from MINIMAL or LARGE."""
    with pytest.raises(ValidationError, match="scale"):
        Setting.model_validate({"name": "trial", "scale": "trial"})


def tried(measure, script=None):
    """Try an arm `fair` whose score is a function of the seeds."""
    script = script or SimpleNamespace(constant={}, outcomes={"score": SimpleNamespace(resolution=0.01)})
    seen = []

    def values(seeds):
        seen.append(seeds)
        return Outcomes({"score": tuple(measure(seeds))}, {}, ())

    found = refuse_breach("fair", script, BLOCKS, values)
    return found, seen


def test_an_arm_that_keeps_the_contract_is_measured_twice():
    """The second time its seeds stand at other places beside others."""
    found, seen = tried(lambda seeds: [math.sin(seed) for seed in seeds])
    assert found.values["score"] == tuple(map(math.sin, BLOCKS[0]))
    assert seen == [BLOCKS[0], (5, 6, 4, 7, 3)]


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (
            lambda seeds: [seeds[0] + 0.1 * seed for seed in seeds],
            "beside other seeds; draw one data set per",
        ),
        (lambda seeds: [seed - sum(seeds) / 5 for seed in seeds], "beside other seeds"),
        (
            lambda seeds, calls=[0]: [calls.append(0) or len(calls) for _ in seeds],
            "of the same seed; something",
        ),
        (lambda seeds: [torch.rand(()).item() for _ in seeds], "changed torch's global generator"),
        (lambda seeds: [1.0 for _ in seeds], 'SAME_FOR_EVERY_SEED = {"fair": "why"}'),
    ],
)
def test_an_arm_that_breaks_the_contract_is_told_how(measure, message):
    """Data from the first seed of a block, an average over seeds, state between calls, no seeds at all."""
    with pytest.raises(ContractError, match=message.replace("{", r"\{").replace("}", r"\}")):
        tried(measure)


def test_rounding_in_other_company_is_no_breach():
    """A value may move by less than the resolution, or a hundredth of the range over seeds."""
    assert tried(lambda seeds: [seed + 1e-3 * seeds[0] for seed in seeds])


def test_an_arm_that_is_always_right_may_be_declared():
    """A deterministic arm is legitimate; one that is declared so and is not is a breach."""
    outcomes = {"score": SimpleNamespace(resolution=0.01)}
    declared = SimpleNamespace(constant={"fair": "it knows the answer"}, outcomes=outcomes)
    found, _ = tried(lambda seeds: [1.0 for _ in seeds], declared)
    assert found.values["score"] == (1.0,) * 5
    with pytest.raises(ContractError, match="differs between seeds"):
        tried(lambda seeds: map(float, seeds), declared)


def test_a_declared_arm_may_have_a_curve_of_each_seed():
    """Twins that differ in nothing never drift apart, and still each pair learns in its own time."""
    outcomes = {"score": SimpleNamespace(resolution=0.01)}
    declared = SimpleNamespace(constant={"fair": "twins end alike"}, outcomes=outcomes)

    def values(seeds):
        return Outcomes({"score": (1.0,) * 5}, {"error": tuple((float(seed),) for seed in seeds)}, ())

    assert refuse_breach("fair", declared, BLOCKS, values).values["score"] == (1.0,) * 5


def test_an_arm_without_a_finite_value_is_noted():
    """It may be meant: `on_nonfinite` says what it counts as."""
    found, _ = tried(
        lambda seeds: [math.inf for _ in seeds], SimpleNamespace(constant={"fair": "x"}, outcomes={})
    )
    assert found.notes == ("no seed had a finite score",)


PER_BLOCK = EXPERIMENT.replace(
    'seeds.uniform("flips", scale.flips)',
    'Seeds(seeds.values[:1] * len(seeds)).uniform("flips", scale.flips)',
)
"""A data set per block instead of one per seed: an easy, honest slip."""


@pytest.mark.parametrize("words", [["--explore"], []])
def test_a_run_of_an_experiment_that_breaks_the_contract_records_nothing(project, words):
    """Exploring says so first; a run says it before it measures."""
    script = project / "repro/experiments/coin.py"
    script.write_text(PER_BLOCK, encoding="utf-8")
    done = invoke(project, "run", "toy-claim", *words)
    assert done.exit_code == 5, done.output
    assert "draw one data set per seed, never one per block" in " ".join(done.output.split())
    assert not (project / "repro/evidence").exists()


def test_an_arm_is_tried_once_for_its_code(project):
    """What was tried while exploring is not tried again, whatever the scale."""
    first = invoke(project, "run", "toy-claim", "--explore")
    assert "First, on seeds that never count: whether 2 arms keep the contract" in first.output
    for words in (["--explore", "--set", "flips=50"], []):
        assert "First," not in invoke(project, "run", "toy-claim", *words).output
    (project / "build/contract.json").unlink()
    assert "First," not in invoke(project, "run", "toy-claim", "--replication", "1").output


def test_a_run_refuses_a_script_with_a_clock(project):
    """The problem names file, line and column."""
    script = project / "repro/experiments/coin.py"
    script.write_text(
        EXPERIMENT.replace("import torch\n", "import time\n\nimport torch\n", 1), encoding="utf-8"
    )
    done = invoke(project, "run", "toy-claim")
    assert done.exit_code == 2
    assert "repro/experiments/coin.py:11:1: error[script-import]: time is imported" in done.output


MODULE = EXPERIMENT.replace(
    "    heads = (seeds",
    "    nets = {make}\n"
    "    weights = torch.stack([net.weight.detach().sum() for net in nets])\n"
    "    heads = (seeds",
).replace("heads.mean(1),", "heads.mean(1) + 0.001 * weights.double(),")


def test_a_torch_module_is_seeded_by_the_lab(project):
    """Made as in plain torch it draws from the global generator, which the trial notices and explains."""
    script = project / "repro/experiments/coin.py"
    unseeded = "[torch.nn.Linear(3, 2) for _ in range(len(seeds))]"
    script.write_text(MODULE.replace("{make}", unseeded), encoding="utf-8")
    told = " ".join(invoke(project, "run", "toy-claim", "--explore").output.split())
    assert "changed torch's global generator" in told
    assert "see repro.lab.modules for a torch.nn.Module" in told
    seeded = MODULE.replace("{make}", "modules(lambda: torch.nn.Linear(3, 2), seeds)").replace(
        "from repro.lab.outcomes", "from repro.lab.modules import modules\nfrom repro.lab.outcomes"
    )
    script.write_text(seeded, encoding="utf-8")
    done = invoke(project, "run", "toy-claim", "--explore")
    assert done.exit_code == 0, done.output
    assert "failed" not in done.output


def test_a_declared_arm_runs_without_a_note(project):
    """A deterministic control is legitimate: it is tried, recorded, and judged."""
    script = project / "repro/experiments/coin.py"
    same = EXPERIMENT.replace(
        "    heads = (seeds",
        '    if arm == "fair":\n        half = torch.full((len(seeds), scale.flips), 0.5).double()\n'
        '        return {"score": half.mean(1), "score_curve": thin(half)}\n    heads = (seeds',
    )
    script.write_text(same, encoding="utf-8")
    refused = " ".join(invoke(project, "run", "toy-claim").output.split())
    assert 'say so in the script: SAME_FOR_EVERY_SEED = {"fair": "why"}' in refused
    script.write_text(same + 'SAME_FOR_EVERY_SEED = {"fair": "it is exact"}\n', encoding="utf-8")
    done = invoke(project, "run", "toy-claim")
    assert done.exit_code == 0, done.output
    assert "deterministic" not in done.output


def test_arms_are_tried_at_the_smaller_scale_of_a_script(project):
    """What breaks the contract there is refused; what a run then measures has the scale of its setting."""
    script = project / "repro/experiments/coin.py"
    breach = "    if scale.flips == 7:\n        heads = heads + seeds.values[0] % 1000\n    return"
    with_breach = EXPERIMENT.replace("    return {", f"{breach} {{", 1)
    script.write_text(with_breach + 'TRIAL = {"flips": 7}\n', encoding="utf-8")
    told = " ".join(invoke(project, "run", "toy-claim", "--explore").output.split())
    assert "measured beside other seeds" in told
    script.write_text(with_breach, encoding="utf-8")
    assert invoke(project, "run", "toy-claim", "--explore").exit_code == 0

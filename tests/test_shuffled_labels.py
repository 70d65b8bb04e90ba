"""Labels of the data shuffled: for which arm, how, and what must come of it."""

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import repro.lab
from kb.evidence.controls import SCHEMA_VERSION
from kb.judging import controls, judgement
from kb.judging.labels import learner, relabelled
from kb.project import read
from kb.reading.experiment import LABELLED, read_script
from kb.reading.lab import Lab
from kb.reading.script_syntax import ScriptError
from kb.reading.tree import Folder
from repro.cli import cli
from repro.lab.data import digits, linear_regression
from repro.lab.seeds import Seeds
from repro.lab.sequences import adding
from repro.worker.labels import Drawn, _shuffling, drawing
from tests.conftest import EXPERIMENT, write_project
from tests.evidence_of import ledger_with
from tests.measured import RECORD, SCRIPT, begun, change
from tests.repository import commit_all
from tests.strategies import prediction

LAB = Lab(Folder(Path(__file__).parents[1]))
SEEDS = Seeds((3, 4, 5))
IMPORTS = "from repro.lab.curves import thin\n"
FIT = '''\
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Fit a line, or guess, and return the share of the variance of new points that is explained."""
    x, y, new_x, new_y = linear_regression(seeds, train=scale.flips, test=TESTED, features=5, noise=0.1)
    weights = torch.linalg.lstsq(FITTED).solution
    if arm == "fair":
        weights = seeds.normal("guess", 5, 1, dtype=torch.float64) / 100
    left = (new_y - new_x @ weights).square().mean((1, 2)) / new_y.square().mean((1, 2))
    return {"score": 1 - left, "score_curve": thin((1 - left)[:, None].expand(-1, scale.flips))}
'''
HONEST, LEAKING = (
    {"FITTED": "x, y", "TESTED": "200"},
    {"FITTED": "torch.cat((x[:, :1], new_x), 1), torch.cat((y[:, :1], new_y), 1)", "TESTED": "8"},
)


def invoke(root, *words):
    """Run a command line in this process and return its exit code and what it said."""
    result = CliRunner().invoke(cli, ["--root", str(root), *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def learning(root, fitted, *, table=""):
    """Write a project whose loaded arm fits a line, and put it under git."""
    write_project(root)
    start = EXPERIMENT.index("def measure")
    text = EXPERIMENT[:start] + table + "\n\n" + FIT
    for word, replacement in fitted.items():
        text = text.replace(word, replacement)
    text = text.replace(IMPORTS, IMPORTS + "from repro.lab.data import linear_regression\n")
    text = text.replace('"share of heads", better="neither", res', '"share of heads", better="higher", res')
    (root / SCRIPT).write_text(text.replace("import thin\n", "import thin  # noqa\n"), encoding="utf-8")
    change(root, RECORD, "      at_least: 0.6\n", "      at_least: 0.9\n")
    return begun(root)


def script_of(better, table=""):
    """Return the tiny script with another direction of its outcome."""
    text = EXPERIMENT.replace('heads", better="neither"', f'heads", better="{better}"', 1)
    return read_script("coin", text.replace("HEADS = ", f"{table}\nHEADS = "), LAB)


@pytest.mark.parametrize(
    ("better", "bound", "arm"),
    [
        ("higher", {"contrast": ("a", "b"), "at_least": 0.1}, "a"),
        ("higher", {"contrast": ("a", "b"), "at_most": 0.1}, "b"),
        ("lower", {"contrast": ("a", "b"), "at_least": 0.1}, "b"),
        ("lower", {"contrast": ("a", "b"), "at_most": 0.1}, "a"),
        ("lower", {"contrast": ("a", "b"), "between": (-0.1, 0.1)}, "a"),
        ("higher", {"contrast": ("a", "b"), "equals": 0.0, "within": 0.1}, "a"),
        ("higher", {"of": "a", "at_least": 0.5}, "a"),
        ("higher", {"of": "a", "at_most": 0.5}, None),
        ("lower", {"of": "a", "at_most": 0.5}, "a"),
        ("lower", {"of": "a", "at_least": 0.5}, None),
        ("higher", {"of": "a", "between": (0.1, 0.2)}, None),
        ("neither", {"contrast": ("a", "b"), "at_least": 0.1}, None),
    ],
)
def test_labels_matter_for_the_arm_that_is_said_to_do_well(better, bound, arm):
    """It is the one on the better side of the bound; none where an arm is said to do badly."""
    asked = prediction(outcome="score", **bound)
    assert learner(asked, script_of(better)) == arm


def test_an_outcome_that_is_the_same_for_any_labels_says_nothing_of_learning():
    """The script says so, with its reason."""
    declared = script_of("higher", 'SAME_FOR_ANY_LABELS = {"score": "coins do not learn"}')
    assert declared.any_labels == {"score": "coins do not learn"}
    assert learner(prediction(outcome="score", of="a", at_least=0.5), declared) is None


@pytest.mark.parametrize(
    ("table", "found"),
    [('{"heads": "why"}', "not among OUTCOMES"), ('{"score": ""}', "a literal string that says why")],
)
def test_the_table_of_such_outcomes_is_checked(table, found):
    """It names outcomes that there are, each with a reason."""
    with pytest.raises(ScriptError, match=found):
        script_of("higher", f"SAME_FOR_ANY_LABELS = {table}")


def test_everything_in_the_lab_that_draws_labels_is_found():
    """By what it takes and returns; the modules that have such a function are those that are named."""
    modules = [
        importlib.import_module(each.name) for each in pkgutil.walk_packages(repro.lab.__path__, "repro.lab.")
    ]
    found = {module.__name__: {*drawing(module)} for module in modules if drawing(module)}
    assert found.keys() == {*LABELLED}
    assert found["repro.lab.data"] == {"digits", "linear_regression", "teacher_student"}
    returning = {
        name
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__annotations__.get("return") in ("Labelled", "Sequences") and not name.startswith("_")
    }
    assert returning == {name for names in found.values() for name in names} | {"split"}


@pytest.mark.parametrize(
    "draw",
    [
        lambda of: of(digits)(SEEDS, train=100),
        lambda of: of(linear_regression)(SEEDS, train=30, test=10, features=2),
        lambda of: of(adding)(SEEDS, 20, 6),
    ],
)
def test_shuffling_moves_labels_and_nothing_else(draw):
    """Each seed's labels in another order of its own; the points stay, and so do the labels as a set."""
    drawn = Drawn()
    right, mixed = draw(lambda function: function), draw(lambda function: _shuffling(function, drawn))
    assert drawn.count == 1
    assert torch.equal(right.x, mixed.x)
    assert not torch.equal(right.y, mixed.y)
    assert torch.equal(right.y.flatten(1).sort(1).values, mixed.y.flatten(1).sort(1).values)
    again = draw(lambda function: _shuffling(function, drawn))
    assert torch.equal(mixed.y, again.y)


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """Return a project whose arm learns, tested, and what the command said."""
    root = learning(tmp_path_factory.mktemp("labels") / "project", HONEST)
    assert invoke(root, "run", "toy-claim")[0] == 0
    commit_all(root, "evidence")
    code, said = invoke(root, "verify", "--controls")
    assert code == 0, said
    commit_all(root, "controls")
    return root, said


def test_an_arm_that_learns_does_nothing_with_shuffled_labels(honest):
    """The prediction holds with the right labels, and is contradicted without: the verdict stands."""
    root, said = honest
    project = read(Folder(root))
    protocol, script = project.base.claims["toy-claim"].protocol, project.base.scripts["coin"]
    [found] = relabelled(protocol, script, project.ledger, alpha=0.05)
    assert (found.arm, found.decision, found.is_passed) == ("loaded", "contradicted", True)
    assert project.judgements["toy-claim"].state == "reproduced"
    assert "1 of 1 prediction did not come out reproduced, and 1 came out contradicted" in said
    assert "4 with shuffled labels" not in said


def test_shuffled_blocks_are_a_kind_of_their_own(honest):
    """On the seeds of the first set that never counts, of the arm that must do well alone."""
    [filed] = read(Folder(honest[0])).ledger.controls
    assert filed.controls.schema_version == SCHEMA_VERSION
    assert [(each.arm, each.block, each.data_sets) for each in filed.controls.shuffled] == [
        ("loaded", 0, 1),
        ("loaded", 1, 1),
    ]
    first = {(each.arm, each.block): each.seeds for each in filed.controls.blocks if each.replication == 1}
    assert [first["loaded", each.block] for each in filed.controls.shuffled] == [
        each.seeds for each in filed.controls.shuffled
    ]


def test_nothing_of_it_is_measured_twice(honest):
    """A second sitting finds it done."""
    code, said = invoke(honest[0], "verify", "--controls")
    assert (code, "nothing new to measure" in said) == (0, True)


def test_an_arm_that_was_fitted_to_what_it_is_tested_on_is_found(tmp_path):
    """It does well with nothing to learn: exit code 10, the claim is invalid, and its page says why."""
    root = learning(tmp_path / "project", LEAKING)
    assert invoke(root, "run", "toy-claim")[0] == 0
    commit_all(root, "evidence")
    code, said = invoke(root, "verify", "--controls")
    held = "loaded beats fair held although the labels of arm loaded were shuffled"
    assert (code, held in said) == (10, True), said
    assert invoke(root, "run", "toy-claim")[0] == 12
    told = json.loads(invoke(root, "show", "toy-claim", "--json")[1])
    assert (told["state"], told["verdict"]["failing"]) == ("invalid", [held])
    assert held in told["sentence"]


def test_a_declared_outcome_is_not_measured_with_shuffled_labels(tmp_path):
    """And the page of the experiment gives the reason."""
    table = 'SAME_FOR_ANY_LABELS = {"score": "it is the fit that is measured"}\n'
    root = learning(tmp_path / "project", LEAKING, table=table)
    code, said = invoke(root, "verify", "--controls")
    assert (code, "shuffled" in said) == (0, False), said
    [filed] = read(Folder(root)).ledger.controls
    assert filed.controls.shuffled == ()


def test_shuffled_labels_are_judged_at_the_level_of_the_claim(honest, monkeypatch):
    """An earlier test halves it here, too, both for the verdict and for the page of the experiment."""
    project = read(Folder(honest[0]))
    today = project.ledger.evidence
    earlier = [each.model_copy(update={"version": "f" * 64}) for each in today]
    levels = []
    for module in (judgement, controls):
        monkeypatch.setattr(module, "without_labels", lambda *_, alpha: levels.append(alpha) or ())
    for pieces in (today, (*today, *earlier)):
        ledger = ledger_with(pieces)
        controls.summaries(project.base, ledger, judgement.judge_base(project.base, ledger))
    assert levels == [0.05, 0.05, 0.025, 0.025]

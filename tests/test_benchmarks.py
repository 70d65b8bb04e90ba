"""The workloads of the training benchmark: every variant trains the same networks."""

from __future__ import annotations

import importlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from mnist1d.data import get_dataset_args, make_dataset

from benchmarks import claims
from benchmarks.workloads import accuracies, batch_norm, cnn, linear, mlp, recurrent
from benchmarks.workloads.report import Measured, Row, filled, read, verdicts
from benchmarks.workloads.tables import put
from benchmarks.workloads.task import Variant, Workload
from repro.lab.seeds import Seeds

SEEDS = Seeds((0, 1, 2, 3, 4))
STEPS = 3
WORKLOADS = MappingProxyType({
    "W1": mlp.WORKLOAD,
    "W2": cnn.WORKLOAD,
    "W3": batch_norm.WORKLOAD,
    "W4-rnn": recurrent.workload("rnn"),
    "W4-lstm": recurrent.workload("lstm"),
    "W5": linear.WORKLOAD,
})  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def cases(*, is_jax: bool) -> list[tuple[Workload, Variant]]:
    """Return every variant that is in JAX, or is not, but for the plain loop."""
    return [
        pytest.param(workload, variant, id=f"{number} {name}")
        for number, workload in WORKLOADS.items()
        for name, variant in workload.variants.items()
        if variant.is_jax == is_jax and name != "plain"
    ]


def assert_trains_as_plain(workload: Workload, losses: torch.Tensor, task) -> None:
    """Compare the losses of the last step with the plain loop's."""
    plain = workload.variants["plain"].train(task)
    assert losses.isfinite().all()
    torch.testing.assert_close(losses.to(plain.dtype), plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("workload", "variant"), cases(is_jax=False))
def test_every_variant_trains_the_networks_of_the_plain_loop(workload, variant):
    """From the same weights, on the same batches, the losses after a few steps are the same."""
    task = workload.prepare(SEEDS, STEPS)
    assert_trains_as_plain(workload, variant.train(task), task)


@pytest.mark.parametrize(("workload", "variant"), cases(is_jax=True))
def test_jax_trains_the_networks_of_the_plain_loop(workload, variant):
    """The peer does the same work: its losses are those of the plain loop."""
    import jax

    task = workload.prepare(SEEDS, STEPS)
    function, arguments = variant.train(task)
    assert_trains_as_plain(workload, torch.tensor(jax.jit(function)(*arguments).tolist()), task)


def measured(*, plain: float, lab: float, jax: float) -> Measured:
    """Return a run of one workload with these seconds."""
    rows = [
        Row("W5", name, 1, [took, took, 9.0], 1.0, 1, 1.0)
        for name, took in (("plain", plain), ("lab, batched", lab), ("jax", jax))
    ]
    return Measured(20, [], {"W5": "linear"}, rows)


def test_a_budget_that_is_missed_is_said_to_be_missed():
    """The targets are fifteen times the plain loop and twice JAX."""
    assert [line.rsplit(": ", 1)[1] for line in verdicts(measured(plain=8.0, lab=0.5, jax=0.9))] == [
        "met",
        "NOT MET",
        "met",
    ]


@pytest.mark.parametrize("page", ["README.md", "site/docs/benchmarks.md"])
def test_the_pages_show_the_run_that_was_kept(page):
    """Nobody edits a table by hand."""
    root = Path(__file__).parents[1]
    text = (root / page).read_text(encoding="utf-8")
    assert filled(text, read(root / "benchmarks/training.json")) == text
    assert filled(text, measured(plain=2.0, lab=1.0, jax=1.0)) != text


def test_the_page_shows_the_accuracies_that_were_kept():
    """So does the other table."""
    root = Path(__file__).parents[1]
    text = (root / "site/docs/benchmarks.md").read_text(encoding="utf-8")
    rows = accuracies.read(root / "benchmarks/accuracies.json")
    assert put(text, "accuracies", accuracies.report(rows, is_page=True)) == text
    assert put(text, "accuracies", accuracies.report(rows[:1], is_page=True)) != text


@pytest.mark.parametrize("name", ["verdict", "known_answers"])
def test_the_page_of_the_method_shows_what_was_kept(name, monkeypatch):
    """Nobody edits these tables by hand either."""
    root = Path(__file__).parents[1]
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    module = importlib.import_module(f"benchmarks.{name}")
    text = (root / "site/docs/method.md").read_text(encoding="utf-8")
    block = module.page_block(module.kept())
    assert put(text, name.replace("_", "-"), block) == text
    assert put(text, name.replace("_", "-"), "other") != text


def test_no_claim_of_known_truth_came_out_wrong():
    """Scripts whose values depend on no seed, or on more than their own, are refused before they count."""
    root = Path(__file__).parents[1]
    rows = json.loads((root / "benchmarks/known_answers.json").read_text(encoding="utf-8"))
    truths = [row[4] for row in rows]
    assert min(truths.count("true"), truths.count("false")) >= 10
    assert [row[0] for row in rows if row[-1] == "WRONG"] == []
    assert [row[0] for row in rows if row[-1] == "refused"] == [
        "one value for all",
        "seeds ignored",
        "seeds ignored, by luck",
        "one data set a block",
    ]


def test_an_accuracy_far_from_the_published_one_has_a_star():
    """Two points are allowed, above as below."""
    rows = [accuracies.Row("logistic", "fresh", [score, score], [30.0, 31.0]) for score in (29.9, 30.1, 34.1)]
    assert ["*" in line for line in accuracies.report(rows).splitlines()] == [False, True, False, True]


@pytest.mark.parametrize(
    ("net", "count"), [("logistic", 410), ("mlp", 15_210), ("cnn", 5_210), ("gru", 5_134)]
)
def test_nets_have_the_published_number_of_parameters(net, count):
    """The authors of MNIST-1D print how many parameters each of their nets has."""
    _, shapes, _ = accuracies.NETS[net]
    assert sum(map(math.prod, shapes.values())) == count


@pytest.mark.parametrize("is_as_published", [False, True])
def test_accuracies_are_looked_at_along_training(monkeypatch, is_as_published):
    """A look comes after every so many steps, on fresh data or on those of the authors' package."""
    monkeypatch.setattr(accuracies, "STEPS", 40)
    monkeypatch.setattr(accuracies, "LOOK_EVERY", 20)
    looks = accuracies.trained("logistic", Seeds((0, 1)), is_as_published=is_as_published)
    assert looks.shape == (2, 2)
    assert ((looks > 15) & (looks < 45)).all()  # a tenth by chance, a third at the end


def test_published_data_come_in_their_own_order(monkeypatch):
    """Every lane has the set that the authors' package makes, and batches go through it again and again."""
    monkeypatch.setattr(accuracies, "STEPS", 41)
    data = accuracies.published_set(Seeds((0, 1)))
    theirs = make_dataset(get_dataset_args())
    for lane in (0, 1):
        torch.testing.assert_close(data.x[lane], torch.tensor(theirs["x"]).float(), rtol=0, atol=0)
        assert data.test_y[lane].tolist() == theirs["y_test"].tolist()
    batches = list(accuracies.as_it_comes(data))
    assert torch.equal(batches[1][0], data.x[:, 100:200])
    assert torch.equal(batches[40][1], data.y[:, :100])


def test_a_claim_is_timed_from_nothing_to_its_verdict(project, capsys):
    """The copy has no evidence, so that every block is measured again."""
    claims.main(["--root", str(project), "toy-claim"])
    claims.main(["--root", str(project), "--together"])
    alone, together = (
        out.splitlines()[1].split()
        for out in re.split(r"(?=^claim )", capsys.readouterr().out, flags=re.MULTILINE)[1:]
    )
    assert (alone[0], together[0]) == ("toy-claim", "together")
    assert alone[1:3] == together[1:3]
    assert alone[1] == "reproduced"

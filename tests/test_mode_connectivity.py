"""Paths between networks: where they start and end, how they bend, and what training does to the bend."""

import pytest
import torch

from repro.experiments import mode_connectivity as experiment
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.seeds import Seeds

TWO = Seeds((3, 4))
SMALL = experiment.Scale(width=16, train=200, steps=100, bend_steps=100)
SHAPES = mlp_shapes(40, 16, 16, 10)


@pytest.fixture(autouse=True)
def one_thread():
    """Train on one thread, as the worker does; on more, small matrices take many times longer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def drawn(purpose):
    """Return weights of shape (2, 2, 5)."""
    return TWO.normal(purpose, 2, 5)


def test_a_path_runs_from_end_to_end():
    """At t = 0 and t = 1 the path is at its ends, whatever its control point."""
    ends, bend = drawn("ends"), drawn("bend")[:, 0]
    assert torch.equal(experiment.point(ends, bend, torch.tensor(0.0)), ends[:, 0])
    assert torch.equal(experiment.point(ends, bend, torch.tensor(1.0)), ends[:, 1])


def test_a_path_over_the_midpoint_is_straight():
    """With the midpoint for control point the path is the straight line, at the pace of t."""
    ends, t = drawn("ends"), torch.tensor([[0.3], [0.8]])
    line = (1 - t) * ends[:, 0] + t * ends[:, 1]
    assert torch.allclose(experiment.point(ends, ends.mean(1), t), line)


def test_nets_that_share_all_training_are_one():
    """Siblings for the whole of their training have the same weights, separate nets have not."""
    data = mnist1d(TWO, train=200, test=100)
    same = experiment.trained_ends(TWO, data, SHAPES, steps=5, common=1.0)
    apart = experiment.trained_ends(TWO, data, SHAPES, steps=5, common=0.0)
    assert torch.equal(same[:, 0], same[:, 1])
    assert not torch.isclose(apart[:, 0], apart[:, 1]).all(1).any()


def test_training_the_bend_lowers_the_barrier():
    """Already between small nets a trained bend makes fewer errors than the straight line."""
    line, curve = (experiment.measure(arm, TWO, SMALL) for arm in ("line", "curve"))
    assert (curve["largest_train_error"] < line["largest_train_error"]).all()


def test_all_paths_of_a_seed_have_the_same_ends():
    """The line and the untrained curve start and end at the same nets, also by their test errors."""
    line, curve = (experiment.measure(arm, TWO, SMALL) for arm in ("line", "untrained_curve"))
    for name in ("train_error_curve", "test_error_curve"):
        assert torch.equal(line[name][:, [0, -1]], curve[name][:, [0, -1]])

"""The lab's own backward passes against finite differences, and what its layers promise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from repro.lab.ensemble import conv1d, dropout_masks, linear
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp_shapes, standardise
from repro.lab.normalise import EPSILON, Running, batch_norm, running
from repro.lab.recurrent import lstm, recurrent_shapes, rnn
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2))


def normal(purpose: str, *shape: int) -> Tensor:
    """Return normal draws of two lanes that require a gradient."""
    return SEEDS.normal(purpose, *shape, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize(
    ("length", "width", "stride", "padding"),
    [(7, 3, 1, 0), (7, 3, 2, 1), (8, 5, 2, 1), (6, 5, 3, 4), (5, 1, 1, 0), (5, 5, 1, 0), (4, 2, 4, 1)],
)
def test_convolution_slopes_equal_finite_differences(length, width, stride, padding):
    """The convolution equals torch's and its slopes, first and second, equal finite differences."""
    x, weight, bias = normal("x", 3, 2, length), normal("w", 4, 2, width), normal("b", 4)

    def layer(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return conv1d(x, weight, bias, stride=stride, padding=padding)

    lanes = zip(x, weight, bias, strict=True)
    expected = [nn.functional.conv1d(*lane, stride=stride, padding=padding) for lane in lanes]
    torch.testing.assert_close(layer(x, weight, bias), torch.stack(expected))
    assert gradcheck(layer, (x, weight, bias))
    assert gradgradcheck(layer, (x, weight, bias))


RECURRENT = pytest.mark.parametrize(("kind", "layer"), [("rnn", rnn), ("lstm", lstm)])


@RECURRENT
def test_recurrence_slopes_equal_finite_differences(kind, layer):
    """A recurrence over time has the slopes of finite differences in inputs and all weights."""
    shapes = recurrent_shapes(kind, 2, 3)
    weights = [normal(name, *shape) for name, shape in shapes.items()]
    x = normal("x", 4, 2, 2)
    assert gradcheck(lambda x, *w: layer(dict(zip(shapes, w, strict=True)), x), (x, *weights))


def test_batch_norm_slopes_equal_finite_differences_twice():
    """Batch norm has the first and second derivatives of finite differences."""
    inputs = normal("x", 5, 3), normal("scale", 3), normal("bias", 3)
    assert gradcheck(batch_norm, inputs)
    assert gradgradcheck(batch_norm, inputs)


def test_batch_norm_of_signals_normalises_each_channel():
    """Over signals a channel is normalised over batch and length, as torch.nn.BatchNorm1d does."""
    x = normal("x", 5, 3, 7)
    ours = batch_norm(x, torch.ones(2, 3).double(), torch.zeros(2, 3).double())
    torch.testing.assert_close(ours, torch.stack([nn.BatchNorm1d(3).double()(lane) for lane in x]))


def test_batch_norm_evaluates_with_running_statistics():
    """In evaluation a point is normalised by the statistics, whatever its batch."""
    statistics = Running(torch.full((2, 3), 2.0).double(), torch.full((2, 3), 4.0).double())
    ones = torch.ones(2, 3).double()
    y = batch_norm(normal("x", 5, 3), ones, ones, statistics, is_training=False)
    torch.testing.assert_close(y, (normal("x", 5, 3) - 2) / (4 + EPSILON) ** 0.5 + 1)


def test_running_statistics_of_one_point_are_refused():
    """A single point has no variance to learn from."""
    ones = torch.ones(2, 3).double()
    with pytest.raises(ValueError, match="batches of 2 or more"):
        batch_norm(normal("x", 1, 3), ones, ones, running(ones))


def test_batch_norm_evaluation_without_statistics_is_refused():
    """Evaluation requires the statistics that training updates."""
    with pytest.raises(ValueError, match="pass those that training has updated"):
        batch_norm(normal("x", 5, 3), torch.ones(2, 3), torch.ones(2, 3), is_training=False)


def test_running_statistics_start_at_mean_zero_and_variance_one():
    """Before the first batch the mean is 0 and the variance 1, and neither requires a gradient."""
    statistics = running(normal("scale", 3))
    assert torch.equal(statistics.mean, torch.zeros(2, 3).double())
    assert torch.equal(statistics.variance, torch.ones(2, 3).double())
    assert not statistics.mean.requires_grad


@RECURRENT
def test_second_derivative_of_a_recurrence_is_refused(kind, layer):
    """What can be differentiated only once says so instead of giving a wrong Hessian."""
    shapes = recurrent_shapes(kind, 2, 3)
    weights = {name: normal(name, *shape) for name, shape in shapes.items()}
    states = layer(weights, normal("x", 4, 2, 2)).course
    with pytest.raises(RuntimeError, match="only once"):
        torch.autograd.grad(states.square().sum(), tuple(weights.values()), create_graph=True)


def test_linear_without_bias():
    """A linear layer without bias is the product with the transposed weight."""
    x, weight = normal("x", 5, 3), normal("w", 4, 3)
    torch.testing.assert_close(linear(x, weight), x @ weight.mT)


def test_dropout_masks_keep_the_mean():
    """A mask is 0 with the given probability and else scales up, so that its mean is 1."""
    masks = dropout_masks(SEEDS, 10, 100, 20, rate=0.25)
    assert masks.unique().tolist() == pytest.approx([0, 4 / 3])
    assert masks.mean((1, 2, 3)).tolist() == pytest.approx([1, 1], abs=0.02)


def test_standardising_a_network_is_done_unit_by_unit():
    """What enters each rectifier is the unit's former input less its mean over its spread, layer by layer."""
    net = initialise(SEEDS, mlp_shapes(3, 4, 4, 2), "he", dtype=torch.float64)
    x = SEEDS.normal("x", 12, 3, dtype=torch.float64)
    before = {name: weight.clone() for name, weight in net.weights.items()}
    with torch.no_grad():
        standardise(net, x)
    for lane in range(len(SEEDS)):
        points = x[lane]
        for k in range(2):
            columns = []
            for unit in range(4):
                entered = points @ before[f"{k}.weight"][lane, unit] + before[f"{k}.bias"][lane, unit]
                if (deviation := entered.std()) > 0:
                    columns.append((entered - entered.mean()) / deviation)
                else:  # a unit that gets nothing but zeros
                    columns.append(torch.full_like(entered, torch.nan))
            expected = torch.stack(columns, 1)
            found = points @ net.weights[f"{k}.weight"][lane].T + net.weights[f"{k}.bias"][lane]
            torch.testing.assert_close(found, expected, equal_nan=True)
            points = expected.relu()
    assert torch.equal(net.weights["2.weight"], before["2.weight"])

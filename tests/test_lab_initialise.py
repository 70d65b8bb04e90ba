"""Initial weights have the variance that their rule states."""

from __future__ import annotations

import pytest
import torch

from repro.lab.initialise import initialise
from repro.lab.mlp import mlp_shapes
from repro.lab.parameters import flatten, leaves, unflatten
from repro.lab.recurrent import recurrent_shapes
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3))
DENSE = {"weight": (200, 300)}
CONV = {"weight": (200, 20, 5)}


@pytest.mark.parametrize(
    ("rule", "shapes", "variance"),
    [
        ("he", DENSE, 2 / 300),
        ("he", CONV, 2 / 100),
        ("lecun", DENSE, 1 / 300),
        ("glorot", DENSE, 2 / 500),
        ("glorot", CONV, 2 / (100 + 1000)),
        ("pytorch_default", DENSE, 1 / 900),
        ("orthogonal", DENSE, 1 / 300),
        ("normal", DENSE, 1),
    ],
)
def test_rule_sets_the_variance(rule, shapes, variance):
    """Weights have mean 0 and the rule's variance, and a gain scales their deviation."""
    flat = initialise(SEEDS, shapes, rule, gain=3.0).flat
    assert float(flat.mean()) == pytest.approx(0, abs=0.02 * 3 * variance**0.5)
    assert float(flat.var()) == pytest.approx(9 * variance, rel=0.03)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(shape):
    """The smaller Gram matrix is the identity."""
    w = initialise(SEEDS, {"weight": shape}, "orthogonal", dtype=torch.float64).weights["weight"].detach()
    gram = w @ w.mT if shape[0] <= shape[1] else w.mT @ w
    torch.testing.assert_close(gram, torch.eye(min(shape)).double().expand_as(gram))


def test_vectors_start_at_zero_and_scales_at_one():
    """Biases are zero and scales of normalisation one, whatever the rule for matrices."""
    net = initialise(SEEDS, {"norm.scale": (4,), "norm.bias": (4,)}, "pytorch_default")
    assert torch.equal(net.weights["norm.scale"], torch.ones(3, 4))
    assert torch.equal(net.weights["norm.bias"], torch.zeros(3, 4))


def test_torch_rule_draws_biases_with_the_bound_of_their_matrix():
    """Biases are bounded by one over the root of their layer's fan in; recurrent ones of their state."""
    shapes = {**mlp_shapes(400, 100), **recurrent_shapes("lstm", 2, 25)}
    weights = initialise(SEEDS, shapes, "pytorch_default").weights
    assert float(weights["0.bias"].detach().abs().max()) == pytest.approx(1 / 20, rel=0.05)
    for name in recurrent_shapes("lstm", 2, 25):
        assert float(weights[name].detach().abs().max()) == pytest.approx(1 / 5, rel=0.05)


def test_lanes_of_a_seed_start_from_the_same_weights():
    """Lanes of a seed are neighbours with equal weights; seeds differ."""
    flat = initialise(SEEDS, DENSE, "he", lanes=2).flat
    assert torch.equal(flat[0::2], flat[1::2])
    assert not torch.equal(flat[0], flat[2])


def test_flat_matrix_and_named_weights_share_memory():
    """What an optimiser does to the matrix, layers see; flattening undoes naming."""
    shapes = mlp_shapes(3, 4, 2)
    net = leaves(torch.arange(52.0).view(2, 26), shapes)
    net.flat.mul_(2)
    assert float(net.weights["1.bias"].detach()[1, 1]) == 102
    assert torch.equal(flatten(list(unflatten(net.flat, shapes).values())), net.flat)

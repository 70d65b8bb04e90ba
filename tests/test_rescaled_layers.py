"""Factors on layers, and what they do to curvature, where both are known in closed form."""

import torch

from repro.experiments import rescaled_layers as experiment
from repro.lab.fullbatch import hessian_product, top_eigenvalues
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.parameters import leaves
from repro.lab.seeds import Seeds
from repro.lab.sharpness import in_proportion, rescale

TWO = Seeds((5, 6))
SMALL = experiment.Scale(points=30, width=6, steps=20)


def test_two_weights_have_the_sharpness_of_the_closed_form():
    """Of (v w x - y)^2 at a fit it is 2 x^2 (v^2 + w^2), and 4 x^2 v^2 w^2 in proportion, factors or not."""
    shapes = {"0.weight": (1, 1), "1.weight": (1, 1)}
    net = leaves(torch.tensor([[3.0, 2.0], [30.0, 0.2]], dtype=torch.float64), shapes)  # (w, v), factor 10
    x = torch.full((2, 1, 1), 0.5, dtype=torch.float64)
    outputs = net.weights["1.weight"] @ (net.weights["0.weight"] @ x).relu()
    product = hessian_product((outputs - 3).square().mean((1, 2)), net)
    start = torch.tensor([[1.0, 0.3]], dtype=torch.float64).repeat(2, 1)
    raw = top_eigenvalues(product, start)
    assert torch.allclose(raw, torch.tensor([0.5 * 13, 0.5 * 900.04], dtype=torch.float64))
    proportional = top_eigenvalues(in_proportion(product, net), start)
    assert torch.allclose(proportional, torch.tensor(36.0, dtype=torch.float64))


def test_factors_whose_product_is_one_leave_outputs_as_they_are():
    """With biases at every layer, and each lane with factors of its own; other factors do not."""
    net = initialise(TWO, mlp_shapes(4, 5, 3, 2), "pytorch_default", dtype=torch.float64)
    x = TWO.normal("x", 7, 4, dtype=torch.float64)
    before = mlp(net.weights, x).detach()
    rescale(net, torch.tensor([[2.0, 5.0, 0.1], [0.5, 0.5, 4.0]], dtype=torch.float64))
    assert torch.allclose(mlp(net.weights, x), before)
    rescale(net, torch.tensor([[2.0, 1.0, 1.0]], dtype=torch.float64).expand(2, 3))
    assert not torch.allclose(mlp(net.weights, x), before)


def test_exchanged_units_compute_the_same_in_other_places():
    """Outputs and sharpness stay, and the weights do not."""
    net = initialise(TWO, mlp_shapes(4, 5, 3, 2), "pytorch_default", dtype=torch.float64)
    x, flat = TWO.normal("x", 7, 4, dtype=torch.float64), net.flat.clone()
    before = mlp(net.weights, x).detach()
    experiment.exchange_units(net, TWO)
    assert torch.allclose(mlp(net.weights, x), before)
    assert not torch.equal(net.flat, flat)


def test_only_what_is_undone_leaves_accuracy_and_outputs():
    """A factor that is taken back changes outputs by rounding at most, one that is not by much more."""
    balanced, unbalanced = (
        experiment.measure(arm, TWO, SMALL)["log10_output_change"] for arm in ("factor_10", "unbalanced_10")
    )
    assert (balanced < -5).all()
    assert (unbalanced > -1).all()

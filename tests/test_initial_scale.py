"""Ratios of signals and gradients in random nets, against what can be written down."""

import math

import torch

from repro.experiments import initial_scale as experiment
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3))
SMALL = experiment.Scale(width=40, depth=6)
RATIOS = ("log10_signal_ratio", "log10_gradient_ratio")


def measured(arm, scale=SMALL):
    """Return what an arm gives for three seeds."""
    return experiment.measure(arm, SEEDS, scale)


def test_gain_multiplies_every_layer_of_a_rectified_net():
    """Twice the variance adds depth x log10(2) decades to both ratios, exactly: rectifiers know no scale."""
    he, four = measured("rectified_gain_2"), measured("rectified_gain_4")
    for name in RATIOS:
        assert torch.allclose(four[name] - he[name], torch.tensor(6 * math.log10(2)), atol=1e-4)


def test_wide_nets_keep_the_scale_that_theory_says():
    """The neutral gain is 2 for rectifiers and 1 for linear units, closer the wider the net."""
    wide = experiment.Scale(width=600, depth=3)
    for arm in ("rectified_gain_2", "linear_gain_1"):
        for name in RATIOS:
            assert measured(arm, wide)[name].abs().max() < 0.1, (arm, name)


def test_linear_net_is_the_product_of_its_matrices():
    """Signal and gradient of a linear net follow from the product of its weights."""
    product = torch.eye(40).expand(3, 40, 40)
    for depth in range(6):
        product = product @ (SEEDS.normal(f"weights {depth}", 40, 40) / math.sqrt(40))
    inputs = SEEDS.normal("inputs", experiment.INPUTS, 40)
    top = SEEDS.normal("gradient at the top", experiment.INPUTS, 40)
    signal = ((inputs @ product).square().sum(-1) / inputs.square().sum(-1)).log10().mean(-1)
    gradient = ((top @ product.mT).square().sum(-1) / top.square().sum(-1)).log10().mean(-1)
    found = measured("linear_gain_1")
    assert torch.allclose(found["log10_signal_ratio"], signal, atol=1e-4)
    assert torch.allclose(found["log10_gradient_ratio"], gradient, atol=1e-4)


def test_the_course_ends_at_the_ratio():
    """The last point of the curve is the ratio of the last layer."""
    found = measured("tanh_gain_1")
    assert torch.equal(found["log10_signal_curve"][:, -1], found["log10_signal_ratio"])


def test_what_is_kept_is_counted_from_the_first_layer():
    """Between first and last layer a rectified net of gain 4 gains one factor fewer than from the input."""
    he, four = measured("rectified_gain_2"), measured("rectified_gain_4")
    for name in ("log10_signal_kept", "log10_gradient_kept"):
        assert torch.allclose(four[name] - he[name], torch.tensor(5 * math.log10(2)), atol=1e-4)
    curve = he["log10_signal_curve"]
    assert torch.allclose(he["log10_signal_kept"], curve[:, -1] - curve[:, 0])

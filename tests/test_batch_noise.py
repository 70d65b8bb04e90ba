"""Wrong labels, and the penalty on the length of the gradient against automatic differentiation."""

import torch

from repro.experiments import batch_noise as experiment
from repro.experiments.batch_noise import ARMS, Scale, measure, mislabelled
from repro.lab.data import digits
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.parameters import flatten
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = Scale(train=40, units=4, updates=40)


def test_the_penalty_leads_along_the_gradient_of_half_its_square(monkeypatch):
    """Over a move so short that no unit bends, it is what automatic differentiation gives."""
    monkeypatch.setattr(experiment, "REACH", 1e-6)
    net = initialise(TWO, mlp_shapes(64, 4, 10), "he", dtype=torch.float64)
    data = digits(TWO, train=30, dtype=torch.float64)
    before = net.flat.clone()
    weights = list(net.weights.values())
    loss = cross_entropy(mlp(net.weights, data.x), data.y).sum()
    slope = flatten(torch.autograd.grad(loss, weights, create_graph=True))
    exact = flatten(torch.autograd.grad(slope.square().sum() / 2, weights))
    found = experiment.penalty_slope(net, data.x, data.y, slope.detach())
    assert torch.equal(net.flat, before)
    assert torch.allclose(found, exact, rtol=1e-3, atol=1e-4)


def test_a_share_of_the_labels_is_drawn():
    """Of those that are drawn one in ten is right by chance; new digits keep their labels."""
    scale = Scale(train=1000, wrong=0.5)
    data, right = mislabelled(TWO, scale), digits(TWO, train=1000)
    wrong = (data.y != right.y).float().mean(1)
    assert torch.allclose(wrong, torch.tensor(0.45), atol=0.06)
    assert torch.equal(data.test_y, right.test_y)
    assert torch.equal(mislabelled(TWO, Scale(train=1000, wrong=0.0)).y, right.y)


def test_tuned_arms_have_as_many_trials():
    """No arm that is compared chooses among more settings than another."""
    counts = {name: len(arm.trials) for name, arm in ARMS.items()}
    assert {counts[name] for name in counts if "preset" not in name} == {15}


def test_every_arm_is_tested_ten_times():
    """Those with few updates too."""
    for arm in ("full_same_passes", "full", "small_preset"):
        assert measure(arm, TWO, SMALL)["test_accuracy_curve"].shape == (2, 10)

"""The depth that can be trained: the net against a plain loop, its first weights, and what learns."""

import pytest
import torch

from repro.experiments import signal_propagation
from repro.experiments import trainable_depth as experiment
from repro.lab.mlp import mlp_shapes
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2))
SHAPES = mlp_shapes(experiment.PIXELS, 8, 8, 8, experiment.CLASSES)


@pytest.mark.parametrize("skip", [0.0, 1.0])
def test_the_net_is_a_stack_of_tanh_layers(skip):
    """Each hidden layer after the first gets the tanh of the one below, and with skips that one too."""
    weights = experiment.random_net(SEEDS, SHAPES, variance=1.5, lanes=1).weights
    x = SEEDS.normal("x", 5, experiment.PIXELS)
    w = [weights[f"{k}.weight"][1] for k in range(4)]
    b = [weights[f"{k}.bias"][1] for k in range(4)]
    h = x[1] @ w[0].T + b[0]
    for k in (1, 2):
        h = skip * h + h.tanh() @ w[k].T + b[k]
    logits = h.tanh() @ w[3].T + b[3]
    assert torch.allclose(experiment.tanh_net(weights, x, skip)[1], logits, atol=1e-5)


def test_first_weights_have_the_variances_of_theory():
    """Weights have sigma_w^2 over their inputs, and biases what the untrained nets have."""
    shapes = mlp_shapes(experiment.PIXELS, 300, 300, experiment.CLASSES)
    weights = experiment.random_net(SEEDS, shapes, variance=1.76, lanes=2).weights
    assert weights["1.weight"].var().item() * 300 == pytest.approx(1.76, rel=0.02)
    assert experiment.BIAS_VARIANCE == signal_propagation.BIAS_VARIANCE
    assert torch.equal(weights["1.weight"][0], weights["1.weight"][1])


def test_masks_drop_what_enters_the_next_layer():
    """Where every activation is dropped the logits are the last biases."""
    weights = experiment.random_net(SEEDS, SHAPES, variance=1.0, lanes=1).weights
    x = SEEDS.normal("x", 5, experiment.PIXELS)
    logits = experiment.tanh_net(weights, x, 0.0, torch.zeros(2, 3, 5, 8))
    assert torch.equal(logits, weights["3.bias"][:, None].expand(-1, 5, -1))


@pytest.mark.parametrize("is_adam", [False, True])
def test_every_arm_gives_shares_of_digits(is_adam):
    """Accuracies are percentages, and the last point of the course is the outcome."""
    scale = experiment.Scale(deep=3, width=8, steps=10, is_adam=is_adam)
    for arm in experiment.ARMS:
        values = experiment.measure(arm, SEEDS, scale)
        assert torch.equal(values["accuracy"], values["accuracy_curve"][:, -1])
        assert ((values["accuracy"] >= 0) & (values["accuracy"] <= 100)).all()

"""Nets and a kernel on ordered and rearranged points: what must not change, and what a torch module says."""

import pytest
import torch

from repro.experiments import spatial_prior as experiment
from repro.lab.initialise import initialise
from repro.lab.mnist1d import mnist1d
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=200, steps=20)


@pytest.fixture(autouse=True)
def one_thread():
    """Train on one thread, as the worker does; on more, small matrices take many times longer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_convolutional_net_is_that_of_the_recipe():
    """With the same weights, a torch module of the published shape gives the same logits."""
    net = initialise(TWO, experiment.CNN_SHAPES, "pytorch_default")
    theirs = torch.nn.Sequential(
        torch.nn.Conv1d(1, 25, 5, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Conv1d(25, 25, 3, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Conv1d(25, 25, 3, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(125, 10),
    )  # fmt: skip
    weights = [net.weights[f"{k}.{kind}"][1] for k in range(4) for kind in ("weight", "bias")]
    for ours, parameter in zip(weights, theirs.parameters(), strict=True):
        parameter.data = ours
    x = mnist1d(TWO, train=20, test=10).x
    assert torch.allclose(experiment.cnn(net.weights, x)[1], theirs(x[1].unsqueeze(1)), atol=1e-5)
    assert sum(parameter.numel() for parameter in theirs.parameters()) == 5210


def test_the_kernel_cannot_see_a_rearrangement():
    """Scores stay as they are when all signals' points are put into one other order."""
    data = mnist1d(TWO, train=100, test=20)
    order = TWO.permutations("points", 40).unsqueeze(1)
    moved = data._replace(x=data.x.take_along_dim(order, 2), test_x=data.test_x.take_along_dim(order, 2))
    before, after = (experiment.kernel(TWO, each, SMALL)[0] for each in (data, moved))
    assert torch.allclose(before, after, atol=1e-4)


def test_the_kernel_machine_solves_ridge_regression():
    """With the Gaussian kernel K it scores K(z, x) (K(x, x) + ridge)^-1 y."""
    data = mnist1d(TWO, train=50, test=10, dtype=torch.float64)
    for lane, width in enumerate(experiment.WIDTHS):
        x, z = data.x[0], data.test_x[0]
        near, far = ((-((a[:, None] - x).square().sum(2)) / (2 * width**2)).exp() for a in (x, z))
        y = torch.nn.functional.one_hot(data.y[0]).double()
        expected = far @ torch.linalg.solve(near + experiment.RIDGE * torch.eye(50), y)
        assert torch.allclose(experiment.kernel(TWO, data, SMALL)[0][lane], expected)


def test_machines_learn_and_are_judged_on_their_own_signals():
    """After a little training every arm is better than chance, and its curve ends at its accuracy."""
    for arm in experiment.ARMS:
        values = experiment.measure(arm, TWO, experiment.Scale(train=500, steps=100))
        assert (values["accuracy"] > 20).all(), arm
        assert torch.equal(values["accuracy_curve"][:, -1], values["accuracy"])
        assert values["accuracy_curve"].shape == (2, experiment.LOOKS)

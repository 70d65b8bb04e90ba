"""The training loop, networks with any activation, and plain torch with seeds, each against a plain loop."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from repro.lab.batches import batch_order, batches
from repro.lab.data import teacher_student
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.modules import descend, generators, modules
from repro.lab.networks import network
from repro.lab.optimise import adam, adam_state, sgd
from repro.lab.parameters import gradient
from repro.lab.seeds import Seeds
from repro.lab.train import by_adam, by_sgd, classification, regression, train

SEEDS = Seeds((1, 2, 3, 4, 5))
STEPS = 6


def made():
    """Return data, labels, order of batches and untrained networks."""
    data = teacher_student(SEEDS, train=60, test=5, widths=(8, 4))
    labels = data.y.argmax(2)
    return data, labels, batch_order(SEEDS, 60, 10, STEPS), initialise(SEEDS, mlp_shapes(8, 12, 4), "he")


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_training_is_the_loop_that_scripts_write(name):
    """The same bits as the loop written out, and the loss before each step."""
    data, labels, order, net = made()
    _, _, _, plain = made()
    state, velocity = adam_state(plain.flat), torch.zeros_like(plain.flat)
    losses = []
    for x, y in batches(data.x, labels, order):
        loss = cross_entropy(mlp(plain.weights, x), y)
        losses.append(loss.detach())
        if name == "adam":
            adam(plain.flat, gradient(loss, plain), state, 0.01)
        else:
            sgd(plain.flat, gradient(loss, plain), velocity, 0.1, momentum=0.9 * (name == "momentum"))
    rules = {"sgd": by_sgd(net, 0.1), "momentum": by_sgd(net, 0.1, momentum=0.9), "adam": by_adam(net, 0.01)}
    steps = []
    found = train(net, batches(data.x, labels, order), classification(mlp), rules[name], watch=steps.append)
    assert torch.equal(net.flat, plain.flat)
    assert torch.equal(found, torch.stack(losses, 1))
    assert steps == [*range(1, STEPS + 1)]


def test_regression_is_on_squared_error():
    """One loss per lane, which falls."""
    data, _, order, net = made()
    losses = train(net, batches(data.x, data.y, order), regression(mlp), by_sgd(net, 0.05))
    assert losses.shape == (5, STEPS)
    assert (losses[:, -1] < losses[:, 0]).all()


def test_an_activation_is_an_argument():
    """Rectified it is `mlp`; with tanh it is torch's own layers."""
    data, _, _, net = made()
    assert torch.equal(network(net.weights, data.x, torch.relu), mlp(net.weights, data.x))
    hidden = torch.tanh(functional.linear(data.x[0], net.weights["0.weight"][0], net.weights["0.bias"][0]))
    expected = functional.linear(hidden, net.weights["1.weight"][0], net.weights["1.bias"][0])
    torch.testing.assert_close(network(net.weights, data.x, torch.tanh)[0], expected)


def layers():
    """Return layers with initial weights."""
    return nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 4))


def test_a_module_belongs_to_its_seed():
    """Whatever its company; the global generator is as before."""
    before = torch.get_rng_state()
    alone, *_ = modules(layers, Seeds((3,)))
    among = modules(layers, SEEDS)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(alone[0].weight, among[2][0].weight)
    assert not torch.equal(among[1][0].weight, among[2][0].weight)
    assert not torch.equal(modules(layers, Seeds((3,)), "others")[0][0].weight, alone[0].weight)


def test_a_generator_of_torch_belongs_to_its_seed():
    """It is given to what takes one."""
    [alone], among = generators(Seeds((3,)), "noise"), generators(SEEDS, "noise")
    assert torch.equal(torch.randn(4, generator=alone), torch.randn(4, generator=among[2]))


def test_descending_is_a_step_of_the_optimiser():
    """The gradient is that of the loss alone, not added to earlier ones."""
    [module], [twin] = modules(layers, Seeds((1,))), modules(layers, Seeds((1,)))
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    x = torch.ones(3, 8)
    for _ in range(2):
        descend(optimiser, module(x).square().mean())
        slopes = torch.autograd.grad(twin(x).square().mean(), [*twin.parameters()])
        with torch.no_grad():
            for weight, slope in zip(twin.parameters(), slopes, strict=True):
                weight.sub_(slope, alpha=0.1)
    for weight, other in zip(module.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(weight, other)


PLAIN = '''\
"""A script in plain torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from repro.lab.modules import descend, modules
from repro.lab.seeds import Seeds


def net() -> nn.Module:
    """Return the untrained network."""
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


def measure(seeds: Seeds) -> Tensor:
    """Return one loss per seed."""
    losses = []
    for module, x in zip(modules(net, seeds), seeds.normal("x", 5, 4), strict=True):
        optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
        for _ in range(3):
            descend(optimiser, functional.mse_loss(module(x), x[:, :2]))
        losses.append(functional.mse_loss(module(x), x[:, :2]).detach())
    return torch.stack(losses)
'''


def test_plain_torch_passes_strict_types(tmp_path, request):
    """The way that the lab documents for `nn.Module` needs no comment for mypy."""
    script = tmp_path / "plain.py"
    script.write_text(PLAIN, encoding="utf-8")
    config = request.config.rootpath / "pyproject.toml"
    command = (sys.executable, "-m", "mypy", "--config-file", str(config), str(script))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=request.config.rootpath)
    assert done.returncode == 0, done.stdout

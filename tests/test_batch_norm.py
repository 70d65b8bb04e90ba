"""The batch-norm experiments, against what can be written down."""

import torch

from repro.experiments import batch_norm, batch_norm_landscape
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.normalise import running
from repro.lab.parameters import gradient
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
WIDTHS = (3, *[4] * batch_norm.DEPTH, 2)
NORMS = {f"{k}.{name}": (4,) for k in range(batch_norm.DEPTH) for name in ("scale", "shift")}
X = SEEDS.normal("x", 12, 3)
QUIET = torch.zeros(5, 2, batch_norm.DEPTH, 4)


def weights(norms, gain=1.0, dtype=torch.float32):
    """Return a small network's weights, with or without norms."""
    return initialise(SEEDS, {**mlp_shapes(*WIDTHS), **norms}, "he", gain=gain, dtype=dtype)


def test_without_norm_it_is_the_plain_network():
    """Both experiments train the lab's network where there is no norm, and noise does not reach it."""
    flat, plain = weights({})
    loud = mlp(batch_norm.disturbed(plain, QUIET + 3), X)
    net = batch_norm_landscape.Net(mlp_shapes(*WIDTHS), [])
    assert torch.allclose(loud, mlp(plain, X))
    assert torch.allclose(net.forward(flat, X, renews=True)[0], mlp(plain, X))


def test_noise_moves_and_stretches_what_leaves_the_norm():
    """Behind a fresh norm a unit has the noise's shift as mean and one plus its stretch as deviation."""
    noise = SEEDS.uniform("noise", 2, batch_norm.DEPTH, 4)
    watched = batch_norm.entering(weights(NORMS), noise, X)
    there = noise[:, :, batch_norm.LAYER]
    alive = watched.std(1) > 0.5  # a unit without any input is not normalised
    assert alive.any()
    assert torch.allclose(watched.mean(1), there[:, 0], atol=1e-5)
    assert torch.allclose(watched.std(1, correction=0)[alive], 1 + there[:, 1][alive], atol=1e-2)


def test_held_statistics_are_those_of_the_latest_batch():
    """Statistics held since a batch treat that batch as its own do, and another batch otherwise."""
    flat, named = weights(NORMS)
    statistics = [running(named[f"{k}.scale"]) for k in range(batch_norm.DEPTH)]
    net = batch_norm_landscape.Net({**mlp_shapes(*WIDTHS), **NORMS}, statistics)
    x = SEEDS.normal("many x", 500, 3)
    renewed = net.forward(flat, x, renews=True)[1]
    held = net.forward(flat, x, renews=False)[1]
    other = net.forward(flat, x + 1, renews=False)[1]
    assert (renewed - held).abs().median() < 0.01  # running variances divide by one point less
    assert (other - held).abs().median() > 0.1


def test_cosines_of_a_step_of_nothing_are_one(monkeypatch):
    """With a vanishing rate gradients agree and the loss does not move."""
    monkeypatch.setattr(batch_norm_landscape, "RATE", 0.0)
    net = batch_norm_landscape.Net(mlp_shapes(*WIDTHS), [])
    labels = SEEDS.integers("labels", 12, high=2)
    found = batch_norm_landscape.probe(net, weights({}).flat, X, labels, renews=True)
    assert torch.allclose(found.layer_cosine, torch.ones(5), atol=1e-5)
    assert torch.allclose(found.step_cosine, torch.ones(5), atol=1e-5)
    assert torch.allclose(found.loss_range, torch.zeros(5), atol=1e-5)


def test_a_norm_is_blind_to_the_scale_of_its_weights():
    """With batch norm, initial weights of any size give nearly the same inputs of the watched layer."""
    small, large = (weights(NORMS, gain, torch.float64) for gain in (0.5, 5.0))
    first, second = (batch_norm.entering(net, QUIET.double(), X.double()) for net in (small, large))
    assert (first - second).abs().median() < 1e-2


def test_slope_with_noise_is_that_of_the_graph():
    """The gradient by hand, through the noise behind the norms, is the one of automatic differentiation."""
    net = weights(NORMS, dtype=torch.float64)
    net.flat.mul_(1.1).add_(0.1)
    noise = SEEDS.uniform("noise", 2, batch_norm.DEPTH, 4, low=-0.5, high=0.5, dtype=torch.float64)
    labels = SEEDS.integers("labels", 12, high=2)
    loss = cross_entropy(mlp(batch_norm.disturbed(net.weights, noise), X.double()), labels)
    found = batch_norm.slope(net, noise, X.double(), labels)
    torch.testing.assert_close(found, gradient(loss, net), rtol=0, atol=1e-12)

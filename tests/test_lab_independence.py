"""A block's numbers are its own: the same bits beside any companions, and untouched by a diverged lane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import digits, linear_regression, teacher_student
from repro.lab.ensemble import conv1d, dropout_masks, linear, residual
from repro.lab.initialise import initialise
from repro.lab.linear_network import moments, two_layer_slopes
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.normalise import batch_norm
from repro.lab.optimise import adam, adam_state, clip, sgd
from repro.lab.parameters import Parameters, Weights, gradient
from repro.lab.recurrent import gru, lstm, recurrent_shapes, rnn
from repro.lab.seeds import Seeds
from repro.lab.sequences import adding

HEAD = {"out.weight": (10, 21), "out.bias": (10,)}
CONV = {"conv.weight": (7, 1, 3), "conv.bias": (7,), "out.weight": (10, 91), "out.bias": (10,)}
WIDE = {"in.weight": (21, 39), "in.bias": (21,), "norm.scale": (21,), "norm.bias": (21,), **HEAD}
Layer = Callable[[Weights, Tensor], Tensor]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def dense(weights: Weights, x: Tensor) -> Tensor:
    """Linear layer, batch norm, skip connection, linear layer."""
    x = linear(x, weights["in.weight"], weights["in.bias"])
    x = residual(x, batch_norm(x, weights["norm.scale"], weights["norm.bias"]).relu())
    return linear(x, weights["out.weight"], weights["out.bias"])


def convolved(weights: Weights, x: Tensor) -> Tensor:
    """Convolution with stride, linear layer."""
    x = conv1d(x.unsqueeze(2), weights["conv.weight"], weights["conv.bias"], stride=3, padding=1).relu()
    return linear(x.flatten(2), weights["out.weight"], weights["out.bias"])


def recurrent(layer: Callable[..., Tensor]) -> Layer:
    """Recurrent layer over three inputs per step, linear layer on its last state."""

    def forward(weights: Weights, x: Tensor) -> Tensor:
        last = layer(weights, x.unflatten(2, (13, 3)).transpose(1, 2)).last
        return linear(last, weights["out.weight"], weights["out.bias"])

    return forward


NETWORKS: dict[str, tuple[dict[str, tuple[int, ...]], Layer]] = {
    "mlp": (dict(mlp_shapes(39, 21, 10)), mlp),
    "thin mlp": (dict(mlp_shapes(39, 3, 10)), mlp),
    "batch norm": (WIDE, dense),
    "convolution": (CONV, convolved),
    "rnn": ({**recurrent_shapes("rnn", 3, 21), **HEAD}, recurrent(rnn)),
    "lstm": ({**recurrent_shapes("lstm", 3, 21), **HEAD}, recurrent(lstm)),
    "gru": ({**recurrent_shapes("gru", 3, 21), **HEAD}, recurrent(gru)),
}


def block(*numbers: int) -> Seeds:
    """Return the seeds of blocks of five, one block after the other."""
    return Seeds(tuple(5 * number + k for number in numbers for k in range(5)))


def trained(name: str, seeds: Seeds) -> Tensor:
    """Train a network for some steps and return its weights and its logits on test points, lane by lane."""
    shapes, forward = NETWORKS[name]
    data = teacher_student(seeds, train=90, test=33, widths=(39, 10))
    labels = data.y.argmax(2)
    net, order = initialise(seeds, shapes, "he"), batch_order(seeds, 90, 17, 6)
    state, velocity = adam_state(net.flat), torch.zeros_like(net.flat)
    for x, y in batches(data.x, labels, order):
        slope = clip(gradient(cross_entropy(forward(net.weights, x), y), net), 1.0)
        adam(net.flat, slope, state, 3e-3)
        sgd(net.flat, slope, velocity, 0.01, momentum=0.9, decay=1e-3)
    return torch.cat([net.flat, forward(net.weights, data.test_x).detach().flatten(1)], 1)


def by_hand(seeds: Seeds, *, is_normalised: bool = False) -> Tensor:
    """Train with the hand-written gradient."""
    data = teacher_student(seeds, train=90, test=33, widths=(39, 10))
    net = initialise(seeds, mlp_shapes(39, 21, 10, is_normalised=is_normalised), "glorot")
    for _ in range(6):
        sgd(net.flat, mlp_cross_entropy(net, data.x, data.y.argmax(2)).gradient, None, 0.1)
    return net.flat


def from_moments(seeds: Seeds) -> Tensor:
    """Train a linear network on sufficient statistics."""
    data = linear_regression(seeds, train=50, test=1, features=7, noise=0.1)
    statistics = moments(data.x, data.y)
    net = initialise(seeds, {"a.weight": (3, 7), "b.weight": (1, 3)}, "lecun", dtype=torch.float64)
    first, second = (weight.detach() for weight in net.weights.values())
    for _ in range(6):
        slopes = two_layer_slopes(first, second, statistics)
        first.sub_(slopes.first, alpha=0.1)
        second.sub_(slopes.second, alpha=0.1)
    return net.flat


DRAWS: dict[str, Callable[[Seeds], Tensor]] = {
    "mnist1d": lambda seeds: mnist1d(seeds, train=40, test=10).x,
    "digits": lambda seeds: digits(seeds).x,
    "regression": lambda seeds: linear_regression(seeds, train=9, test=5, features=3, noise=1.0).y,
    "adding": lambda seeds: adding(seeds, 5, 11).x,
    "dropout": lambda seeds: dropout_masks(seeds, 3, 4, 7, rate=0.3),
    "order": lambda seeds: batch_order(seeds, 50, 8, 20),
    "orthogonal": lambda seeds: initialise(seeds, {"weight": (6, 9)}, "orthogonal").flat,
    "by hand": by_hand,
    "by hand, normalised": partial(by_hand, is_normalised=True),
    "moments": from_moments,
    **{name: lambda seeds, name=name: trained(name, seeds) for name in NETWORKS},
}


@pytest.mark.parametrize("name", DRAWS)
def test_block_has_the_same_bits_beside_others_and_in_any_order(name, monkeypatch):
    """Seeds 5 to 9 give the same bits alone, in a batch of 10 or 20, and at any place in it."""
    monkeypatch.setattr("repro.lab.batches.AHEAD", 20_000)  # the fewer steps at a time, the more lanes
    alone = DRAWS[name](block(1))
    for companions in [(0, 1), (1, 0), (3, 0, 2, 1), (2, 1, 3, 0)]:
        together = DRAWS[name](block(*companions))
        first = 5 * companions.index(1)
        assert torch.equal(together[first : first + 5], alone), companions


@pytest.mark.parametrize("name", NETWORKS)
def test_diverged_lane_touches_no_other(name):
    """A lane whose weights are NaN stays NaN and leaves the other lanes' bits as they are."""
    shapes, forward = NETWORKS[name]
    seeds = block(0)
    data = teacher_student(seeds, train=33, test=1, widths=(39, 10))
    ends = []
    for poison in (0.0, float("nan")):
        net = initialise(seeds, shapes, "he")
        net.flat[2] += poison
        state, velocity = adam_state(net.flat), torch.zeros_like(net.flat)
        for _ in range(3):
            loss = cross_entropy(forward(net.weights, data.x), data.y.argmax(2))
            slope = clip(gradient(loss, net), 0.1)
            adam(net.flat, slope, state, 3e-3)
            sgd(net.flat, slope, velocity, 0.1, momentum=0.9)
        ends.append((net, accuracy(forward(net.weights, data.x).detach(), data.y.argmax(2))))
    (clean, shares), (poisoned, poisoned_shares) = ends
    others = [0, 1, 3, 4]
    assert torch.equal(clean.flat[others], poisoned.flat[others])
    assert torch.equal(shares[others], poisoned_shares[others])
    assert is_diverged(poisoned, 2)
    assert poisoned_shares[2].isnan()


def is_diverged(net: Parameters, lane: int) -> bool:
    """Are all of a lane's weights NaN?"""
    return bool(net.flat[lane].isnan().all())

"""The ensemble against what a user would write: torch.nn and torch.optim, one seed after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, teacher_student
from repro.lab.ensemble import conv1d, dropout_masks, linear
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy, squared_error
from repro.lab.mlp import masked_cross_entropy, mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.normalise import batch_norm, running
from repro.lab.optimise import adam, adam_state, sgd
from repro.lab.parameters import Parameters, Shapes, Weights, gradient
from repro.lab.recurrent import gru, lstm, recurrent_shapes, rnn
from repro.lab.seeds import Seeds
from repro.lab.sequences import adding

SEEDS = Seeds((3, 1, 4, 1, 5))
STEPS, BATCH, POINTS = 50, 16, 96
Layer = Callable[[Weights, Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def classes(features: int, dtype: torch.dtype = torch.float64) -> Labelled:
    """Return points with one of ten labels, from a random teacher."""
    data = teacher_student(SEEDS, train=POINTS, test=10, widths=(features, 20, 10), dtype=dtype)
    return data._replace(y=data.y.argmax(2), test_y=data.test_y.argmax(2))


def loaded(module: nn.Module, net: Parameters, seed: int) -> nn.Module:
    """Return the module with one lane's weights, which must have its parameters' order and shapes."""
    with torch.no_grad():
        for own, ours in zip(module.parameters(), net.weights.values(), strict=True):
            own.copy_(ours[seed])
    return module


def plain_loop(
    module: nn.Module, optimiser: torch.optim.Optimizer, loss: Loss, x: Tensor, y: Tensor
) -> Tensor:
    """Train one network on batches of shape (steps, batch, ...) and return its weights end to end."""
    for inputs, targets in zip(x, y, strict=True):
        optimiser.zero_grad()
        loss(module(inputs), targets).backward()
        optimiser.step()
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def assert_same_as_plain(
    make: Callable[[], nn.Module],
    forward: Layer,
    shapes: Shapes,
    data: tuple[Tensor, Tensor],
    losses: tuple[Loss, Loss],
    *,
    is_adam: bool = True,
    steps: int = STEPS,
) -> None:
    """Train all seeds as one batch, then each alone in torch, and compare all weights."""
    net = initialise(SEEDS, shapes, "pytorch_default", dtype=torch.float64)
    order = batch_order(SEEDS, data[0].shape[1], BATCH, steps)
    modules = [loaded(make().double(), net, s) for s in range(len(SEEDS))]
    state, velocity = adam_state(net.flat), torch.zeros_like(net.flat)
    for x, y in batches(*data, order):
        slope = gradient(losses[0](forward(net.weights, x), y), net)
        if is_adam:
            adam(net.flat, slope, state, 3e-3)
        else:
            sgd(net.flat, slope, velocity, 0.05, momentum=0.9, decay=1e-3)
    for s, module in enumerate(modules):
        own = module.parameters()
        optimiser = (
            torch.optim.Adam(own, 3e-3)
            if is_adam
            else torch.optim.SGD(own, 0.05, momentum=0.9, weight_decay=1e-3)
        )
        expected = plain_loop(module, optimiser, losses[1], data[0][s][order[s]], data[1][s][order[s]])
        torch.testing.assert_close(net.flat[s], expected, rtol=0, atol=1e-9)


CLASSIFY = (cross_entropy, nn.functional.cross_entropy)
REGRESS = (squared_error, nn.functional.mse_loss)


@pytest.mark.parametrize("is_adam", [True, False], ids=["adam", "sgd"])
def test_mlp_equals_the_plain_loop(is_adam):
    """A fully connected network trains to the same weights as torch.nn.Linear layers, seed by seed."""
    data = classes(12)
    assert_same_as_plain(
        lambda: nn.Sequential(nn.Linear(12, 15), nn.ReLU(), nn.Linear(15, 10)),
        mlp,
        mlp_shapes(12, 15, 10),
        (data.x, data.y),
        CLASSIFY,
        is_adam=is_adam,
    )


CNN = {
    "a.weight": (6, 1, 5),
    "a.bias": (6,),
    "b.weight": (7, 6, 3),
    "b.bias": (7,),
    "out.weight": (10, 35),
    "out.bias": (10,),
}


def cnn(weights: Weights, x: Tensor) -> Tensor:
    """Two convolutions and a linear layer over 20 points."""
    x = conv1d(x.unsqueeze(2), weights["a.weight"], weights["a.bias"], stride=2, padding=1).relu()
    x = conv1d(x, weights["b.weight"], weights["b.bias"], stride=2, padding=1).relu()
    return linear(x.flatten(2), weights["out.weight"], weights["out.bias"])


def test_cnn_equals_the_plain_loop():
    """Strided and padded convolutions train to the same weights as torch.nn.Conv1d."""
    data = classes(20)
    assert_same_as_plain(
        lambda: nn.Sequential(
            nn.Unflatten(1, (1, 20)),
            nn.Conv1d(1, 6, 5, 2, 1),
            nn.ReLU(),
            nn.Conv1d(6, 7, 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(35, 10),
        ),
        cnn,
        CNN,
        (data.x, data.y),
        CLASSIFY,
    )


NORMALISED = {
    "a.weight": (15, 12),
    "a.bias": (15,),
    "norm.scale": (15,),
    "norm.bias": (15,),
    "out.weight": (10, 15),
    "out.bias": (10,),
}


def test_batch_norm_equals_the_plain_loop():
    """Batch norm in training trains to the same weights and running statistics as torch.nn.BatchNorm1d."""
    data = classes(12)
    statistics = running(torch.zeros(len(SEEDS), 15, dtype=torch.float64))

    def forward(weights: Weights, x: Tensor) -> Tensor:
        x = linear(x, weights["a.weight"], weights["a.bias"])
        x = batch_norm(x, weights["norm.scale"], weights["norm.bias"], statistics)
        return linear(x.relu(), weights["out.weight"], weights["out.bias"])

    norms: list[nn.BatchNorm1d] = []

    def make() -> nn.Module:
        norms.append(nn.BatchNorm1d(15))
        return nn.Sequential(nn.Linear(12, 15), norms[-1], nn.ReLU(), nn.Linear(15, 10))

    assert_same_as_plain(make, forward, NORMALISED, (data.x, data.y), CLASSIFY, is_adam=False)
    torch.testing.assert_close(statistics.mean, torch.stack([n.running_mean for n in norms]))
    torch.testing.assert_close(statistics.variance, torch.stack([n.running_var for n in norms]))


class LastState(nn.Module):
    """A recurrent layer and a linear layer on its last state."""

    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.recurrent, self.out = kind(2, 9, batch_first=True), nn.Linear(9, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return one number per sequence."""
        answer: Tensor = self.out(self.recurrent(x)[0][:, -1])
        return answer


@pytest.mark.parametrize(
    ("kind", "module", "layer"),
    [("rnn", nn.RNN, rnn), ("lstm", nn.LSTM, lstm), ("gru", nn.GRU, gru)],
)
def test_recurrent_layer_equals_the_plain_loop(kind, module, layer):
    """Recurrent layers train to the same weights as torch's, on the adding problem."""
    data = adding(SEEDS, POINTS, 12, dtype=torch.float64)
    shapes = {**recurrent_shapes(kind, 2, 9), "out.weight": (1, 9), "out.bias": (1,)}

    def forward(weights: Weights, x: Tensor) -> Tensor:
        last = layer(weights, x.transpose(1, 2)).last
        return linear(last, weights["out.weight"], weights["out.bias"])

    assert_same_as_plain(lambda: LastState(module), forward, shapes, (data.x, data.y), REGRESS, steps=25)


@pytest.mark.parametrize("is_normalised", [False, True])
def test_gradient_by_hand_equals_autograd(is_normalised):
    """The hand-written loss and gradient of a rectified network are the graph's, with batch norm too."""
    data = classes(12)
    shapes = mlp_shapes(12, 15, 14, 10, is_normalised=is_normalised)
    net = initialise(SEEDS, shapes, "he", dtype=torch.float64)
    net.flat.mul_(1.1).add_(0.1)  # scales and shifts of their own, too
    loss = cross_entropy(mlp(net.weights, data.x), data.y)
    slope = mlp_cross_entropy(net, data.x, data.y)
    torch.testing.assert_close(slope.loss, loss.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(slope.gradient, gradient(loss, net), rtol=0, atol=1e-12)


def test_gradient_by_hand_updates_running_statistics_as_the_layer_does():
    """After a step by hand each normalised layer's statistics are those of batch norm in the graph."""
    data = classes(12)
    net = initialise(SEEDS, mlp_shapes(12, 15, 10, is_normalised=True), "he", dtype=torch.float64)
    by_hand, by_layer = (running(net.weights["0.scale"]) for _ in range(2))
    mlp_cross_entropy(net, data.x, data.y, [by_hand])
    entering = linear(data.x, net.weights["0.weight"], net.weights["0.bias"])
    batch_norm(entering, net.weights["0.scale"], net.weights["0.shift"], by_layer)
    assert not torch.equal(by_hand.mean, torch.zeros_like(by_hand.mean))
    torch.testing.assert_close(by_hand, by_layer)


def test_single_precision_learns_as_double_precision_does():
    """In float32 the mean training loss over seeds is that of float64 within a percent."""
    means = []
    for dtype in (torch.float32, torch.float64):
        data = classes(12, dtype)
        net = initialise(SEEDS, mlp_shapes(12, 30, 10), "he", dtype=dtype)
        state, order = adam_state(net.flat), batch_order(SEEDS, POINTS, BATCH, 200)
        for x, y in batches(data.x, data.y, order):
            adam(net.flat, mlp_cross_entropy(net, x, y).gradient, state, 3e-3)
        means.append(float(mlp_cross_entropy(net, data.x, data.y).loss.mean()))
    assert means[0] == pytest.approx(means[1], rel=0.01)


@pytest.mark.parametrize("masked", [(0, 1, 2), (1, 2), (0,), ()])
def test_gradient_by_hand_with_dropout_equals_autograd(masked):
    """Masks on inputs, on units, or on none give the loss and the gradient of the masked network."""
    data = classes(12)
    net = initialise(SEEDS, mlp_shapes(12, 15, 14, 10), "he", dtype=torch.float64)
    net.flat.mul_(1.1).add_(0.1)
    masks: list[Tensor | None] = [None, None, None]
    for k in masked:
        width = net.weights[f"{k}.weight"].shape[2]
        drawn = dropout_masks(SEEDS, 1, POINTS, width, rate=0.3, purpose=f"mask {k}", dtype=torch.float64)
        masks[k] = drawn[:, 0]
    x = data.x
    for k, mask in enumerate(masks):
        x = linear(x if mask is None else x * mask, net.weights[f"{k}.weight"], net.weights[f"{k}.bias"])
        x = x.relu() if k < 2 else x
    loss = cross_entropy(x, data.y)
    slope = masked_cross_entropy(net, data.x, data.y, masks)
    torch.testing.assert_close(slope.loss, loss.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(slope.gradient, gradient(loss, net), rtol=0, atol=1e-12)

"""How much does a network gain by knowing which points of a signal are neighbours?

Hypothesis: filters shared along a signal need not learn in each place anew what its pieces look like. That
helps only while neighbours belong together; machines that treat all points alike have no such help to lose.

Method: MNIST-1D, fresh in each seed; a rearrangement puts the points of all its signals into one new order.
Of a machine's candidates (learning rates, kernel widths) the best on 1,000 signals is judged on 1,000 others.

Arms: three convolutions of 25 channels, at the recipe's rate; two fully connected layers of 100 units, both
trained with Adam; ridge regression with a Gaussian kernel, which sees distances and so no rearrangement.

Outcomes: percent of test signals right. The kernel does not learn by steps; its curve is flat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.ensemble import conv1d, linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.seeds import Seeds

BATCH, LOOKS, VALIDATION, RIDGE, WIDTHS = 100, 10, 1000, 0.1, (2.0, 3.0)
FILTERS = {"0.weight": (25, 1, 5), "1.weight": (25, 25, 3), "2.weight": (25, 25, 3), "3.weight": (10, 125)}
CNN_SHAPES: Shapes = FILTERS | {"0.bias": (25,), "1.bias": (25,), "2.bias": (25,), "3.bias": (10,)}
Logits = Callable[[Weights, Tensor], Tensor]
OUTCOMES = {
    "accuracy": "percent of test signals; higher is better; resolution 0.1",
    "accuracy_curve": "percent of test signals; higher is better; over ten equal parts of training",
}


@dataclass(frozen=True)
class Scale:
    """Training signals, and steps of the nets."""

    train: int = 4000
    steps: int = 800


MINIMAL = Scale()
LARGE = Scale(steps=6000)


def cnn(weights: Weights, x: Tensor) -> Tensor:
    x = x.unsqueeze(2)  # (lanes, batch, 1, 40)
    for k in range(3):
        x = conv1d(x, weights[f"{k}.weight"], weights[f"{k}.bias"], stride=2, padding=1).relu()
    return linear(x.flatten(2), weights["3.weight"], weights["3.bias"])


def kernel(_: Seeds, data: Labelled, __: Scale) -> list[Tensor]:
    scores = []
    for x, y, z in zip(data.x, one_hot(data.y).to(data.x), data.test_x, strict=True):
        squares = torch.cdist(torch.cat([x, z]), x).square()  # (train + test, train)
        for width in WIDTHS:
            gram = torch.exp(squares / (-2 * width**2))
            gram.diagonal().add_(RIDGE)
            scores.append(gram[len(x) :] @ torch.cholesky_solve(y, torch.linalg.cholesky(gram[: len(x)])))
    return [torch.stack(scores)]


def net(
    seeds: Seeds, data: Labelled, scale: Scale, *, logits: Logits, shapes: Shapes, rates: tuple[float, ...]
) -> list[Tensor]:
    lanes, looks = len(rates), []
    nets, rate = initialise(seeds, shapes, "pytorch_default", lanes=lanes), grid(seeds, rates)
    order, state = batch_order(seeds, scale.train, BATCH, scale.steps), adam_state(nets.flat)
    for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, lanes)), 1):
        loss = cross_entropy(logits(nets.weights, x), y)
        adam(nets.flat, gradient(loss, nets), state, rate)
        if step % (scale.steps // LOOKS) == 0:
            looks.append(logits(nets.weights, spread(data.test_x, lanes)).detach())
    return looks


class Arm(NamedTuple):
    """A machine, which scores test signals, (lanes, signals, 10), at each look; are points rearranged?"""

    description: str
    machine: Callable[[Seeds, Labelled, Scale], list[Tensor]]
    is_rearranged: bool = False


CNN = partial(net, logits=cnn, shapes=CNN_SHAPES, rates=(0.01,))
MLP = partial(net, logits=mlp, shapes=mlp_shapes(40, 100, 100, 10), rates=(0.003, 0.01))
ARMS = {
    "cnn": Arm("convolutional net", CNN),
    "cnn_rearranged": Arm("convolutional net on rearranged points", CNN, True),
    "mlp": Arm("fully connected net", MLP),
    "mlp_rearranged": Arm("fully connected net on rearranged points", MLP, True),
    "kernel": Arm("ridge regression with a Gaussian kernel", kernel),
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, machine, is_rearranged = ARMS[arm]
    data = mnist1d(seeds, train=scale.train, test=2 * VALIDATION)
    if is_rearranged:
        points = seeds.permutations("points", data.x.shape[2]).unsqueeze(1)
        data = data._replace(x=data.x.take_along_dim(points, 2), test_x=data.test_x.take_along_dim(points, 2))
    looks = machine(seeds, data, scale)
    lanes = len(looks[-1]) // len(seeds)
    known = accuracy(looks[-1][:, :VALIDATION], spread(data.test_y[:, :VALIDATION], lanes))
    chosen, labels = best(known, lanes, "higher"), data.test_y[:, VALIDATION:]
    curve = 100 * torch.stack([accuracy(scores[chosen, VALIDATION:], labels) for scores in looks], 1)
    return {"accuracy": curve[:, -1], "accuracy_curve": curve.expand(-1, LOOKS)}

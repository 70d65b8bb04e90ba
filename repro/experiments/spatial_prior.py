"""How much does a network gain by knowing which points of a signal are neighbours?

Hypothesis: filters shared along a signal need not learn in each place anew what its pieces look like. That
helps only while neighbours belong together; machines that treat all points alike have no such help to lose.

Method: MNIST-1D, fresh in each seed; a rearrangement puts the points of all its signals into one new order.
Of a machine's candidates (learning rates, kernel widths) the best on 1,000 signals is judged on 1,000 others.

Arms: three convolutions of 25 channels, at the recipe's rate; two fully connected layers of 100 units or, as
suits them better, 300, all trained with Adam; ridge regression with a Gaussian kernel, which sees distances
and so no rearrangement.

Outcomes: percent of test signals right. The kernel does not learn by steps; its curve is flat.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.seeds import Seeds

BATCH = 100  # signals in a batch
LOOKS = 10  # equal parts of training, after each of which a net is tested
VALIDATION = 1000  # signals that choose between candidates; as many others judge
RIDGE = 0.1  # penalty on the squared length of the kernel's solution
WIDTHS = (2.0, 3.0)  # of the kernel, in the signals' own unit
CNN_RATES = (0.01,)  # learning rates of Adam: that of the recipe
MLP_RATES = (0.003, 0.01)  # learning rates of Adam
MLP_SHAPES = mlp_shapes(40, 100, 100, 10)
WIDE_MLP_SHAPES = mlp_shapes(40, 300, 300, 10)
CNN_SHAPES: Shapes = {
    "0.weight": (25, 1, 5),
    "1.weight": (25, 25, 3),
    "2.weight": (25, 25, 3),
    "3.weight": (10, 125),
    "0.bias": (25,),
    "1.bias": (25,),
    "2.bias": (25,),
    "3.bias": (10,),
}


@dataclass(frozen=True)
class Scale:
    """Training signals, and steps of the nets."""

    train: int = 4000
    steps: int = 800


MINIMAL = Scale()
LARGE = Scale(steps=6000)
TRIAL = {"train": 400, "steps": 40}
OUTCOMES = {
    "accuracy": Outcome("test accuracy", unit="percent of test signals", better="higher", resolution=0.1),
    "accuracy_curve": Curve(
        "test accuracy",
        unit="percent of test signals",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


def convolutional(seeds: Seeds, data: Labelled, scale: Scale) -> list[Tensor]:
    return trained(seeds, data, scale, logits=cnn, shapes=CNN_SHAPES, rates=CNN_RATES)


def fully_connected(seeds: Seeds, data: Labelled, scale: Scale) -> list[Tensor]:
    return trained(seeds, data, scale, logits=mlp, shapes=MLP_SHAPES, rates=MLP_RATES)


def wide_fully_connected(seeds: Seeds, data: Labelled, scale: Scale) -> list[Tensor]:
    return trained(seeds, data, scale, logits=mlp, shapes=WIDE_MLP_SHAPES, rates=MLP_RATES)


def kernel(_: Seeds, data: Labelled, __: Scale) -> list[Tensor]:
    scores = []
    for x, y, test_x in zip(data.x, one_hot(data.y).to(data.x), data.test_x, strict=True):
        train = len(x)
        squares = torch.cdist(torch.cat([x, test_x]), x).square()  # (train + test, train)
        for width in WIDTHS:
            gram = torch.exp(squares / (-2 * width**2))
            gram.diagonal().add_(RIDGE)
            root = torch.linalg.cholesky(gram[:train])
            scores.append(gram[train:] @ torch.cholesky_solve(y, root))
    return [torch.stack(scores)]


class Arm(NamedTuple):
    """A machine, which scores test signals, (lanes, signals, 10), at each look; are points rearranged?"""

    description: str
    machine: Callable[[Seeds, Labelled, Scale], list[Tensor]]
    is_rearranged: bool = False


ARMS = {
    "cnn": Arm("convolutional net", convolutional),
    "cnn_rearranged": Arm("convolutional net on rearranged points", convolutional, True),
    "mlp": Arm("fully connected net", fully_connected),
    "mlp_rearranged": Arm("fully connected net on rearranged points", fully_connected, True),
    "mlp_wide": Arm("fully connected net, three times as wide", wide_fully_connected),
    "kernel": Arm("ridge regression with a Gaussian kernel", kernel),
}


def cnn(weights: Weights, x: Tensor) -> Tensor:
    x = x.unsqueeze(2)  # (lanes, batch, 1, 40)
    for k in range(3):
        x = conv1d(x, weights[f"{k}.weight"], weights[f"{k}.bias"], stride=2, padding=1).relu()
    return linear(x.flatten(2), weights["3.weight"], weights["3.bias"])


def trained(
    seeds: Seeds,
    data: Labelled,
    scale: Scale,
    *,
    logits: Callable[[Weights, Tensor], Tensor],
    shapes: Shapes,
    rates: tuple[float, ...],
) -> list[Tensor]:
    """Return a net's scores of the test signals at each look, trained at each rate as lanes of a seed."""
    lanes = len(rates)
    rate = grid(seeds, rates)
    nets = initialise(seeds, shapes, "pytorch_default", lanes=lanes)
    order = batch_order(seeds, scale.train, BATCH, scale.steps)  # (seeds, steps, BATCH)
    state = adam_state(nets.flat)
    looks = []
    for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, lanes)), 1):
        loss = cross_entropy(logits(nets.weights, x), y)
        adam(nets.flat, gradient(loss, nets), state, rate)
        if step % (scale.steps // LOOKS) == 0:
            looks.append(logits(nets.weights, spread(data.test_x, lanes)).detach())
    return looks


def rearranged(seeds: Seeds, data: Labelled) -> Labelled:
    """Return the data with the points of all of a seed's signals in one new order."""
    order = seeds.permutations("points", data.x.shape[2]).unsqueeze(1)  # (seeds, 1, points)
    return data._replace(x=data.x.take_along_dim(order, 2), test_x=data.test_x.take_along_dim(order, 2))


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, machine, is_rearranged = ARMS[arm]
    data = mnist1d(seeds, train=scale.train, test=2 * VALIDATION)
    if is_rearranged:
        data = rearranged(seeds, data)
    looks = machine(seeds, data, scale)
    final = looks[-1]  # (lanes, signals, 10)
    lanes = len(final) // len(seeds)  # of each seed
    known = accuracy(final[:, :VALIDATION], spread(data.test_y[:, :VALIDATION], lanes))
    chosen = best(known, lanes, "higher")  # (seeds,)
    labels = data.test_y[:, VALIDATION:]
    shares = [accuracy(scores[chosen, VALIDATION:], labels) for scores in looks]
    curve = 100 * torch.stack(shares, 1)  # (seeds, looks)
    return {"accuracy": curve[:, -1], "accuracy_curve": curve.expand(-1, LOOKS)}

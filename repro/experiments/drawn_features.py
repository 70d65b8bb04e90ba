"""Do features that are drawn and never trained keep up with those that a net learns?

Hypothesis: much of what a net has over a kernel lies in what its features can see, and that is built in
before training. Features that see the right pieces of an input then do as well drawn as learnt, if there are
many.

Method: ridge regression on drawn features against nets that Adam trains. Width of a kernel, penalty and
learning rate are the best on a third of the further points; the other two thirds judge.

Arms: 8x8 digits, MNIST-1D, and MNIST-1D with the points of all signals put into one new order. Fourier
features see a whole input at once. Filters see five neighbours at every place and report their mean and
largest value; they are drawn, many or few, or learnt, as few, with a layer of units above them.

Outcomes: percent of new points that the best candidate gets right.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, digits
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Outcome
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.seeds import Seeds

CLASSES = 10
FURTHER = 1500  # signals beside those to train on; of the digits it is all that are left
WIDTHS = (2.0, 4.0, 8.0)  # of the Gaussian kernel for which Fourier features stand, in the inputs' own unit
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # on squared weights, over the number of training points
RATES = (0.02, 0.05)  # learning rates of Adam at the start
LENGTH = 5  # neighbours that a filter sees
LEARNT = 32  # filters of a net
UNITS = 100  # of a hidden layer
BATCH = 50  # points in a batch
FILTER_SHAPES: Shapes = {
    "filters.weight": (LEARNT, LENGTH),
    "0.weight": (UNITS, 2 * LEARNT),
    "1.weight": (CLASSES, UNITS),
    "filters.bias": (LEARNT,),
    "0.bias": (UNITS,),
    "1.bias": (CLASSES,),
}


@dataclass(frozen=True)
class Scale:
    """Training points, features that are drawn, and steps of nets."""

    train: int = 1000
    features: int = 1000
    steps: int = 500


MINIMAL = Scale()
LARGE = Scale(train=1190, features=6000, steps=5000)
TRIAL = {"train": 200, "features": 60, "steps": 40}
OUTCOMES = {
    "accuracy": Outcome("test accuracy", unit="percent of test points", better="higher", resolution=0.1),
}


def signals(seeds: Seeds, train: int) -> Labelled:
    return mnist1d(seeds, train=train, test=FURTHER)


def rearranged(seeds: Seeds, train: int) -> Labelled:
    """Return signals with the points of all of a seed's signals in one new order."""
    data = signals(seeds, train)
    order = seeds.permutations("points", data.x.shape[2]).unsqueeze(1)  # (seeds, 1, points)
    return data._replace(x=data.x.take_along_dim(order, 2), test_x=data.test_x.take_along_dim(order, 2))


def pictures(seeds: Seeds, train: int) -> Labelled:
    return digits(seeds, train=train)


def fourier(seeds: Seeds, data: Labelled, scale: Scale) -> Tensor:
    """Return scores by features cos(w x + b) of Gaussian kernels (Rahimi and Recht 2007)."""
    frequencies = seeds.normal("frequencies", data.x.shape[2], scale.features)
    phases = seeds.uniform("phases", 1, scale.features, high=2 * math.pi)
    scores = [
        ridge_scores(
            torch.cos(data.x @ frequencies / width + phases),
            torch.cos(data.test_x @ frequencies / width + phases),
            data.y,
        )
        for width in WIDTHS
    ]
    return torch.cat(scores, 1)


def drawn_filters(seeds: Seeds, data: Labelled, scale: Scale) -> Tensor:
    count = scale.features // 2
    filters = seeds.normal("filters", count, LENGTH) / math.sqrt(LENGTH)
    biases = seeds.normal("biases", count)
    return ridge_scores(
        each_lane(responses, data.x, filters, biases),
        each_lane(responses, data.test_x, filters, biases),
        data.y,
    )


def few_filters(seeds: Seeds, data: Labelled, scale: Scale) -> Tensor:
    """Return scores by no more drawn filters than a net learns."""
    return drawn_filters(seeds, data, replace(scale, features=2 * LEARNT))


def each_lane(do: Callable[..., Tensor], *stacks: Tensor) -> Tensor:
    """Do it for one lane after the other, to hold the places of a single lane in memory."""
    lanes = range(len(stacks[0]))
    return torch.cat([do(*(stack[lane : lane + 1] for stack in stacks)) for lane in lanes])


def responses(x: Tensor, filters: Tensor, biases: Tensor) -> Tensor:
    """Return the mean and the largest rectified response over all places: (lanes, n, points) to (.., 2 k).

    Args:
        x: Signals.
        filters: Shape (lanes, k, LENGTH).
        biases: Shape (lanes, k).
    """
    lanes, count, _ = x.shape
    pieces = x.unfold(2, LENGTH, 1)  # (lanes, n, places, LENGTH)
    found = linear(pieces.reshape(lanes, -1, LENGTH), filters, biases).relu()
    found = found.view(lanes, count, -1, filters.shape[1])  # (lanes, n, places, k)
    return torch.cat([found.mean(2), found.amax(2)], 2)


def ridge_scores(features: Tensor, further: Tensor, classes: Tensor) -> Tensor:
    """Fit one-hot classes by ridge regression; return scores of further points, (seeds, penalties, n, 10).

    Args:
        features: Of training points, (seeds, train, k); they are centred and scaled.
        further: Of further points, (seeds, n, k).
        classes: Of training points, (seeds, train).
    """
    centre, spread_of = features.mean(1, keepdim=True), features.std(1, keepdim=True) + 1e-6
    z, further = (features - centre) / spread_of, (further - centre) / spread_of
    targets = one_hot(classes, CLASSES).to(z)
    targets = targets - targets.mean(1, keepdim=True)
    gram = z.mT @ z / z.shape[1]  # (seeds, k, k)
    moments = z.mT @ targets / z.shape[1]  # (seeds, k, 10)
    identity = torch.eye(gram.shape[1], dtype=z.dtype, device=z.device)
    roots = [torch.linalg.cholesky(gram + penalty * identity) for penalty in PENALTIES]
    return torch.stack([further @ torch.cholesky_solve(moments, root) for root in roots], 1)


def filter_net(weights: Weights, x: Tensor) -> Tensor:
    """Return the scores of a net of filters, whose responses a hidden layer reads."""
    seen = responses(x, weights["filters.weight"], weights["filters.bias"])
    hidden = linear(seen, weights["0.weight"], weights["0.bias"]).relu()
    return linear(hidden, weights["1.weight"], weights["1.bias"])


def trained(
    seeds: Seeds, data: Labelled, scale: Scale, *, scores: Callable[[Weights, Tensor], Tensor], shapes: Shapes
) -> Tensor:
    """Train a net at each rate as lanes of a seed; return scores as `ridge_scores` does, by rates."""
    lanes = len(RATES)
    nets = initialise(seeds, shapes, "pytorch_default", lanes=lanes)
    order = batch_order(seeds, data.x.shape[1], BATCH, scale.steps)
    state, rate = adam_state(nets.flat), grid(seeds, RATES)
    for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, lanes))):
        loss = cross_entropy(scores(nets.weights, x), y)
        left = (1 + math.cos(math.pi * step / scale.steps)) / 2
        adam(nets.flat, gradient(loss, nets), state, rate * left)
    with torch.no_grad():
        found = scores(nets.weights, spread(data.test_x, lanes))
    return found.view(len(seeds), lanes, *found.shape[1:])


plain_net = partial(trained, scores=mlp, shapes=mlp_shapes(64, UNITS, UNITS, CLASSES))
learnt_filters = partial(trained, scores=filter_net, shapes=FILTER_SHAPES)


class Arm(NamedTuple):
    """Data, and a machine that scores further points: (seeds, candidates, n, 10)."""

    description: str
    data: Callable[[Seeds, int], Labelled]
    machine: Callable[[Seeds, Labelled, Scale], Tensor]


ARMS = {
    "digits_fourier": Arm("8x8 digits, drawn Fourier features", pictures, fourier),
    "digits_net": Arm("8x8 digits, a trained net", pictures, plain_net),
    "signals_fourier": Arm("signals, drawn Fourier features", signals, fourier),
    "signals_drawn_filters": Arm("signals, drawn filters", signals, drawn_filters),
    "signals_few_filters": Arm("signals, as many drawn filters as the net has", signals, few_filters),
    "signals_net": Arm("signals, a net with filters that it learns", signals, learnt_filters),
    "rearranged_fourier": Arm("rearranged signals, drawn Fourier features", rearranged, fourier),
    "rearranged_drawn_filters": Arm("rearranged signals, drawn filters", rearranged, drawn_filters),
    "rearranged_net": Arm(
        "rearranged signals, a net with filters that it learns", rearranged, learnt_filters
    ),
}


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, draw, machine = ARMS[arm]
    data = draw(seeds, scale.train)
    scores = machine(seeds, data, scale)
    candidates, known = scores.shape[1], scores.shape[2] // 3
    scores, labels = scores.flatten(0, 1), spread(data.test_y, candidates)
    chosen = best(accuracy(scores[:, :known], labels[:, :known]), candidates, "higher")
    return {"accuracy": 100 * accuracy(scores[chosen, known:], labels[chosen, known:])}

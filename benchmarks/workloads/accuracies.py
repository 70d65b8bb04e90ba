"""The nets for which the authors of MNIST-1D publish accuracies, trained by their recipe.

Source: Greydanus and Kobak, arXiv:2011.14439v4, table 1 (three runs) and section 4, and the notebook on
classification in the authors' repository: Adam at a rate of 0.01, batches of 100, 6,000 steps, a look at the
test points every 250 steps. They stop early, without saying on which points: the best look at the test points
is the most that this can give, and the last step is the fairer figure. Their settings name 256 hidden units,
their model takes 100 by default, and their notebook does not pass a number: hence two widths of `mlp`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from mnist1d.data import get_dataset_args, make_dataset
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.ensemble import conv1d, linear, residual
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.recurrent import gru, recurrent_shapes
from repro.lab.seeds import Seeds

from .tables import aligned, html

RATE, BATCH, STEPS, LOOK_EVERY = 1e-2, 100, 6000, 250
CHANNELS, STATES = 25, 6
MARGIN = 2.0
"""Points within which the published accuracies must be met."""

Net = Callable[[Weights, Tensor], Tensor]


def logistic(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits of a linear classifier."""
    return linear(x, weights["0.weight"], weights["0.bias"])


def mlp(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits of two hidden layers, the second a residual one."""
    h = linear(x, weights["0.weight"], weights["0.bias"]).relu()
    h = residual(h, linear(h, weights["1.weight"], weights["1.bias"]).relu())
    return linear(h, weights["2.weight"], weights["2.bias"])


def cnn(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits of three convolutions that halve the signal, and a linear layer."""
    h = x.unsqueeze(2)  # (lanes, batch, 1, points)
    for layer in range(3):
        h = conv1d(h, weights[f"{layer}.weight"], weights[f"{layer}.bias"], stride=2, padding=1).relu()
    return linear(h.flatten(2), weights["3.weight"], weights["3.bias"])


def recurrent(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits of a linear layer on all states of gated units that read in both directions."""
    signal = x.mT.unsqueeze(3)  # (lanes, points, batch, 1)
    onward = gru(weights, signal, "onward.").course
    backward = gru(weights, signal.flip(1), "backward.").course.flip(1)
    states = torch.cat([onward, backward], 3)  # (lanes, points, batch, states)
    return linear(states.transpose(1, 2).flatten(2), weights["0.weight"], weights["0.bias"])


CNN: Shapes = {
    "0.weight": (CHANNELS, 1, 5),
    "0.bias": (CHANNELS,),
    "1.weight": (CHANNELS, CHANNELS, 3),
    "1.bias": (CHANNELS,),
    "2.weight": (CHANNELS, CHANNELS, 3),
    "2.bias": (CHANNELS,),
    "3.weight": (CLASSES, CHANNELS * 5),
    "3.bias": (CLASSES,),
}
GRU: Shapes = {
    **recurrent_shapes("gru", 1, STATES, "onward."),
    **recurrent_shapes("gru", 1, STATES, "backward."),
    **mlp_shapes(2 * STATES * FEATURES, CLASSES),
}
NETS: dict[str, tuple[tuple[float, float], Shapes, Net]] = {
    "logistic": ((32, 1), mlp_shapes(FEATURES, CLASSES), logistic),
    "mlp": ((68, 2), mlp_shapes(FEATURES, 100, 100, CLASSES), mlp),
    "mlp-256": ((68, 2), mlp_shapes(FEATURES, 256, 256, CLASSES), mlp),
    "cnn": ((94, 2), CNN, cnn),
    "gru": ((91, 2), GRU, recurrent),
}
"""The published accuracy in percent, its deviation over three runs, the shapes and the forward pass."""


def published_set(seeds: Seeds) -> Labelled:
    """Return the single data set of the authors' package, the same in every lane."""
    found = make_dataset(get_dataset_args())
    x, labels, test_x, test_labels = (torch.as_tensor(found[key]) for key in ("x", "y", "x_test", "y_test"))
    lanes = (len(seeds), -1, -1)
    return Labelled(
        x.float().expand(lanes),
        labels.expand(lanes[:2]),
        test_x.float().expand(lanes),
        test_labels.expand(lanes[:2]),
    )


def as_it_comes(data: Labelled) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches of all steps in the order of the points, again and again."""
    for step in range(STEPS):
        place = step * BATCH % data.x.shape[1]
        yield data.x[:, place : place + BATCH], data.y[:, place : place + BATCH]


def trained(net: str, seeds: Seeds, *, is_as_published: bool) -> Tensor:
    """Return the accuracy in percent on test points during training, of shape (looks, seeds).

    Args:
        net: One of `NETS`.
        seeds: Data, weights and order are fresh for each.
        is_as_published: Train on the single data set of the authors' package instead, in its original
            order, so that only the weights differ.
    """
    _, shapes, forward = NETS[net]
    data = published_set(seeds) if is_as_published else mnist1d(seeds)
    weights = initialise(seeds, shapes, "pytorch_default")
    state = adam_state(weights.flat)
    if is_as_published:
        steps = as_it_comes(data)
    else:
        steps = batches(data.x, data.y, batch_order(seeds, data.x.shape[1], BATCH, STEPS))
    looks = []
    for step, (x, y) in enumerate(steps, 1):
        adam(weights.flat, gradient(cross_entropy(forward(weights.weights, x), y), weights), state, RATE)
        if step % LOOK_EVERY == 0:
            with torch.no_grad():
                looks.append(100 * accuracy(forward(weights.weights, data.test_x), data.test_y))
    return torch.stack(looks)


class Row(NamedTuple):
    """What a net achieved on one kind of data.

    Attributes:
        data: `fresh` or `theirs`.
        best: Accuracy in percent at each seed's best look, even seeds before odd ones.
        last: The same after the last step.
    """

    net: str
    data: str
    best: list[float]
    last: list[float]


HEAD = ["net", "data", "seeds", "published", "best look", "difference", "last step"]


def report(rows: list[Row], *, is_page: bool = False) -> str:
    """Return the table for a terminal or a page; a star marks what is too far from the published."""
    cells = list(map(_cells, rows))
    return html(HEAD, cells, "Accuracies") if is_page else "\n".join(aligned(HEAD, cells))


def _cells(row: Row) -> list[str]:
    published, deviation = NETS[row.net][0]
    best, last = (torch.tensor(scores) for scores in (row.best, row.last))
    difference = best.mean().item() - published
    return [
        row.net,
        row.data,
        str(len(best)),
        f"{published:g} ± {deviation:g}",
        f"{best.mean():.1f} ± {best.std():.1f}",
        f"{difference:+.1f}{'*' * (abs(difference) > MARGIN)}",
        f"{last.mean():.1f} ± {last.std():.1f}",
    ]


def write(rows: list[Row], path: Path) -> None:
    """Keep a run."""
    path.write_text(json.dumps([row._asdict() for row in rows], indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[Row]:
    """Return the run that was kept."""
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]

"""Four nets on our MNIST-1D beside the accuracies that its authors publish.

Run: python benchmarks/mnist1d.py [--seeds 4] [--only logistic mlp cnn gru]

The nets, Adam at a rate of 0.01, batches of 100 and 6,000 steps are the recipe's; data, weights and order are
fresh in each seed, and the last step counts. Published: Greydanus and Kobak, arXiv:2011.14439, table of the
repository's README.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import conv1d, linear, residual
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.recurrent import gru, recurrent_shapes
from repro.lab.seeds import Seeds

RATE, BATCH, STEPS = 1e-2, 100, 6000
CHANNELS, STATES = 25, 6
CORES = 2
MARGIN = 2.0

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
NETS: dict[str, tuple[float, Shapes, Net]] = {
    "logistic": (32, mlp_shapes(FEATURES, CLASSES), logistic),
    "mlp": (68, mlp_shapes(FEATURES, 100, 100, CLASSES), mlp),
    "cnn": (94, CNN, cnn),
    "gru": (91, GRU, recurrent),
}
"""Published percent of test points right, shapes and forward pass."""


def trained(job: tuple[str, tuple[int, ...]]) -> list[float]:
    """Return the percent of test points that the nets of some seeds get right after training."""
    name, numbers = job
    torch.set_num_threads(1)
    _, shapes, net = NETS[name]
    seeds = Seeds(numbers)
    data = mnist1d(seeds)
    weights = initialise(seeds, shapes, "pytorch_default")
    state = adam_state(weights.flat)
    for x, y in batches(data.x, data.y, batch_order(seeds, data.x.shape[1], BATCH, STEPS)):
        loss = cross_entropy(net(weights.weights, x), y)
        adam(weights.flat, gradient(loss, weights), state, RATE)
    with torch.no_grad():
        return (100 * accuracy(net(weights.weights, data.test_x), data.test_y)).tolist()


def main() -> None:
    """Train every net on all seeds, half of them in each process, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--only", nargs="+", choices=NETS, default=list(NETS))
    chosen = parser.parse_args()
    print(f"{'net':<10}{'published %':>12}{'ours %':>8}{'s.d.':>6}{'difference':>12}{'seconds':>9}")
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        for name in chosen.only:
            started = time.perf_counter()
            parts = [tuple(range(chosen.seeds))[place::CORES] for place in range(CORES)]
            scores = [one for part in pool.map(trained, [(name, part) for part in parts]) for one in part]
            published, mean = NETS[name][0], statistics.mean(scores)
            print(
                f"{name:<10}{published:>12g}{mean:>8.1f}{statistics.stdev(scores):>6.1f}"
                f"{mean - published:>+12.1f}{time.perf_counter() - started:>9.0f}"
                f"{'' if abs(mean - published) <= MARGIN else f'  more than {MARGIN:g} points apart'}",
                flush=True,
            )


if __name__ == "__main__":
    main()

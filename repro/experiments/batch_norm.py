"""Does batch normalisation still speed up training when layers' inputs are made to drift behind it?

Hypothesis: normalising over the batch makes a net easier to descend, from any weights and at many rates. If
that is because layers' inputs stay put, noise that moves them anew at every step takes it away.

Method: rectifier nets of six hidden layers on MNIST-1D, each learning rate of gradient descent a lane, judged
at the best. Losses are over 1000 training points, without noise, normalised by their own statistics. Drift:
how far the mean of what enters a rectifier of layer 4 moves in a tenth of the steps, for 64 noisy points.

Arms: norm, initial weights, size of batches, noise behind the norm, which shifts each unit by up to 0.5 and
stretches it by up to 0.25, alike for all points. Data, weights and noise are the same to a factor.

Outcomes: loss at the end, how many rates bring it below one nat, and the mean drift.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, take
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import sgd
from repro.lab.parameters import Parameters, Weights, unflatten
from repro.lab.seeds import Seeds

NORM, RATES, WORKS = ("scale", "shift"), (0.1, 0.3, 1.0), 1.0  # WORKS in nats, where guessing costs 2.3
POINTS, DEPTH, LAYER, BATCH, PROBES = 4000, 6, 3, 64, 10  # LAYER counts from 0
OUTCOMES = {
    "loss": "nats; lower is better; resolution 0.001",
    "working_rates": "learning rates of three; higher is better; resolution 0.1",
    "drift": "standard deviations in a tenth of the steps; neither is better; resolution 0.001",
    "loss_curve": "nats; lower is better; over ten equal parts of the steps",
    "loss_by_rate_curve": "nats; lower is better; over learning rates 0.1, 0.3 and 1",
}


@dataclass(frozen=True)
class Scale:
    """Units of a hidden layer, and steps."""

    width: int = 64
    steps: int = 400


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)


class Arm(NamedTuple):
    """Initial weights over He's, points in a batch, and strength of the noise."""

    description: str
    gain: float = 1.0
    batch: int = BATCH
    noise: float = 0.0


ARMS = {
    "none": Arm("no normalisation, He weights"),
    "bn": Arm("batch norm, He weights"),
    "none_small": Arm("no normalisation, weights 0.3 times He's", gain=0.3),
    "bn_small": Arm("batch norm, weights 0.3 times He's", gain=0.3),
    "none_batch_2": Arm("no normalisation, batches of 2", batch=2),
    "bn_batch_2": Arm("batch norm over batches of 2", batch=2),
    "bn_mild": Arm("batch norm, then half the noise", noise=0.5),
    "bn_noisy": Arm("batch norm, then full noise", noise=1.0),
    "bn_loud": Arm("batch norm, then ten times the noise", noise=10.0),
}


def disturbed(weights: Weights, noise: Tensor) -> dict[str, Tensor]:
    """Return weights with noise, of shape (lanes, 2, DEPTH, width), behind what the norms do."""
    norms = {k: w * (1 + noise[:, 1, int(k[0])]) for k, w in weights.items() if k[2:] in NORM}
    moved = {k: w + noise[:, 0, int(k[0])] for k, w in norms.items() if k.endswith("shift")}
    return {**weights, **norms, **moved}


def slope(net: Parameters, noise: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the gradient of the loss with noise, (lanes, count)."""
    found = mlp_cross_entropy(net._replace(weights=disturbed(net.weights, noise)), x, y).gradient
    for name, part in unflatten(found, {k: w.shape[1:] for k, w in net.weights.items()}).items():
        if name[2:] in NORM:
            part.mul_(1 + noise[:, 1, int(name[0])])
    return found


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    (_, gain, batch, strength), lanes = ARMS[arm], len(RATES)
    data = mnist1d(seeds, train=POINTS, test=0)
    seen_x, seen_y = spread(data.x[:, :1000], lanes), spread(data.y[:, :1000], lanes)
    shapes = mlp_shapes(FEATURES, *[scale.width] * DEPTH, CLASSES, is_normalised=arm[:2] == "bn")
    net = initialise(seeds, shapes, "he", gain=gain, lanes=lanes)
    order = spread(batch_order(seeds, POINTS, batch, scale.steps), lanes)
    shifts = seeds.uniform("shifts", scale.steps + 1, DEPTH, scale.width, low=-0.5, high=0.5)
    stretches = seeds.uniform("stretches", scale.steps + 1, DEPTH, scale.width, high=0.25)
    noise = spread(strength * torch.stack([shifts, stretches], 2), lanes)  # (lanes, steps + 1, 2, ...)
    losses, probes = [], []
    for step in range(scale.steps + 1):
        if step % (scale.steps // PROBES) == 0:
            losses.append(cross_entropy(mlp(net.weights, seen_x), seen_y).detach())
            below = {k: w for k, w in disturbed(net.weights, noise[:, step]).items() if int(k[0]) <= LAYER}
            probes.append(mlp(below, seen_x[:, :BATCH]).detach())
        if step < scale.steps:
            x, y = take(data.x, order[:, step]), take(data.y, order[:, step])
            sgd(net.flat, slope(net, noise[:, step], x, y), None, grid(seeds, RATES))
    course, watched = torch.stack(losses, 1), torch.stack(probes)  # lanes first, and times first
    lane = best(course[:, -1], lanes, "lower")
    return {
        "loss": course[lane, -1],
        "working_rates": (course[:, -1] < WORKS).view(-1, lanes).float().sum(1),
        "drift": (watched.mean(2).diff(dim=0).abs() / watched.std(2)[:-1]).mean((0, 2))[lane],
        "loss_curve": course[lane],
        "loss_by_rate_curve": course[:, -1].view(-1, lanes),
    }

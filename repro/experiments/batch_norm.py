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
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, unflatten
from repro.lab.seeds import Seeds

RATES = (0.1, 0.3, 1.0)  # learning rates
WORKS = 1.0  # nats below which a rate works; guessing costs 2.3
POINTS = 4000  # training points
SEEN = 1000  # training points that losses are taken over
DEPTH = 6  # hidden layers
LAYER = 3  # hidden layer that is watched, counted from 0
BATCH = 64  # points in a batch, and points by which drift is watched
PROBES = 10  # equal parts of the steps, between which losses and drift are taken
SHIFT = 0.5  # largest shift of a unit by the noise
STRETCH = 0.25  # largest stretch of a unit by the noise, as a share
NORM = ("scale", "shift")  # names of the weights behind a norm


@dataclass(frozen=True)
class Scale:
    """Units of a hidden layer, and steps."""

    width: int = 64
    steps: int = 400


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)
OUTCOMES = {
    "loss": Outcome("training loss after the last step", unit="nats", better="lower", resolution=0.001),
    "working_rates": Outcome(
        "learning rates that work", unit="learning rates of three", better="higher", resolution=0.1
    ),
    "drift": Outcome(
        "drift of what enters the fourth layer's rectifiers",
        unit="standard deviations in a tenth of the steps",
        better="neither",
        resolution=0.001,
    ),
    "loss_curve": Curve(
        "training loss", unit="nats", better="lower", axis=Axis("step", first=0, last="steps", points=11)
    ),
    "loss_by_rate_curve": Curve(
        "training loss after the last step, by learning rate",
        unit="nats",
        better="lower",
        axis=Axis("learning rate", values=RATES, is_logarithmic=True),
    ),
}


class Arm(NamedTuple):
    """Initial weights over He's, points in a batch, and strength of the noise."""

    description: str
    is_normalised: bool
    gain: float = 1.0
    batch: int = BATCH
    noise: float = 0.0


ARMS = {
    "none": Arm("no normalisation, He weights", is_normalised=False),
    "bn": Arm("batch norm, He weights", is_normalised=True),
    "none_small": Arm("no normalisation, weights 0.3 times He's", is_normalised=False, gain=0.3),
    "bn_small": Arm("batch norm, weights 0.3 times He's", is_normalised=True, gain=0.3),
    "none_batch_2": Arm("no normalisation, batches of 2", is_normalised=False, batch=2),
    "bn_batch_2": Arm("batch norm over batches of 2", is_normalised=True, batch=2),
    "bn_mild": Arm("batch norm, then half the noise", is_normalised=True, noise=0.5),
    "bn_noisy": Arm("batch norm, then full noise", is_normalised=True, noise=1.0),
    "bn_loud": Arm("batch norm, then ten times the noise", is_normalised=True, noise=10.0),
}


def layer_of(name: str) -> int:
    """Return the layer of a weight, whose name is the layer's number, a dot and a word."""
    return int(name[0])


def is_norm(name: str) -> bool:
    return name[2:] in NORM


def disturbed(weights: Weights, noise: Tensor) -> dict[str, Tensor]:
    """Return weights with noise, of shape (lanes, 2, DEPTH, width), behind what the norms do."""
    shifts, stretches = noise.unbind(1)  # each (lanes, DEPTH, width)
    found = dict(weights)
    for name in weights:
        if is_norm(name):
            found[name] = weights[name] * (1 + stretches[:, layer_of(name)])
        if name.endswith("shift"):
            found[name] = found[name] + shifts[:, layer_of(name)]
    return found


def slope(net: Parameters, noise: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the gradient of the loss with noise, (lanes, count)."""
    noisy = net._replace(weights=disturbed(net.weights, noise))
    gradient = mlp_cross_entropy(noisy, x, y).gradient
    shapes = {name: weight.shape[1:] for name, weight in net.weights.items()}
    for name, part in unflatten(gradient, shapes).items():  # views, so that what follows changes the gradient
        if is_norm(name):
            part.mul_(1 + noise[:, 1, layer_of(name)])
    return gradient


def noise_of(seeds: Seeds, scale: Scale, strength: float) -> Tensor:
    """Return shift and stretch of each unit at each step, (seeds, steps + 1, 2, DEPTH, width)."""
    shape = (scale.steps + 1, DEPTH, scale.width)
    shifts = seeds.uniform("shifts", *shape, low=-SHIFT, high=SHIFT)
    stretches = seeds.uniform("stretches", *shape, high=STRETCH)
    return strength * torch.stack([shifts, stretches], 2)


def entering(net: Parameters, noise: Tensor, x: Tensor) -> Tensor:
    """Return the inputs of the watched layer's rectifiers, (lanes, points, width)."""
    noisy = disturbed(net.weights, noise)
    return mlp({name: weight for name, weight in noisy.items() if layer_of(name) <= LAYER}, x).detach()


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, is_normalised, gain, batch, strength = ARMS[arm]
    lanes = len(RATES)  # of each seed
    data = mnist1d(seeds, train=POINTS, test=0)
    seen_x = spread(data.x[:, :SEEN], lanes)
    seen_y = spread(data.y[:, :SEEN], lanes)
    shapes = mlp_shapes(FEATURES, *[scale.width] * DEPTH, CLASSES, is_normalised=is_normalised)
    net = initialise(seeds, shapes, "he", gain=gain, lanes=lanes)
    order = spread(batch_order(seeds, POINTS, batch, scale.steps), lanes)
    noise = spread(noise_of(seeds, scale, strength), lanes)
    losses, probes = [], []
    for step in range(scale.steps + 1):
        if step % (scale.steps // PROBES) == 0:
            losses.append(cross_entropy(mlp(net.weights, seen_x), seen_y).detach())
            probes.append(entering(net, noise[:, step], seen_x[:, :BATCH]))
        if step < scale.steps:
            x = take(data.x, order[:, step])
            y = take(data.y, order[:, step])
            sgd(net.flat, slope(net, noise[:, step], x, y), None, grid(seeds, RATES))
    course = torch.stack(losses, 1)  # (lanes, times)
    final = course[:, -1]
    watched = torch.stack(probes)  # (times, lanes, points, width)
    moves = watched.mean(2).diff(dim=0).abs() / watched.std(2)[:-1]  # (times - 1, lanes, width)
    lane = best(final, lanes, "lower")  # (seeds,)
    return {
        "loss": course[lane, -1],
        "working_rates": (final < WORKS).view(-1, lanes).float().sum(1),
        "drift": moves.mean((0, 2))[lane],
        "loss_curve": course[lane],
        "loss_by_rate_curve": final.view(-1, lanes),
    }

"""Does batch normalisation still speed up training when layers' inputs are made to drift behind it?

Hypothesis: normalising over the batch makes a net easier to descend, from any weights and at many rates. If
that is because layers' inputs stay put, noise that moves them as much as in a plain net takes it away. The
same noise, drawn once and held, moves nothing: it tells apart what drift does and what noise does by itself.

Method: deep rectifier nets on MNIST-1D, each learning rate of gradient descent a lane. The best is chosen by
the loss over half of the training points and judged by that over the others, without noise. Drift is how far
the mean of what enters a rectifier half way up moves in a tenth of the steps, for 128 points, and jump is how
far it moves in one step.

Arms: norm, initial weights, size of batches, noise where the norm is or would be. It shifts each unit by up
to half of its spread at the start and stretches it by up to a quarter, alike for all points. Data, weights
and noise are the same to a factor. A plain net may have its units standardised once, before training.

Outcomes: loss at the end; how many rates end near the best; the largest that trains; drift and jump.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, take
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.normalise import batch_norm
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, unflatten
from repro.lab.seeds import Seeds

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # learning rates
WORKS = 1.5  # times the loss at the best rate, up to which a rate works
GUESSING = log(CLASSES)  # nats that guessing costs, below which a net has learned something
POINTS = 1000  # training points
JUDGED = 500  # of them, over which the loss is judged; the others choose the rate
BATCH = 128  # points in a batch, and points by which drift is watched
PROBES = 10  # equal parts of the steps, between which losses and drift are taken
SHIFT = 0.5  # largest shift of a unit by the noise, in its standard deviations at the start
STRETCH = 0.25  # largest stretch of a unit by the noise, as a share


@dataclass(frozen=True)
class Scale:
    """Hidden layers, units of each, and steps."""

    depth: int = 10
    width: int = 48
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)
TRIAL = {"width": 16, "steps": 30}
OUTCOMES = {
    "loss": Outcome("training loss after the last step", unit="nats", better="lower", resolution=0.001),
    "working_rates": Outcome(
        "learning rates that end within 1.5 times the loss of the best",
        unit="learning rates of six",
        better="higher",
        resolution=0.1,
    ),
    "log10_largest_rate": Outcome(
        "largest learning rate that ends below the loss of guessing",
        unit="decades",
        better="higher",
        resolution=0.1,
    ),
    "drift": Outcome(
        "drift of what enters the rectifiers half way up",
        unit="standard deviations in a tenth of the steps",
        better="neither",
        resolution=0.001,
    ),
    "jump": Outcome(
        "jump of what enters the rectifiers half way up",
        unit="standard deviations in a step",
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
    """Initial weights over He's, points in a batch, strength of the noise, and steps until the next draw."""

    description: str
    is_normalised: bool = False
    is_standardised: bool = False
    gain: float = 1.0
    batch: int = BATCH
    noise: float = 0.0
    every: int | None = 1  # None: never


ARMS = {
    "none": Arm("no normalisation"),
    "bn": Arm("batch norm", is_normalised=True),
    "once": Arm("no normalisation, units standardised once before training", is_standardised=True),
    "none_small": Arm("no normalisation, weights 0.3 times He's", gain=0.3),
    "bn_small": Arm("batch norm, weights 0.3 times He's", is_normalised=True, gain=0.3),
    "none_batch_2": Arm("no normalisation, batches of 2", batch=2),
    "bn_batch_2": Arm("batch norm over batches of 2", is_normalised=True, batch=2),
    "bn_noisy": Arm("batch norm, then noise anew at every step", is_normalised=True, noise=1.0),
    "bn_slow": Arm(
        "batch norm, then noise anew at every thirtieth step", is_normalised=True, noise=1.0, every=30
    ),
    "bn_held": Arm("batch norm, then noise drawn once and held", is_normalised=True, noise=1.0, every=None),
    "bn_loud": Arm("batch norm, then ten times the noise", is_normalised=True, noise=10.0),
    "none_noisy": Arm("no normalisation, noise anew at every step", noise=1.0),
    "none_held": Arm("no normalisation, noise drawn once and held", noise=1.0, every=None),
}


def split_name(name: str) -> tuple[int, str]:
    """Return the layer of a weight, and what it is there."""
    layer, word = name.split(".")
    return int(layer), word


def entering(weights: Weights, x: Tensor, depth: int) -> list[Tensor]:
    """Return what enters the rectifiers of each hidden layer, (lanes, points, width) each."""
    entered = []
    for k in range(depth):
        x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
        if f"{k}.scale" in weights:
            x = batch_norm(x, weights[f"{k}.scale"], weights[f"{k}.shift"])
        entered.append(x)
        x = x.relu()
    return entered


def standardise(net: Parameters, x: Tensor, depth: int) -> None:
    """Scale and shift a plain net's units in place, so that over x their means are 0 and their spreads 1."""
    for k in range(depth):
        weight, bias = net.weights[f"{k}.weight"], net.weights[f"{k}.bias"]
        entered = linear(x, weight, bias)
        mean, deviation = entered.mean(1), entered.std(1)  # each (lanes, width)
        weight.div_(deviation.unsqueeze(2))
        bias.sub_(mean).div_(deviation)
        x = linear(x, weight, bias).relu()


class Noise(NamedTuple):
    """What noise does to each unit, (lanes, depth, width) each: it stretches, then shifts."""

    stretches: Tensor
    shifts: Tensor

    def moved(self, weights: Weights) -> dict[str, Tensor]:
        """Return weights of a net that does by itself what the noise does to this one."""
        found = self.stretched(weights)
        last = "shift" if "0.shift" in weights else "bias"
        for k in range(self.shifts.shape[1]):
            found[f"{k}.{last}"] = found[f"{k}.{last}"] + self.shifts[:, k]
        return found

    def stretched(self, weights: Weights) -> dict[str, Tensor]:
        """Return weights, or their slopes, with those that make a unit's last linear map stretched."""
        last = ("scale", "shift") if "0.scale" in weights else ("weight", "bias")
        found = dict(weights)
        for name, weight in weights.items():
            layer, word = split_name(name)
            if word in last and layer < self.stretches.shape[1]:
                stretch = self.stretches[:, layer]  # (lanes, width)
                found[name] = weight * stretch.view(*stretch.shape, *[1] * (weight.dim() - 2))
        return found


def noises(arm: Arm, seeds: Seeds, scale: Scale, spreads: Tensor) -> list[Noise]:
    """Return the noise at each step, in units of the spreads at the start, (lanes, depth, width)."""
    every = arm.every or scale.steps + 1
    shape = (scale.steps // every + 1, scale.depth, scale.width)
    lanes = len(RATES)
    shifts = spread(arm.noise * seeds.uniform("shifts", *shape, low=-SHIFT, high=SHIFT), lanes)
    stretches = spread(1 + arm.noise * seeds.uniform("stretches", *shape, high=STRETCH), lanes)
    drawn = [Noise(stretches[:, k], spreads * shifts[:, k]) for k in range(shape[0])]
    return [drawn[step // every] for step in range(scale.steps + 1)]


def slope(net: Parameters, noise: Noise, x: Tensor, y: Tensor) -> Tensor:
    """Return the gradient of the loss with noise, (lanes, count)."""
    noisy = net._replace(weights=noise.moved(net.weights))
    shapes = {name: weight.shape[1:] for name, weight in net.weights.items()}
    slopes = unflatten(mlp_cross_entropy(noisy, x, y).gradient, shapes)
    return torch.cat([part.flatten(1) for part in noise.stretched(slopes).values()], 1)


class Means(NamedTuple):
    """Of what enters the watched rectifiers: mean and standard deviation over points, (lanes, width) each."""

    mean: Tensor
    deviation: Tensor


def watch(net: Parameters, noise: Noise, x: Tensor, depth: int) -> Means:
    middle = entering(noise.moved(net.weights), x, depth)[depth // 2]
    return Means(middle.mean(1), middle.std(1))


def move(before: Means, after: Means) -> Tensor:
    """Return how far the means have moved, in deviations, averaged over units, (lanes,)."""
    return ((after.mean - before.mean).abs() / before.deviation).mean(1)


@torch.no_grad()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    lanes = len(RATES)  # of each seed
    data = mnist1d(seeds, train=POINTS, test=0)
    seen_x, seen_y = spread(data.x, lanes), spread(data.y, lanes)
    shapes = mlp_shapes(FEATURES, *[scale.width] * scale.depth, CLASSES, is_normalised=chosen.is_normalised)
    net = initialise(seeds, shapes, "he", gain=chosen.gain, lanes=lanes)
    if chosen.is_standardised:
        standardise(net, seen_x, scale.depth)
    spreads = torch.stack([x.std(1) for x in entering(net.weights, seen_x, scale.depth)], 1)
    noise = noises(chosen, seeds, scale, spreads)
    order = spread(batch_order(seeds, POINTS, chosen.batch, scale.steps), lanes)
    losses, probes, jumps = [], [], []
    for step in range(scale.steps + 1):
        is_probed = step % (scale.steps // PROBES) == 0
        if is_probed:
            losses.append(cross_entropy(mlp(net.weights, seen_x[:, :JUDGED]), seen_y[:, :JUDGED]))
            probes.append(watch(net, noise[step], seen_x[:, :BATCH], scale.depth))
        if step < scale.steps:
            x = take(data.x, order[:, step])
            y = take(data.y, order[:, step])
            sgd(net.flat, slope(net, noise[step], x, y), None, grid(seeds, RATES))
            if is_probed:
                jumps.append(move(probes[-1], watch(net, noise[step + 1], seen_x[:, :BATCH], scale.depth)))
    drifts = [move(before, after) for before, after in pairwise(probes)]
    course = torch.stack(losses, 1)  # (lanes, times)
    choosing = cross_entropy(mlp(net.weights, seen_x[:, JUDGED:]), seen_y[:, JUDGED:])
    lane = best(choosing, lanes, "lower")  # (seeds,)
    final = course[:, -1]
    by_rate = final.view(-1, lanes)
    works = by_rate <= WORKS * final[lane].unsqueeze(1)  # (seeds, lanes)
    rates = torch.tensor(RATES, device=works.device)
    return {
        "loss": final[lane],
        "working_rates": works.float().sum(1),
        "log10_largest_rate": ((by_rate < GUESSING) * rates).amax(1).log10(),
        "drift": torch.stack(drifts).mean(0)[lane],
        "jump": torch.stack(jumps).mean(0)[lane],
        "loss_curve": course[lane],
        "loss_by_rate_curve": by_rate,
    }

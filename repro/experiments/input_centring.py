"""Does a net learn faster from inputs that are centred, of equal scale and uncorrelated?

Hypothesis: the curvature of the first layer is made of the second moments of its inputs. A mean that is not
zero, unequal scales and correlations each draw these moments out into few directions, along which the loss
bends most. Descent takes its rate from the most bent direction and is slow along the others.

Method: full-batch gradient descent. Linear regression from normal inputs in 20 dimensions goes at one over
its largest curvature, until the loss has fallen a millionfold; there the theory is exact. A net of one hidden
layer learns handwritten digits, until the loss is 0.01 nats. It has ten rates from a half to twenty-three
over its own curvature at the start, and the one that is first there counts: no inputs suffer from a rate that
suits others. All inputs of nets, but for those made larger, have the same mean variance.

Arms: what is done to the inputs. Of pixels as they are, the mean is kept; those that are only larger have
their size, but no mean; those that are rotated have other axes and the same moments.

Outcomes: largest curvature at the start; steps.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.data import digits
from repro.lab.fullbatch import eigenvalues, hessian_product, top_eigenvalues
from repro.lab.initialise import initialise
from repro.lab.lanes import grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.networks import network
from repro.lab.optimise import sgd
from repro.lab.outcomes import Outcome
from repro.lab.parameters import gradient, leaves
from repro.lab.seeds import Seeds

DIMENSION, POINTS = 20, 500  # of the regression
CORRELATION = 0.9  # between any two of its inputs
FALL = 1e-6  # of its loss
MULTIPLES = torch.logspace(-0.3, 1.36, 10).tolist()  # rates of a net, times its own curvature at the start
LOSS = 0.01  # nats that a net is to reach
UNITS = 10.0  # over which the scales of pixels are spread, evenly in decades
LEAST = 0.01  # of the mean variance: added to those of the axes before they are made equal
MOST_STEPS = 20000
CLASSES = 10


@dataclass(frozen=True)
class Scale:
    """Digits, units of the hidden layer, whether these are rectified, and momentum of a net's descent."""

    train: int = 500
    width: int = 32
    is_rectified: bool = False
    momentum: float = 0.0


MINIMAL = Scale()
LARGE = Scale(train=1500, width=256)
TRIAL = {"train": 100, "width": 16}
OUTCOMES = {
    "largest_curvature": Outcome(
        "largest curvature at the start", unit="curvature", better="lower", resolution=0.001
    ),
    "steps": Outcome("steps to the same loss", unit="steps", better="lower", resolution=1),
}


class Speed(NamedTuple):
    """Largest curvature at the start, and steps until the loss is reached, both (seeds,)."""

    largest_curvature: Tensor
    steps: Tensor


def without_mean(seeds: Seeds) -> Tensor:
    return seeds.normal("inputs", POINTS, DIMENSION, dtype=torch.float64)


def with_mean(seeds: Seeds) -> Tensor:
    return without_mean(seeds) + 1


def with_mean_centred(seeds: Seeds) -> Tensor:
    return centred(with_mean(seeds))


def correlated(seeds: Seeds) -> Tensor:
    common = seeds.normal("common", POINTS, 1, dtype=torch.float64)
    own = without_mean(seeds)
    return math.sqrt(1 - CORRELATION) * own + math.sqrt(CORRELATION) * common


def correlated_whitened(seeds: Seeds) -> Tensor:
    return whitened(correlated(seeds), 0.0)


def pixels(seeds: Seeds, scale: Scale) -> Tensor:
    x = digits(seeds, train=scale.train).x
    return x / variance(x).sqrt()


def pixels_centred(seeds: Seeds, scale: Scale) -> Tensor:
    return centred(pixels(seeds, scale))


def pixels_larger(seeds: Seeds, scale: Scale) -> Tensor:
    x = pixels(seeds, scale)
    return centred(x) * x.square().mean((1, 2), keepdim=True).sqrt()


def pixels_rotated(seeds: Seeds, scale: Scale) -> Tensor:
    x = pixels_centred(seeds, scale)
    axes: Tensor = torch.linalg.qr(seeds.normal("axes", x.shape[2], x.shape[2])).Q
    return x @ axes


def pixels_standardised(seeds: Seeds, scale: Scale) -> Tensor:
    x = pixels_centred(seeds, scale)
    x = x / (x.square().mean(1, keepdim=True) + LEAST).sqrt()
    return x / variance(x).sqrt()


def pixels_unequal(seeds: Seeds, scale: Scale) -> Tensor:
    x = pixels_standardised(seeds, scale)
    x = x * UNITS ** seeds.uniform("units", 1, x.shape[2])
    return x / variance(x).sqrt()


def pixels_whitened(seeds: Seeds, scale: Scale) -> Tensor:
    x = whitened(pixels_centred(seeds, scale), LEAST)
    return x / variance(x).sqrt()


def regressing(inputs: Callable[[Seeds], Tensor]) -> Callable[[Seeds, Scale], Speed]:
    return lambda seeds, _scale: regression(inputs(seeds), seeds)


def net_on(inputs: Callable[[Seeds, Scale], Tensor]) -> Callable[[Seeds, Scale], Speed]:
    return lambda seeds, scale: net(inputs(seeds, scale), seeds, scale)


class Arm(NamedTuple):
    """What learns from which inputs."""

    text: str
    learn: Callable[[Seeds, Scale], Speed]


ARMS = {
    "net_raw": Arm("net, pixels as they are", net_on(pixels)),
    "net_centred": Arm("net, pixels without their mean", net_on(pixels_centred)),
    "net_larger": Arm("net, pixels without their mean, as large as with it", net_on(pixels_larger)),
    "net_rotated": Arm("net, pixels without their mean, axes turned", net_on(pixels_rotated)),
    "net_standardised": Arm("net, pixels of equal variance", net_on(pixels_standardised)),
    "net_unequal": Arm("net, pixels of variances spread over two decades", net_on(pixels_unequal)),
    "net_whitened": Arm("net, pixels of equal variance and uncorrelated", net_on(pixels_whitened)),
    "mean_0": Arm("regression, inputs without mean", regressing(without_mean)),
    "mean_1": Arm("regression, inputs of mean 1", regressing(with_mean)),
    "centred_1": Arm("regression, inputs of mean 1, centred", regressing(with_mean_centred)),
    "correlated": Arm("regression, correlated inputs", regressing(correlated)),
    "whitened": Arm("regression, correlated inputs, whitened", regressing(correlated_whitened)),
}
SAME_FOR_ANY_LABELS = {
    "largest_curvature": "the curvature at the start is made of the inputs",
    "steps": "how soon a loss is fitted is measured, whichever labels it is of",
}


def centred(x: Tensor) -> Tensor:
    return x - x.mean(1, keepdim=True)


def variance(x: Tensor) -> Tensor:
    """Return the variance of an input, averaged over the inputs, (seeds, 1, 1)."""
    return centred(x).square().mean((1, 2), keepdim=True)


def whitened(x: Tensor, least: float) -> Tensor:
    """Return centred inputs along their principal axes, with variances made equal but for the least ones."""
    values, axes = torch.linalg.eigh(centred(x).mT @ centred(x) / x.shape[1])
    values = values.clamp(min=0) + least * values.mean(1, keepdim=True)
    white: Tensor = centred(x) @ axes / values.sqrt().unsqueeze(1)
    return white


def regression(x: Tensor, seeds: Seeds) -> Speed:
    """Learn a linear function with a bias, without noise, at one over the largest curvature."""
    x = torch.cat([x, torch.ones_like(x[..., :1])], 2)  # (seeds, POINTS, DIMENSION + 1)
    moments = x.mT @ x / x.shape[1]
    curvature = eigenvalues(moments)[:, -1]
    error = seeds.normal("target", x.shape[2], 1, dtype=x.dtype)  # of the weights
    steps = torch.full_like(curvature, torch.nan)
    first = None
    for step in range(MOST_STEPS):
        slope = moments @ error
        loss = (error * slope).sum((1, 2))
        first = loss if first is None else first
        steps = torch.where(steps.isnan() & (loss <= FALL * first), step, steps)
        if not steps.isnan().any():
            break
        error = error - slope / curvature[:, None, None]
    return Speed(curvature, steps)


def net(x: Tensor, seeds: Seeds, scale: Scale) -> Speed:
    """Learn which digits they are."""
    lanes = len(MULTIPLES)
    shapes = mlp_shapes(x.shape[2], scale.width, CLASSES)
    activation = torch.relu if scale.is_rectified else torch.tanh
    y = digits(seeds, train=scale.train).y
    start = initialise(seeds, shapes, "lecun")
    bend = hessian_product(cross_entropy(network(start.weights, x, activation), y), start)
    curvature = top_eigenvalues(bend, seeds.normal("Lanczos", start.flat.shape[1]))
    rate = grid(seeds, MULTIPLES) / spread(curvature, lanes)
    weights = leaves(spread(start.flat, lanes), shapes)
    velocity = torch.zeros_like(weights.flat)
    x, y = spread(x, lanes), spread(y, lanes)
    steps = torch.full_like(curvature, torch.nan)
    for step in range(MOST_STEPS):
        loss = cross_entropy(network(weights.weights, x, activation), y)
        is_there = (loss.detach() <= LOSS).view(-1, lanes).any(1)
        steps = torch.where(steps.isnan() & is_there, step, steps)
        if not steps.isnan().any():
            break
        sgd(weights.flat, gradient(loss, weights), velocity, rate, momentum=scale.momentum)
    return Speed(curvature, steps)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    speed = ARMS[arm].learn(seeds, scale)
    return {"largest_curvature": speed.largest_curvature, "steps": speed.steps}

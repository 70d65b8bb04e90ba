"""How many random features does it take to approximate a Gaussian kernel to one percent?

Hypothesis: each feature is one draw of a Monte Carlo mean, so the error falls as D^(-1/2), whatever the
variance of a draw; the largest error over a domain costs a logarithm more. Draws from another spectrum have
another mean, so their error stops at the distance between the two kernels.

Method: points in the 8-cube, the kernel exp(-|x - x'|^2), errors over all pairs of points for numbers of
features D from 64 upwards, taken from one stream. Straight lines are fitted to log error against log D.

Arms: what a draw is. The paired map has the smaller variance on close pairs; the Cauchy law has the scale of
the right one and the wrong shape.

Outcomes: slopes of the largest and the root mean square error, and the D at which the line of the largest
error reaches 0.01, which lies far to the right of what is measured at the minimal scale.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

DIMENSIONS = 8  # of the cube
LOG10_TARGET = -2.0  # decades of the largest error that is allowed
LOG2_FEWEST = 6  # log2 of the smallest number of features


@dataclass(frozen=True)
class Scale:
    """Points whose pairs are compared, and log2 of the largest number of features."""

    points: int = 400
    log2_features: int = 12


MINIMAL = Scale()
LARGE = Scale(points=2000, log2_features=16)
OUTCOMES = {
    "largest_error_slope": Outcome(
        "pace at which the largest error falls with features",
        unit="decades per decade of features",
        better="lower",
        resolution=0.001,
    ),
    "rms_error_slope": Outcome(
        "pace at which the root mean square error falls with features",
        unit="decades per decade of features",
        better="lower",
        resolution=0.001,
    ),
    "log10_features_for_one_percent": Outcome(
        "features for a largest error of one percent",
        unit="decades of features",
        better="lower",
        resolution=0.01,
    ),
    "log10_largest_error_curve": Curve(
        "largest error of the kernel",
        unit="decades",
        better="lower",
        axis=Axis("log2 of the number of features", first=6, last="log2_features", every=1),
    ),
    "log10_rms_error_curve": Curve(
        "root mean square error of the kernel",
        unit="decades",
        better="lower",
        axis=Axis("log2 of the number of features", first=6, last="log2_features", every=1),
    ),
}


def phase(seeds: Seeds, points: Tensor, count: int) -> Tensor:
    frequencies = seeds.normal("frequencies", count, DIMENSIONS).mT
    phases = seeds.uniform("phases", 1, count, high=2 * math.pi)
    return torch.cos(math.sqrt(2) * points @ frequencies + phases)


def paired(seeds: Seeds, points: Tensor, count: int) -> Tensor:
    frequencies = seeds.normal("frequencies", count // 2, DIMENSIONS).mT
    products = math.sqrt(2) * points @ frequencies
    return torch.stack([products.cos(), products.sin()], -1).flatten(-2)


def cauchy(seeds: Seeds, points: Tensor, count: int) -> Tensor:
    frequencies = torch.tan(math.pi * (seeds.uniform("frequencies", count, DIMENSIONS).mT - 0.5))
    phases = seeds.uniform("phases", 1, count, high=2 * math.pi)
    return torch.cos(math.sqrt(2) * points @ frequencies + phases)


class Arm(NamedTuple):
    """The features of points, (seeds, points, count), up to a factor."""

    description: str
    features: Callable[[Seeds, Tensor, int], Tensor]


ARMS = {
    "phase": Arm("cos(w x + b), Gaussian frequencies and uniform phases", phase),
    "paired": Arm("cos(w x) and sin(w x) of half as many Gaussian frequencies", paired),
    "cauchy": Arm("cos(w x + b) with Cauchy frequencies, the spectrum of another kernel", cauchy),
}


def line(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return slope and intercept of the least-squares line through points along the last dimension."""
    centred = x - x.mean()
    slope = (y * centred).sum(-1) / centred.square().sum()
    return slope, y.mean(-1) - slope * x.mean()


def log10_errors(features: Tensor, kernel: Tensor, counts: list[int]) -> tuple[Tensor, Tensor]:
    """Return log10 of largest and root mean square error, each (seeds, counts), of the first features."""
    total = torch.zeros_like(kernel)  # (seeds, points, points)
    summed = 0  # features in the total
    largest, mean_square = [], []
    for count in counts:
        draws = features[..., summed:count]
        total = torch.baddbmm(total, draws, draws.mT)
        summed = count
        error = 2 / count * total - kernel
        largest.append(error.abs().amax((1, 2)))
        mean_square.append(error.square().mean((1, 2)))
    return torch.stack(largest, -1).log10(), torch.stack(mean_square, -1).log10() / 2


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    points = seeds.uniform("points", scale.points, DIMENSIONS, low=-1.0)
    kernel = torch.exp(-torch.cdist(points, points).square())
    counts = [2**power for power in range(LOG2_FEWEST, scale.log2_features + 1)]
    features = ARMS[arm].features(seeds, points, counts[-1])  # (seeds, points, features)
    log10_largest, log10_rms = log10_errors(features, kernel, counts)
    decades = torch.tensor(counts, device=seeds.device).log10()
    largest_slope, intercept = line(decades, log10_largest)
    rms_slope, _ = line(decades, log10_rms)
    return {
        "largest_error_slope": largest_slope,
        "rms_error_slope": rms_slope,
        "log10_features_for_one_percent": (LOG10_TARGET - intercept) / largest_slope,
        "log10_largest_error_curve": log10_largest,
        "log10_rms_error_curve": log10_rms,
    }

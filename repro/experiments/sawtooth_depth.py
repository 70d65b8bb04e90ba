"""How many units does a wave with many teeth take in one layer, and how many in twenty?

Hypothesis: two rectifiers make a triangle wave, and a wave of a wave has twice the teeth. So each two more
layers double what a deep net can tell apart on a line. In one layer a unit adds one bend, and with it one
tooth at most, so that width has to keep pace with the number of points.

Method: points on a line with alternating labels, each shifted a little in a seed. The deep net is built by
hand. For nets of few layers no net is built: a function of p straight pieces passes the threshold p times
at most, and a dynamic programme finds the fewest errors that so many passages allow. A layer of m units has
m + 1 pieces, l layers of m units have at most (2m)^l. Nothing is trained.

Arms: waves on top of one another, and one or three layers of so many units; a deep net of one wave less, as
many units in one layer as no error takes, and labels that change only once.

Outcomes: the share of points that are wrong, the hidden units, and what other numbers of units would
achieve.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

SHIFT = 0.4  # of a point either way, in distances between points
THRESHOLD = 0.5  # of the output, between the labels
UNITS_PER_WAVE = 4  # two in each of two layers
UNITS = (4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 64, 128, 256, 512, 1024)  # hidden units along the curve


@dataclass(frozen=True)
class Scale:
    """Logarithm to base 2 of the number of points."""

    log2_points: int = 10


MINIMAL = Scale()
LARGE = Scale(log2_points=14)
OUTCOMES = {
    "error": Outcome("points wrong", unit="share of points", better="lower", resolution=0.0005),
    "hidden_units": Outcome("hidden units", unit="units", better="lower", resolution=1),
    "error_curve": Curve(
        "points wrong",
        unit="share of points",
        better="lower",
        axis=Axis("hidden units", values=UNITS, is_logarithmic=True),
    ),
}


class Points(NamedTuple):
    """Points on a line in increasing order, and labels of 0 and 1, both (seeds, points)."""

    x: Tensor
    y: Tensor


def wave(x: Tensor) -> Tensor:
    """Return one tooth over the interval from 0 to 1, and 0 outside: two rectifiers, then one."""
    return (2 * x.relu() - 4 * (x - 0.5).relu()).relu()


def deep_errors(points: Points, units: list[int], log2_points: int) -> Tensor:
    """Return the share of points that built nets of so many units get wrong, (seeds, units)."""
    reached, shares = points.x, []
    for _ in range(log2_points):
        reached = wave(reached)
        shares.append(((reached >= THRESHOLD) != (points.y == 1)).double().mean(1))
    waves = [min(count // UNITS_PER_WAVE, log2_points) for count in units]
    return torch.stack([shares[number - 1] for number in waves], 1)


def fewest_wrong(labels: Tensor, passages: int) -> Tensor:
    """Return the fewest points that a function gets wrong which passes the threshold only so often.

    Args:
        labels: 0 or 1 for each point, in order along the line, (seeds, points).
        passages: The largest number of passages.

    Returns:
        Counts for 0 to `passages` passages, (seeds, passages + 1).
    """
    wrong = labels.new_zeros(len(labels), 2, passages + 1)  # by the side that a point is on
    is_wrong = torch.stack([labels != 0, labels != 1], 1).long()  # (seeds, sides, points)
    for point in range(labels.shape[1]):
        crossed = wrong.flip(1)[:, :, :-1]
        wrong[:, :, 1:] = torch.minimum(wrong[:, :, 1:], crossed)
        wrong += is_wrong[:, :, point].unsqueeze(2)
    return wrong.amin(1).cummin(1).values


def one_layer(units: int) -> int:
    """Return the straight pieces of one hidden layer."""
    return units + 1


def three_layers(units: int) -> int:
    """Return the most straight pieces of three hidden layers that share the units."""
    return (2 * (units // 3)) ** 3


class Arm(NamedTuple):
    """Straight pieces by hidden units, or None for the deep net; units, or None for as many as it takes."""

    description: str
    pieces: Callable[[int], int] | None
    units: int | None
    is_alternating: bool = True


ARMS = {
    "deep": Arm("twenty layers of two units", None, 40),
    "deep_short": Arm("eighteen layers of two units", None, 36),
    "shallow": Arm("one layer of 64 units", one_layer, 64),
    "three_layers": Arm("three layers of two units", three_layers, 6),
    "shallow_exact": Arm("one layer of as many units as it takes", one_layer, None),
    "threshold": Arm("one unit, labels that change once", one_layer, 1, is_alternating=False),
}
SAME_FOR_EVERY_SEED = {
    "shallow": "its fewest errors follow from the order of the labels, which no shift changes",
    "three_layers": "its fewest errors follow from the order of the labels, which no shift changes",
    "shallow_exact": "what it takes follows from the order of the labels, which no shift changes",
    "threshold": "one change of label takes one passage wherever the points lie",
}


def labelled(seeds: Seeds, count: int, *, is_alternating: bool) -> Points:
    """Return points at even distances, each shifted, whose labels alternate or change in the middle."""
    number = torch.arange(count, device=seeds.device)
    shift = seeds.uniform("shifts", count, low=-SHIFT, high=SHIFT, dtype=torch.float64)
    y = number % 2 if is_alternating else number // (count // 2)
    return Points((number + shift) / count, y.repeat(len(seeds), 1))


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, pieces, units, is_alternating = ARMS[arm]
    count = 2**scale.log2_points
    points = labelled(seeds, count, is_alternating=is_alternating)
    wrong = fewest_wrong(points.y, count)  # (seeds, passages)
    if units is None:  # a piece each for all passages but those that no error takes
        units = int((wrong[0] > 0).sum()) - 1
    counts = [units, *UNITS]
    if pieces is None:
        errors = deep_errors(points, counts, scale.log2_points)
    else:
        errors = wrong[:, [min(pieces(each), count) for each in counts]] / count
    return {
        "error": errors[:, 0],
        "hidden_units": torch.full((len(seeds),), float(units)),
        "error_curve": errors[:, 1:],
    }

"""Does descent on a network end in poor minima, and do they vanish as the network grows?

Hypothesis: a student with no unit to spare must give each of its units another one of the teacher's. Where
two share one, or one stands between two, no small change helps: descent is stuck although the loss could be
zero. A unit to spare can take up what is missing, so that wider students are not held up.

Method: the teacher has ten smooth rectified units with orthonormal weights on ten inputs; every other one is
subtracted. Students learn 1,000 points without noise, in full batch, by descent with momentum from He's
starts, or LeCun's where units are linear, two for each seed, until the loss is one percent of the targets'
variance or steps run out. Students with one hidden layer that have not got so far then take 40 damped Newton
steps in float64, which lead down from saddles too. They end badly if even that leaves them above one percent.

Arms: units, as multiples of the teacher's; a second hidden layer; starts near the teacher; students and
teachers of linear units.

Outcomes: percent of starts that end badly, and of starts that do so without being at rest: the later half of
Newton's steps lowers their loss by a tenth, or a direction leads down. And steps of descent on the way to one
percent, which are 3,000 where it never got there.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.initialise import initialise
from repro.lab.lanes import reseeded, spread
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp_shapes
from repro.lab.networks import network
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, flatten, gradient, leaves
from repro.lab.seeds import Seeds
from repro.lab.students import Lesson, bend, lesson, settle

POOR = 0.01  # mean squared error above which an end is bad, of the targets' variance, which is 1
RATE = 0.05  # of descent
WIDE_RATE = 1.5  # over the units of a hidden layer: the rate if that is less
MOMENTUM = 0.9
AWAY = 0.1  # deviation of the moves from the teacher's weights at which some students start
NEWTON_STEPS = 40
GAIN = 0.1  # share by which the later half of Newton's steps lowers a loss that is not at rest
DOWN = 1e-3  # share of the largest curvature that a direction bends down by if it leads down
LOOKS = (1, 3, 10, 30, 100, 300, 1000, 3000)  # steps after which the curve looks


@dataclass(frozen=True)
class Scale:
    """Inputs (and units of the teacher), points, and starts of each seed."""

    inputs: int = 10
    points: int = 1000
    starts: int = 2


MINIMAL = Scale()
LARGE = Scale(inputs=20, points=10_000, starts=20)
TRIAL = {"inputs": 4, "points": 200}
OUTCOMES = {
    "bad_ends": Outcome("starts that end badly", unit="percent of starts", better="lower", resolution=0.5),
    "unrested_ends": Outcome(
        "starts that end badly and not at rest", unit="percent of starts", better="lower", resolution=0.5
    ),
    "log10_steps": Outcome(
        "steps of descent to one percent of the variance", unit="decades", better="lower", resolution=0.01
    ),
    "above_curve": Curve(
        "starts whose loss has never been below one percent of the variance",
        unit="percent of starts",
        better="lower",
        axis=Axis("step of descent", values=LOOKS, is_logarithmic=True),
    ),
}


class Arm(NamedTuple):
    """Units of a hidden layer over the teacher's, hidden layers, and what kind of units and starts."""

    text: str
    multiple: float
    layers: int = 1
    is_linear: bool = False
    is_near: bool = False


ARMS = {
    "matched": Arm("as many units as the teacher", 1),
    "half_more": Arm("half as many again", 1.5),
    "eight_times": Arm("eight times as many units", 8),
    "deep": Arm("two hidden layers, each of four times as many units", 4, layers=2),
    "near": Arm("as many units, starting near the teacher", 1, is_near=True),
    "linear_eight_times": Arm("linear units, eight times as many", 8, is_linear=True),
    "linear_deep": Arm("two hidden layers of linear units", 4, layers=2, is_linear=True),
}


def straight(z: Tensor) -> Tensor:
    return z


def linear_lesson(seeds: Seeds, scale: Scale) -> Lesson:
    """Return targets that one random direction gives, instead of a teacher with bends."""
    bent = lesson(seeds, scale.points, scale.inputs)
    direction = seeds.normal("direction", scale.inputs, 1, dtype=torch.float64)
    sums = bent.x @ direction
    return bent._replace(y=(sums - sums.mean(1, keepdim=True)) / sums.std(1, keepdim=True))


def near(seeds: Seeds, teacher: Lesson, shapes: Shapes, starts: int) -> Parameters:
    """Return students at their teacher's weights, each moved by draws of its own."""
    there = spread(flatten([teacher.teacher[name] for name in shapes]), starts)
    moves = reseeded(seeds, starts).normal("moves", there.shape[1], dtype=there.dtype)
    return leaves((there + AWAY * moves).float(), shapes)


class Descent(NamedTuple):
    """Which lanes have been below the bound, after how many steps, and which had not by each look."""

    is_good: Tensor
    steps: Tensor
    above: list[Tensor]


def descend(net: Parameters, x: Tensor, y: Tensor, arm: Arm, width: int) -> Descent:
    """Change students in place until each has been below the bound once, or steps run out."""
    velocity = torch.zeros_like(net.flat)
    activation = straight if arm.is_linear else bend
    is_good = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    steps = torch.full((len(x),), float(LOOKS[-1]), device=x.device)
    above: list[Tensor] = []
    for step in range(1, LOOKS[-1] + 1):
        loss = squared_error(network(net.weights, x, activation), y)
        is_first = ~is_good & (loss.detach() <= POOR)
        is_good |= is_first
        steps[is_first] = step
        if step in LOOKS:
            above.append(~is_good)
        if is_good.all():
            break
        sgd(net.flat, gradient(loss, net), velocity, min(RATE, WIDE_RATE / width), momentum=MOMENTUM)
    return Descent(is_good, steps, above + [~is_good] * (len(LOOKS) - len(above)))


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    kind, starts = ARMS[arm], scale.starts
    taught = linear_lesson(seeds, scale) if kind.is_linear else lesson(seeds, scale.points, scale.inputs)
    x, y = spread(taught.x, starts), spread(taught.y, starts)
    width = round(kind.multiple * scale.inputs)
    shapes = mlp_shapes(scale.inputs, *[width] * kind.layers, 1)
    net = (
        near(seeds, taught, shapes, starts)
        if kind.is_near
        else initialise(reseeded(seeds, starts), shapes, "lecun" if kind.is_linear else "he")
    )
    is_good, steps, above = descend(net, x.float(), y.float(), kind, width)
    is_bad, is_unrested = ~is_good, ~net.flat.isfinite().all(1)
    high = (is_bad & ~is_unrested).nonzero().flatten()
    if len(high) and kind.layers == 1 and not kind.is_linear:
        students = leaves(net.flat[high].double(), shapes)
        rest = settle(students, shapes, x[high], y[high], NEWTON_STEPS)
        falls = 1 - rest.losses[:, 2] / rest.losses[:, 1]
        is_bad[high] = 2 * rest.losses[:, 2] > POOR
        is_unrested[high] = is_bad[high] & ((falls > GAIN) | (rest.least < -DOWN))

    def percent(lanes: Tensor) -> Tensor:
        return 100 * lanes.double().view(len(seeds), starts).mean(1)

    return {
        "bad_ends": percent(is_bad),
        "unrested_ends": percent(is_unrested),
        "log10_steps": steps.log10().view(len(seeds), starts).mean(1),
        "above_curve": torch.stack([percent(lanes) for lanes in above], 1),
    }

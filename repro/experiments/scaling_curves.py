"""Does a power law, seen on small sizes, foretell what larger ones lose?

Hypothesis: what a net still gets wrong lies in ever finer detail. Each doubling of the data, or of the
weights, resolves the same share of what is left, so that the loss falls as a power of either, down to a floor
that nothing lowers. Whoever knows the power from small nets knows the loss of large ones.

Method: nets of two hidden layers learn by Adam with a falling rate, and are taken at the best of six lengths
by further points; the loss is that on others. Curves are fitted, by relative error, to the typical loss of
four nets at each smaller size, and foretell single nets at up to sixteen times the largest size seen.

Arms: what is learned, and what grows. A regression on what a random deep net computes, and the classes of
MNIST-1D, each with growing data; that regression with a growing net, on points that are seen once; and, for
comparison, the same few data at every size, with as many steps.

Outcomes: how far a power with a floor misses what it foretells, next to its rivals, each fitted as well as it
can be: a line in the logarithm of the size, an exponential with a floor, and the loss at the last size seen.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, teacher_student
from repro.lab.initialise import initialise
from repro.lab.lanes import best, reseeded, spread
from repro.lab.losses import cross_entropy, squared_error
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, gradient
from repro.lab.seeds import Seeds

TIMES = (1, 1.41, 2, 2.83, 4, 5.66, 8, 16, 32, 64, 128)  # sizes over the smallest
SEEN = 7  # sizes to which curves are fitted
UNITS = (3, 4, 5, 7, 9, 11, 14, 21, 32, 47, 69)  # of either hidden layer of a net that grows, to such sizes
HIDDEN = 64  # units of either hidden layer where data grow
TEACHER = (8, 32, 32, 1)  # widths of the net whose outputs are to be learned
NETS = 4  # of each seed at sizes seen, which start and learn apart
LENGTHS = 6  # at which a net may be taken, each twice as long as the one before
BATCH = 50  # points in a batch
KNOWN = 1000  # further points that choose
JUDGING = 2000  # further points that judge
POWERS = tuple(k / 50 for k in range(1, 151))  # that a law may have
FADING = tuple(10 ** (k / 50 - 1) for k in range(151))  # sizes seen in which an exponential falls by e


@dataclass(frozen=True)
class Scale:
    """Points of the smallest data set, steps for each root of a point, and steps of nets that grow."""

    points: int = 125
    steps_per_root: int = 20
    net_steps: int = 2000


MINIMAL = Scale()
LARGE = Scale(points=1000, steps_per_root=200, net_steps=50_000)
TRIAL = {"points": 50, "steps_per_root": 2, "net_steps": 50}
OUTCOMES = {
    "missed": Outcome(
        "distance of the loss from what a power law foretold", unit="percent", better="lower", resolution=0.1
    ),
    "line_over_power": Outcome(
        "what a line misses, over what the power law does", unit="decades", better="higher", resolution=0.01
    ),
    "exponential_over_power": Outcome(
        "what an exponential misses, over what the power law does",
        unit="decades",
        better="higher",
        resolution=0.01,
    ),
    "last_missed": Outcome(
        "distance of the loss from that at the last size seen",
        unit="percent",
        better="neither",
        resolution=0.1,
    ),
    "power": Outcome(
        "power with which the loss falls, fitted to all sizes",
        unit="power",
        better="neither",
        resolution=0.01,
    ),
    "log10_loss_curve": Curve(
        "loss on new points",
        unit="decades",
        better="lower",
        axis=Axis("size, over the smallest", values=TIMES, is_logarithmic=True),
    ),
}


class Task(NamedTuple):
    """What is learned.

    Attributes:
        data: Points of each seed: so many to train on, and `KNOWN` and `JUDGING` others.
        ends: Inputs and outputs of a net.
        loss: Of each lane, given outputs and targets.
        slope: Gradient of that loss, given a net and a batch.
        rate: Learning rate of Adam at the start.
    """

    data: Callable[[Seeds, int], Labelled]
    ends: tuple[int, int]
    loss: Callable[[Tensor, Tensor], Tensor]
    slope: Callable[[Parameters, Tensor, Tensor], Tensor]
    rate: float


def values_of_a_net(seeds: Seeds, points: int) -> Labelled:
    """Draw points and what a random net computes; over its variance, so that to know nothing loses one."""
    data = teacher_student(seeds, train=points, test=KNOWN + JUDGING, widths=TEACHER)
    deviation = data.test_y.std(1, keepdim=True)
    return data._replace(y=data.y / deviation, test_y=data.test_y / deviation)


def signals(seeds: Seeds, points: int) -> Labelled:
    return mnist1d(seeds, train=points, test=KNOWN + JUDGING)


def slope_of_values(net: Parameters, x: Tensor, y: Tensor) -> Tensor:
    return gradient(squared_error(mlp(net.weights, x), y), net)


def slope_of_classes(net: Parameters, x: Tensor, y: Tensor) -> Tensor:
    return mlp_cross_entropy(net, x, y).gradient


VALUES = Task(values_of_a_net, (TEACHER[0], 1), squared_error, slope_of_values, 0.01)
CLASSES = Task(signals, (40, 10), cross_entropy, slope_of_classes, 0.003)


def trained(starts: Seeds, task: Task, data: Labelled, units: int, steps: int) -> Tensor:
    """Train one net for each start; return its loss at the length that is best by known points, (starts,).

    Args:
        starts: Of each net, as many for each seed of the data.
        task: What is learned.
        data: Training points of each net or of each seed, and the other points of each seed.
        units: In either hidden layer.
        steps: Of the longest training.
    """
    at = {max(1, round(steps / 2**k)) for k in range(LENGTHS)}
    net = initialise(starts, mlp_shapes(task.ends[0], units, units, task.ends[1]), "he")
    state = adam_state(net.flat)
    order = batch_order(starts, data.x.shape[1], BATCH, steps)
    test_x, test_y = (spread(part, len(starts) // len(part)) for part in (data.test_x, data.test_y))
    known, judging = [], []
    for step, (x, y) in enumerate(batches(data.x, data.y, order)):
        adam(net.flat, task.slope(net, x, y), state, task.rate * falling(step / steps))
        if step + 1 in at:
            with torch.no_grad():
                outputs = mlp(net.weights, test_x)
            known.append(task.loss(outputs[:, :KNOWN], test_y[:, :KNOWN]))
            judging.append(task.loss(outputs[:, KNOWN:], test_y[:, KNOWN:]))
    chosen = best(torch.stack(known, 1).flatten(), len(known), "lower")
    return torch.stack(judging, 1).flatten()[chosen]


def falling(done: float) -> float:
    """Return the share of the first rate that is left: half a cosine (Loshchilov and Hutter 2017)."""
    return (1 + math.cos(math.pi * done)) / 2


class Losses(NamedTuple):
    """Sizes, and the loss of each seed at each of them, (seeds, sizes)."""

    sizes: tuple[int, ...]
    losses: Tensor


def nets_at(number: int) -> int:
    """Return how many nets of a size are trained: small runs can be repeated, and large ones cannot."""
    return NETS if number < SEEN else 1


def typical(loss: Tensor, nets: int) -> Tensor:
    """Return the geometric mean of each seed's nets, (seeds,): the mean would rise with their number."""
    return loss.view(-1, nets).log().mean(1).exp()


def growing_data(seeds: Seeds, scale: Scale, task: Task, *, is_repeated: bool = False) -> Losses:
    """Train each net on points of its own, as many as the size says, or always as many as are fewest."""
    sizes = tuple(round(scale.points * times) for times in TIMES)
    data = task.data(seeds, -(-sizes[-1] // 10) * 10)
    losses = []
    for number, size in enumerate(sizes):
        nets, used = nets_at(number), sizes[0] if is_repeated else size
        own = data._replace(x=shared_out(data.x, nets, used), y=shared_out(data.y, nets, used))
        steps = round(scale.steps_per_root * size**0.5)
        loss = trained(reseeded(seeds, nets), task, own, HIDDEN, steps)
        losses.append(typical(loss, nets))
    return Losses(sizes, torch.stack(losses, 1))


def shared_out(points: Tensor, nets: int, size: int) -> Tensor:
    """Return so many points for each of a seed's nets: (seeds, points, ...) to (seeds * nets, size, ...)."""
    return points[:, : nets * size].reshape(len(points) * nets, size, *points.shape[2:])


def growing_nets(seeds: Seeds, scale: Scale, task: Task) -> Losses:
    """Train nets of all sizes on points each of which a net sees once, in an order of its own."""
    data = task.data(seeds, BATCH * scale.net_steps)
    losses = []
    for number, units in enumerate(UNITS):
        nets = nets_at(number)
        loss = trained(reseeded(seeds, nets), task, data, units, scale.net_steps)
        losses.append(typical(loss, nets))
    inputs, outputs = task.ends
    sizes = tuple((inputs + 1) * units + (units + 1) * (units + outputs) for units in UNITS)
    return Losses(sizes, torch.stack(losses, 1))


def fitted(losses: Tensor, falls: Tensor) -> Tensor:
    """Fit floor + height * fall to the sizes seen; return the values at all sizes, (seeds, sizes).

    Floor and height minimise squares of relative errors, and neither floor nor height is below zero; of
    several ways to fall the one that fits best is taken.

    Args:
        losses: At all sizes, of which the first `SEEN` are looked at, (seeds, sizes).
        falls: Ways to fall, (ways, sizes).
    """
    weight = 1 / losses[:, None, :SEEN]  # (seeds, 1, seen)
    fall = falls[:, :SEEN] * weight  # (seeds, ways, seen)
    flat_flat, flat_fall, fall_fall = (
        (a * b).sum(2) for a, b in ((weight, weight), (weight, fall), (fall, fall))
    )
    flat_one, fall_one = weight.sum(2), fall.sum(2)
    floor = (flat_one * fall_fall - fall_one * flat_fall) / (flat_flat * fall_fall - flat_fall.square())
    floor = floor.clamp_min(0)
    height = (fall_one - floor * flat_fall) / fall_fall
    floor = torch.where(height < 0, flat_one / flat_flat, floor)
    height = height.clamp_min(0)
    wrong = (floor.unsqueeze(2) * weight + height.unsqueeze(2) * fall - 1).square().sum(2)
    values = floor.unsqueeze(2) + height.unsqueeze(2) * falls
    return values[torch.arange(len(losses)), wrong.argmin(1)]


class Arm(NamedTuple):
    """What grows, and what is learned."""

    description: str
    grow: Callable[[Seeds, Scale, Task], Losses]
    task: Task


ARMS = {
    "values": Arm("regression, data grow", growing_data, VALUES),
    "classes": Arm("classes of MNIST-1D, data grow", growing_data, CLASSES),
    "weights": Arm("regression, the net grows", growing_nets, VALUES),
    "repeated": Arm("regression, the data stay the same", partial(growing_data, is_repeated=True), VALUES),
}

SAME_FOR_ANY_LABELS = {
    "missed": "what a law misses is measured, whether or not a loss falls; that it does is asked by controls",
    "line_over_power": "it compares laws with one another, whatever is learned",
    "exponential_over_power": "it compares laws with one another, whatever is learned",
}


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    sizes, losses = ARMS[arm].grow(seeds, scale, ARMS[arm].task)
    losses = losses.detach().double()
    share = torch.tensor(sizes, dtype=torch.float64) / sizes[SEEN - 1]  # of the largest size seen
    powers = torch.tensor(POWERS, dtype=torch.float64).unsqueeze(1)
    fading = torch.tensor(FADING, dtype=torch.float64).unsqueeze(1)

    def missed(foretold: Tensor) -> Tensor:
        return 100 * (foretold / losses - 1)[:, SEEN:].abs().mean(1)

    power = missed(fitted(losses, share**-powers))
    line = missed(fitted(losses, (share[-1] / share).log().unsqueeze(0)))
    exponential = missed(fitted(losses, (-share / fading).exp()))
    decades = share.log10() - share.log10().mean()
    return {
        "missed": power,
        "line_over_power": (line / power).log10(),
        "exponential_over_power": (exponential / power).log10(),
        "last_missed": missed(losses[:, SEEN - 1 : SEEN]),
        "power": -(losses.log10() @ decades) / decades.square().sum(),
        "log10_loss_curve": losses.log10(),
    }

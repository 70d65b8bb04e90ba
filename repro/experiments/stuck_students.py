"""Does the noise of small batches lead training out of poor minima, or past them?

Hypothesis: a small batch pulls a little in another direction each time. At a minimum that is shallow for the
size of these pulls, a network wanders off, and may come to rest lower once the rate falls. A batch of nearly
all points pulls as all of them do.

Method: students with ten smooth rectified units learn 400 points without noise that a teacher of ten units
has labelled, so that zero loss is in reach. Six starts for each seed are descended in full batch; the one
that ends highest takes damped Newton steps until it rests, and is the stuck student. Training goes on from
there, or begins at two fresh starts, with momentum and a rate that falls linearly to zero. Of four rates the
one that ends lowest on all points counts for each student, and Newton steps then take it down to where it
rests.

Arms: points in a batch, from stuck students or from fresh starts; and stuck students that are drawn anew.

Outcomes: percent of students that end below half of the loss at which the stuck one was held, and percent
that end above one percent of the targets' variance.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.curves import thinned
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, reseeded, spread
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp_shapes
from repro.lab.networks import network
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, gradient, leaves
from repro.lab.seeds import Seeds
from repro.lab.students import Lesson, bend, lesson, settle

INPUTS = 10  # of the students, and units of theirs and of the teacher
SHAPES = mlp_shapes(INPUTS, INPUTS, 1)
STARTS = 6  # of which the one that ends highest is stuck
FRESH = 2  # starts of each seed
RATES = (0.006, 0.02, 0.06, 0.15)
STEADY = 0.05  # rate of the descent by which students get stuck
MOMENTUM = 0.9
SETTLING = 40  # Newton steps
POOR = 0.01  # mean squared error above which an end is bad, of the targets' variance, which is 1
LOOKS = 20  # losses of the curve


@dataclass(frozen=True)
class Scale:
    """Points, those in a small batch, updates, and steps of the descent by which students get stuck."""

    points: int = 400
    batch: int = 8
    updates: int = 2000
    steps: int = 1000


MINIMAL = Scale()
LARGE = Scale(points=10_000, updates=100_000, steps=10_000)
TRIAL = {"updates": 500}
OUTCOMES = {
    "escaped": Outcome(
        "students that end below half of what held the stuck one",
        unit="percent of students",
        better="higher",
        resolution=1,
    ),
    "bad_ends": Outcome("students that end badly", unit="percent of students", better="lower", resolution=1),
    "log10_loss_curve": Curve(
        "loss on all points",
        unit="decades",
        better="lower",
        axis=Axis("percent of training", first=0, last=100, points=20),
    ),
}


class Arm(NamedTuple):
    """The share of all points that make a batch, a small one if none is given, and where training begins."""

    text: str
    share: float | None
    is_fresh: bool = False


ARMS = {
    "stuck_small": Arm("stuck students, small batches", None),
    "stuck_large": Arm("stuck students, batches of 95 percent of the points", 0.95),
    "stuck_full": Arm("stuck students, all points in a batch", 1.0),
    "fresh_small": Arm("fresh starts, small batches", None, is_fresh=True),
    "fresh_large": Arm("fresh starts, batches of 95 percent of the points", 0.95, is_fresh=True),
    "fresh_full": Arm("fresh starts, all points in a batch", 1.0, is_fresh=True),
}


def loss_of(net: Parameters, x: Tensor, y: Tensor) -> Tensor:
    return squared_error(network(net.weights, x, bend), y)


def starts(seeds: Seeds) -> tuple[Tensor, Tensor]:
    """Return weights of the students of which one is stuck, and fresh ones, (seeds, students, count) each."""
    flat = initialise(reseeded(seeds, STARTS + FRESH), SHAPES, "he").flat.view(len(seeds), STARTS + FRESH, -1)
    return flat[:, :STARTS], flat[:, STARTS:]


class Stuck(NamedTuple):
    """Students at rest, (seeds, count) in float64, and the loss that holds each, (seeds,)."""

    flat: Tensor
    held: Tensor


def get_stuck(start: Tensor, taught: Lesson, steps: int) -> Stuck:
    """Return the student of each seed that descent on all points leaves highest, once it rests."""
    net = leaves(start.flatten(0, 1).clone(), SHAPES)
    x, y = spread(taught.x.float(), STARTS), spread(taught.y.float(), STARTS)
    velocity = torch.zeros_like(net.flat)
    for _ in range(steps):
        sgd(net.flat, gradient(loss_of(net, x, y), net), velocity, STEADY, momentum=MOMENTUM)
    with torch.no_grad():
        highest = best(loss_of(net, x, y), STARTS, "higher")
    students = leaves(net.flat[highest].double(), SHAPES)
    rest = settle(students, SHAPES, taught.x, taught.y, SETTLING)
    return Stuck(students.flat, 2 * rest.losses[:, -1])


class Trained(NamedTuple):
    """Losses of the best lane of each student: at rest in the end, (students,), and on the way there."""

    final: Tensor
    course: Tensor


def train(seeds: Seeds, start: Tensor, taught: Lesson, batch: int, updates: int) -> Trained:
    """Train students at each rate, and take the one that ends lowest on all points down to rest.

    Args:
        seeds: Each has an order of its own, which its students share.
        start: Weights of shape (students, count); those of one seed are neighbours.
        taught: What is learned, on all points of which losses are taken.
        batch: Points in a batch.
        updates: How many to make.
    """
    students, rates = len(start), len(RATES)
    lanes = students * rates // len(seeds)
    net = leaves(spread(start.float(), rates).clone(), SHAPES)
    rate = grid(seeds, RATES).repeat(students // len(seeds))
    velocity = torch.zeros_like(net.flat)
    points = taught.x.shape[1]
    order = spread(batch_order(seeds, points, batch, updates), lanes)
    all_x, all_y = spread(taught.x.float(), lanes), spread(taught.y.float(), lanes)
    looks, losses = set(thinned(updates + 1, LOOKS)), []
    for step, (x, y) in enumerate(batches(taught.x.float(), taught.y.float(), order)):
        if step in looks:
            losses.append(loss_of(net, all_x, all_y).detach())
        sgd(
            net.flat,
            gradient(loss_of(net, x, y), net),
            velocity,
            rate * (1 - step / updates),
            momentum=MOMENTUM,
        )
    losses.append(loss_of(net, all_x, all_y).detach())
    lane = best(losses[-1], rates, "lower")  # (students,)
    ended = leaves(net.flat[lane].double(), SHAPES)
    own = students // len(seeds)
    rest = settle(ended, SHAPES, spread(taught.x, own), spread(taught.y, own), SETTLING)
    return Trained(2 * rest.losses[:, -1], torch.stack(losses, 1)[lane])


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, share, is_fresh = ARMS[arm]
    taught = lesson(seeds, scale.points, INPUTS)
    first, fresh = starts(seeds)
    stuck = get_stuck(first, taught, scale.steps)
    start = fresh.flatten(0, 1) if is_fresh else stuck.flat
    batch = scale.batch if share is None else round(share * scale.points)
    final, course = train(seeds, start, taught, batch, scale.updates)

    def percent(students: Tensor) -> Tensor:
        return 100 * students.double().view(len(seeds), -1).mean(1)

    return {
        "escaped": percent(final < spread(stuck.held, len(final) // len(seeds)) / 2),
        "bad_ends": percent(~(final <= POOR)),
        "log10_loss_curve": course.log10().view(len(seeds), -1, LOOKS).mean(1),
    }

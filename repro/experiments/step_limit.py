"""Can a usable learning rate be computed from the curvature, instead of guessed?

Hypothesis: on a quadratic loss, descent diverges as soon as its rate exceeds two over the largest curvature.
Twenty gradients find that curvature well enough to stay below, so the rate need not be guessed. A network is
no quadratic: its curvature moves as it learns, and the rate computed may then be far from the best.

Method: full batch, plain gradient descent at one rate. A quadratic has eigenvalues log-spaced over a
decade and random axes. A tanh net learns handwritten digits. The curvature is estimated by power iteration on
differences of gradients, which costs as much as twenty steps and forms no matrix.

Arms: where the rate comes from. A guess is a draw over four decades. The best rate of twelve, expected to
win, is that which ends lowest on the very loss that is judged.

Outcomes: change of the loss over the run; its pace in the second half, which tells descent from divergence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.curves import thin
from repro.lab.data import digits
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy, squared_error
from repro.lab.mlp import Slope, mlp_shapes
from repro.lab.networks import network
from repro.lab.optimise import norms
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import gradient, leaves
from repro.lab.seeds import Seeds

DIMENSION = 50  # of the quadratic
QUADRATIC_STEPS = 500
LEAST, MOST = 1e-3, 10.0  # learning rates between which a guess is drawn, evenly in decades
RATES = torch.logspace(-3, 1, 12).tolist()  # learning rates of the trial, from the same range
GRADIENTS = 20  # for an estimate of the curvature
REACH = 0.01  # distance in the weights between two gradients that are compared
ANEW = 25  # steps after which a rate is computed anew
DIVERGED = 10.0  # decades of growth that a diverged run counts as, and the most that any does
CLASSES = 10
Slopes = Callable[[Tensor], Slope]  # loss and gradient of each lane at its weights, (lanes, count)


@dataclass(frozen=True)
class Scale:
    """Digits, hidden layers of the net, their units, steps, and whether cross entropy is descended."""

    train: int = 200
    depth: int = 2
    width: int = 32
    steps: int = 300
    is_cross_entropy: bool = False


MINIMAL = Scale()
LARGE = Scale(train=500, width=64, steps=1000)
TRIAL = {"train": 60, "width": 16, "steps": 128}
OUTCOMES = {
    "log10_loss_change": Outcome(
        "change of the loss from first to last", unit="decades", better="lower", resolution=0.001
    ),
    "late_decades_per_step": Outcome(
        "pace of the loss in the second half of the run",
        unit="decades per step",
        better="lower",
        resolution=0.000001,
    ),
    "log10_loss_curve": Curve(
        "loss relative to that at the start",
        unit="decades",
        better="lower",
        axis=Axis("percent of the run", first=0, last=100, points=64),
    ),
}


class Problem(NamedTuple):
    """What is descended, and where from."""

    slopes: Slopes
    start: Tensor  # (lanes, count)


def exactly(multiple: float) -> Callable[[Seeds, Scale], Tensor]:
    def run(seeds: Seeds, _scale: Scale) -> Tensor:
        rate = torch.full((len(seeds),), multiple / spectrum()[-1].item(), dtype=torch.float64)
        return descend(quadratic(seeds), rate, QUADRATIC_STEPS)

    return run


def estimated(multiple: float) -> Callable[[Seeds, Scale], Tensor]:
    def run(seeds: Seeds, _scale: Scale) -> Tensor:
        problem = quadratic(seeds)
        rate = multiple / largest_curvature(problem.slopes, problem.start, seeds)
        return descend(problem, rate, QUADRATIC_STEPS)

    return run


def net_computed(multiple: float) -> Callable[[Seeds, Scale], Tensor]:
    def run(seeds: Seeds, scale: Scale) -> Tensor:
        problem = net(seeds, scale)
        rate = multiple / largest_curvature(problem.slopes, problem.start, seeds)
        return descend(problem, rate, scale.steps)

    return run


def net_computed_anew(seeds: Seeds, scale: Scale) -> Tensor:
    problem = net(seeds, scale)
    losses = []
    for _ in range(scale.steps // ANEW):
        rate = 1 / largest_curvature(problem.slopes, problem.start, seeds)
        losses.append(descend(problem, rate, ANEW))
    return torch.cat([losses[0], *(part[:, 1:] for part in losses[1:])], 1)


def net_guessed(seeds: Seeds, scale: Scale) -> Tensor:
    guess = LEAST * (MOST / LEAST) ** seeds.uniform("guess")
    return descend(net(seeds, scale), guess, scale.steps)


def net_tuned(seeds: Seeds, scale: Scale) -> Tensor:
    losses = descend(net(seeds, scale, lanes=len(RATES)), grid(seeds, RATES), scale.steps)
    return losses[best(losses[:, -1], len(RATES), "lower")]


class Arm(NamedTuple):
    """What is descended at which rate, and the losses of the run, (seeds, steps + 1)."""

    text: str
    run: Callable[[Seeds, Scale], Tensor]


ARMS = {
    "net_1": Arm("net, one over the curvature at the start", net_computed(1)),
    "net_anew": Arm("net, one over the curvature, computed every 25 steps", net_computed_anew),
    "net_tuned": Arm("net, the best rate of twelve", net_tuned),
    "net_guessed": Arm("net, a rate drawn from four decades", net_guessed),
    "net_20": Arm("net, twenty over the curvature at the start", net_computed(20)),
    "exact_1_99": Arm("quadratic, 1.99 over the curvature", exactly(1.99)),
    "exact_2_01": Arm("quadratic, 2.01 over the curvature", exactly(2.01)),
    "estimated_1_8": Arm("quadratic, 1.8 over the estimated curvature", estimated(1.8)),
    "estimated_2_3": Arm("quadratic, 2.3 over the estimated curvature", estimated(2.3)),
}
SAME_FOR_ANY_LABELS = {
    "log10_loss_change": "a rate that lets the training loss fall does so for any labels",
}


def spectrum() -> Tensor:
    """Return the eigenvalues of the quadratic, (DIMENSION,)."""
    return torch.logspace(-1, 0, DIMENSION, dtype=torch.float64)


def quadratic(seeds: Seeds) -> Problem:
    """Return w' H w / 2 with random axes of H, and normal weights."""
    axes = torch.linalg.qr(seeds.normal("axes", DIMENSION, DIMENSION, dtype=torch.float64)).Q
    hessian = (axes * spectrum()) @ axes.mT  # (seeds, DIMENSION, DIMENSION)

    def slopes(flat: Tensor) -> Slope:
        slope = torch.bmm(hessian, flat.unsqueeze(2)).squeeze(2)
        return Slope((slope * flat).sum(1) / 2, slope)

    return Problem(slopes, seeds.normal("start", DIMENSION, dtype=torch.float64))


def net(seeds: Seeds, scale: Scale, *, lanes: int = 1) -> Problem:
    """Return the loss of a tanh net on digits, and weights of variance one over the inputs of a unit."""
    shapes = mlp_shapes(64, *[scale.width] * scale.depth, CLASSES)
    data = digits(seeds, train=scale.train)
    x, y = spread(data.x - data.x.mean((1, 2), keepdim=True), lanes), spread(data.y, lanes)
    targets = torch.nn.functional.one_hot(y, CLASSES).float()

    def slopes(flat: Tensor) -> Slope:
        weights = leaves(flat, shapes)
        outputs = network(weights.weights, x, torch.tanh)  # (lanes, digits, CLASSES)
        loss = cross_entropy(outputs, y) if scale.is_cross_entropy else squared_error(outputs, targets)
        return Slope(loss.detach(), gradient(loss, weights))

    return Problem(slopes, initialise(seeds, shapes, "lecun", lanes=lanes).flat)


def largest_curvature(slopes: Slopes, flat: Tensor, seeds: Seeds) -> Tensor:
    """Return the estimate after GRADIENTS power iterations, (seeds,) (LeCun et al. 1998, section 9.1)."""
    here = slopes(flat).gradient
    direction = seeds.normal("power iteration", flat.shape[1], dtype=flat.dtype)
    for _ in range(GRADIENTS):
        direction = direction / norms(direction).unsqueeze(1)
        direction = (slopes(flat + REACH * direction).gradient - here) / REACH
    return norms(direction)


def descend(problem: Problem, rate: Tensor, steps: int) -> Tensor:
    """Descend from where the problem starts, change its weights, and return losses, (lanes, steps + 1)."""
    losses = []
    for _ in range(steps):
        loss, slope = problem.slopes(problem.start)
        losses.append(loss)
        problem.start.addcmul_(slope, rate.unsqueeze(1), value=-1)
    losses.append(problem.slopes(problem.start).loss)
    return torch.stack(losses, 1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    losses = ARMS[arm].run(seeds, scale)
    change = (losses / losses[:, :1]).log10().nan_to_num(DIVERGED).clamp(max=DIVERGED)  # (seeds, steps + 1)
    last = change.shape[1] - 1
    middle = last // 2
    return {
        "log10_loss_change": change[:, -1],
        "late_decades_per_step": (change[:, -1] - change[:, middle]) / (last - middle),
        "log10_loss_curve": thin(change),
    }

"""Can an optimiser that fits faster do worse on new points, and is it the worse one as such?

Hypothesis: descent from zero first learns what lies along directions in which inputs vary most and leaves
others alone. A target that lies there suits it. An optimiser that undoes the curvature fits in fewer steps
and learns all directions alike, those that a few points only seem to determine too. Where the target lies
along weak directions it does better for the same reason.

Method: linear regression with 200 unknowns from 100 points without noise, input variances 1, 1/2, 1/3 and so
on; descent at its best rate, followed exactly by eigenvalues to a relative loss of 1e-8. Then nets with 20
units learn from 100 points what a net of ten units computes, down to one training loss: by full-batch
descent with momentum at the best of six rates, and by Gauss-Newton steps at the best of four dampings, both
best by the number of steps. A net that never fits counts as one that momentum fits with its last step.

Arms: the optimiser and where the target lies, or the net's optimiser. In one arm curvatures are undone in the
wrong directions, in one Gauss-Newton steps are exchanged between weights, and one net starts elsewhere.

Outcomes: steps until the data are fitted, and the error on new points then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.data import Labelled, teacher_student
from repro.lab.fullbatch import gauss_newton_step, jacobian
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.optimise import sgd
from repro.lab.outcomes import Outcome
from repro.lab.parameters import Parameters, gradient
from repro.lab.seeds import Seeds

UNKNOWNS = 200
POINTS = 100  # to train on
STRONG = slice(20)  # directions of largest variance, along which a target may lie
WEAK = slice(100, UNKNOWNS)  # directions of least variance
FITTED = 1e-8  # training loss at which descent stops, of that at the start
NET_FITTED = 0.001  # training loss at which nets stop, of the target's variance
RATES = (0.003, 0.01, 0.03, 0.1, 0.2, 0.4)  # learning rates of momentum
MOMENTUM = 0.9
DAMPINGS = (0.01, 0.1, 1.0, 10.0)  # of a Gauss-Newton step, on the sum over points


@dataclass(frozen=True)
class Scale:
    """Inputs and units of the nets, and the most steps that momentum and Gauss-Newton take."""

    inputs: int = 10
    units: int = 20
    momentum_steps: int = 3000
    newton_steps: int = 30


MINIMAL = Scale()
LARGE = Scale(inputs=30, units=200, momentum_steps=100_000, newton_steps=1000)
TRIAL = {"inputs": 6, "units": 8, "momentum_steps": 300, "newton_steps": 10}
OUTCOMES = {
    "log10_steps": Outcome(
        "steps until the data are fitted", unit="decades", better="lower", resolution=0.01
    ),
    "test_error": Outcome(
        "error on new points", unit="share of the target's variance", better="lower", resolution=0.0001
    ),
}


class Fit(NamedTuple):
    """Steps until the data are fitted, and the error on new points then, each of shape (seeds,)."""

    steps: Tensor
    error: Tensor


def linear(seeds: Seeds, _: Scale, *, along: slice, undone: str) -> Fit:
    """Follow descent on least squares from zero, at the rate that shrinks the slowest direction fastest.

    The residual along an eigenvector of the kernel X P X' shrinks by 1 - rate eigenvalue in each step.

    Args:
        seeds: The seeds of the block.
        along: Directions in which the target lies.
        undone: Whose variances P divides by: "none", those of the "inputs", or "others" in another order.
    """
    variances = 1 / torch.arange(1, UNKNOWNS + 1, dtype=torch.float64, device=seeds.device).unsqueeze(0)
    x = seeds.normal("inputs", POINTS, UNKNOWNS, dtype=torch.float64) * variances.sqrt()
    target = torch.zeros_like(x[:, 0])
    target[:, along] = (seeds.normal("target", UNKNOWNS, dtype=torch.float64) / variances.sqrt())[:, along]
    others = variances[0][seeds.permutations("others", UNKNOWNS)]
    divided_by = {"none": torch.ones_like(variances), "inputs": variances, "others": others}[undone]
    back = x / divided_by.unsqueeze(1)  # (seeds, points, unknowns)
    values, vectors = torch.linalg.eigh(x @ back.mT)
    start = (vectors.mT @ (x @ target.unsqueeze(2))).squeeze(2)  # residuals along eigenvectors
    share = 1 - 2 / (values[:, -1:] + values[:, :1]) * values  # left after a step

    def is_fitted(steps: Tensor) -> Tensor:
        left = share.abs() ** steps.unsqueeze(1) * start
        is_small: Tensor = left.square().sum(1) <= FITTED * start.square().sum(1)
        return is_small

    steps = first_step(is_fitted, torch.zeros_like(start[:, 0]))
    sign = torch.where(steps.unsqueeze(1) % 2 == 1, share.sign(), 1.0)
    gone = (1 - sign * share.abs() ** steps.unsqueeze(1)) * start / values
    weights = (gone.unsqueeze(1) @ (vectors.mT @ back)).squeeze(1)  # (seeds, unknowns)
    wrong = ((weights - target).square() * variances).sum(1)
    return Fit(steps, wrong / (target.square() * variances).sum(1))


def first_step(is_done: Callable[[Tensor], Tensor], low: Tensor) -> Tensor:
    """Return after how many steps something is done, by halving decades from `low` to twelve, (seeds,)."""
    high = torch.full_like(low, 12.0)
    for _ in range(30):
        middle = (low + high) / 2
        done = is_done(torch.pow(10.0, middle))
        low, high = torch.where(done, low, middle), torch.where(done, middle, high)
    return torch.pow(10.0, high).ceil()


def follow(
    net: Parameters, data: Labelled, lanes: int, advance: Callable[[Tensor], None], *, steps: int, never: int
) -> Fit:
    """Take steps until all lanes have fitted; return the one of each seed that did so first.

    A lane that never fits stops after the last step, and counts as slow as the slowest optimiser may be.

    Args:
        net: The weights, changed in place.
        data: What to fit, and new points.
        lanes: Of each seed.
        advance: Takes a step, given predictions minus targets.
        steps: Most steps of this optimiser.
        never: Steps that a lane counts which never fits.
    """
    x, y = spread(data.x, lanes), spread(data.y, lanes)
    variance = spread(data.test_y.flatten(1).var(1), lanes)  # (lanes,)
    fitted = torch.full_like(variance, never)
    kept = net.flat.clone()
    for step in range(steps):
        residual = mlp(net.weights, x) - y
        is_first = (fitted == never) & (residual.square().mean((1, 2)) <= NET_FITTED * variance)
        fitted[is_first] = step
        kept[is_first] = net.flat[is_first]
        if (fitted < never).all():
            break
        advance(residual)
    net.flat.copy_(torch.where((fitted < never).unsqueeze(1), kept, net.flat))
    with torch.no_grad():
        error = squared_error(mlp(net.weights, spread(data.test_x, lanes)), spread(data.test_y, lanes))
    lane = best(fitted, lanes, "lower")
    return Fit(fitted[lane], (error / variance)[lane])


def problem(seeds: Seeds, scale: Scale) -> Labelled:
    return teacher_student(seeds, train=POINTS, test=1000, widths=(scale.inputs, 10, 1), dtype=torch.float64)


def start(seeds: Seeds, scale: Scale, lanes: int, *, draw: int = 0) -> Parameters:
    others = Seeds(tuple(value ^ draw for value in seeds.values), seeds.device)
    shapes = mlp_shapes(scale.inputs, scale.units, 1)
    return initialise(others, shapes, "he", lanes=lanes, dtype=torch.float64)


def net_momentum(seeds: Seeds, scale: Scale, *, draw: int = 0) -> Fit:
    lanes = len(RATES)
    net, rate = start(seeds, scale, lanes, draw=draw), grid(seeds, RATES, torch.float64)
    velocity = torch.zeros_like(net.flat)

    def advance(residual: Tensor) -> None:
        slope = gradient(residual.square().mean((1, 2)) / 2, net)
        sgd(net.flat, slope, velocity, rate, momentum=MOMENTUM)

    most = scale.momentum_steps
    return follow(net, problem(seeds, scale), lanes, advance, steps=most, never=most)


def net_newton(seeds: Seeds, scale: Scale, *, is_exchanged: bool = False) -> Fit:
    lanes = len(DAMPINGS)
    net, damping = start(seeds, scale, lanes), grid(seeds, DAMPINGS, torch.float64)
    exchanged = spread(seeds.permutations("weights", net.flat.shape[1]), lanes)

    def advance(residual: Tensor) -> None:
        step = gauss_newton_step(jacobian(residual, net), residual.detach().flatten(1), damping)
        net.flat.add_(step.gather(1, exchanged) if is_exchanged else step)

    most, never = scale.newton_steps, scale.momentum_steps
    return follow(net, problem(seeds, scale), lanes, advance, steps=most, never=never)


class Arm(NamedTuple):
    """What is fitted, and by which optimiser."""

    description: str
    fit: Callable[[Seeds, Scale], Fit]


ARMS = {
    "descent_strong": Arm("descent, strong target", partial(linear, along=STRONG, undone="none")),
    "undone_strong": Arm("curvature undone, strong target", partial(linear, along=STRONG, undone="inputs")),
    "wrongly_undone": Arm(
        "wrong curvature undone, strong target", partial(linear, along=STRONG, undone="others")
    ),
    "descent_weak": Arm("descent, weak target", partial(linear, along=WEAK, undone="none")),
    "undone_weak": Arm("curvature undone, weak target", partial(linear, along=WEAK, undone="inputs")),
    "net_momentum": Arm("net, momentum", net_momentum),
    "net_momentum_again": Arm("net, momentum from another start", partial(net_momentum, draw=1)),
    "net_newton": Arm("net, Gauss-Newton", net_newton),
    "net_exchanged": Arm("net, Gauss-Newton with steps exchanged", partial(net_newton, is_exchanged=True)),
}
SAME_FOR_ANY_LABELS = {
    "log10_steps": "how soon a loss is fitted is measured, whichever labels it is of",
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    fit = ARMS[arm].fit(seeds, scale)
    return {"log10_steps": fit.steps.clamp_min(1).log10(), "test_error": fit.error}

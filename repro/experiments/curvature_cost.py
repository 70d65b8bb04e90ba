"""What is left of the steps that full curvature saves, once all that is computed for them is counted?

Hypothesis: a step that builds and solves with the full matrix of curvature reaches a loss in few passes over
the data, but computes for every pair of weights, so that the more weights there are the less it saves in all.
Much of what slows descent down lies in how inputs are scaled and in how far single weights differ; to prepare
the inputs and to divide by a diagonal costs next to nothing and mends that.

Method: tanh nets of 49 to 385 weights learn, from 1000 points without noise, what a net of three units
computes, down to one loss. Inputs are shifted and of unlike scales. Descent takes batches, has momentum
and is best of four rates in each seed; the full matrix has all points and a damping that adapts itself.
Operations are those of the matrix products that a step really runs, as torch counts them, times the steps.

Arms: what a step knows of the curvature. "Halfway" is the mean, in decades, of descent and the full matrix:
whoever does better keeps most of what the matrix saves. One diagonal is dealt out among the wrong weights, on
inputs that nobody prepared.

Outcomes: operations and passes over the points until the loss is reached by the largest net, and the power of
the number of weights with which operations grow. A net that never gets there counts as one that does at last.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from repro.lab.batches import batch_order, take
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.optimise import without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Shapes
from repro.lab.seeds import Seeds

UNITS = (4, 8, 16, 32)  # of the nets that learn
WEIGHTS = (49, 97, 193, 385)  # that such nets have
INPUTS = 10
POINTS = 1000
LARGEST, SMALLEST = 3.2, 0.32  # deviations of inputs, along axes that are turned afterwards
SHIFT = 1.0  # mean of each input
TEACHER_GAIN = 1.5  # deviation of what enters a unit that is to be learned
THRESHOLD = 0.5  # and of its threshold
LARGE_RATES = (0.03, 0.1, 0.3, 1.0)  # learning rates along gradients
SMALL_RATES = (0.003, 0.01, 0.03, 0.1)  # and along gradients over curvatures
BATCH = 100  # points in a batch
MOMENTUM = 0.9
KEPT = 0.95  # share of an estimate that a batch leaves as it was
FLOOR = 0.1  # added to a diagonal, of its mean
FACTOR_DAMPING = 0.03
RENEWED = 20  # batches between inversions of the factors
DAMPING = 0.1  # with which the full matrix starts
EASED, RAISED = 1 / 3, 4.0  # by which damping changes after a step that lowers the loss, or does not
PRODUCTS = 20  # of conjugate gradients in a step without a matrix


@dataclass(frozen=True)
class Scale:
    """Loss to reach over the targets' variance, units of the net to be learned, and most passes.

    Where `taught_by` is 0, half as many units are to be learned as learn.
    """

    loss: float = 0.01
    taught_by: int = 3
    batch_passes: int = 400
    full_passes: int = 200


MINIMAL = Scale()
LARGE = Scale(loss=1e-5, batch_passes=30_000, full_passes=1000)
TRIAL = {"loss": 0.1, "batch_passes": 40, "full_passes": 20}
OUTCOMES = {
    "log10_work": Outcome(
        "operations until the largest net reaches the loss", unit="decades", better="lower", resolution=0.01
    ),
    "log10_passes": Outcome(
        "passes over the points until the largest net reaches the loss",
        unit="decades",
        better="lower",
        resolution=0.01,
    ),
    "work_power": Outcome(
        "power of the number of weights with which operations grow",
        unit="power",
        better="lower",
        resolution=0.01,
    ),
    "log10_work_curve": Curve(
        "operations until the loss is reached",
        unit="decades",
        better="lower",
        axis=Axis("weights", values=WEIGHTS, is_logarithmic=True),
    ),
}


class Points(NamedTuple):
    """Inputs with a one beside them, (lanes, points, INPUTS + 1), and targets, (lanes, points, 1)."""

    x: Tensor
    y: Tensor


class Linearised(NamedTuple):
    """A net at some weights: what its outputs depend on, at each point.

    Attributes:
        x: Inputs with a one beside them, (lanes, points, INPUTS + 1).
        slope: Derivative of the output by what enters each unit, (lanes, points, units).
        hidden: The units with a one beside them, (lanes, points, units + 1).
        residual: Outputs minus targets, (lanes, points, 1).
    """

    x: Tensor
    slope: Tensor
    hidden: Tensor
    residual: Tensor


class Reached(NamedTuple):
    """Passes until the loss is reached, and operations for them, each of shape (seeds,)."""

    passes: Tensor
    work: Tensor


def with_one(x: Tensor) -> Tensor:
    return torch.cat([x, torch.ones_like(x[..., :1])], -1)


def shapes(units: int) -> Shapes:
    return {"0.weight": (units, INPUTS + 1), "1.weight": (1, units + 1)}


def layers(flat: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights of the units, (lanes, units, INPUTS + 1), and of the output, (lanes, 1, units + 1)."""
    units = (flat.shape[1] - 1) // (INPUTS + 2)
    inner, outer = flat.split_with_sizes([units * (INPUTS + 1), units + 1], 1)
    return inner.view(len(flat), units, INPUTS + 1), outer.unsqueeze(1)


def joined(inner: Tensor, outer: Tensor) -> Tensor:
    """Return what belongs to the weights of both layers as one matrix, (lanes, count)."""
    return torch.cat([inner.flatten(1), outer.flatten(1)], 1)


def linearise(flat: Tensor, points: Points) -> Linearised:
    inner, outer = layers(flat)
    hidden = torch.bmm(points.x, inner.mT).tanh()
    slope = (1 - hidden.square()) * outer[:, :, :-1]
    hidden = with_one(hidden)
    return Linearised(points.x, slope, hidden, torch.bmm(hidden, outer.mT) - points.y)


def transposed(at: Linearised, errors: Tensor) -> Tensor:
    """Return the transposed Jacobian times errors of shape (lanes, points, 1), over the points."""
    inner = torch.bmm((at.slope * errors).mT, at.x)
    return joined(inner, torch.bmm(errors.mT, at.hidden)) / at.x.shape[1]


def forward(at: Linearised, vector: Tensor) -> Tensor:
    """Return the Jacobian times weights of shape (lanes, count), (lanes, points, 1)."""
    inner, outer = layers(vector)
    through_units = (torch.bmm(at.x, inner.mT) * at.slope).sum(2, keepdim=True)
    return through_units + torch.bmm(at.hidden, outer.mT)


def jacobian(at: Linearised) -> Tensor:
    """Return the derivative of each output by each weight, (lanes, points, count)."""
    inner = (at.slope.unsqueeze(3) * at.x.unsqueeze(2)).flatten(2)
    return torch.cat([inner, at.hidden], 2)


def mean_squared(flat: Tensor, points: Points) -> Tensor:
    return linearise(flat, points).residual.square().mean((1, 2))


class Average:
    """An average over batches that forgets, and over all of them while they are few."""

    def __init__(self) -> None:
        self.batches = 0
        self.values: tuple[Tensor, ...] = ()

    def of(self, new: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Take in a batch's values and return the average."""
        self.batches += 1
        share = max(1 / self.batches, 1 - KEPT)
        old = self.values or new
        self.values = tuple(a.lerp(b, share) for a, b in zip(old, new, strict=True))
        return self.values


# What to descend along, given a batch and its gradient of shape (lanes, count).
Direction = Callable[[Linearised, Tensor], Tensor]


def by_gradient(_: Seeds) -> Direction:
    return lambda _, gradient: gradient


def by_diagonal(seeds: Seeds, *, is_exchanged: bool = False) -> Direction:
    """Return gradients over the diagonal of Gauss-Newton, averaged over batches (LeCun et al. 1998).

    Args:
        seeds: From which an exchange is drawn.
        is_exchanged: Is each weight given another's entry?
    """
    average = Average()

    def direction(at: Linearised, gradient: Tensor) -> Tensor:
        inner = torch.bmm(at.slope.square().mT, at.x.square()) / at.x.shape[1]
        (entries,) = average.of((joined(inner, at.hidden.square().mean(1)),))
        entries = entries + FLOOR * entries.mean(1, keepdim=True)
        if is_exchanged:
            others = seeds.permutations("exchanged", entries.shape[1])
            entries = entries.gather(1, spread(others, len(entries) // len(seeds)))
        return gradient / entries

    return direction


def by_factors(_: Seeds) -> Direction:
    """Return gradients over a product of two small matrices for each layer (Martens and Grosse 2015)."""
    average = Average()
    inverses: list[Tensor] = []

    def damped(matrix: Tensor, damping: Tensor | float) -> Tensor:
        inverse: Tensor = torch.linalg.inv(matrix + damping * torch.eye(matrix.shape[1], dtype=matrix.dtype))
        return inverse

    def direction(at: Linearised, gradient: Tensor) -> Tensor:
        pairs = ((at.x, at.x), (at.slope, at.slope), (at.hidden, at.hidden))
        of_x, of_slope, of_hidden = average.of(tuple(torch.bmm(a.mT, b) / a.shape[1] for a, b in pairs))
        if average.batches % RENEWED == 1:
            balance = (mean_diagonal(of_x) / mean_diagonal(of_slope)).sqrt()  # of the damping on each factor
            root = FACTOR_DAMPING**0.5
            inverses[:] = (
                damped(of_x, balance * root),
                damped(of_slope, root / balance),
                damped(of_hidden, FACTOR_DAMPING),
            )
        by_x, by_slope, by_hidden = inverses
        inner, outer = layers(gradient)
        return joined(torch.bmm(torch.bmm(by_slope, inner), by_x), torch.bmm(outer, by_hidden))

    return direction


def mean_diagonal(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]


# A damped Gauss-Newton step, given all points, the gradient, and the damping of shape (lanes,).
Solve = Callable[[Linearised, Tensor, Tensor], Tensor]


def by_full_matrix(at: Linearised, gradient: Tensor, damping: Tensor) -> Tensor:
    every = jacobian(at)
    matrix = torch.bmm(every.mT, every) / every.shape[1]
    matrix.diagonal(dim1=1, dim2=2).add_(damping.unsqueeze(1))
    factor, _ = torch.linalg.cholesky_ex(matrix)
    return -torch.cholesky_solve(gradient.unsqueeze(2), factor).squeeze(2)


def by_products(at: Linearised, gradient: Tensor, damping: Tensor) -> Tensor:
    """Solve by conjugate gradients, which need only products with the matrix."""
    step, rest = torch.zeros_like(gradient), -gradient
    search, left = rest, rest.square().sum(1, keepdim=True)
    for _ in range(PRODUCTS):
        image = transposed(at, forward(at, search)) + damping.unsqueeze(1) * search
        length = left / (search * image).sum(1, keepdim=True).clamp_min(1e-30)
        step, rest = step + length * search, rest - length * image
        now = rest.square().sum(1, keepdim=True)
        search, left = rest + now / left.clamp_min(1e-30) * search, now
    return step


# Takes steps from the first weights on, and yields the weights after each pass over the points.
Steps = Callable[[Tensor, Points, Seeds], Iterator[Tensor]]


def in_batches(
    direction_of: Callable[[Seeds], Direction],
    rates: Sequence[float],
    first: Tensor,
    points: Points,
    seeds: Seeds,
) -> Iterator[Tensor]:
    """Descend with momentum along a direction of each batch; the lanes of a seed are the rates."""
    direction, rate = direction_of(seeds), grid(seeds, rates).unsqueeze(1)
    flat, velocity = first, torch.zeros_like(first)
    for number in count():
        order = batch_order(seeds, POINTS, BATCH, POINTS // BATCH, purpose=f"order {number}")
        for index in spread(order, len(rates)).unbind(1):
            at = linearise(flat, Points(take(points.x, index), take(points.y, index)))
            velocity = MOMENTUM * velocity - rate * direction(at, transposed(at, at.residual))
            flat = flat + velocity
        yield flat


def damped(solve: Solve, first: Tensor, points: Points, _: Seeds) -> Iterator[Tensor]:
    """Take steps on all points that lower the loss, and damp more after one that does not (Marquardt)."""
    flat, damping = first, torch.full_like(first[:, 0], DAMPING)
    while True:
        at = linearise(flat, points)
        tried = flat + solve(at, transposed(at, at.residual), damping)
        is_lower = mean_squared(tried, points) < at.residual.square().mean((1, 2))
        flat = torch.where(is_lower.unsqueeze(1), tried, flat)
        damping = damping * torch.where(is_lower, EASED, RAISED)
        yield flat


def problem(seeds: Seeds, scale: Scale, units: int, *, is_prepared: bool) -> Points:
    """Draw the points that a net of so many units learns from; targets have variance one."""
    taught_by = scale.taught_by or units // 2
    source = seeds.normal("inputs", POINTS, INPUTS)
    weights = seeds.normal("teacher", taught_by, INPUTS) * TEACHER_GAIN / INPUTS**0.5
    hidden = (source @ weights.mT + THRESHOLD * seeds.normal("thresholds", 1, taught_by)).tanh()
    y = hidden @ seeds.normal("teacher output", taught_by, 1)
    y = (y - y.mean(1, keepdim=True)) / y.std(1, keepdim=True)
    deviations = torch.logspace(math.log10(LARGEST), math.log10(SMALLEST), INPUTS)
    turned, _ = torch.linalg.qr(seeds.normal("turned", INPUTS, INPUTS))
    x = source * deviations @ turned + SHIFT
    return Points(with_one(whitened(x) if is_prepared else x), y)


def whitened(x: Tensor) -> Tensor:
    """Return inputs with mean 0, deviation 1 and no correlations, (lanes, points, inputs)."""
    x = x - x.mean(1, keepdim=True)
    values, vectors = torch.linalg.eigh(x.mT @ x / x.shape[1])
    white: Tensor = x @ (vectors / values.sqrt().unsqueeze(1))
    return white


class Method(NamedTuple):
    """How steps are taken: on which inputs, with how many lanes a seed, and for how many passes at most."""

    steps: Steps
    is_prepared: bool
    lanes: int
    most_passes: Callable[[Scale], int]


def batch_passes(scale: Scale) -> int:
    return scale.batch_passes


def full_passes(scale: Scale) -> int:
    return scale.full_passes


def batched(
    direction_of: Callable[[Seeds], Direction], rates: Sequence[float], *, is_prepared: bool = True
) -> Method:
    return Method(partial(in_batches, direction_of, rates), is_prepared, len(rates), batch_passes)


def full(solve: Solve) -> Method:
    return Method(partial(damped, solve), is_prepared=False, lanes=1, most_passes=full_passes)


def reached(seeds: Seeds, scale: Scale, units: int, method: Method) -> Reached:
    """Take steps until a lane of each seed has reached the loss.

    All passes run the same products, so that those of the first are counted, by torch, for all.
    """
    lanes, most = method.lanes, method.most_passes(scale)
    points = Points(
        *(spread(part, lanes) for part in problem(seeds, scale, units, is_prepared=method.is_prepared))
    )
    first = initialise(seeds, shapes(units), "lecun", lanes=lanes).flat
    after = method.steps(first, points, seeds)
    passes = torch.full((len(first),), torch.inf)
    with FlopCounterMode(display=False) as counter:
        flat = next(after)
    for number in range(1, most + 1):
        is_there = mean_squared(flat, points) <= scale.loss
        passes[is_there] = passes[is_there].clamp_max(number)
        if passes.view(-1, lanes).isfinite().any(1).all() or number == most:
            break
        flat = next(after)
    fewest = passes.clamp_max(most)[best(passes, lanes, "lower")]
    return Reached(fewest, fewest * (counter.get_total_flops() / len(first)))


DESCENT = batched(by_gradient, LARGE_RATES, is_prepared=False)
FULL = full(by_full_matrix)


class Arm(NamedTuple):
    """What a step knows of the curvature; of two methods, the mean in decades counts."""

    description: str
    methods: tuple[Method, ...]


ARMS = {
    "descent": Arm("descent", (DESCENT,)),
    "prepared": Arm("descent, inputs prepared", (batched(by_gradient, LARGE_RATES),)),
    "diagonal": Arm("diagonal curvature, inputs prepared", (batched(by_diagonal, SMALL_RATES),)),
    "exchanged": Arm(
        "diagonal of other weights, inputs as they are",
        (batched(partial(by_diagonal, is_exchanged=True), SMALL_RATES, is_prepared=False),),
    ),
    "factored": Arm("factored curvature, inputs prepared", (batched(by_factors, SMALL_RATES),)),
    "matrix_free": Arm("full curvature without a matrix", (full(by_products),)),
    "full_matrix": Arm("full matrix", (FULL,)),
    "halfway": Arm("halfway from descent to the full matrix", (DESCENT, FULL)),
}


@torch.no_grad()
@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    runs = [[reached(seeds, scale, units, method) for units in UNITS] for method in ARMS[arm].methods]
    work = torch.stack([torch.stack([run.work for run in sizes], 1) for sizes in runs])
    passes = torch.stack([sizes[-1].passes for sizes in runs])
    log10_work = work.log10().mean(0)  # (seeds, UNITS)
    decades = torch.tensor(WEIGHTS).log10()
    decades = decades - decades.mean()
    return {
        "log10_work": log10_work[:, -1],
        "log10_passes": passes.log10().mean(0),
        "work_power": log10_work @ decades / decades.square().sum(),
        "log10_work_curve": log10_work,
    }

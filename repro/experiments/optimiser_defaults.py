"""Is it as good to try several optimisers at their defaults as to tune one of them?

Hypothesis: defaults are what worked on tasks before, so one of several is usually near the best that a task
allows; which one it is depends on the task. To tune a single optimiser explores other rates, but always the
same rule.

Method: six small tasks, each with points to train on, to choose by and to be judged by. A strategy has eight
runs on each task, all trained side by side from one start; of these the one with the least loss on the points
to choose by is judged. Rates stay constant.

Arms: strategies. A tuned optimiser tries eight rates over three and a half decades. Adam's default alone,
from eight starts, shows what eight runs are worth without a choice of method.

Outcomes: the decadic logarithm of the loss on judging points, averaged over tasks, and as a curve the same
for a choice among the first few runs in a random order; and how much more is lost by whoever uses one run's
optimiser for all tasks, the one that judging points favour in hindsight.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from repro.lab.batches import batch_order, batches
from repro.lab.data import digits, teacher_student
from repro.lab.ensemble import conv1d, linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, spread
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, Weights, gradient, leaves
from repro.lab.recurrent import recurrent_shapes, rnn
from repro.lab.seeds import Seeds
from repro.lab.train import Loss, classification, regression

RUNS = 8  # of each strategy on each task
FIRST = (1, 2, 3, 4, 5, 6, 7, 8)  # runs among which the curve chooses
ADAM_RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
MOMENTUM_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCH = 50  # points in a batch
KNOWN = 400  # points that choose
JUDGING = 400  # points that judge

CONVOLUTIONS: Shapes = {
    "0.weight": (10, 1, 5),
    "0.bias": (10,),
    "1.weight": (10, 10, 3),
    "1.bias": (10,),
    "2.weight": (10, 100),
    "2.bias": (10,),
}
RECURRENCE: Shapes = {**recurrent_shapes("rnn", 8, 32), "out.weight": (10, 32), "out.bias": (10,)}

Optimiser = Callable[[Sequence[Tensor]], Optimizer]
DEFAULTS: tuple[Optimiser, ...] = (
    partial(torch.optim.SGD, lr=0.01),
    partial(torch.optim.SGD, lr=0.01, momentum=0.9),
    partial(torch.optim.SGD, lr=0.01, momentum=0.9, nesterov=True),
    partial(torch.optim.Adagrad, lr=0.01),
    partial(torch.optim.Adadelta, lr=1.0),
    partial(torch.optim.RMSprop, lr=0.01),
    partial(torch.optim.Adam, lr=0.001),
    partial(torch.optim.Adamax, lr=0.002),
)
ADAM_AGAIN: tuple[Optimiser, ...] = (partial(torch.optim.Adam, lr=0.001),) * RUNS
TUNED_ADAM: tuple[Optimiser, ...] = tuple(partial(torch.optim.Adam, lr=rate) for rate in ADAM_RATES)
TUNED_MOMENTUM: tuple[Optimiser, ...] = tuple(
    partial(torch.optim.SGD, lr=rate, momentum=0.9) for rate in MOMENTUM_RATES
)


@dataclass(frozen=True)
class Scale:
    """Training points of each task, and steps of each run."""

    train: int = 500
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(train=950, steps=3000)
TRIAL = {"train": 50, "steps": 20}
OUTCOMES = {
    "log10_loss": Outcome(
        "loss on new points, averaged over tasks", unit="decades", better="lower", resolution=0.0001
    ),
    "one_for_all": Outcome(
        "loss of the run that is best over all tasks, above that of one chosen for each",
        unit="decades",
        better="neither",
        resolution=0.0001,
    ),
    "log10_loss_curve": Curve(
        "loss on new points, averaged over tasks",
        unit="decades",
        better="lower",
        axis=Axis("runs to choose from", values=FIRST),
    ),
}


class Task(NamedTuple):
    """Points of each seed, inputs (seeds, points, ...) and targets, a network's shapes, and what it loses."""

    x: Tensor
    y: Tensor
    shapes: Shapes
    loss: Loss


def convolutions(weights: Weights, x: Tensor) -> Tensor:
    x = x.unsqueeze(2)  # (lanes, batch, 1, 40)
    for k in range(2):
        x = conv1d(x, weights[f"{k}.weight"], weights[f"{k}.bias"], stride=2, padding=1).relu()
    return linear(x.flatten(2), weights["2.weight"], weights["2.bias"])


def recurrence(weights: Weights, x: Tensor) -> Tensor:
    rows = x.view(*x.shape[:2], 8, 8).transpose(1, 2)  # (lanes, time, batch, 8)
    return linear(rnn(weights, rows).last, weights["out.weight"], weights["out.bias"])


def tasks(seeds: Seeds, train: int) -> list[Task]:
    """Return the six tasks; of each, the first points are for training."""
    count = train + KNOWN + JUDGING
    signals = mnist1d(seeds, train=count, test=10)
    images = digits(seeds, train=count)
    fit = teacher_student(seeds, train=count, test=1, widths=(10, 10, 1), noise=0.3)
    return [
        Task(signals.x, signals.y, mlp_shapes(40, 50, 10), classification(mlp)),
        Task(signals.x, signals.y, CONVOLUTIONS, classification(convolutions)),
        Task(images.x, images.y, mlp_shapes(64, 50, 50, 10), classification(mlp)),
        Task(images.x, images.y, RECURRENCE, classification(recurrence)),
        Task(images.x, images.x, mlp_shapes(64, 32, 16, 32, 64), regression(mlp)),
        Task(fit.x, fit.y, mlp_shapes(10, 50, 50, 1), regression(mlp)),
    ]


def starts(seeds: Seeds, shapes: Shapes) -> Parameters:
    """Return a start of its own for each run of each seed, (seeds * RUNS, count)."""
    others = [Seeds(tuple(value ^ run for value in seeds.values), seeds.device) for run in range(RUNS)]
    flats = [initialise(other, shapes, "pytorch_default").flat for other in others]
    return leaves(torch.stack(flats, 1).flatten(0, 1), shapes)


class Losses(NamedTuple):
    """Loss of each run on the points that choose and on those that judge, (seeds, tasks, RUNS)."""

    known: Tensor
    judging: Tensor


def train(seeds: Seeds, scale: Scale, task: Task, optimisers: Sequence[Optimiser]) -> Losses:
    """Train one run with each optimiser, side by side, on one task; losses are (seeds, RUNS)."""
    net = starts(seeds, task.shapes)
    slopes = torch.zeros_like(net.flat)
    stepping = []
    for run, optimiser in enumerate(optimisers):
        of_run = net.flat[run::RUNS]  # (seeds, count), in the same memory
        of_run.grad = slopes[run::RUNS]
        stepping.append(optimiser([of_run]))
    order = batch_order(seeds, scale.train, BATCH, scale.steps)
    for x, y in batches(task.x, task.y, spread(order, RUNS)):
        slopes.copy_(gradient(task.loss(net.weights, x, y), net))
        for one in stepping:
            one.step()

    def loss_on(points: slice) -> Tensor:
        x, y = spread(task.x[:, points], RUNS), spread(task.y[:, points], RUNS)
        return task.loss(net.weights, x, y).detach().view(-1, RUNS)

    last = scale.train + KNOWN
    return Losses(loss_on(slice(scale.train, last)), loss_on(slice(last, last + JUDGING)))


def chosen(losses: Losses, runs: Tensor) -> Tensor:
    """Return the loss that judges, of the run that is best by the other points, (seeds, tasks).

    Args:
        losses: Of all runs.
        runs: Which of them are there to choose from, (seeds, tasks, some).
    """
    known, judging = (loss.gather(2, runs) for loss in losses)
    lane = best(known.flatten(), runs.shape[2], "lower")
    return judging.flatten()[lane].view(runs.shape[:2])


def loss_of_one_for_all(losses: Losses) -> Tensor:
    """Return the decadic logarithm of the loss of the run that is best over all tasks, (seeds,)."""
    return losses.judging.log10().mean(1).nan_to_num(nan=torch.inf).amin(1)


class Arm(NamedTuple):
    """Eight runs on each task."""

    description: str
    runs: Sequence[Optimiser]


ARMS = {
    "defaults": Arm("eight optimisers at their defaults", DEFAULTS),
    "tuned_adam": Arm("Adam at eight rates", TUNED_ADAM),
    "tuned_momentum": Arm("momentum at eight rates", TUNED_MOMENTUM),
    "adam_again": Arm("Adam's default from eight starts", ADAM_AGAIN),
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    runs = [train(seeds, scale, task, ARMS[arm].runs) for task in tasks(seeds, scale.train)]
    losses = Losses(*(torch.stack(of_tasks, 1) for of_tasks in zip(*runs, strict=True)))
    order = torch.stack([seeds.permutations(f"runs on task {k}", RUNS) for k in range(len(runs))], 1)
    course = torch.stack([chosen(losses, order[:, :, :first]).log10().mean(1) for first in FIRST], 1)
    return {
        "log10_loss": course[:, -1],
        "one_for_all": loss_of_one_for_all(losses) - course[:, -1],
        "log10_loss_curve": course,
    }

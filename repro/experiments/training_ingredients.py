"""What is it that lets a deep net be trained: adaptive steps, good first weights or normalisation?

Hypothesis: from small weights, signals and gradients fade from layer to layer, and no single rate suits all
layers; Adam, which gives every weight a step of one size, does not mind. He's weights and batch normalisation
keep signals alive by themselves, so that with either of them descent with momentum may do as well.

Method: nets of six hidden layers of 32 rectified units learn MNIST-1D, rates falling linearly to zero. Each
optimiser has sixteen trials, eight rates, up to some that diverge, by two shares of the mean gradient that
are kept. The trial that gets most of 1,000 further signals right is judged by others.

Arms: every combination of optimiser, first weights and normalisation; small ones are 0.3 times He's.

Outcomes: percent of new signals right.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RATES = {
    "momentum": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 30.0, 300.0),  # times a running mean of gradients
    "adam": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
}
KEPT = {"momentum": (0.0, 0.9), "adam": (0.5, 0.9)}  # share of the running mean that a step keeps
SQUARES_KEPT = 0.999
EPSILON = 1e-8
SMALL = 0.3  # small weights, as a share of He's
DEPTH = 6  # hidden layers
WIDTH = 32  # units in each
BATCH = 50  # signals in a batch
LOOKS = 10  # equal parts of training, after each of which nets are tested
KNOWN = 1000  # signals that choose between trials
JUDGING = 1000  # signals that judge


@dataclass(frozen=True)
class Scale:
    """Training signals, and steps."""

    train: int = 4000
    steps: int = 400


MINIMAL = Scale()
LARGE = Scale(steps=6000)
TRIAL = {"train": 300, "steps": 20}
OUTCOMES = {
    "accuracy": Outcome("new signals right", unit="percent", better="higher", resolution=0.1),
    "accuracy_curve": Curve(
        "new signals right",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


class Arm(NamedTuple):
    """The optimiser, first weights as a share of He's, and whether layers are normalised."""

    description: str
    optimiser: str
    gain: float
    is_normalised: bool


ARMS = {
    "momentum_small": Arm("momentum, small weights", "momentum", SMALL, is_normalised=False),
    "adam_small": Arm("Adam, small weights", "adam", SMALL, is_normalised=False),
    "momentum_he": Arm("momentum, He's weights", "momentum", 1.0, is_normalised=False),
    "adam_he": Arm("Adam, He's weights", "adam", 1.0, is_normalised=False),
    "momentum_small_norm": Arm("momentum, small weights, batch norm", "momentum", SMALL, is_normalised=True),
    "adam_small_norm": Arm("Adam, small weights, batch norm", "adam", SMALL, is_normalised=True),
    "momentum_he_norm": Arm("momentum, He's weights, batch norm", "momentum", 1.0, is_normalised=True),
    "adam_he_norm": Arm("Adam, He's weights, batch norm", "adam", 1.0, is_normalised=True),
}


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, optimiser, gain, is_normalised = ARMS[arm]
    trials = list(product(RATES[optimiser], KEPT[optimiser]))
    lanes = len(trials)
    rate, kept = (grid(seeds, setting).unsqueeze(1) for setting in zip(*trials, strict=True))  # (lanes, 1)
    data = mnist1d(seeds, train=scale.train, test=KNOWN + JUDGING)
    shapes = mlp_shapes(40, *[WIDTH] * DEPTH, 10, is_normalised=is_normalised)
    net = initialise(seeds, shapes, "he", gain=gain, lanes=lanes)
    mean, squares = torch.zeros_like(net.flat), torch.zeros_like(net.flat)
    order = batch_order(seeds, scale.train, BATCH, scale.steps)
    new_x, new_y = spread(data.test_x, lanes), spread(data.test_y, lanes)
    known, judging = [], []
    for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, lanes)), 1):
        slope = mlp_cross_entropy(net, x, y).gradient
        mean.lerp_(slope, 1 - kept)
        direction = mean / (1 - kept**step)
        if optimiser == "adam":
            squares.lerp_(slope.square(), 1 - SQUARES_KEPT)
            direction /= (squares / (1 - SQUARES_KEPT**step)).sqrt_().add_(EPSILON)
        with torch.no_grad():
            net.flat.sub_((1 - step / scale.steps) * rate * direction)
            if step % (scale.steps // LOOKS) == 0:
                scores = mlp(net.weights, new_x)
                known.append(accuracy(scores[:, :KNOWN], new_y[:, :KNOWN]))
                judging.append(accuracy(scores[:, KNOWN:], new_y[:, KNOWN:]))
    lane = best(known[-1], lanes, "higher")
    curve = 100 * torch.stack(judging, 1)[lane]  # (seeds, LOOKS)
    return {"accuracy": curve[:, -1], "accuracy_curve": curve}

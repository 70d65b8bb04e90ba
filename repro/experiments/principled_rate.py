"""Does a learning rate that theory computes do as well as one that was found by trial?

Hypothesis: for a quadratic loss theory names the rate, one over the largest curvature, and twice that is the
limit. A network's curvature changes as it learns, so a rate computed at the start need not suit the whole
run; one computed anew along the way follows the curvature, but keeps to a limit that training gains by
overstepping. Trial asks only how the run ends.

Method: nets of two hidden layers of 100 rectified units on MNIST-1D, plain gradient descent on batches. The
largest curvature is that of the loss on all training signals, by Lanczos. A rate found by trial is the best
of seven on another draw of signals and weights, so that nothing is chosen on what is judged.

Arms: where the rate comes from. The untuned one is what a library presets for plain gradient descent.

Outcomes: loss on all training signals after the last step, and the rate in the last step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.fullbatch import hessian_product, top_eigenvalues
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import sgd
from repro.lab.outcomes import Outcome
from repro.lab.parameters import Parameters
from repro.lab.seeds import Seeds

PRESET = 0.01  # learning rate of Keras for plain gradient descent
RATES = (0.01, 0.03, 0.1, 0.3, 0.6, 1.2, 2.4)  # learning rates of the trial
SHAPES = mlp_shapes(40, 100, 100, 10)
PRODUCTS = 20  # of the Hessian with a vector, by which the largest curvature is found
ANEW = 100  # steps after which a rate is computed anew


@dataclass(frozen=True)
class Scale:
    """Training signals, signals in a batch, and steps."""

    train: int = 1000
    batch: int = 100
    steps: int = 1000


MINIMAL = Scale()
LARGE = Scale(train=4000, steps=6000)
TRIAL = {"train": 200, "steps": 60}
OUTCOMES = {
    "train_loss": Outcome("training loss at the end", unit="nats", better="lower", resolution=0.00001),
    "rate": Outcome("learning rate at the end", unit="learning rate", better="neither", resolution=0.001),
}


class Run(NamedTuple):
    """Loss on all training signals after the last step, and the rate of that step, both (lanes,)."""

    loss: Tensor
    rate: Tensor


def untuned(seeds: Seeds, scale: Scale) -> Run:
    return train(seeds, scale, grid(seeds, (PRESET,)))


def tried(seeds: Seeds, scale: Scale) -> Run:
    return train(seeds, scale, found_by_trial(seeds, scale, draw=1))


def tried_elsewhere(seeds: Seeds, scale: Scale) -> Run:
    return train(seeds, scale, found_by_trial(seeds, scale, draw=2))


def computed(seeds: Seeds, scale: Scale) -> Run:
    return train(seeds, scale, None, anew=scale.steps)


def computed_anew(seeds: Seeds, scale: Scale) -> Run:
    return train(seeds, scale, None, anew=ANEW)


class Arm(NamedTuple):
    """Where the learning rate comes from."""

    text: str
    run: Callable[[Seeds, Scale], Run]


ARMS = {
    "untuned": Arm("the rate that a library presets", untuned),
    "computed": Arm("one over the largest curvature at the start", computed),
    "computed_anew": Arm("one over the largest curvature, computed every 100 steps", computed_anew),
    "tried": Arm("the best of seven rates on another draw", tried),
    "tried_elsewhere": Arm("the best of seven rates on yet another draw", tried_elsewhere),
}
SAME_FOR_ANY_LABELS = {
    "train_loss": "how far a rate lets the training loss fall is measured, whichever labels it is of",
}


def found_by_trial(seeds: Seeds, scale: Scale, *, draw: int) -> Tensor:
    """Return the rate that ends lowest on another draw of signals, weights and batches, (seeds,)."""
    others = Seeds(tuple(value ^ draw for value in seeds.values), seeds.device)
    rates = grid(others, RATES)
    return rates[best(train(others, scale, rates).loss, len(RATES), "lower")]


def one_over_curvature(net: Parameters, x: Tensor, y: Tensor, start: Tensor) -> Tensor:
    """Return one over the largest curvature of each lane's loss, (lanes,)."""
    product = hessian_product(cross_entropy(mlp(net.weights, x), y), net)
    return 1 / top_eigenvalues(product, start, PRODUCTS)


def train(seeds: Seeds, scale: Scale, rates: Tensor | None, *, anew: int = 0) -> Run:
    """Train at given rates, as many as each seed has, or at the one computed every so many steps."""
    data = mnist1d(seeds, train=scale.train, test=10)
    lanes = 1 if rates is None else len(rates) // len(seeds)
    net = initialise(seeds, SHAPES, "he", lanes=lanes)
    start = seeds.normal("Lanczos", net.flat.shape[1])
    order = batch_order(seeds, scale.train, scale.batch, scale.steps)
    rate = net.flat.new_zeros(len(net.flat)) if rates is None else rates
    for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, lanes))):
        if rates is None and step % anew == 0:
            rate = one_over_curvature(net, data.x, data.y, start)
        sgd(net.flat, mlp_cross_entropy(net, x, y).gradient, None, rate)
    with torch.no_grad():
        loss = cross_entropy(mlp(net.weights, spread(data.x, lanes)), spread(data.y, lanes))
    return Run(loss, rate)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    run = ARMS[arm].run(seeds, scale)
    return {"train_loss": run.loss, "rate": run.rate}

"""When thirty rectified layers do not train, is it the start or the search?

Hypothesis: a rectifier halves the mean square of what passes it. Weights of variance 2 over the inputs make
up for that, and those of half the variance lose a factor of two in each layer, so that after thirty layers
almost nothing arrives, and no gradient comes back. Descent then has nothing to go by, at any rate. An
optimiser that divides the gradient by its size has as much to go by as before, if the direction is right.

Method: plain nets without normalisation or skips learn handwritten digits from batches. Each start has six
rates side by side, spread over four decades for descent with momentum and over two and a half for Adam, and
is judged at the one that is best for it.

Arms: variance of the first weights, by what searches. In a shallow net the same small variance loses little.
Shuffled labels have no rule.

Outcomes: the share of training digits that the net has right in the end.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import digits
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.optimise import adam, adam_state, sgd, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes
from repro.lab.seeds import Seeds

RATES = (0.0003, 0.001, 0.003, 0.03, 0.3, 3.0)  # learning rates of descent
ADAM_RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)  # learning rates of Adam
MOMENTUM = 0.9
PIXELS, CLASSES = 64, 10
TRAIN = 1000  # digits
BATCH = 40  # digits in a batch
LOOKS = 10  # equal parts of training, after each of which accuracy is taken
SMALL = 0.01  # standard deviation of small weights
SHALLOW = 3  # hidden layers of shallow nets


@dataclass(frozen=True)
class Scale:
    """Hidden layers of deep nets, units of each, and steps."""

    deep: int = 30
    width: int = 48
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(width=256, steps=10000)
TRIAL = {"deep": 8, "width": 24, "steps": 30}
OUTCOMES = {
    "accuracy": Outcome(
        "training digits right after the last step", unit="percent", better="higher", resolution=0.1
    ),
    "accuracy_curve": Curve(
        "training digits right",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


class Arm(NamedTuple):
    """Variance of the weights over one over the inputs, or None for SMALL, and what else differs."""

    text: str
    gain: float | None
    is_adam: bool = False
    is_deep: bool = True
    is_shuffled: bool = False


ARMS = {
    "gain_2": Arm("He's variance, descent", 2.0),
    "gain_1": Arm("half of it, as Glorot and Bengio have it, descent", 1.0),
    "fixed_small": Arm("a standard deviation of 0.01, descent", None),
    "gain_2_adam": Arm("He's variance, Adam", 2.0, is_adam=True),
    "gain_1_adam": Arm("half of it, Adam", 1.0, is_adam=True),
    "fixed_small_adam": Arm("a standard deviation of 0.01, Adam", None, is_adam=True),
    "shallow_gain_1": Arm("three layers, half of He's variance, descent", 1.0, is_deep=False),
    "he_shuffled": Arm("He's variance, descent, labels shuffled", 2.0, is_shuffled=True),
}


def start(seeds: Seeds, shapes: Shapes, gain: float | None, lanes: int) -> Parameters:
    """Return weights of variance gain / inputs, or of deviation SMALL, and biases of zero."""
    if gain is not None:
        return initialise(seeds, shapes, "lecun", gain=math.sqrt(gain), lanes=lanes)
    return initialise(seeds, shapes, "normal", gain=SMALL, lanes=lanes)


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, gain, is_adam, is_deep, is_shuffled = ARMS[arm]
    rates = ADAM_RATES if is_adam else RATES
    lanes = len(rates)  # of each seed
    shapes = mlp_shapes(PIXELS, *[scale.width] * (scale.deep if is_deep else SHALLOW), CLASSES)
    net = start(seeds, shapes, gain, lanes)
    data = digits(seeds, train=TRAIN)
    x = (data.x - data.x.mean((1, 2), keepdim=True)) / data.x.std((1, 2), keepdim=True)
    y = data.y
    if is_shuffled:
        y = y.gather(1, seeds.permutations("labels", TRAIN))
    order = spread(batch_order(seeds, TRAIN, BATCH, scale.steps), lanes)
    rate = grid(seeds, rates)
    state, velocity = adam_state(net.flat), torch.zeros_like(net.flat)
    looks = []
    for step, (batch_x, batch_y) in enumerate(batches(x, y, order), 1):
        slope = mlp_cross_entropy(net, batch_x, batch_y).gradient
        if is_adam:
            adam(net.flat, slope, state, rate)
        else:
            sgd(net.flat, slope, velocity, rate, momentum=MOMENTUM)
        if step % (scale.steps // LOOKS) == 0:
            with torch.no_grad():
                outputs = mlp(net.weights, spread(x, lanes))
                looks.append(100 * accuracy(outputs, spread(y, lanes)))
    course = torch.stack(looks, 1)  # (lanes, LOOKS)
    lane = best(course[:, -1], lanes, "higher")  # (seeds,)
    return {"accuracy": course[lane, -1], "accuracy_curve": course[lane]}

"""What wrecks Adam in bfloat16: the rounding of every number, or that of one decay rate to 1?

Hypothesis: rounded to the nearest number of the format, a decay rate of 0.999 becomes 1. The second moment
then stays at zero, its correction divides by zero, and no weight is a number any more. All other roundings
are errors of some tenths of a percent, and training survives these; so does gradient descent.

Method: nets learn handwritten digits from batches. Inputs, weights, gradients and learning rates are rounded
to bfloat16, and so is the result of each operation of a step. Decay rates and their powers are rounded apart
from these. Adam is in its textbook form, each arm at the best of four rates by the training loss.

Arms: what is rounded, and how. Truncation towards zero makes 0.99609375 of 0.999.

Outcomes: errors on new digits; weights that are no numbers after one step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import digits
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

RATES = (0.0003, 0.001, 0.003, 0.01)  # learning rates of Adam
DESCENT_RATES = (0.01, 0.03, 0.1, 0.3)  # learning rates of descent with momentum
FIRST, SECOND = 0.9, 0.999  # decay rates of Adam's moments; the first is that of momentum as well
EPSILON = 1e-8
TRAIN = 1000  # digits
BATCH = 100  # digits in a batch
SHAPES = mlp_shapes(64, 32, 10)
LOW_BITS = -65536  # keeps the 16 high bits of a number of 32 bits
Rounding = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Scale:
    """Steps."""

    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(steps=10000)
OUTCOMES = {
    "test_error": Outcome("new digits wrong", unit="percent", better="lower", resolution=0.1),
    "broken_weights": Outcome(
        "weights that are not finite numbers after one step", unit="percent", better="lower", resolution=0.1
    ),
}


def exactly(x: Tensor) -> Tensor:
    return x


def to_nearest(x: Tensor) -> Tensor:
    return x.bfloat16().float()


def truncated(x: Tensor) -> Tensor:
    return (x.view(torch.int32) & LOW_BITS).view(torch.float32)


class Arm(NamedTuple):
    """How numbers are rounded, and how decay rates, of which the second is given."""

    text: str
    numbers: Rounding
    decays: Rounding
    second: float = SECOND
    is_adam: bool = True


ARMS = {
    "exact": Arm("Adam, nothing rounded", exactly, exactly),
    "decay_rounded": Arm("Adam, only decay rates rounded", exactly, to_nearest),
    "rest_rounded": Arm("Adam, all but decay rates rounded", to_nearest, exactly),
    "all_rounded": Arm("Adam, all rounded", to_nearest, to_nearest),
    "all_truncated": Arm("Adam, all truncated", truncated, truncated),
    "decay_99_rounded": Arm("Adam with a decay rate of 0.99, all rounded", to_nearest, to_nearest, 0.99),
    "descent_rounded": Arm("gradient descent, all rounded", to_nearest, to_nearest, is_adam=False),
}
SAME_FOR_EVERY_SEED = {
    "decay_rounded": "zero over zero leaves no weight a number, whatever the seed",
    "all_rounded": "the same",
}


class State(NamedTuple):
    """Weights and moments of the gradient, (lanes, count), and the powers of the two decay rates, (2,)."""

    weights: Tensor
    first: Tensor
    second: Tensor
    powers: Tensor


def step_of_adam(state: State, slope: Tensor, rate: Tensor, decays: Tensor, arm: Arm) -> State:
    """Return the state after a step (Kingma and Ba 2015, algorithm 1), each operation rounded."""
    r = arm.numbers
    powers = arm.decays(state.powers * decays)
    fresh, debt = r(1 - decays), r(1 - powers)
    first = r(r(decays[0] * state.first) + r(fresh[0] * slope))
    second = r(r(decays[1] * state.second) + r(fresh[1] * r(slope.square())))
    spread_out = r(r(r(second / debt[1]).sqrt()) + EPSILON)
    change = r(rate * r(r(first / debt[0]) / spread_out))
    return State(r(state.weights - change), first, second, powers)


def step_of_descent(state: State, slope: Tensor, rate: Tensor, decays: Tensor, arm: Arm) -> State:
    """Return the state after a step with momentum, each operation rounded."""
    r = arm.numbers
    velocity = r(r(decays[0] * state.first) + slope)
    return State(r(state.weights - r(rate * velocity)), velocity, state.second, state.powers)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    numbers = chosen.numbers
    rates, step_of = (RATES, step_of_adam) if chosen.is_adam else (DESCENT_RATES, step_of_descent)
    lanes = len(rates)
    data = digits(seeds, train=TRAIN)
    x = numbers(data.x)
    net = initialise(seeds, SHAPES, "he", lanes=lanes)
    rate = numbers(grid(seeds, rates)).unsqueeze(1)
    decays = chosen.decays(torch.tensor([FIRST, chosen.second]))
    zero = torch.zeros_like(net.flat)
    state = State(numbers(net.flat), zero, zero, torch.ones(2))
    broken = zero[:, 0]
    order = spread(batch_order(seeds, TRAIN, BATCH, scale.steps), lanes)
    for step, (batch_x, batch_y) in enumerate(batches(x, data.y, order)):
        net.flat.copy_(state.weights)
        slope = numbers(mlp_cross_entropy(net, batch_x, batch_y).gradient)
        state = step_of(state, slope, rate, decays, chosen)
        if step == 0:
            broken = 100 * (1 - state.weights.isfinite().float().mean(1))
    net.flat.copy_(state.weights)
    with torch.no_grad():
        loss = cross_entropy(mlp(net.weights, spread(x, lanes)), spread(data.y, lanes))
        right = accuracy(mlp(net.weights, spread(numbers(data.test_x), lanes)), spread(data.test_y, lanes))
    lane = best(loss, lanes, "lower")
    return {"test_error": 100 - 100 * right.nan_to_num(0)[lane], "broken_weights": broken[lane]}

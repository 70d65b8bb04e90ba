"""Can a net that has learned its examples by heart find the rule behind them long afterwards?

Hypothesis: a net has room for learning each sum of a small table by itself, and does so at once. The rule
needs smaller weights for the same answers. Weight decay goes on when nothing is left to be learned by heart,
and shrinks the one until only the other is left. With fewer sums the rule saves less, and takes longer.

Method: addition modulo 23, both numbers in unary, one hidden layer of 128 rectified units, AdamW on all
examples at once. A delay is the step after which 95 percent of the rest of the table are right, over the step
after which 99 percent of the examples are. Each net is trained at two rates; of those at which it ever gets
so far the one with the shorter delay counts. A net that never does counts as if it had with its last step.

Arms: 65, 75 and 85 percent of the table as examples; and with 75 percent no weight decay, first weights a
third as large, answers at random, and a rule that asks for the first number only.

Outcomes: the delay, whether the rest of the table is ever right, and how much of it is when the examples are.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.curves import thinned
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Weights
from repro.lab.seeds import Seeds

NUMBERS = 23  # a prime: sums are taken modulo it
RATES = (0.01, 0.03)  # learning rates of AdamW
BETAS = (0.9, 0.98)  # of the moments; those of the source
DECAY = 1.0  # of the weights, times the rate in each step
EVERY = 5  # steps between looks
FITTED, FOUND = 0.99, 0.95  # shares of the examples, and of the rest of the table, that are right


@dataclass(frozen=True)
class Scale:
    """Units of the hidden layer, and steps."""

    units: int = 128
    steps: int = 1500


MINIMAL = Scale()
LARGE = Scale(units=512, steps=100_000)
TRIAL = {"units": 32, "steps": 200}
OUTCOMES = {
    "log10_delay": Outcome(
        "delay of the rest of the table after the examples", unit="decades", better="lower", resolution=0.05
    ),
    "generalises": Outcome("is the rest ever right?", unit="(1 is yes)", better="higher", resolution=1),
    "at_fit": Outcome(
        "the rest right when the examples are first fitted", unit="percent", better="higher", resolution=1
    ),
    "seen_curve": Curve(
        "examples right",
        unit="percent",
        better="higher",
        axis=Axis("step", first=5, last="steps", every=5, is_logarithmic=True),
    ),
    "rest_curve": Curve(
        "rest of the table right",
        unit="percent",
        better="higher",
        axis=Axis("step", first=5, last="steps", every=5, is_logarithmic=True),
    ),
}


class Arm(NamedTuple):
    """Which part of the table are examples, what the answers are, and how a net starts and is shrunk."""

    description: str
    share: float = 0.75
    rule: str = "sum"  # or "random", or "first"
    decay: float = DECAY
    gain: float = 1.0


ARMS = {
    "share_65": Arm("65 percent of the table", 0.65),
    "share_75": Arm("75 percent of the table"),
    "share_85": Arm("85 percent of the table", 0.85),
    "no_decay": Arm("75 percent, no weight decay", decay=0.0),
    "small_start": Arm("75 percent, first weights a third as large", gain=1 / 3),
    "random_answers": Arm("75 percent, answers at random", rule="random"),
    "first_number": Arm("75 percent, the answer is the first number", rule="first"),
}


class Table(NamedTuple):
    """Pairs of numbers, (seeds, pairs, 2 * NUMBERS), in random order, and answers, (seeds, pairs)."""

    x: Tensor
    y: Tensor


def table(seeds: Seeds, rule: str) -> Table:
    pair = seeds.permutations("pairs", NUMBERS**2)
    first, second = pair // NUMBERS, pair % NUMBERS
    x = torch.cat([one_hot(first, NUMBERS), one_hot(second, NUMBERS)], 2).float()
    answers = {
        "sum": (first + second) % NUMBERS,
        "random": seeds.integers("answers", NUMBERS**2, high=NUMBERS),
        "first": first,
    }
    return Table(x, answers[rule])


class Course(NamedTuple):
    """Shares of the examples and of the rest that are right at each look, each of shape (lanes, looks)."""

    seen: Tensor
    rest: Tensor


@torch.no_grad()
def is_right(weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    """Return whether each answer of each lane is right, 1 or 0, (lanes, pairs)."""
    return (mlp(weights, x).argmax(2) == y).float()


def trained(seeds: Seeds, arm: Arm, scale: Scale) -> Course:
    """Return how a net at each rate comes to know the examples and the rest, as lanes of a seed."""
    lanes = len(RATES)
    x, y = (spread(each, lanes) for each in table(seeds, arm.rule))
    count = round(arm.share * NUMBERS**2)  # of examples
    shown, answers = x[:, :count].contiguous(), y[:, :count].contiguous()
    shapes = mlp_shapes(2 * NUMBERS, scale.units, NUMBERS)
    nets = initialise(seeds, shapes, "he", gain=arm.gain, lanes=lanes)
    state, rate = adam_state(nets.flat), grid(seeds, RATES)
    seen, rest = [], []
    for step in range(1, scale.steps + 1):
        slope = mlp_cross_entropy(nets, shown, answers).gradient
        adam(nets.flat, slope, state, rate, betas=BETAS, decoupled_decay=arm.decay)
        if step % EVERY == 0:
            right = is_right(nets.weights, x, y)
            seen.append(right[:, :count].mean(1))
            rest.append(right[:, count:].mean(1))
    return Course(torch.stack(seen, 1), torch.stack(rest, 1))


def first_look(is_reached: Tensor) -> Tensor:
    """Return the number of the first look, from 0, at which something is reached, else of the last."""
    never = ~is_reached.any(1)
    return is_reached.int().argmax(1).masked_fill(never, is_reached.shape[1] - 1)


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    course = trained(seeds, ARMS[arm], scale)
    fitted = first_look(course.seen >= FITTED)  # (seeds * rates,)
    found = first_look(course.rest >= FOUND)
    delay = ((1 + found) / (1 + fitted)).log10()
    has_found = (course.rest >= FOUND).any(1)
    lane = best(delay.where(has_found, scale.steps), len(RATES), "lower")  # (seeds,)
    seen, rest = course.seen[lane], course.rest[lane]
    kept = thinned(rest.shape[1])
    return {
        "log10_delay": delay[lane],
        "generalises": has_found[lane].float(),
        "at_fit": 100 * rest.gather(1, fitted[lane].unsqueeze(1)).squeeze(1),
        "seen_curve": 100 * seen[:, kept],
        "rest_curve": 100 * rest[:, kept],
    }

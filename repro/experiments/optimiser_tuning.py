"""Does an optimiser that contains another fall behind it, once all of its settings are tuned?

Hypothesis: with a large epsilon Adam divides by next to a constant and turns into momentum, and momentum with
none kept turns into descent. So the larger method can do what the smaller one does, if the search reaches so
far and is not lost in the larger space. Where epsilon is left alone, the larger method no longer contains
the smaller one.

Method: every search draws its trials at random, the rate over four decades, and is judged by new points at
the trial that does best on further points. Searches share the draws of settings that they share. Rates fall
linearly to zero.

Arms: a problem and a search, of 64 trials unless it says otherwise. The construction of Wilson et al. (2017)
has features (y, 1, 1) that all points share and others that only one point has; Adam with its usual epsilon
gets every point of the smaller class wrong there. The nets have two hidden layers of 32 rectified units and
learn MNIST-1D. A preset is a single trial, with the constants that libraries give.

Outcomes: percent of new points wrong, at the trial that was chosen among all and among the first few.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.initialise import initialise
from repro.lab.lanes import best, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

RATES = (1e-3, 1e1)  # learning rates of descent and momentum
ADAM_RATES = (1e-5, 1e-1)  # learning rates of Adam
NOT_KEPT = (0.01, 1.0)  # one minus the share of the mean gradient that is kept
SQUARES_NOT_KEPT = (0.0001, 0.1)  # the same of the mean square
EPSILONS = (1e-8, 1e3)
SLOPE = 0.01  # epsilon from which on Adam's rate grows with it, so that its steps stay of one size
FEW = 2  # trials of a brief search
FIRST = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)  # trials among which the curve chooses
POSITIVE = 0.6  # probability of the label +1 in the construction
KNOWN = 1000  # points that choose between trials
JUDGING = 1000  # points that judge
SHAPES = mlp_shapes(40, 32, 32, 10)
BATCH = 50  # signals in a batch


@dataclass(frozen=True)
class Scale:
    """Trials of a search; points of the construction and its steps; signals of the nets and their steps."""

    trials: int = 64
    points: int = 200
    point_steps: int = 1000
    signals: int = 1000
    signal_steps: int = 300


MINIMAL = Scale()
LARGE = Scale(trials=256, points=1000, point_steps=4000, signals=4000, signal_steps=4000)
TRIAL = {"trials": 8, "point_steps": 300, "signals": 200, "signal_steps": 50}
OUTCOMES = {
    "test_error": Outcome(
        "error on new points", unit="percent of new points", better="lower", resolution=0.1
    ),
    "test_error_curve": Curve(
        "error on new points",
        unit="percent of new points",
        better="lower",
        axis=Axis("trials to choose from", values=FIRST, is_logarithmic=True),
    ),
}


class Trials(NamedTuple):
    """Settings of each lane, (lanes, 1): rate, shares of mean and mean square that are kept, and epsilon."""

    rate: Tensor
    kept: Tensor
    squares_kept: Tensor
    epsilon: Tensor


class Memory(NamedTuple):
    """Running means of the gradient and of its square, (lanes, count)."""

    mean: Tensor
    squares: Tensor


def drawn(seeds: Seeds, name: str, ends: tuple[float, float], trials: int) -> Tensor:
    """Return random settings, evenly spread in their logarithm between two ends, (lanes, 1)."""
    low, high = math.log10(ends[0]), math.log10(ends[1])
    return 10 ** seeds.uniform(name, trials, low=low, high=high, dtype=torch.float64).view(-1, 1)


def search_descent(seeds: Seeds, trials: int) -> Trials:
    rate = drawn(seeds, "rate", RATES, trials)
    nothing = torch.zeros_like(rate)
    return Trials(rate, nothing, nothing, nothing)


def search_momentum(seeds: Seeds, trials: int) -> Trials:
    return search_descent(seeds, trials)._replace(kept=1 - drawn(seeds, "not kept", NOT_KEPT, trials))


def search_adam_rate(seeds: Seeds, trials: int) -> Trials:
    rate = drawn(seeds, "rate", ADAM_RATES, trials)
    return Trials(rate, *(torch.full_like(rate, usual) for usual in (0.9, 0.999, 1e-8)))


def search_adam(seeds: Seeds, trials: int) -> Trials:
    epsilon = drawn(seeds, "epsilon", EPSILONS, trials)
    rate = drawn(seeds, "rate", ADAM_RATES, trials) * (1 + epsilon / SLOPE)
    kept = 1 - drawn(seeds, "not kept", NOT_KEPT, trials)
    squares_kept = 1 - drawn(seeds, "squares not kept", SQUARES_NOT_KEPT, trials)
    return Trials(rate, kept, squares_kept, epsilon)


def search_adam_briefly(seeds: Seeds, _: int) -> Trials:
    return search_adam(seeds, FEW)


def preset_momentum(seeds: Seeds, _: int) -> Trials:
    return Trials(*(torch.full((len(seeds), 1), preset).double() for preset in (0.1, 0.9, 0.0, 0.0)))


def preset_adam(seeds: Seeds, _: int) -> Trials:
    return Trials(*(torch.full((len(seeds), 1), preset).double() for preset in (0.001, 0.9, 0.999, 1e-8)))


def momentum(slope: Tensor, memory: Memory, trials: Trials, _: int) -> Tensor:
    """Return the step against which weights move: the rate times the running mean of gradients."""
    memory.mean.lerp_(slope, 1 - trials.kept)
    return trials.rate * memory.mean


def adam(slope: Tensor, memory: Memory, trials: Trials, step: int) -> Tensor:
    """Return Adam's step (Kingma and Ba 2015, algorithm 1) with settings of each lane's own."""
    memory.mean.lerp_(slope, 1 - trials.kept)
    memory.squares.lerp_(slope.square(), 1 - trials.squares_kept)
    size = (memory.squares / (1 - trials.squares_kept**step)).sqrt_().add_(trials.epsilon)
    return trials.rate / (1 - trials.kept**step) * memory.mean / size


class Rule(Protocol):
    """An update rule."""

    def __call__(self, slope: Tensor, memory: Memory, trials: Trials, step: int, /) -> Tensor:
        """Return the step against which weights move."""


class Wrong(NamedTuple):
    """Percent of points wrong in each lane, (lanes,): of those that choose, and of those that judge."""

    known: Tensor
    judging: Tensor


def labels(seeds: Seeds, purpose: str, count: int) -> Tensor:
    return (seeds.uniform(purpose, count) < POSITIVE).double() * 2 - 1  # (seeds, count)


def on_construction(seeds: Seeds, scale: Scale, rule: Rule, trials: Trials) -> Wrong:
    """Fit the construction by least squares in full batch; a point's own features share one weight."""
    lanes = len(trials.rate) // len(seeds)
    y = spread(labels(seeds, "construction", scale.points), lanes)
    copies = 3 - 2 * y  # features of its own: 1 where y = 1, 5 where y = -1
    weights = y.new_zeros(len(y), 2 + scale.points)  # of y, of both ones, and of each point's own
    memory = Memory(torch.zeros_like(weights), torch.zeros_like(weights))
    for step in range(1, scale.point_steps + 1):
        errors = weights[:, :1] * y + 2 * weights[:, 1:2] + copies * weights[:, 2:] - y
        shared = ((errors * y).mean(1, keepdim=True), errors.mean(1, keepdim=True))
        slope = torch.cat((*shared, errors / scale.points), 1)
        weights -= (1 - step / scale.point_steps) * rule(slope, memory, trials, step)

    def percent_wrong(purpose: str, count: int) -> Tensor:
        new = spread(labels(seeds, purpose, count), lanes)
        is_right = (weights[:, :1] * new + 2 * weights[:, 1:2]) * new > 0
        return 100 * (1 - is_right.double().mean(1))

    return Wrong(percent_wrong("known", KNOWN), percent_wrong("judging", JUDGING))


def on_signals(seeds: Seeds, scale: Scale, rule: Rule, trials: Trials) -> Wrong:
    """Train nets on MNIST-1D; one that has diverged counts as wrong on all signals."""
    lanes = len(trials.rate) // len(seeds)
    trials = Trials(*(setting.float() for setting in trials))
    data = mnist1d(seeds, train=scale.signals, test=KNOWN + JUDGING)
    net = initialise(seeds, SHAPES, "he", lanes=lanes)
    memory = Memory(torch.zeros_like(net.flat), torch.zeros_like(net.flat))
    order = batch_order(seeds, scale.signals, BATCH, scale.signal_steps)
    with torch.no_grad():
        for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, lanes)), 1):
            slope = mlp_cross_entropy(net, x, y).gradient
            net.flat.sub_((1 - step / scale.signal_steps) * rule(slope, memory, trials, step))
        logits = mlp(net.weights, spread(data.test_x, lanes))
    is_known, new = slice(KNOWN), spread(data.test_y, lanes)
    known = accuracy(logits[:, is_known], new[:, is_known])
    judging = accuracy(logits[:, KNOWN:], new[:, KNOWN:])
    return Wrong(*(100 * (1 - share.nan_to_num(nan=0.0)) for share in (known, judging)))


class Arm(NamedTuple):
    """A problem, an update rule, and where its trials come from."""

    description: str
    problem: Callable[[Seeds, Scale, Rule, Trials], Wrong]
    rule: Rule
    search: Callable[[Seeds, int], Trials]


ARMS = {
    "construction_momentum": Arm("construction: momentum", on_construction, momentum, search_momentum),
    "construction_adam_rate": Arm("construction: Adam, rate only", on_construction, adam, search_adam_rate),
    "construction_adam": Arm("construction: Adam, all settings", on_construction, adam, search_adam),
    "nets_descent": Arm("nets: descent", on_signals, momentum, search_descent),
    "nets_momentum": Arm("nets: momentum", on_signals, momentum, search_momentum),
    "nets_adam": Arm("nets: Adam, all settings", on_signals, adam, search_adam),
    "nets_adam_briefly": Arm("nets: Adam, two trials", on_signals, adam, search_adam_briefly),
    "nets_momentum_preset": Arm("nets: momentum at a preset", on_signals, momentum, preset_momentum),
    "nets_adam_preset": Arm("nets: Adam at its preset", on_signals, adam, preset_adam),
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, problem, rule, search = ARMS[arm]
    wrong = problem(seeds, scale, rule, search(seeds, scale.trials))
    known, judging = (percent.view(len(seeds), -1) for percent in wrong)  # (seeds, trials)

    def error_of_best(first: int) -> Tensor:
        among = known[:, :first]
        chosen = best(among.flatten(), among.shape[1], "lower")
        return judging[:, :first].flatten()[chosen]

    return {
        "test_error": error_of_best(known.shape[1]),
        "test_error_curve": torch.stack([error_of_best(first) for first in FIRST], 1),
    }

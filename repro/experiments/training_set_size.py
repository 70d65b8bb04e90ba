"""Do more signals, and more kinds of them, teach a net what holds for signals of other kinds too?

Hypothesis: a few signals can be told apart by much that is peculiar to them. The more there are, and the more
they vary, the less of that serves for all of them, and a net is left with what the classes have in common,
which also holds for signals that vary in ways it has not met.

Method: MNIST-1D, fresh in each seed, three convolutions of 25 channels, as many steps of Adam for every arm.
Each net chooses between three pairs of rate and weight decay, and when to stop, on 1,000 further signals of
the usual kind. It is judged on 1,000 usual ones, on as many with twice the noise and shear, and on as many
narrow ones, which come from the middle quarter of each range.

Arms: sixteen or four times as many signals as in the smallest set; the smallest set, once, and repeated until
it fills as many places as the largest; and as many as in the largest set that are harder, or narrow.

Outcomes: percent right of usual, of harder and of narrow signals, and how many more of the usual than of the
harder ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import conv1d, linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, spread
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mnist1d import Style, mnist1d, mnist1d_styled
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Shapes, Weights, gradient
from repro.lab.seeds import Seeds

BATCH = 50  # signals in a batch
LOOKS = 8  # equal parts of training, after each of which a net may stop
VALIDATION = 1000  # usual signals that choose among a net's settings and looks
TESTED = 1000  # signals of each kind that judge
RATES = (0.003, 0.01, 0.01)  # learning rates of Adam
DECAYS = (0.0, 0.0, 0.3)  # weight decay at each of them
HARDER = Style(shear=1.5, correlated=0.5, white=0.04)  # twice the usual shear and noise
NARROW = Style(
    paddings=range(45, 51), shifts=range(18, 30), scale=0.1, shear=0.1875
)  # a quarter of each range
SHAPES: Shapes = {
    "0.weight": (25, 1, 5),
    "1.weight": (25, 25, 3),
    "2.weight": (25, 25, 3),
    "3.weight": (10, 125),
    "0.bias": (25,),
    "1.bias": (25,),
    "2.bias": (25,),
    "3.bias": (10,),
}


@dataclass(frozen=True)
class Scale:
    """Signals in the smallest set, and steps."""

    few: int = 250
    steps: int = 800


MINIMAL = Scale()
LARGE = Scale(few=4000, steps=20_000)
TRIAL = {"few": 50, "steps": 40}
OUTCOMES = {
    "accuracy": Outcome("accuracy on usual signals", unit="percent", better="higher", resolution=0.05),
    "harder_accuracy": Outcome(
        "accuracy on harder signals", unit="percent", better="higher", resolution=0.05
    ),
    "narrow_accuracy": Outcome(
        "accuracy on narrow signals", unit="percent", better="higher", resolution=0.05
    ),
    "lost_on_harder": Outcome(
        "accuracy lost on harder signals", unit="percentage points", better="lower", resolution=0.05
    ),
    "accuracy_curve": Curve(
        "accuracy on usual signals",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=12.5, last=100, points=8),
    ),
}


class Examples(NamedTuple):
    """Signals of shape (seeds, count, 40) and their labels."""

    x: Tensor
    y: Tensor


def varied(seeds: Seeds, scale: Scale, *, times: int) -> Examples:
    """Return a multiple of the few signals, of which the few are the first."""
    data = mnist1d(seeds, train=16 * scale.few, test=VALIDATION + TESTED)
    count = times * scale.few
    return Examples(data.x[:, :count].contiguous(), data.y[:, :count].contiguous())


def repeated(seeds: Seeds, scale: Scale) -> Examples:
    few = varied(seeds, scale, times=1)
    return Examples(few.x.repeat(1, 16, 1), few.y.repeat(1, 16))


def narrow(seeds: Seeds, scale: Scale) -> Examples:
    return styled(seeds, scale, NARROW)


def styled(seeds: Seeds, scale: Scale, style: Style) -> Examples:
    data = mnist1d_styled(seeds, style, train=16 * scale.few, test=TESTED)
    return Examples(data.x, data.y)


class Arm(NamedTuple):
    """What a net learns from."""

    description: str
    examples: Callable[[Seeds, Scale], Examples]


ARMS = {
    "many": Arm("sixteen times as many signals", lambda seeds, scale: varied(seeds, scale, times=16)),
    "more": Arm("four times as many signals", lambda seeds, scale: varied(seeds, scale, times=4)),
    "few": Arm("few signals", lambda seeds, scale: varied(seeds, scale, times=1)),
    "repeated": Arm("few signals, sixteen times each", repeated),
    "harder": Arm("sixteen times as many signals, of the harder kind", lambda s, c: styled(s, c, HARDER)),
    "narrow": Arm("sixteen times as many signals, all much alike", narrow),
}


def net(weights: Weights, x: Tensor) -> Tensor:
    x = x.unsqueeze(2)  # (lanes, batch, 1, 40)
    for k in range(3):
        x = conv1d(x, weights[f"{k}.weight"], weights[f"{k}.bias"], stride=2, padding=1).relu()
    return linear(x.flatten(2), weights["3.weight"], weights["3.bias"])


def judges(seeds: Seeds, scale: Scale) -> list[Examples]:
    """Return the signals that choose, and usual, harder and narrow ones that judge."""
    data = mnist1d(seeds, train=16 * scale.few, test=VALIDATION + TESTED)
    usual = Examples(data.test_x, data.test_y)
    others = [mnist1d_styled(seeds, style, train=16 * scale.few, test=TESTED) for style in (HARDER, NARROW)]
    return [
        Examples(usual.x[:, :VALIDATION], usual.y[:, :VALIDATION]),
        Examples(usual.x[:, VALIDATION:], usual.y[:, VALIDATION:]),
        *(Examples(each.test_x, each.test_y) for each in others),
    ]


@torch.no_grad()
def shares(weights: Weights, judging: list[Examples], lanes: int) -> Tensor:
    """Return the percentage that each lane has right of each kind of signals, (seeds * lanes, kinds)."""
    right = [accuracy(net(weights, spread(each.x, lanes)), spread(each.y, lanes)) for each in judging]
    return 100 * torch.stack(right, 1)


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    x, y = ARMS[arm].examples(seeds, scale)
    judging = judges(seeds, scale)
    lanes = len(RATES)  # of each seed
    rate = torch.tensor(RATES, device=seeds.device).repeat(len(seeds))
    kept = 1 - rate * torch.tensor(DECAYS, device=seeds.device).repeat(len(seeds))  # of weights in a step
    nets = initialise(seeds, SHAPES, "pytorch_default", lanes=lanes)
    order = batch_order(seeds, y.shape[1], BATCH, scale.steps)  # (seeds, steps, BATCH)
    state = adam_state(nets.flat)
    looks = []
    for step, (batch_x, batch_y) in enumerate(batches(x, y, spread(order, lanes)), 1):
        slope = gradient(cross_entropy(net(nets.weights, batch_x), batch_y), nets)
        nets.flat.mul_(kept.unsqueeze(1))
        adam(nets.flat, slope, state, rate)
        if step % (scale.steps // LOOKS) == 0:
            looks.append(shares(nets.weights, judging, lanes))
    found = torch.stack(looks, 1)  # (seeds * lanes, LOOKS, kinds)
    lane = best(found[:, :, 0].amax(1), lanes, "higher")  # (seeds,)
    course = found[lane]
    chosen = course[torch.arange(len(seeds)), course[:, :, 0].argmax(1)]  # (seeds, kinds)
    _, usual, harder, alike = chosen.unbind(1)
    return {
        "accuracy": usual,
        "harder_accuracy": harder,
        "narrow_accuracy": alike,
        "lost_on_harder": usual - harder,
        "accuracy_curve": course[:, :, 1],
    }

"""Do networks need the noise of small batches to do well on new points, or will explicit regularisation do?

Hypothesis: where some labels are wrong, descent on all points at once soon learns these by heart. The noise
of small batches gets in the way of that, and so does weight decay, which needs no chance. So a full batch
falls behind where nothing else regularises, and no longer where weight decay or a penalty on the length of
the gradient does, at a rate of its own.

Method: nets with one hidden layer of 32 rectified units learn 200 digits, a share of which have labels drawn
at random, with momentum and rates that fall linearly to zero, for equal numbers of updates. Tuned arms have
fifteen trials, five rates by three regularisers; of them the one that gets most of 500 further digits right
is judged by the others. The gradient of the penalty is a difference of gradients over a short move.

Arms: digits in a batch, and what is added to the loss; full batches with no more passes over the digits than
small ones make; and batches of either size at one rate with nothing added.

Outcomes: percent of new digits right, and of training digits whose given label was learned.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, digits
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.optimise import norms, sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters
from repro.lab.seeds import Seeds

RATES = (0.025, 0.06, 0.15, 0.4, 1.0)
MOMENTUM = 0.9
PIXELS, CLASSES = 64, 10
BATCH = 10  # digits in a small batch
REACH = 0.01  # length of the move along the gradient over which its change is taken
LOOKS = 10  # equal parts of training, after each of which nets are tested
KNOWN = 500  # new digits that choose between trials; the others judge


@dataclass(frozen=True)
class Scale:
    """Training digits, the share of them with random labels, hidden units, and updates."""

    train: int = 200
    wrong: float = 0.2
    units: int = 32
    updates: int = 300


MINIMAL = Scale()
LARGE = Scale(train=1000, units=500, updates=10_000)
TRIAL = {"train": 100, "updates": 100}
OUTCOMES = {
    "test_accuracy": Outcome(
        "new digits right", unit="percent of new digits", better="higher", resolution=0.1
    ),
    "train_accuracy": Outcome(
        "training digits learned as labelled", unit="percent of digits", better="neither", resolution=0.5
    ),
    "test_accuracy_curve": Curve(
        "new digits right",
        unit="percent of new digits",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


class Trial(NamedTuple):
    """A learning rate, and how strongly weights and the squared length of the gradient are penalised."""

    rate: float
    decay: float = 0.0
    penalty: float = 0.0


DECAYED = tuple(Trial(rate, decay) for rate in RATES for decay in (0.0, 0.01, 0.03))
PENALISED = tuple(
    Trial(rate, decay, penalty)
    for rate in RATES
    for decay, penalty in ((0.01, 0.03), (0.03, 0.03), (0.03, 0.3))
)
PRESET = (Trial(0.15),)


class Arm(NamedTuple):
    """Trials, whether a batch is all digits, and whether passes instead of updates are equal."""

    description: str
    trials: tuple[Trial, ...]
    is_full: bool
    has_equal_passes: bool = False


ARMS = {
    "small": Arm("ten digits in a batch, weight decay", DECAYED, is_full=False),
    "small_penalised": Arm("ten digits in a batch, decay and penalty", PENALISED, is_full=False),
    "full": Arm("all digits in a batch, weight decay", DECAYED, is_full=True),
    "full_penalised": Arm("all digits in a batch, decay and penalty", PENALISED, is_full=True),
    "full_same_passes": Arm(
        "all digits in a batch, as many passes as small batches", DECAYED, is_full=True, has_equal_passes=True
    ),
    "small_preset": Arm("ten digits in a batch, nothing tuned or added", PRESET, is_full=False),
    "full_preset": Arm("all digits in a batch, nothing tuned or added", PRESET, is_full=True),
}


def mislabelled(seeds: Seeds, scale: Scale) -> Labelled:
    """Return digits, a share of which have labels drawn at random, the right one among them."""
    data = digits(seeds, train=scale.train)
    is_drawn = seeds.uniform("is wrong", scale.train) < scale.wrong
    drawn = seeds.integers("wrong labels", scale.train, high=CLASSES)
    return data._replace(y=torch.where(is_drawn, drawn, data.y))


def penalty_slope(net: Parameters, x: Tensor, y: Tensor, slope: Tensor) -> Tensor:
    """Return the gradient of half the squared length of the gradient: the Hessian times the gradient.

    Args:
        net: The weights, which are moved along the gradient and back.
        x: Shape (lanes, batch, inputs).
        y: Classes of shape (lanes, batch).
        slope: The gradient at the weights, of shape (lanes, count).
    """
    length = norms(slope).clamp_min(1e-12).unsqueeze(1)  # (lanes, 1)
    here = net.flat.clone()
    net.flat.add_(slope * (REACH / length))
    there = mlp_cross_entropy(net, x, y).gradient
    net.flat.copy_(here)
    return (there - slope) * (length / REACH)


@torch.no_grad()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, trials, is_full, has_equal_passes = ARMS[arm]
    lanes = len(trials)
    rate, decay, penalty = (grid(seeds, setting) for setting in zip(*trials, strict=True))  # (lanes,)
    data = mislabelled(seeds, scale)
    net = initialise(seeds, mlp_shapes(PIXELS, scale.units, CLASSES), "he", lanes=lanes)
    velocity = torch.zeros_like(net.flat)
    batch = scale.train if is_full else BATCH
    updates = scale.updates * BATCH // scale.train if has_equal_passes else scale.updates
    order = spread(batch_order(seeds, scale.train, batch, updates), lanes)
    looks = {updates * part // LOOKS for part in range(1, LOOKS + 1)}
    new_x, new_y = spread(data.test_x, lanes), spread(data.test_y, lanes)
    known, judging = [], []
    for step, (x, y) in enumerate(batches(data.x, data.y, order), 1):
        slope = mlp_cross_entropy(net, x, y).gradient
        added = decay.unsqueeze(1) * net.flat
        if penalty.any():
            added += penalty.unsqueeze(1) * penalty_slope(net, x, y, slope)
        sgd(net.flat, slope + added, velocity, rate * (1 - step / updates), momentum=MOMENTUM)
        if step in looks:
            logits = mlp(net.weights, new_x)
            known.append(accuracy(logits[:, :KNOWN], new_y[:, :KNOWN]))
            judging.append(accuracy(logits[:, KNOWN:], new_y[:, KNOWN:]))
    learned = accuracy(mlp(net.weights, spread(data.x, lanes)), spread(data.y, lanes))
    lane = best(known[-1], lanes, "higher")
    curve = 100 * torch.stack(judging, 1)[lane]  # (seeds, LOOKS)
    return {
        "test_accuracy": curve[:, -1],
        "train_accuracy": 100 * learned[lane],
        "test_accuracy_curve": curve,
    }

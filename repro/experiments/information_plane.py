"""Do the layers of a net lose information on its inputs as it learns, and what does that hang on?

Hypothesis: a net without noise keeps all information, and what an estimate shows is how well patterns can be
told apart. Bounded units end at their two bounds, where many patterns share a bin, with noisy gradients or
without. Unbounded units spread ever further, so that bins of one width hold ever fewer patterns each; bins
that follow their range, or noise that does, may show a loss for them too.

Method: nets of 12-10-7-5-4-3-2 units learn four fifths of the 4096 patterns of twelve bits with Adam. The
rule is drawn for each seed and stays the same when a pattern is rotated, mirrored or inverted. Since a net is
a function, the information on the pattern in binned activations is their entropy over all patterns. The
second estimate needs no bins: normal noise is added to the activations of 512 patterns, and the distances
between these bound the information. Compression is the largest estimate at any look less that at the last.

Arms: tanh units with batches of 512, of 64, of all patterns, and with 100 steps of those only; rectified
units; and the inverse hyperbolic sine, which is odd and of slope one at zero like tanh, but has no bounds.

Outcomes: compression of the last hidden layer by fixed bins, at the end and at one training loss; what bins
or noise that follow the range add to it in the last three; patterns right; and activations near a bound.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log2
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, split
from repro.lab.ensemble import linear
from repro.lab.initialise import Rule, initialise
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, flatten
from repro.lab.seeds import Seeds

BITS = 12
WIDTHS = (BITS, 10, 7, 5, 4, 3, 2)
DEPTH = len(WIDTHS) - 1  # layers of weights
DEEP = 3  # hidden layers whose information is estimated, the last ones
PATTERNS, TRAIN = 4096, 3277  # all of them, and those to learn from
RATE = 0.004  # of Adam
SAMPLE = 512  # patterns between which distances are taken
LEARNED = 0.1  # training loss in nats at which runs are compared
NEAR = 0.9  # size of an activation near its bound
MARGIN = 1 + 1e-9  # bins are wider by so much, and the last one holds its upper end
CODES = 4096  # bins of a unit that are told apart
LOOKS = (0.1, 0.3, 0.6, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 23, 26, 30, 35, 40, 50, 60, 70, 80, 90, 100)


@dataclass(frozen=True)
class Scale:
    """Bins between the bounds of tanh, and steps."""

    bins: int = 30
    steps: int = 2000


MINIMAL = Scale()
LARGE = Scale(steps=20_000)
TRIAL = {"steps": 40}
OUTCOMES = {
    "compression": Outcome(
        "information lost by the last hidden layer since its peak",
        unit="bits",
        better="neither",
        resolution=0.01,
    ),
    "compression_at_loss": Outcome(
        "information lost by the time the training loss is 0.1",
        unit="bits",
        better="neither",
        resolution=0.01,
    ),
    "extra_by_adapting": Outcome(
        "compression added by bins that follow the range", unit="bits", better="neither", resolution=0.01
    ),
    "extra_by_width": Outcome(
        "compression added by bins of one width, fitted to the last range",
        unit="bits",
        better="neither",
        resolution=0.01,
    ),
    "extra_by_noise": Outcome(
        "compression added by noise that follows the range", unit="bits", better="neither", resolution=0.01
    ),
    "extra_by_more_noise": Outcome(
        "compression added by noise of one size, fitted to the last range",
        unit="bits",
        better="neither",
        resolution=0.01,
    ),
    "test_accuracy": Outcome(
        "new patterns right", unit="percent of new patterns", better="higher", resolution=0.2
    ),
    "test_at_loss": Outcome(
        "new patterns right when the training loss is 0.1",
        unit="percent of new patterns",
        better="higher",
        resolution=0.2,
    ),
    "train_accuracy": Outcome(
        "training patterns right", unit="percent of patterns", better="higher", resolution=0.1
    ),
    "near_bounds": Outcome(
        "last hidden activations beyond 0.9 in size", unit="percent", better="neither", resolution=0.1
    ),
    "fixed_curve": Curve(
        "information in the last hidden layer, fixed bins",
        unit="bits",
        better="neither",
        axis=Axis("percent of training", values=LOOKS, is_logarithmic=True),
    ),
    "adaptive_curve": Curve(
        "information in the last hidden layer, bins that follow the range",
        unit="bits",
        better="neither",
        axis=Axis("percent of training", values=LOOKS, is_logarithmic=True),
    ),
}


class Unit(NamedTuple):
    """A unit's function, the way a gradient goes back through it from its outputs, and how weights start."""

    function: Callable[[Tensor], Tensor]
    back: Callable[[Tensor, Tensor], Tensor]
    rule: Rule


TANH = Unit(torch.tanh, torch.ops.aten.tanh_backward, "lecun")
RELU = Unit(torch.relu, lambda slope, y: torch.ops.aten.threshold_backward(slope, y, 0), "he")
ASINH = Unit(torch.asinh, lambda slope, y: 2 * slope / (y.exp() + y.neg().exp()), "lecun")


class Arm(NamedTuple):
    """The kind of unit, the patterns in a batch, and after how many steps training ends at the latest."""

    description: str
    unit: Unit = TANH
    batch: int = 512
    most: int | None = None


ARMS = {
    "tanh": Arm("tanh, 512 patterns in a batch"),
    "tanh_small": Arm("tanh, 64 patterns in a batch", batch=64),
    "tanh_full": Arm("tanh, all patterns in a batch", batch=TRAIN),
    "tanh_stopped": Arm("tanh, all patterns in a batch, 100 steps", batch=TRAIN, most=100),
    "relu": Arm("rectified, 512 patterns in a batch", RELU),
    "relu_full": Arm("rectified, all patterns in a batch", RELU, TRAIN),
    "asinh": Arm("inverse hyperbolic sine, 512 patterns in a batch", ASINH),
}


def patterns() -> Tensor:
    """Return all patterns, each bit -1 or 1, of shape (PATTERNS, BITS)."""
    bit = torch.arange(PATTERNS).unsqueeze(1) >> torch.arange(BITS) & 1
    return 2.0 * bit - 1


def labels(seeds: Seeds, x: Tensor) -> Tensor:
    """Return whether a weighted sum of each pattern's agreements with itself, rotated, is above its median.

    Args:
        seeds: Each draws the weight of every rotation.
        x: All patterns.

    Returns:
        Classes 0 or 1 of shape (seeds, PATTERNS).
    """
    alike = torch.stack([(x * x.roll(k, 1)).sum(1) for k in range(1, BITS // 2 + 1)], 1).double()
    score = (alike @ seeds.normal("rule", BITS // 2, 1, dtype=torch.float64)).squeeze(2)
    return (score > score.median(1, keepdim=True).values).long()


def task(seeds: Seeds) -> Labelled:
    """Return all patterns in a random order, the first of them to learn from."""
    x = patterns()
    order = seeds.permutations("patterns", PATTERNS)
    return split(x[order], labels(seeds, x).gather(1, order), TRAIN)


def activations(weights: Weights, x: Tensor, unit: Unit) -> list[Tensor]:
    """Return what each layer gives, the outputs last, each of shape (lanes, points, width)."""
    layers = [x]
    for k in range(DEPTH):
        z = linear(layers[-1], weights[f"{k}.weight"], weights[f"{k}.bias"])
        layers.append(unit.function(z) if k < DEPTH - 1 else z)
    return layers[1:]


def gradient(net: Parameters, x: Tensor, y: Tensor, unit: Unit) -> Tensor:
    """Return the gradient of the mean cross entropy, derived by hand, of shape (lanes, count)."""
    weights = net.weights
    layers = [x, *activations(weights, x, unit)]
    slope = layers.pop().mT.softmax(1)  # (lanes, units, batch), as all slopes
    right = y.unsqueeze(1)
    slope = slope.scatter_add(1, right, slope.new_full(right.shape, -1.0)) / y.shape[1]
    slopes: dict[str, Tensor] = {}
    for k in reversed(range(DEPTH)):
        slopes |= {f"{k}.weight": torch.bmm(slope, layers[k]), f"{k}.bias": slope.sum(2)}
        if k:
            slope = unit.back(torch.bmm(weights[f"{k}.weight"].mT, slope), layers[k].mT)
    return flatten([slopes[name] for name in weights])


def training_batches(seeds: Seeds, data: Labelled, size: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    if size == TRAIN:
        return ((data.x, data.y) for _ in range(steps))
    return batches(data.x, data.y, batch_order(seeds, TRAIN, size, steps))


class Look(NamedTuple):
    """Deep hidden layers over all patterns, and per lane the training loss and shares that are right."""

    layers: list[Tensor]
    loss: Tensor
    seen: Tensor
    new: Tensor


def looked(net: Parameters, data: Labelled, unit: Unit) -> Look:
    *hidden, logits = activations(net.weights, torch.cat([data.x, data.test_x], 1), unit)
    known, others = logits[:, :TRAIN], logits[:, TRAIN:]
    loss = cross_entropy(known, data.y)
    return Look(hidden[-DEEP:], loss, accuracy(known, data.y), accuracy(others, data.test_y))


def trained(seeds: Seeds, arm: Arm, scale: Scale) -> list[Look]:
    """Return what is seen of each net at every look."""
    data = task(seeds)
    net = initialise(seeds, mlp_shapes(*WIDTHS), arm.unit.rule)
    state = adam_state(net.flat)
    steps = min(scale.steps, arm.most or scale.steps)
    due = [max(1, round(steps * percent / 100)) for percent in LOOKS]
    looks: list[Look] = []
    for step, (x, y) in enumerate(training_batches(seeds, data, arm.batch, steps), 1):
        adam(net.flat, gradient(net, x, y, arm.unit), state, RATE)
        if step in due:
            looks += [looked(net, data, arm.unit)] * due.count(step)
    return looks


def entropy(code: Tensor) -> Tensor:
    """Return the entropy in bits of each lane's codes, all points being equally likely.

    Args:
        code: Whole numbers of shape (lanes, points).

    Returns:
        Shape (lanes,).
    """
    counts = [lane.unique(return_counts=True)[1].double() for lane in code]
    share = code.shape[1]
    return torch.stack([log2(share) - (count * count.log2()).sum() / share for count in counts])


def range_of(layer: Tensor) -> tuple[Tensor, Tensor]:
    """Return each lane's lowest activation and the distance to its highest, each (lanes, 1, 1)."""
    low, high = (end.view(-1, 1, 1).double() for end in layer.flatten(1).aminmax(dim=1))
    return low, (high - low).clamp_min(1e-9)


def binned(layer: Tensor, low: Tensor | float, width: Tensor | float) -> Tensor:
    """Return the information on the pattern in binned activations.

    Args:
        layer: Shape (lanes, points, units).
        low: Where a bin begins, a number or of shape (lanes, 1, 1).
        width: Of the bins.

    Returns:
        Bits of shape (lanes,).
    """
    number = ((layer.double() - low) / (width * MARGIN)).floor().long().remainder(CODES)
    code = torch.zeros_like(number[:, :, 0])
    for unit in number.unbind(2):
        code = code * CODES + unit
    return entropy(code)


def distances(layer: Tensor) -> Tensor:
    """Return squared distances between the points of each lane, (lanes, points, points)."""
    centred = layer.double()
    centred = centred - centred.mean(1, keepdim=True)
    squares = centred.square().sum(2)
    inner = torch.bmm(centred, centred.mT)
    return (squares.unsqueeze(2) + squares.unsqueeze(1) - 2 * inner).clamp_min(0).float()


def noisy(squared: Tensor, deviation: Tensor | float) -> Tensor:
    """Return an upper bound on the information that activations keep under normal noise.

    Kolchinsky and Tracey 2017, eq. 10: the mean over points of -log2 of the mean of exp(-d^2 / 2 s^2).

    Args:
        squared: Squared distances d^2 of shape (lanes, points, points).
        deviation: s, a number or of shape (lanes, 1, 1).

    Returns:
        Bits of shape (lanes,).
    """
    exponent = squared * (-0.5 / torch.as_tensor(deviation).square()).float()
    return -exponent.exp_().mean(2).log2().mean(1).double()


class Estimates(NamedTuple):
    """Information in a layer at every look, (lanes, looks), in bits: three kinds of bins, three of noise."""

    fixed: Tensor
    adaptive: Tensor
    wide: Tensor
    fixed_noise: Tensor
    adaptive_noise: Tensor
    wide_noise: Tensor


def estimates(layers: list[Tensor], bins: int) -> Estimates:
    """Return the estimates for one layer, seen at every look.

    Fixed bins have the width that cuts the bounds of tanh into so many. Adaptive bins cut the layer's range
    at that look, wide ones have the width of the last of those throughout. Noise is as large as bins wide.
    """
    last = range_of(layers[-1])[1] / bins
    rows = []
    for layer in layers:
        low, extent = range_of(layer)
        squared = distances(layer[:, -SAMPLE:])
        kinds: list[tuple[Tensor | float, Tensor | float]]
        kinds = [(0.0, 2 / bins), (low, extent / bins), (low, last)]
        bits = [binned(layer, start, width) for start, width in kinds]
        rows.append(bits + [noisy(squared, width) for _, width in kinds])
    return Estimates(*(torch.stack(column, 1) for column in zip(*rows, strict=True)))


def compression(information: Tensor) -> Tensor:
    """Return the largest estimate less the last: (lanes, looks) to (lanes,)."""
    return information.amax(1) - information[:, -1]


def at_loss(values: Tensor, loss: Tensor) -> Tensor:
    """Return the value at the first look at which the loss is small enough, or at the last: (lanes,)."""
    is_reached = loss <= LEARNED
    is_reached[:, -1] = True
    return values.gather(1, is_reached.int().argmax(1, keepdim=True)).squeeze(1)


@without_denormals()
@torch.no_grad()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    looks = trained(seeds, ARMS[arm], scale)
    loss, seen, new = (torch.stack(part, 1) for part in zip(*(look[1:] for look in looks), strict=True))
    deep = [estimates([look.layers[k] for look in looks], scale.bins) for k in range(DEEP)]
    lost = Estimates(*(sum(map(compression, kind), torch.zeros(())) for kind in zip(*deep, strict=True)))
    fixed = deep[-1].fixed
    return {
        "compression": compression(fixed),
        "compression_at_loss": at_loss(fixed.cummax(1).values - fixed, loss),
        "extra_by_adapting": lost.adaptive - lost.fixed,
        "extra_by_width": lost.wide - lost.fixed,
        "extra_by_noise": lost.adaptive_noise - lost.fixed_noise,
        "extra_by_more_noise": lost.wide_noise - lost.fixed_noise,
        "test_accuracy": 100 * new[:, -1],
        "test_at_loss": 100 * at_loss(new, loss),
        "train_accuracy": 100 * seen[:, -1],
        "near_bounds": 100 * (looks[-1].layers[-1].abs() > NEAR).float().mean((1, 2)),
        "fixed_curve": fixed,
        "adaptive_curve": deep[-1].adaptive,
    }

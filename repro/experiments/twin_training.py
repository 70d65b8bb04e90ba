"""Does another order of adding up send training somewhere else, as another start or other batches do?

Hypothesis: training is chaotic: a difference of rounding grows from step to step until twins are far apart,
so that they answer differently. Whether they also end in different basins is decided early: twins that part
late stay joined by a straight line of low error, and nets of different starts never were.

Method: two nets a seed learn from MNIST-1D by Adam, on the same signals. What is fed in another order in a
batch is the same sum, rounded otherwise. On the straight line between the twins the training error is taken
at 21 nets.

Arms: in what the second twin differs, and from which step. The twins that are matched had different starts,
and the units of the second were put into the order in which their activations agree best with the first's.

Outcomes: distance; test answers that differ; difference of test accuracy; barrier on the straight line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state, norms
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import flatten, leaves, unflatten
from repro.lab.seeds import Seeds

TRAIN, TEST = 2000, 1000  # signals
WIDTH = 100  # units of each of two hidden layers
SHAPES = mlp_shapes(FEATURES, WIDTH, WIDTH, CLASSES)
BATCH = 100  # signals in a batch
FEW = 50  # steps of a short training
LINE = 21  # nets on the straight line, its ends included
LEAST = 0.05  # percentage points: one training signal, and what less of a gap or a barrier counts as
Change = Callable[["Plan", Seeds], "Plan"]


@dataclass(frozen=True)
class Scale:
    """Steps, and the learning rate of Adam."""

    steps: int = 1500
    rate: float = 0.01


MINIMAL = Scale()
LARGE = Scale(steps=6000)
TRIAL = {"steps": 150}
OUTCOMES = {
    "distance": Outcome(
        "distance of the twins, over how far one came from its start",
        unit="of the way",
        better="neither",
        resolution=0.0001,
    ),
    "disagreement": Outcome(
        "test signals that the twins class differently", unit="percent", better="lower", resolution=0.1
    ),
    "test_gap": Outcome(
        "difference of the twins' test accuracies", unit="percentage points", better="lower", resolution=0.05
    ),
    "barrier": Outcome(
        "training error at the worst net on the line, less the mean of its ends",
        unit="percentage points",
        better="lower",
        resolution=0.05,
    ),
    "error_curve": Curve(
        "training error on the straight line between the twins",
        unit="percent",
        better="lower",
        axis=Axis("percent of the way from one twin to the other", first=0, last=100, points=21),
    ),
}


class Plan(NamedTuple):
    """What one twin starts from, and which signals it sees in which order."""

    start: Tensor  # (seeds, weights)
    order: Tensor  # (seeds, steps, BATCH)


def nothing(plan: Plan, _seeds: Seeds) -> Plan:
    return plan


def sums(plan: Plan, seeds: Seeds) -> Plan:
    places = seeds.permutations("places in a batch", BATCH).unsqueeze(1)  # the same in all batches
    return plan._replace(order=plan.order.gather(2, places.expand_as(plan.order)))


def batches_from(step: int) -> Change:
    def change(plan: Plan, seeds: Seeds) -> Plan:
        others = batch_order(seeds, TRAIN, BATCH, plan.order.shape[1], purpose="other order")
        return plan._replace(order=torch.cat([plan.order[:, :step], others[:, step:]], 1))

    return change


def weights(plan: Plan, seeds: Seeds) -> Plan:
    others = Seeds(tuple(value ^ 1 for value in seeds.values), seeds.device)
    return plan._replace(start=initialise(others, SHAPES, "he").flat)


class Arm(NamedTuple):
    """In what the second twin differs, whether training is short, and whether its units are matched."""

    text: str
    change: Change
    is_short: bool = False
    is_matched: bool = False


ARMS = {
    "sum_order": Arm("another order of sums", sums),
    "order_0": Arm("other batches from the start", batches_from(0)),
    "order_300": Arm("other batches from step 300", batches_from(300)),
    "order_1200": Arm("other batches from step 1200", batches_from(1200)),
    "other_start": Arm("other first weights", weights),
    "other_start_matched": Arm("other first weights, units matched", weights, is_matched=True),
    "sum_order_50": Arm("another order of sums, for 50 steps", sums, is_short=True),
    "same": Arm("nothing", nothing),
}
SAME_FOR_EVERY_SEED = {"same": "twins that differ in nothing end alike, whatever the seed"}
SAME_FOR_ANY_LABELS = {
    "test_gap": "twins that only guess differ little, too",
    "barrier": "between nets that fit nothing, the error does not climb either",
}


def trained(plans: tuple[Plan, Plan], data: Labelled, rate: float) -> Tensor:
    """Train twins side by side, and return their weights, (seeds, 2, count)."""
    net = leaves(torch.stack([plan.start for plan in plans], 1).flatten(0, 1), SHAPES)
    order = torch.stack([plan.order for plan in plans], 1).flatten(0, 1)  # (seeds * 2, steps, BATCH)
    state = adam_state(net.flat)
    for x, y in batches(data.x, data.y, order):
        adam(net.flat, mlp_cross_entropy(net, x, y).gradient, state, rate)
    return net.flat.view(len(order) // 2, 2, -1)


def matched(first: Tensor, second: Tensor, x: Tensor) -> Tensor:
    """Return the second nets with their units in the order that suits the first ones, layer by layer.

    Args:
        first: Weights, (seeds, count).
        second: Likewise.
        x: Signals on which activations are compared, (seeds, signals, FEATURES).
    """
    nets = [unflatten(first, SHAPES), unflatten(second.clone(), SHAPES)]
    h = [x, x]
    for k in (0, 1):
        h = [linear(z, net[f"{k}.weight"], net[f"{k}.bias"]).relu() for z, net in zip(h, nets, strict=True)]
        units = partners(correlation(*h))  # (seeds, WIDTH)
        h[1] = h[1].gather(2, units.unsqueeze(1).expand_as(h[1]))
        own, onward = nets[1][f"{k}.weight"], nets[1][f"{k + 1}.weight"]
        nets[1] |= {
            f"{k}.weight": own.gather(1, units.unsqueeze(2).expand_as(own)),
            f"{k}.bias": nets[1][f"{k}.bias"].gather(1, units),
            f"{k + 1}.weight": onward.gather(2, units.unsqueeze(1).expand_as(onward)),
        }
    return flatten([nets[1][name] for name in SHAPES])


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Return correlations of units over signals: (seeds, signals, WIDTH) twice to (seeds, WIDTH, WIDTH)."""
    a, b = (functional.normalize(z - z.mean(1, keepdim=True), dim=1) for z in (a, b))
    return a.mT @ b


def partners(likeness: Tensor) -> Tensor:
    """Return for each unit of the first net one of the second: the likest pair first, then among the rest."""
    seeds, width, _ = likeness.shape
    left, rows = likeness.clone(), torch.arange(seeds, device=likeness.device)
    chosen = torch.zeros(seeds, width, dtype=torch.int64, device=likeness.device)
    for _ in range(width):
        pair = left.flatten(1).argmax(1)
        one, other = pair // width, pair % width
        chosen[rows, one] = other
        left[rows, one, :] = -torch.inf
        left[rows, :, other] = -torch.inf
    return chosen


def percent_right(flat: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the accuracy of each seed's net, (seeds,)."""
    with torch.no_grad():
        return 100 * accuracy(mlp(unflatten(flat, SHAPES), x), y)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, change, is_short, is_matched = ARMS[arm]
    data = mnist1d(seeds, train=TRAIN, test=TEST)
    steps = FEW if is_short else scale.steps
    start = initialise(seeds, SHAPES, "he").flat
    plan = Plan(start, batch_order(seeds, TRAIN, BATCH, steps))
    first, second = trained((plan, change(plan, seeds)), data, scale.rate).unbind(1)  # (seeds, count)
    if is_matched:
        second = matched(first, second, data.x)
    line = [first.lerp(second, k / (LINE - 1)) for k in range(LINE)]
    errors = torch.stack([100 - percent_right(flat, data.x, data.y) for flat in line], 1)  # (seeds, LINE)
    answers = [mlp(unflatten(flat, SHAPES), data.test_x).argmax(2) for flat in (first, second)]
    right = [percent_right(flat, data.test_x, data.test_y) for flat in (first, second)]
    return {
        "distance": norms(second - first) / norms(first - start),
        "disagreement": 100 * (answers[0] != answers[1]).float().mean(1),
        "test_gap": (right[0] - right[1]).abs().clamp(min=LEAST),
        "barrier": (errors.amax(1) - (errors[:, 0] + errors[:, -1]) / 2).clamp(min=LEAST),
        "error_curve": errors,
    }

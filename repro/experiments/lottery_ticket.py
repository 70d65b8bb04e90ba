"""Does pruning find a small network that trains as well as the full one, and what carries its luck?

Hypothesis: by luck some first weights suit the task. Training enlarges them, pruning keeps them, and set back
they need few others. The mask alone may help too, where it joins points that belong together.

Method: a net of two hidden layers learns MNIST-1D, a share of each matrix's smallest weights is cut, the rest
is set back, and so on. What is left in the end trains four times as long as what was pruned.

Arms: how much is cut, by size or at random; whether the rest starts from first or fresh weights. For full and
for sparse nets the rate of Adam is the best of several on other seeds, fresh weights and random masks too.

Outcomes: percent of test signals right in each half of training; near points in what units keep, over chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, flatten, leaves, unflatten
from repro.lab.seeds import Seeds

TRAIN = 4000  # training signals
TEST = 10000  # test signals
BATCH = 100  # signals in a batch
NEAR = 4  # points of a signal at most so far apart are near
LOOKS = 8  # equal parts of training, after each of which the net is tested
LONGER = 4  # times as long as before a cut trains what is left in the end
LIGHT = (0.1,)  # shares cut in turn: a tenth is cut
HARD = (0.44, 0.44, 0.44, 0.44)  # shares cut in turn: a tenth is left
PRUNING_RATE = 0.01  # learning rate of Adam before cuts
FULL_RATE = 0.01  # learning rate of Adam for what is left of a light cut, or of none
SPARSE_RATE = 0.03  # learning rate of Adam for what is left of hard cuts


@dataclass(frozen=True)
class Scale:
    """Units of each hidden layer, and steps of training, an even number, before each cut."""

    units: int = 100
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(units=300, steps=2000)
OUTCOMES = {
    "early_accuracy": Outcome(
        "accuracy in the first half of training",
        unit="percent of test signals",
        better="higher",
        resolution=0.1,
    ),
    "late_accuracy": Outcome(
        "accuracy in the second half of training",
        unit="percent of test signals",
        better="higher",
        resolution=0.1,
    ),
    "locality": Outcome(
        "near points among those that a unit keeps", unit="times chance", better="neither", resolution=0.01
    ),
    "accuracy_curve": Curve(
        "accuracy",
        unit="percent of test signals",
        better="higher",
        axis=Axis("percent of training", first=12.5, last=100, points=8),
    ),
}


class Arm(NamedTuple):
    """Shares that are cut in turn, whether at random, and whether what is left starts from fresh weights."""

    description: str
    cuts: tuple[float, ...] = ()
    is_random: bool = False
    is_fresh: bool = True


ARMS = {
    "dense": Arm("full network", is_fresh=False),
    "ticket": Arm("pruned to a tenth, first weights", HARD, is_fresh=False),
    "reinit": Arm("pruned to a tenth, fresh weights", HARD),
    "random": Arm("random tenth, fresh weights", HARD, is_random=True),
    "ticket_light": Arm("pruned by a tenth, first weights", LIGHT, is_fresh=False),
    "reinit_light": Arm("pruned by a tenth, fresh weights", LIGHT),
    "random_light": Arm("a random tenth cut, fresh weights", LIGHT, is_random=True),
}


def cut(mask: Tensor, size: Tensor, share: float, shapes: Shapes) -> Tensor:
    """Return the mask (seeds, weights) without each matrix's share of smallest weights, half in the last."""
    kept = unflatten(mask, shapes)
    sizes = unflatten(size.where(mask > 0, -1.0), shapes)  # what is cut already is smallest
    for name, part in {"0.weight": share, "1.weight": share, "2.weight": share / 2}.items():
        candidates = sizes[name].flatten(1)
        count = round(int(kept[name][0].sum()) * (1 - part))
        largest = candidates.topk(count).indices
        kept[name] = torch.zeros_like(candidates).scatter_(1, largest, 1.0)
    return flatten(list(kept.values()))


def locality(first: Tensor) -> Tensor:
    """Return, for masks (seeds, units, points), near points' share of a kept point's company, over chance."""
    counts = first.sum(1, keepdim=True)  # units that keep a point, (seeds, 1, points)
    company = first.sum(2, keepdim=True) - 1  # other points that a unit keeps, (seeds, units, 1)
    found = first.mT @ (first / company.clamp_min(1))  # (seeds, points, points)
    by_chance = counts.mT @ counts
    return share_near(found) / share_near(by_chance)


def share_near(pairs: Tensor) -> Tensor:
    """Return the share of near pairs, (seeds,), among weights of pairs of points, (seeds, points, points)."""
    upper = pairs.triu(1)  # each pair once
    near = upper - upper.triu(NEAR + 1)
    return near.sum((1, 2)) / upper.sum((1, 2))


def train(net: Parameters, mask: Tensor, rate: float, data: Labelled, order: Tensor) -> Iterator[Tensor]:
    """Train the weights where `mask` is 1 in place; yield all, (seeds, weights), after each batch."""
    state = adam_state(net.flat)
    for x, y in batches(data.x, data.y, order):
        gradient = mlp_cross_entropy(net, x, y).gradient
        adam(net.flat, gradient.mul_(mask), state, rate)
        yield net.flat


def pruned(start: Tensor, shapes: Shapes, data: Labelled, order: Tensor, cuts: tuple[float, ...]) -> Tensor:
    """Return the mask that is left after alternating training from `start` with cuts."""
    mask = torch.ones_like(start)
    for share in cuts:
        *_, trained = train(leaves(start * mask, shapes), mask, PRUNING_RATE, data, order)
        mask = cut(mask, trained.abs(), share, shapes)
    return mask


def randomly_pruned(start: Tensor, shapes: Shapes, size: Tensor, cuts: tuple[float, ...]) -> Tensor:
    """Return the mask that is left after cutting the weights of smallest `size` in turn."""
    mask = torch.ones_like(start)
    for share in cuts:
        mask = cut(mask, size.abs(), share, shapes)
    return mask


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, cuts, is_random, is_fresh = ARMS[arm]
    shapes = mlp_shapes(FEATURES, scale.units, scale.units, CLASSES)
    data = mnist1d(seeds, train=TRAIN, test=TEST)
    steps = LONGER * scale.steps
    order = batch_order(seeds, TRAIN, BATCH, steps)  # (seeds, steps, BATCH)
    start = initialise(seeds, shapes, "pytorch_default").flat  # (seeds, weights)
    if is_random:
        mask = randomly_pruned(start, shapes, seeds.uniform("random mask", start.shape[1]), cuts)
    else:
        mask = pruned(start, shapes, data, order[:, : scale.steps], cuts)
    if is_fresh:
        fresh_shapes = {f"fresh {name}": shape for name, shape in shapes.items()}
        start = initialise(seeds, fresh_shapes, "pytorch_default").flat
    rate = SPARSE_RATE if cuts == HARD else FULL_RATE
    looks = []
    for step, net in enumerate(train(leaves(start * mask, shapes), mask, rate, data, order), 1):
        if step % (steps // LOOKS) == 0:
            looks.append(accuracy(mlp(unflatten(net, shapes), data.test_x), data.test_y))
    curve = 100 * torch.stack(looks, 1)  # (seeds, LOOKS)
    early, late = curve.view(len(curve), 2, -1).mean(2).unbind(1)
    return {
        "early_accuracy": early,
        "late_accuracy": late,
        "locality": locality(unflatten(mask, shapes)["0.weight"]),
        "accuracy_curve": curve,
    }

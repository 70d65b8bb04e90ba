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
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.parameters import Parameters, Shapes, flatten, leaves, unflatten
from repro.lab.seeds import Seeds

OUTCOMES = {
    "early_accuracy": "percent of test signals; higher is better; resolution 0.1",
    "late_accuracy": "percent of test signals; higher is better; resolution 0.1",
    "locality": "times chance; neither is better; resolution 0.01",
    "accuracy_curve": "percent of test signals; higher is better; over eight equal parts of training",
}
TRAIN, BATCH, TEST, NEAR = 4000, 100, 10000, 4  # points at most NEAR apart are near
LIGHT, HARD = (0.1,), (0.44, 0.44, 0.44, 0.44)  # shares cut in turn: a tenth, or all but a tenth
PRUNING_RATE, FULL_RATE, SPARSE_RATE = 0.01, 0.01, 0.03


@dataclass(frozen=True)
class Scale:
    """Units of each hidden layer, and steps of training, an even number, before each cut."""

    units: int = 100
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(units=300, steps=2000)


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
    kept, sizes = unflatten(mask, shapes), unflatten(size.where(mask > 0, -1.0), shapes)
    for name, part in {"0.weight": share, "1.weight": share, "2.weight": share / 2}.items():
        candidates = sizes[name].flatten(1)
        largest = candidates.topk(round(int(kept[name][0].sum()) * (1 - part))).indices
        kept[name] = torch.zeros_like(candidates).scatter_(1, largest, 1.0)
    return flatten(list(kept.values()))


def locality(first: Tensor) -> Tensor:
    """Return, for masks (seeds, units, points), near points' share of a kept point's company, over chance."""
    counts, company = first.sum(1, keepdim=True), first.sum(2, keepdim=True) - 1
    pairs = torch.stack([first.mT @ (first / company.clamp_min(1)), counts.mT @ counts]).triu(1)
    return torch.div(*(pairs - pairs.triu(NEAR + 1)).sum((2, 3)) / pairs.sum((2, 3)))


def train(net: Parameters, mask: Tensor, rate: float, data: Labelled, order: Tensor) -> Iterator[Tensor]:
    """Train the weights where `mask` is 1 in place; yield all, (seeds, weights), after each batch."""
    state = adam_state(net.flat)
    for x, y in batches(data.x, data.y, order):
        slope = mlp_cross_entropy(net, x, y).gradient
        adam(net.flat, slope.mul_(mask), state, rate)
        yield net.flat


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, cuts, is_random, is_fresh = ARMS[arm]
    shapes, data = mlp_shapes(40, scale.units, scale.units, 10), mnist1d(seeds, train=TRAIN, test=TEST)
    order = batch_order(seeds, TRAIN, BATCH, 4 * scale.steps)
    start = initialise(seeds, shapes, "pytorch_default").flat
    mask, size = torch.ones_like(start), seeds.uniform("random mask", start.shape[1])
    for share in cuts:
        if not is_random:
            *_, size = train(leaves(start * mask, shapes), mask, PRUNING_RATE, data, order[:, : scale.steps])
        mask = cut(mask, size.abs(), share, shapes)
    if is_fresh:
        start = initialise(seeds, {f"fresh {name}": shapes[name] for name in shapes}, "pytorch_default").flat
    nets = train(leaves(start * mask, shapes), mask, SPARSE_RATE if cuts == HARD else FULL_RATE, data, order)
    nets = islice(nets, scale.steps // 2 - 1, None, scale.steps // 2)
    looks = [accuracy(mlp(unflatten(net, shapes), data.test_x), data.test_y) for net in nets]
    curve = 100 * torch.stack(looks, 1)  # (seeds, looks)
    halves, near = curve.view(len(curve), 2, -1).mean(2), locality(unflatten(mask, shapes)["0.weight"])
    return dict(zip(OUTCOMES, (*halves.unbind(1), near, curve), strict=True))

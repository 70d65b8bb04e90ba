"""Does pruning find a small network that trains as well as the full one, and what carries its luck?

Hypothesis: by luck some first weights suit the task. Training enlarges them, pruning keeps them, and set back
they need few others. The mask alone may help too, by the inputs and units that it spares or by joining points
that belong together.

Method: a net of two hidden layers learns MNIST-1D to the end. The smaller half of each matrix's weights is
cut, a quarter in the last matrix; the rest is set back and learns again, and so on. What is left after one,
two and three cuts, and all that it is compared with, trains as long as the full net did.

Arms: which weights are kept, and whether they start from fresh ones. Adam's rate falls evenly to zero. Where
it starts was chosen on other seeds for full nets of each width, for smaller ones, and for each share.

Outcomes: percent of test signals right after training, and over its first half, with a half, a quarter and an
eighth of the weights; near points among those that a unit keeps, by unit and by pair, over chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple

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
from repro.lab.parameters import Shapes, flatten, leaves, unflatten
from repro.lab.seeds import Seeds

TRAIN = 4000  # training signals
TEST = 5000  # test signals
BATCH = 100  # signals in a batch
LOOKS = 8  # equal parts of training, after each of which the net is tested
CUTS = {"0.weight": 0.5, "1.weight": 0.5, "2.weight": 0.25}  # share of a matrix that each cut takes
LEFT = (12.5, 25.0, 50.0)  # percent of the hidden layers' weights that are left after three, two and one cuts
NEAR = 4  # points of a signal at most so far apart are near
TRADES = 20  # rounds in which pairs of units exchange inputs
RATES = (0.025, 0.04, 0.05)  # learning rates of Adam for a half, a quarter and an eighth of the weights
SMALL_RATE = 0.02  # learning rate of Adam for full nets of fewer units


@dataclass(frozen=True)
class Scale:
    """Units of each hidden layer, steps of training, a multiple of 8, and Adam's rate for the full net."""

    units: int = 100
    steps: int = 600
    full_rate: float = 0.015


MINIMAL = Scale()
LARGE = Scale(units=300, steps=2000, full_rate=0.01)
TRIAL = {"units": 30, "steps": 80}
OUTCOMES = {
    "half": Outcome(
        "accuracy with a half of the weights", unit="percent of test signals", better="higher", resolution=0.1
    ),
    "quarter": Outcome(
        "accuracy with a quarter of the weights",
        unit="percent of test signals",
        better="higher",
        resolution=0.1,
    ),
    "eighth": Outcome(
        "accuracy with an eighth of the weights",
        unit="percent of test signals",
        better="higher",
        resolution=0.1,
    ),
    "early_quarter": Outcome(
        "accuracy in the first half of training, with a quarter of the weights",
        unit="percent of test signals",
        better="higher",
        resolution=0.1,
    ),
    "early_eighth": Outcome(
        "accuracy in the first half of training, with an eighth of the weights",
        unit="percent of test signals",
        better="higher",
        resolution=0.1,
    ),
    "locality": Outcome(
        "near points among those that a unit keeps, units with many counting no more per point",
        unit="times chance",
        better="neither",
        resolution=0.01,
    ),
    "pair_locality": Outcome(
        "near points among the pairs that units keep", unit="times chance", better="neither", resolution=0.01
    ),
    "accuracy_curve": Curve(
        "accuracy",
        unit="percent of test signals",
        better="higher",
        axis=Axis("percent of the hidden layers' weights", values=LEFT, is_logarithmic=True),
    ),
    "training_curve": Curve(
        "accuracy with an eighth of the weights",
        unit="percent of test signals",
        better="higher",
        axis=Axis("percent of training", first=12.5, last=100, points=8),
    ),
}


class Task(NamedTuple):
    """A net's shapes, signals, the batches of each step, (seeds, steps, BATCH), and a full net's rate."""

    shapes: Shapes
    data: Labelled
    order: Tensor
    full_rate: float


class Arm(NamedTuple):
    """Which weights are kept, and whether they start from fresh ones."""

    description: str
    kept: Literal["all", "found", "numbers", "windows", "random", "small"]
    is_fresh: bool = True


ARMS = {
    "dense": Arm("full network", "all", is_fresh=False),
    "dense_fresh": Arm("full network, fresh weights", "all"),
    "small": Arm("smaller full network with as many weights", "small"),
    "ticket": Arm("found mask, first weights", "found", is_fresh=False),
    "reinit": Arm("found mask, fresh weights", "found"),
    "numbers": Arm("random mask with the found numbers at units and inputs, fresh weights", "numbers"),
    "windows": Arm("windows of adjacent points, fresh weights", "windows"),
    "random": Arm("random mask, fresh weights", "random"),
}


def cut(mask: Tensor, size: Tensor, shapes: Shapes) -> Tensor:
    """Return the mask (seeds, weights) without each matrix's share of the weights of smallest size."""
    kept = unflatten(mask, shapes)
    sizes = unflatten(size.where(mask > 0, -1.0), shapes)  # what is cut already is smallest
    for name, share in CUTS.items():
        candidates = sizes[name].flatten(1)
        count = round(int(kept[name][0].sum()) * (1 - share))
        largest = candidates.topk(count).indices
        kept[name] = torch.zeros_like(candidates).scatter_(1, largest, 1.0)
    return flatten(list(kept.values()))


def train(start: Tensor, mask: Tensor, rate: float, task: Task) -> Iterator[Tensor]:
    """Train `start` where `mask` is 1, the rate falling evenly to 0; yield it all after each step."""
    shapes, data, order, _ = task
    net = leaves(start * mask, shapes)
    state = adam_state(net.flat)
    steps = order.shape[1]
    for step, (x, y) in enumerate(batches(data.x, data.y, order)):
        gradient = mlp_cross_entropy(net, x, y).gradient
        adam(net.flat, gradient.mul_(mask), state, rate * (1 - step / steps))
        yield net.flat.detach()


def accuracies(start: Tensor, mask: Tensor, rate: float, task: Task) -> Tensor:
    """Return percent of test signals right after each part of training, (seeds, LOOKS)."""
    every = task.order.shape[1] // LOOKS
    looks = []
    for step, flat in enumerate(train(start, mask, rate, task), 1):
        if step % every == 0:
            scores = mlp(unflatten(flat, task.shapes), task.data.test_x)
            looks.append(100 * accuracy(scores, task.data.test_y))
    return torch.stack(looks, 1)


def found_masks(start: Tensor, task: Task) -> list[Tensor]:
    """Return the masks (seeds, weights) that are left after each cut of nets trained from `start`."""
    mask = torch.ones_like(start)
    masks = []
    for rate in (task.full_rate, *RATES[:-1]):
        *_, trained = train(start, mask, rate, task)
        mask = cut(mask, trained.abs(), task.shapes)
        masks.append(mask)
    return masks


def random_masks(seeds: Seeds, start: Tensor, shapes: Shapes) -> list[Tensor]:
    """Return masks that keep as many weights of each matrix as the found ones, drawn at random and nested."""
    size = seeds.uniform("random mask", start.shape[1])
    mask = torch.ones_like(start)
    masks = []
    for _ in LEFT:
        mask = cut(mask, size, shapes)
        masks.append(mask)
    return masks


def small_masks(start: Tensor, shapes: Shapes) -> list[Tensor]:
    """Return masks that keep whole units, as many as have a half, a quarter and an eighth of the weights."""
    units = shapes["0.bias"][0]
    masks = []
    for percent in reversed(LEFT):
        weights = percent / 100 * (FEATURES + units) * units
        count = round(
            sqrt((FEATURES / 2) ** 2 + weights) - FEATURES / 2
        )  # (FEATURES + count) count = weights
        is_kept = (torch.arange(units) < count).to(start.dtype)
        mask = unflatten(torch.ones_like(start), shapes)
        mask["0.weight"] = mask["0.weight"] * is_kept.unsqueeze(1)
        mask["1.weight"] = mask["1.weight"] * torch.outer(is_kept, is_kept)
        mask["2.weight"] = mask["2.weight"] * is_kept
        masks.append(flatten(list(mask.values())))
    return masks


def with_numbers_of(seeds: Seeds, mask: Tensor, purpose: str) -> Tensor:
    """Return a random mask that keeps as many weights at every unit and every input as `mask` does.

    In each round units pair up at random and deal out anew what only one of the two keeps (the curveball of
    Strona et al. 2014, for all pairs at once).

    Args:
        seeds: Each draws its own mask.
        mask: Shape (seeds, units, inputs).
        purpose: Name of the random streams.
    """
    _, units, inputs = mask.shape
    pairs = units // 2
    for trade in range(TRADES):
        order = seeds.permutations(f"{purpose}, order {trade}", units)[:, : 2 * pairs]
        chance = seeds.uniform(f"{purpose}, chance {trade}", pairs, inputs)
        index = order.view(-1, 2, pairs, 1).expand(-1, -1, -1, inputs)  # (seeds, 2, pairs, inputs)
        one, other = mask.gather(1, index.flatten(1, 2)).view(index.shape).unbind(1)
        contested = one != other
        count = (one * contested).sum(2, keepdim=True)
        rank = chance.where(contested, 2.0).argsort(2).argsort(2)  # what is not contested comes last
        dealt = one.where(~contested, (rank < count).to(mask.dtype))
        rest = one + other - dealt
        mask = mask.scatter(1, index.flatten(1, 2), torch.cat([dealt, rest], 1))
    return mask


def windows_of(seeds: Seeds, mask: Tensor) -> Tensor:
    """Return a mask that keeps as many points at every unit as `mask` does, adjacent ones at a random place.

    Args:
        seeds: Each draws its own mask.
        mask: Shape (seeds, units, points).
    """
    count = mask.sum(2, keepdim=True)  # (seeds, units, 1)
    places = mask.shape[2] - count + 1
    first = (seeds.uniform("windows", mask.shape[1], 1) * places).floor()
    point = torch.arange(mask.shape[2])
    return ((point >= first) & (point < first + count)).to(mask.dtype)


def rearranged(seeds: Seeds, mask: Tensor, shapes: Shapes, *, has_windows: bool) -> Tensor:
    """Return a random mask with the found numbers at every unit, and in the first layer windows if asked."""
    kept = unflatten(mask, shapes)
    for name in CUTS:
        has_place = has_windows and name == "0.weight"
        kept[name] = windows_of(seeds, kept[name]) if has_place else with_numbers_of(seeds, kept[name], name)
    return flatten(list(kept.values()))


def locality(first: Tensor) -> Tensor:
    """Return, for masks (seeds, units, points), near points' share of a kept point's company, over chance."""
    company = first.sum(2, keepdim=True) - 1  # other points that a unit keeps, (seeds, units, 1)
    return share_near(first.mT @ (first / company.clamp_min(1))) / share_near(by_chance(first))


def pair_locality(first: Tensor) -> Tensor:
    """Return, for masks (seeds, units, points), near pairs' share of what units keep, over chance."""
    return share_near(first.mT @ first) / share_near(by_chance(first))


def by_chance(first: Tensor) -> Tensor:
    """Return how likely two points are kept by one unit if only the numbers that keep each point count."""
    counts = first.sum(1, keepdim=True)  # units that keep a point, (seeds, 1, points)
    return counts.mT @ counts


def share_near(pairs: Tensor) -> Tensor:
    """Return the share of near pairs, (seeds,), among weights of pairs of points, (seeds, points, points)."""
    upper = pairs.triu(1)  # each pair once
    near = upper - upper.triu(NEAR + 1)
    return near.sum((1, 2)) / upper.sum((1, 2))


def kept_masks(kept: str, seeds: Seeds, first: Tensor, task: Task) -> list[Tensor]:
    """Return what an arm that cuts keeps, (seeds, weights), after one, two and three cuts."""
    if kept == "random":
        return random_masks(seeds, first, task.shapes)
    if kept == "small":
        return small_masks(first, task.shapes)
    found = found_masks(first, task)
    if kept == "found":
        return found
    return [rearranged(seeds, mask, task.shapes, has_windows=kept == "windows") for mask in found]


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, kept, is_fresh = ARMS[arm]
    shapes = mlp_shapes(FEATURES, scale.units, scale.units, CLASSES)
    data = mnist1d(seeds, train=TRAIN, test=TEST)
    order = batch_order(seeds, TRAIN, BATCH, scale.steps)
    task = Task(shapes, data, order, scale.full_rate)
    first = initialise(seeds, shapes, "pytorch_default").flat  # (seeds, weights)
    fresh_shapes = {f"fresh {name}": shape for name, shape in shapes.items()}
    fresh = initialise(seeds, fresh_shapes, "pytorch_default").flat
    start = fresh if is_fresh else first
    if kept == "all":  # one net, which is what nets of each share are compared with
        masks = [torch.ones_like(first)] * len(LEFT)
        curves = [accuracies(start, masks[0], scale.full_rate, task)] * len(LEFT)
    else:
        masks = kept_masks(kept, seeds, first, task)
        rates = [SMALL_RATE] * len(LEFT) if kept == "small" else RATES
        curves = [accuracies(start, mask, rate, task) for mask, rate in zip(masks, rates, strict=True)]
    half, quarter, eighth = curves
    inputs = unflatten(masks[-1], shapes)["0.weight"]  # with an eighth of the weights
    return {
        "half": half[:, -1],
        "quarter": quarter[:, -1],
        "eighth": eighth[:, -1],
        "early_quarter": quarter[:, : LOOKS // 2].mean(1),
        "early_eighth": eighth[:, : LOOKS // 2].mean(1),
        "locality": locality(inputs),
        "pair_locality": pair_locality(inputs),
        "accuracy_curve": torch.stack([eighth[:, -1], quarter[:, -1], half[:, -1]], 1),
        "training_curve": eighth,
    }

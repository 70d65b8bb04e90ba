"""Do nets that end where the loss is flat test better, and is it the flatness?

Hypothesis: small batches and large rates keep descent out of narrow minima, and what a narrow minimum learnt
hangs on the exact weights and so on the exact points. If so, sharper nets test worse: over all settings,
among nets trained at one rate, and however layers are scaled. If sharpness merely follows the rate, the
second order is gone; if it merely follows how training scales the weights, the third.

Method: MNIST-1D, a net with two hidden layers, descent without momentum at every combination of a batch
size and a rate. A net is taken where its loss over all training points first falls under one
bound, looked at every 50 steps, so that nets are compared at one loss; what never gets there drops out.
Sharpness is the largest eigenvalue of the Hessian of the training loss, by Lanczos; in proportion, every
weight moves in proportion to its size, which a rescaling of layers does not change. Rescaled nets have layers
multiplied by random factors whose product is one.

Arms: one, the nets of all settings, since every comparison is between nets of one seed.

Outcomes: rank correlations (Kendall's tau-b) of sharpness with test error over the nets of a seed, the same
with test errors exchanged between nets, and of large against small batches, both at the settings that do best
on other points, at one rate, or at equal noise, which is the rate over the batch: how much sharper, and how
much worse.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled
from repro.lab.fullbatch import hessian_product, top_eigenvalues
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import leaves
from repro.lab.seeds import Seeds
from repro.lab.sharpness import in_proportion, rescale

BATCHES = (8, 32, 128)  # points in a batch
RATES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
SHARED = RATES.index(0.1)  # a rate at which nets of every batch size reach the loss
EQUAL_NOISE = (RATES.index(0.05), RATES.index(0.8))  # of the smallest and of the largest batch
EVERY = 50  # steps between looks at the loss
LOSS = 0.05  # nats at which a net is taken
PRODUCTS = 20  # of the Hessian with a vector
VALIDATED, TESTED = 2000, 4000  # further points, to choose settings by and to test on
PLACES = 11  # of the figure
MOST_RESCALED = 3.0  # decades of a factor, before the product is made one


@dataclass(frozen=True)
class Scale:
    """Points to train on, units of each hidden layer, most steps, and the share of wrong training labels."""

    points: int = 500
    width: int = 32
    steps: int = 3000
    wrong: float = 0.0


MINIMAL = Scale()
LARGE = Scale(points=4000, width=200, steps=50000)
TRIAL = {"points": 150, "width": 16, "steps": 300}
OUTCOMES = {
    "tau": Outcome(
        "rank correlation of sharpness with test error", unit="tau", better="neither", resolution=0.01
    ),
    "tau_at_one_rate": Outcome(
        "rank correlation of sharpness with test error among nets of one rate",
        unit="tau",
        better="neither",
        resolution=0.01,
    ),
    "tau_in_proportion": Outcome(
        "rank correlation of sharpness in proportion with test error",
        unit="tau",
        better="neither",
        resolution=0.01,
    ),
    "tau_in_proportion_at_one_rate": Outcome(
        "rank correlation of sharpness in proportion among nets of one rate",
        unit="tau",
        better="neither",
        resolution=0.01,
    ),
    "tau_rescaled": Outcome(
        "rank correlation of sharpness with test error, layers rescaled",
        unit="tau",
        better="neither",
        resolution=0.01,
    ),
    "tau_exchanged": Outcome(
        "rank correlation of sharpness with test errors of other nets",
        unit="tau",
        better="neither",
        resolution=0.01,
    ),
    "log10_large_sharper": Outcome(
        "sharpness of large batches over that of small ones, both at their best",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_large_sharper_at_one_rate": Outcome(
        "sharpness of large batches over that of small ones, at one rate",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_large_sharper_at_equal_noise": Outcome(
        "sharpness of large batches over that of small ones, at equal noise",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "large_loses": Outcome(
        "accuracy of small batches less that of large ones, both at their best",
        unit="percent of test points",
        better="neither",
        resolution=0.1,
    ),
    "large_loses_at_one_rate": Outcome(
        "accuracy of small batches less that of large ones, at one rate",
        unit="percent of test points",
        better="neither",
        resolution=0.1,
    ),
    "large_loses_at_equal_noise": Outcome(
        "accuracy of small batches less that of large ones, at equal noise",
        unit="percent of test points",
        better="neither",
        resolution=0.1,
    ),
    "nets": Outcome("nets that reach the loss", unit="nets", better="higher", resolution=1),
    "error_spread": Outcome(
        "test error of the worst net less that of the best",
        unit="percent of test points",
        better="neither",
        resolution=0.1,
    ),
    "test_error_curve": Curve(
        "test error",
        unit="percent of test points",
        better="lower",
        axis=Axis("place in the order from flat to sharp, percent", first=0, last=100, points=11),
    ),
}


class Arm(NamedTuple):
    """The batch sizes of the nets that are compared."""

    text: str
    batches: tuple[int, ...]


ARMS = {"descent": Arm("nets trained by descent at 18 settings", BATCHES)}


class Nets(NamedTuple):
    """What is known of the nets of one batch size, each of shape (seeds * rates,)."""

    is_there: Tensor
    sharpness: Tensor
    in_proportion: Tensor
    rescaled: Tensor
    validated: Tensor
    error: Tensor


def nets(seeds: Seeds, data: Labelled, batch: int, scale: Scale) -> Nets:
    """Train nets with one batch size at all rates and take each where it first reaches the loss."""
    lanes = len(RATES)
    shapes = mlp_shapes(FEATURES, scale.width, scale.width, CLASSES)
    net = initialise(seeds, shapes, "he", lanes=lanes)
    rate = grid(seeds, RATES)
    x, y = spread(data.x, lanes), spread(data.y, lanes)
    order = batch_order(seeds, scale.points, batch, scale.steps, purpose=f"batches of {batch}")
    is_there = torch.zeros_like(rate, dtype=torch.bool)
    kept = net.flat.clone()
    for step, (batch_x, batch_y) in enumerate(batches(data.x, data.y, order), 1):
        slope = mlp_cross_entropy(net, spread(batch_x, lanes), spread(batch_y, lanes)).gradient
        sgd(net.flat, slope, None, rate)
        if step % EVERY == 0:
            with torch.no_grad():
                loss = cross_entropy(mlp(net.weights, x), y)
            is_first = ~is_there & (loss <= LOSS)
            kept[is_first] = net.flat[is_first]
            is_there |= is_first
            if (is_there | loss.isnan()).all():
                break
    taken = leaves(kept, shapes)
    start = spread(seeds.normal("Lanczos", kept.shape[1]), lanes)
    product = hessian_product(cross_entropy(mlp(taken.weights, x), y), taken)
    decades = MOST_RESCALED * seeds.uniform(f"factors of {batch}", lanes, 3, low=-1).flatten(0, 1)
    scaled = leaves(kept.clone(), shapes)
    rescale(scaled, torch.pow(10.0, decades - decades.mean(1, keepdim=True)))
    other = hessian_product(cross_entropy(mlp(scaled.weights, x), y), scaled)
    with torch.no_grad():
        answers = mlp(taken.weights, spread(data.test_x, lanes)).argmax(2)
        is_right = (answers == spread(data.test_y, lanes)).float()
    absent = ~is_there
    return Nets(
        is_there,
        top_eigenvalues(product, start, PRODUCTS).masked_fill(absent, torch.nan),
        top_eigenvalues(in_proportion(product, taken), start, PRODUCTS).masked_fill(absent, torch.nan),
        top_eigenvalues(other, start, PRODUCTS).masked_fill(absent, torch.nan),
        is_right[:, :VALIDATED].mean(1).masked_fill(absent, torch.nan),
        100 - 100 * is_right[:, VALIDATED:].mean(1).masked_fill(absent, torch.nan),
    )


def tau(one: Tensor, other: Tensor, is_pair: Tensor) -> Tensor:
    """Return Kendall's tau-b over the pairs of nets that are asked for, without those that are NaN.

    Args:
        one: One number for each net, of shape (seeds, nets).
        other: Of the same shape.
        is_pair: Which pairs to compare, of shape (nets, nets), symmetric.

    Returns:
        Shape (seeds,); NaN where nothing can be compared.
    """
    gaps = [each.unsqueeze(2) - each.unsqueeze(1) for each in (one, other)]  # (seeds, nets, nets)
    is_known = is_pair & ~(gaps[0].isnan() | gaps[1].isnan())
    a, b = (gap.sign().where(is_known, 0.0).flatten(1) for gap in gaps)
    agreement: Tensor = (a * b).sum(1) / (a.square().sum(1) * b.square().sum(1)).sqrt()
    return agreement


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    data = mnist1d(seeds, train=scale.points, test=VALIDATED + TESTED)
    others = (data.y + seeds.integers("mislabelled as", scale.points, low=1, high=CLASSES)) % CLASSES
    is_wrong = seeds.uniform("is mislabelled", scale.points) < scale.wrong
    data = data._replace(y=torch.where(is_wrong, others, data.y))
    found = [nets(seeds, data, batch, scale) for batch in ARMS[arm].batches]
    each, lanes = len(RATES), len(RATES) * len(found)
    is_there, sharpness, proportional, rescaled, _, error = (
        torch.cat([part.view(-1, each) for part in parts], 1) for parts in zip(*found, strict=True)
    )  # each (seeds, lanes)
    rate = torch.arange(lanes, device=error.device) % each
    every = torch.ones(lanes, lanes, dtype=torch.bool, device=error.device)
    alike = rate.unsqueeze(0) == rate.unsqueeze(1)
    exchanged = error.gather(1, seeds.permutations("exchanged", lanes))
    small, large = found[0], found[-1]
    at_best = (best(small.validated, each, "higher"), best(large.validated, each, "higher"))
    first = each * torch.arange(len(seeds), device=error.device)
    at_one_rate = (first + SHARED, first + SHARED)
    at_equal_noise = (first + EQUAL_NOISE[0], first + EQUAL_NOISE[1])

    def sharper(lane: tuple[Tensor, Tensor]) -> Tensor:
        return (large.sharpness[lane[1]] / small.sharpness[lane[0]]).log10()

    def loses(lane: tuple[Tensor, Tensor]) -> Tensor:
        return large.error[lane[1]] - small.error[lane[0]]

    order = sharpness.argsort(1)  # NaN last
    places = torch.linspace(0, 1, PLACES, device=error.device) * (is_there.sum(1, keepdim=True) - 1)
    return {
        "tau": tau(sharpness, error, every),
        "tau_at_one_rate": tau(sharpness, error, alike),
        "tau_in_proportion": tau(proportional, error, every),
        "tau_in_proportion_at_one_rate": tau(proportional, error, alike),
        "tau_rescaled": tau(rescaled, error, every),
        "tau_exchanged": tau(sharpness, exchanged, every),
        "log10_large_sharper": sharper(at_best),
        "log10_large_sharper_at_one_rate": sharper(at_one_rate),
        "log10_large_sharper_at_equal_noise": sharper(at_equal_noise),
        "large_loses": loses(at_best),
        "large_loses_at_one_rate": loses(at_one_rate),
        "large_loses_at_equal_noise": loses(at_equal_noise),
        "nets": is_there.sum(1).float(),
        "error_spread": error.nan_to_num(-torch.inf).amax(1) - error.nan_to_num(torch.inf).amin(1),
        "test_error_curve": error.gather(1, order).gather(1, places.round().long().clamp_min(0)),
    }

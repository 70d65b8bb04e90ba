"""Does the best learning rate of a narrow net serve a wide one?

Hypothesis: Adam moves every weight by about its rate, whatever the gradient. In a layer of n inputs the moves
add up, its outputs move n times as far, and the best rate falls with the width. The maximal update
parametrisation divides the rate of hidden and output weights by the width, and the first output weights too,
so that all layers move their outputs alike at every width.

Method: nets with three hidden layers of rectified units learn MNIST-1D with Adam, all at the same ten rates,
each twice the one before; every signal is seen once, so that nothing is learned by heart. The best rate of a
net is where a parabola through the best and its two neighbours is lowest. In each seed four narrow nets find
a rate together, by their mean logarithm of the loss, and a wide one uses it.

Arms: the width, and how rates and first weights depend on it; where a net is narrow, they agree.

Outcomes: the best rate, and the loss on new signals at the rate carried over, against that at the best rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, gradient
from repro.lab.seeds import Seeds

RATES = (0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128)  # learning rates of Adam
LAYERS = 4
BATCH = 32  # signals in a batch, each of which is seen once
NARROW_NETS = 4  # that find a rate together
JUDGING = 1000  # further signals, on which losses are taken


@dataclass(frozen=True)
class Scale:
    """Units in a layer of narrow and of wide nets, and steps."""

    narrow: int = 16
    wide: int = 128
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(narrow=128, wide=8192, steps=2000)
TRIAL = {"narrow": 8, "wide": 32, "steps": 40}
OUTCOMES = {
    "log2_best_rate": Outcome("best learning rate", unit="doublings", better="neither", resolution=0.01),
    "lost": Outcome(
        "loss at the rate carried over, above that at the best rate",
        unit="decades",
        better="lower",
        resolution=0.0001,
    ),
    "log10_loss_curve": Curve(
        "loss on new signals at the end",
        unit="decades",
        better="lower",
        axis=Axis("learning rate", values=RATES, is_logarithmic=True),
    ),
}


class Parametrisation(NamedTuple):
    """What multiplies He's weights of the last layer, and Adam's rate in the hidden and the last layer."""

    last_weights: float
    rate: float


def standard(_: float) -> Parametrisation:
    return Parametrisation(last_weights=1, rate=1)


def maximal_update(times_as_wide: float) -> Parametrisation:
    """Return that of Yang et al. (2022) for Adam, relative to a narrow net."""
    return Parametrisation(last_weights=times_as_wide**-0.5, rate=1 / times_as_wide)


def narrow(scale: Scale) -> int:
    return scale.narrow


def wide(scale: Scale) -> int:
    return scale.wide


class Arm(NamedTuple):
    """How settings depend on the width, and the width."""

    description: str
    parametrisation: Callable[[float], Parametrisation]
    width: Callable[[Scale], int]


ARMS = {
    "narrow": Arm("narrow, where both agree", standard, narrow),
    "standard_wide": Arm("wide, standard parametrisation", standard, wide),
    "maximal_wide": Arm("wide, maximal update parametrisation", maximal_update, wide),
}
SAME_FOR_ANY_LABELS = {
    "lost": "it compares rates with one another, whatever is learned",
}


def mlp(weights: Weights, x: Tensor, multiplier: float) -> Tensor:
    """Return the logits of a net whose hidden and last weights are multiplied.

    Adam moves what is multiplied by its rate, and so the product by the rate times the multiplier.
    """
    h = linear(x, weights["0.weight"], weights["0.bias"])
    for k in range(1, LAYERS):
        h = linear(h.relu(), weights[f"{k}.weight"] * multiplier, weights[f"{k}.bias"])
    return h


def start(seeds: Seeds, width: int, parametrisation: Parametrisation) -> Parameters:
    """Return He's weights, the last ones multiplied, and all that `mlp` multiplies divided by that."""
    net = initialise(seeds, mlp_shapes(40, *[width] * (LAYERS - 1), 10), "he", lanes=len(RATES))
    with torch.no_grad():
        for k in range(1, LAYERS):
            net.weights[f"{k}.weight"].div_(parametrisation.rate)
        net.weights[f"{LAYERS - 1}.weight"].mul_(parametrisation.last_weights)
    return net


def trained(seeds: Seeds, scale: Scale, width: int, parametrisation: Parametrisation) -> Tensor:
    """Return the logarithm of the loss on new signals at each rate, (seeds, RATES)."""
    data = mnist1d(seeds, train=BATCH * scale.steps, test=JUDGING)
    lanes = len(RATES)
    net = start(seeds, width, parametrisation)
    state, rate = adam_state(net.flat), grid(seeds, RATES)
    order = batch_order(seeds, BATCH * scale.steps, BATCH, scale.steps)
    for x, y in batches(data.x, data.y, spread(order, lanes)):
        loss = cross_entropy(mlp(net.weights, x, parametrisation.rate), y)
        adam(net.flat, gradient(loss, net), state, rate)
    with torch.no_grad():
        logits = mlp(net.weights, spread(data.test_x, lanes), parametrisation.rate)
    return cross_entropy(logits, spread(data.test_y, lanes)).log10().view(-1, lanes)


def lowest(log10_loss: Tensor) -> Tensor:
    """Return where a parabola through the best rate and its neighbours is lowest, in doublings, (seeds,)."""
    last = len(RATES) - 1
    middle = best(log10_loss.flatten(), len(RATES), "lower") % len(RATES)
    middle = middle.clamp(1, last - 1)
    left, here, right = (log10_loss.gather(1, (middle + k).unsqueeze(1)).squeeze(1) for k in (-1, 0, 1))
    shift = (left - right) / (2 * (left - 2 * here + right))
    return middle + shift.nan_to_num(nan=0.0).clamp(-1, 1) + math.log2(RATES[0])


def trained_narrow(seeds: Seeds, scale: Scale) -> Tensor:
    """Return what `trained` does for narrow nets, averaged over several that start and learn apart."""
    apart = [
        Seeds(tuple(value ^ draw for value in seeds.values), seeds.device) for draw in range(NARROW_NETS)
    ]
    return torch.stack([trained(one, scale, scale.narrow, standard(1)) for one in apart]).mean(0)


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, parametrisation, width = ARMS[arm]
    of_narrow = trained_narrow(seeds, scale)
    of_wide = of_narrow
    if width(scale) > scale.narrow:
        of_wide = trained(seeds, scale, width(scale), parametrisation(width(scale) / scale.narrow))
    carried = best(of_narrow.flatten(), len(RATES), "lower")
    found = best(of_wide.flatten(), len(RATES), "lower")
    return {
        "log2_best_rate": lowest(of_wide),
        "lost": of_wide.flatten()[carried] - of_wide.flatten()[found],
        "log10_loss_curve": of_wide,
    }

"""Does descent teach a deep net the fine waves that only a deep net can represent?

Hypothesis: each layer of a deep net can double the teeth of a wave, but only if all others do so, too. From
random weights the outputs are smooth, and a fine wave averages out over all that they can tell apart: no
direction is better than another, in a deep net as in a shallow one. A coarse wave gives a slope to follow.

Method: nets learn 2^k points at even distances on a line, with alternating labels, by full-batch Adam on
the cross entropy. Inputs have mean 0 and variance 1. Each net is trained at three rates, and of all looks
at all of them the one with the fewest errors counts. The construction has two units in each of k layers,
and other units of weight zero; noise is added to every weight, so much that at first it is hardly better
than a guess.

Arms: the depth of the net, and log2 of the number of points. On the finest wave also nets with a skip
around every two layers, nets that are three times as wide, nets that start close to the construction, and
nets that see cosines up to the wave itself as well.

Outcomes: the lowest share of points that are wrong, and the share before the first step.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.curves import thinned
from repro.lab.ensemble import linear, residual
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, gradient
from repro.lab.seeds import Seeds

RATES = {"deep": (0.001, 0.003, 0.01), "shallow": (0.01, 0.03, 0.1)}  # learning rates of Adam
EVERY = 20  # steps between looks
HE = math.sqrt(6)  # on torch's bound: variance 2 / inputs, for biases, too, lest all units bend at one point
CLOSE = 0.01  # standard deviation of the noise on the construction
STEEP = 4.0  # size of the logits where the wave is 0 or 1


@dataclass(frozen=True)
class Scale:
    """Units in each of many layers and in one alone, and steps."""

    deep: int = 16
    shallow: int = 64
    steps: int = 2000


MINIMAL = Scale()
LARGE = Scale(deep=64, shallow=1024, steps=20_000)
TRIAL = {"steps": 40}
OUTCOMES = {
    "error": Outcome(
        "points wrong at the best look", unit="share of points", better="lower", resolution=0.005
    ),
    "start_error": Outcome(
        "points wrong before the first step", unit="share of points", better="neither", resolution=0.005
    ),
    "error_curve": Curve(
        "points wrong",
        unit="share of points",
        better="lower",
        axis=Axis("step", first=20, last="steps", every=20),
    ),
}


class Arm(NamedTuple):
    """Log2 of the number of points, which units of the scale, and how the net differs from a plain one."""

    description: str
    log2_points: int
    kind: str  # a key of RATES, and the field of the scale with the units
    has_skips: bool = False
    is_near: bool = False
    has_cosines: bool = False


ARMS = {
    "deep_k3": Arm("8 points, 3 layers", 3, "deep"),
    "deep_k5": Arm("32 points, 5 layers", 5, "deep"),
    "deep_k7": Arm("128 points, 7 layers", 7, "deep"),
    "shallow_k3": Arm("8 points, one layer", 3, "shallow"),
    "shallow_k5": Arm("32 points, one layer", 5, "shallow"),
    "shallow_k7": Arm("128 points, one layer", 7, "shallow"),
    "skips_k7": Arm("128 points, 7 layers with skips", 7, "deep", has_skips=True),
    "near_k7": Arm("128 points, 7 layers, started close to the construction", 7, "deep", is_near=True),
    "fourier_k7": Arm("128 points, 7 layers, cosines as inputs", 7, "deep", has_cosines=True),
}


class Wave(NamedTuple):
    """Inputs of every lane, (lanes, points, inputs), and labels of 0 and 1, (lanes, points)."""

    x: Tensor
    y: Tensor


def places(log2_points: int) -> Tensor:
    """Return points at even distances from 0 up to below 1, (points,)."""
    count = 2**log2_points
    place: Tensor = torch.arange(count, dtype=torch.float64) / count
    return place


def wave(lanes: int, log2_points: int, *, has_cosines: bool) -> Wave:
    """Return standardised points, with cosines of 1, 2, 4 and so on up to 2^k / 2 periods where asked for."""
    place = places(log2_points)
    inputs = [(place - place.mean()) / place.std()]
    if has_cosines:
        inputs += [torch.cos(2 * math.pi * 2**octave * place) for octave in range(log2_points)]
    x = torch.stack(inputs, 1).float()  # (points, inputs)
    y = torch.arange(len(place)) % 2
    return Wave(x.repeat(lanes, 1, 1), y.repeat(lanes, 1))


@torch.no_grad()
def construct(net: Parameters, log2_points: int) -> None:
    """Make a net of k layers the wave with 2^k / 2 teeth, a layer for each doubling, in two units of each."""
    place, weights = places(log2_points), net.weights
    tooth = torch.tensor([2.0, -4.0])  # what two units that bend at 0 and at 1/2 make together
    net.flat.zero_()
    weights["0.weight"][:, :2, 0] = float(place.std())  # undoes that points are standardised
    weights["0.bias"][:, :2] = float(place.mean()) + torch.tensor([0.0, -0.5])
    for layer in range(1, log2_points):
        weights[f"{layer}.weight"][:, :2, :2] = tooth
        weights[f"{layer}.bias"][:, 1] = -0.5
    signs = torch.tensor([-1.0, 1.0])
    weights[f"{log2_points}.weight"][:, :, :2] = 2 * STEEP * signs.unsqueeze(1) * tooth
    weights[f"{log2_points}.bias"][:] = -STEEP * signs


def with_skips(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits of a net with a skip around every two layers after the first."""
    last = sum(name.endswith(".weight") for name in weights) - 1
    x = linear(x, weights["0.weight"], weights["0.bias"]).relu()
    for k in range(1, last, 2):
        inner = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"]).relu()
        x = residual(x, linear(inner, weights[f"{k + 1}.weight"], weights[f"{k + 1}.bias"])).relu()
    return linear(x, weights[f"{last}.weight"], weights[f"{last}.bias"])


def first_weights(seeds: Seeds, arm: Arm, scale: Scale, inputs: int) -> Parameters:
    """Return weights drawn with He's variance, or the construction with noise, the same in a seed's lanes."""
    layers = arm.log2_points if arm.kind == "deep" else 1
    units = {"deep": scale.deep, "shallow": scale.shallow}[arm.kind]
    shapes = mlp_shapes(inputs, *[units] * layers, 2)
    lanes = len(RATES[arm.kind])
    net = initialise(seeds, shapes, "pytorch_default", gain=HE, lanes=lanes)
    if arm.is_near:
        construct(net, arm.log2_points)
        net.flat.add_(spread(seeds.normal("noise", net.flat.shape[1]), lanes), alpha=CLOSE)
    return net


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    kind, has_skips = ARMS[arm].kind, ARMS[arm].has_skips
    rates = RATES[kind]
    rate = grid(seeds, rates)
    x, y = wave(len(rate), ARMS[arm].log2_points, has_cosines=ARMS[arm].has_cosines)
    net = first_weights(seeds, ARMS[arm], scale, x.shape[2])
    state = adam_state(net.flat)
    forward = with_skips if has_skips else mlp
    with torch.no_grad():
        errors = [1 - accuracy(forward(net.weights, x), y)]
    for step in range(1, scale.steps + 1):
        if has_skips:
            slope = gradient(cross_entropy(with_skips(net.weights, x), y), net)
        else:
            slope = mlp_cross_entropy(net, x, y).gradient
        adam(net.flat, slope, state, rate)
        if step % EVERY == 0:
            with torch.no_grad():
                errors.append(1 - accuracy(forward(net.weights, x), y))
    course = torch.stack(errors, 1)  # (lanes, looks)
    lowest = course.amin(1)
    lane = best(lowest, len(rates), "lower")
    curve = course[lane, 1:]
    return {
        "error": lowest[lane],
        "start_error": course[lane, 0],
        "error_curve": curve[:, thinned(curve.shape[1])],
    }

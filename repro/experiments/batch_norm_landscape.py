"""How far along a step does the gradient hold, in a net with batch normalisation and in one without?

Hypothesis: batch normalisation takes the units' mean and spread out of the weights' hands. So a step below
changes what a layer has to learn less, and the gradient at the start of a step still holds at its end. With
the statistics held fixed nothing is taken out, and the landscape is as rough as without.

Method: deep rectifier nets on MNIST-1D, plain gradient descent, each seed at the best of six learning rates
by the loss over all training points. Every twentieth of the way the net is probed on 128 of them: the
gradient, and gradients after a step of all weights, or of those below the middle only, against it. The step
is that of training, or as long as a hundredth of the weights. No probe leaves anything in the net.

Arms: normalised by the batch; the same nets with statistics held fixed during each probe; units standardised
once before training; not normalised at all. The same data, initial weights and batches.

Outcomes: means over the probes of cosines between gradients, and of the range of the loss over 0.5, 1, 2 and
4 times the step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, take
from repro.lab.data import Labelled
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.normalise import Running, batch_norm, running
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, flatten, unflatten
from repro.lab.seeds import Seeds

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # learning rates
SHARE = 0.01  # length of a relative step, in lengths of the weights
MULTIPLES = (0.5, 1.0, 2.0, 4.0)  # lengths of the steps that are tried, in steps
POINTS = 1000  # training points
BATCH = 128  # points in a batch, and points that a probe looks at
PROBES = 20  # equal parts of the steps, between which the net is probed


@dataclass(frozen=True)
class Scale:
    """Hidden layers, units of each, and steps."""

    depth: int = 10
    width: int = 48
    steps: int = 300


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)
TRIAL = {"width": 16, "steps": 40}
OUTCOMES = {
    "layer_cosine": Outcome(
        "agreement of a layer's gradient before and after a step of the layers below it",
        unit="cosine after a step below",
        better="higher",
        resolution=0.01,
    ),
    "step_cosine": Outcome(
        "agreement of the gradient before and after a step",
        unit="cosine after a step",
        better="higher",
        resolution=0.01,
    ),
    "loss_range": Outcome(
        "range of the loss along the gradient", unit="nats", better="lower", resolution=0.001
    ),
    "relative_layer_cosine": Outcome(
        "agreement of a layer's gradient before and after a relative step of the layers below it",
        unit="cosine after a relative step below",
        better="higher",
        resolution=0.01,
    ),
    "relative_step_cosine": Outcome(
        "agreement of the gradient before and after a relative step",
        unit="cosine after a relative step",
        better="higher",
        resolution=0.01,
    ),
    "relative_loss_range": Outcome(
        "range of the loss along the gradient, by relative steps",
        unit="nats",
        better="lower",
        resolution=0.001,
    ),
    "step_cosine_curve": Curve(
        "agreement of the gradient before and after a step",
        unit="cosine after a step",
        better="higher",
        axis=Axis("step", first=0, last="steps", points=21),
    ),
    "relative_step_cosine_curve": Curve(
        "agreement of the gradient before and after a relative step",
        unit="cosine after a relative step",
        better="higher",
        axis=Axis("step", first=0, last="steps", points=21),
    ),
}


class Arm(NamedTuple):
    """Is there a norm, do probes hold its statistics, or are units standardised once?"""

    description: str
    is_normalised: bool = False
    holds: bool = False
    is_standardised: bool = False


ARMS = {
    "none": Arm("no normalisation"),
    "bn": Arm("batch norm", is_normalised=True),
    "bn_held": Arm("batch norm, its statistics held fixed during a probe", is_normalised=True, holds=True),
    "once": Arm("no normalisation, units standardised once before training", is_standardised=True),
}
SAME_FOR_ANY_LABELS = {
    "layer_cosine": "how far a gradient holds is measured, whichever labels it is of",
    "step_cosine": "how far a gradient holds is measured, whichever labels it is of",
    "loss_range": "how far the loss varies is measured, whichever labels it is of",
    "relative_layer_cosine": "how far a gradient holds is measured, whichever labels it is of",
    "relative_step_cosine": "how far a gradient holds is measured, whichever labels it is of",
    "relative_loss_range": "how far the loss varies is measured, whichever labels it is of",
}


class Landscape(NamedTuple):
    """The loss over points x, (seeds, points, FEATURES), and labels y, as a function of the flat weights.

    Each norm uses the statistics of x, or those that are held.
    """

    x: Tensor
    y: Tensor
    shapes: Shapes
    depth: int
    held: list[Running] | None = None

    def loss(self, flat: Tensor) -> Tensor:
        """Return the mean cross entropy, (seeds,)."""
        weights, x = unflatten(flat, self.shapes), self.x
        for k in range(self.depth):
            x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
            if f"{k}.scale" in weights:
                norm = weights[f"{k}.scale"], weights[f"{k}.shift"]
                x = (
                    batch_norm(x, *norm, self.held[k], is_training=False)
                    if self.held
                    else batch_norm(x, *norm)
                )
            x = x.relu()
        return cross_entropy(
            linear(x, weights[f"{self.depth}.weight"], weights[f"{self.depth}.bias"]), self.y
        )

    def slope(self, flat: Tensor) -> Tensor:
        """Return the gradient, (seeds, count)."""
        with torch.enable_grad():
            flat = flat.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.loss(flat).sum(), flat)
        return gradient

    def holding(self, flat: Tensor) -> "Landscape":
        """Return the landscape in which norms go on using the statistics that x has at these weights."""
        weights, x, held = unflatten(flat, self.shapes), self.x, []
        for k in range(self.depth):
            x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
            held.append(running(weights[f"{k}.scale"]))
            x = batch_norm(x, weights[f"{k}.scale"], weights[f"{k}.shift"], held[k], momentum=1.0).relu()
        return self._replace(held=held)


class Probe(NamedTuple):
    """What steps that are not taken would do, each of shape (seeds,)."""

    layer_cosine: Tensor
    step_cosine: Tensor
    loss_range: Tensor


def probe(land: Landscape, flat: Tensor, start: Tensor, length: Tensor) -> Probe:
    """Try steps along the gradient at the start, (seeds, count), times a length of shape (seeds,)."""
    middle = land.depth // 2
    step = length.unsqueeze(1) * start
    parts = unflatten(step, land.shapes)
    below = flatten([part * (int(name.split(".")[0]) < middle) for name, part in parts.items()])
    own, own_moved = (
        unflatten(slope, land.shapes)[f"{middle}.weight"].flatten(1)
        for slope in (start, land.slope(flat - below))
    )
    losses = torch.stack([land.loss(flat - multiple * step) for multiple in MULTIPLES])  # (multiples, seeds)
    return Probe(
        layer_cosine=torch.cosine_similarity(own, own_moved),
        step_cosine=torch.cosine_similarity(start, land.slope(flat - step)),
        loss_range=losses.amax(0) - losses.amin(0),
    )


def standardise(net: Parameters, x: Tensor, depth: int) -> None:
    """Scale and shift a plain net's units in place, so that over x their means are 0 and their spreads 1."""
    for k in range(depth):
        weight, bias = net.weights[f"{k}.weight"], net.weights[f"{k}.bias"]
        entered = linear(x, weight, bias)
        mean, deviation = entered.mean(1), entered.std(1)  # each (lanes, width)
        weight.div_(deviation.unsqueeze(2))
        bias.sub_(mean).div_(deviation)
        x = linear(x, weight, bias).relu()


def start(arm: Arm, seeds: Seeds, shapes: Shapes, x: Tensor, lanes: int) -> Parameters:
    """Return the nets before training, so many of each seed."""
    net = initialise(seeds, shapes, "he", lanes=lanes)
    if arm.is_standardised:
        standardise(net, spread(x, lanes), len([name for name in shapes if name.endswith("weight")]) - 1)
    return net


def train(net: Parameters, data: Labelled, order: Tensor, rate: Tensor) -> Iterator[int]:
    """Train in place; yield the number of each step before it is taken, and that of steps at the end."""
    for step in range(order.shape[1]):
        yield step
        slope = mlp_cross_entropy(net, take(data.x, order[:, step]), take(data.y, order[:, step]))
        sgd(net.flat, slope.gradient, None, rate)
    yield order.shape[1]


@torch.no_grad()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    data = mnist1d(seeds, train=POINTS, test=0)
    order = batch_order(seeds, POINTS, BATCH, scale.steps)
    shapes = mlp_shapes(FEATURES, *[scale.width] * scale.depth, CLASSES, is_normalised=chosen.is_normalised)
    lanes = len(RATES)
    trials = start(chosen, seeds, shapes, data.x, lanes)
    rates = grid(seeds, RATES)
    for _ in train(trials, data, spread(order, lanes), rates):
        pass
    final = cross_entropy(mlp(trials.weights, spread(data.x, lanes)), spread(data.y, lanes))
    rate = rates[best(final, lanes, "lower")]  # (seeds,)

    net = start(chosen, seeds, shapes, data.x, 1)
    own, relative = [], []
    for step in train(net, data, order, rate):
        if step % (scale.steps // PROBES) == 0:
            land = Landscape(data.x[:, :BATCH], data.y[:, :BATCH], shapes, scale.depth)
            land = land.holding(net.flat) if chosen.holds else land
            gradient = land.slope(net.flat)
            own.append(torch.stack(probe(land, net.flat, gradient, rate), 1))  # (seeds, 3)
            length = SHARE * net.flat.norm(dim=1) / gradient.norm(dim=1)
            relative.append(torch.stack(probe(land, net.flat, gradient, length), 1))
    by_own, by_relative = torch.stack(own, 1), torch.stack(relative, 1)  # (seeds, times, 3)
    layer_cosine, step_cosine, loss_range = by_own.mean(1).unbind(1)
    relative_layer_cosine, relative_step_cosine, relative_loss_range = by_relative.mean(1).unbind(1)
    return {
        "layer_cosine": layer_cosine,
        "step_cosine": step_cosine,
        "loss_range": loss_range,
        "relative_layer_cosine": relative_layer_cosine,
        "relative_step_cosine": relative_step_cosine,
        "relative_loss_range": relative_loss_range,
        "step_cosine_curve": by_own[:, :, 1],
        "relative_step_cosine_curve": by_relative[:, :, 1],
    }

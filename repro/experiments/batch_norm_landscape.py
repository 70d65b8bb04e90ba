"""How far along a step does the gradient hold, in a net with batch normalisation and in one without?

Hypothesis: batch normalisation takes the units' mean and spread out of the weights' hands. So a step below
moves what a layer sees less, and the gradient at the start of a step still holds at its end. With the
statistics held fixed nothing is taken out, and the landscape is as rough as without.

Method: rectifier nets of six hidden layers on MNIST-1D, plain gradient descent, all arms at a rate of 0.1.
Every twentieth of the way the net is probed on 128 fixed training points: the gradient, and gradients
after a step of all weights, or of those below layer 4 only, against it. No probe leaves anything in the net.

Arms: normalised by the batch; by the batch in training, but with statistics held fixed during each probe; by
statistics that stay those of the initial net; not at all. The same data, initial weights and batches.

Outcomes: means over the probes of how far the mean of what enters a rectifier of layer 4 has moved since the
last, of cosines between gradients, and of the range of the loss over 0.5, 1, 2 and 4 times the step.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, take
from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import CLASSES, FEATURES, mnist1d
from repro.lab.normalise import Running, batch_norm, running
from repro.lab.optimise import sgd
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Shapes, flatten, unflatten
from repro.lab.seeds import Seeds

RATE = 0.1  # learning rate
MULTIPLES = (0.5, 1.0, 2.0, 4.0)  # lengths of the steps that are tried, in steps of training
ONE = MULTIPLES.index(1.0)
POINTS = 4000  # training points
DEPTH = 6  # hidden layers
LAYER = 3  # hidden layer that is watched, counted from 0
BATCH = 128  # points in a batch, and points that a probe looks at
PROBES = 20  # equal parts of the steps, between which the net is probed


@dataclass(frozen=True)
class Scale:
    """Units of a hidden layer, and steps."""

    width: int = 64
    steps: int = 400


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)
OUTCOMES = {
    "drift": Outcome(
        "drift of what enters the fourth layer's rectifiers",
        unit="standard deviations in a twentieth of the steps",
        better="lower",
        resolution=0.001,
    ),
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
    "step_cosine_curve": Curve(
        "agreement of the gradient before and after a step",
        unit="cosine after a step",
        better="higher",
        axis=Axis("step", first=0, last="steps", points=21),
    ),
}


class Arm(NamedTuple):
    """Is there a norm, does training renew its statistics, and do probes?"""

    description: str
    is_normalised: bool = True
    renews_in_training: bool = True
    renews_in_probes: bool = False


ARMS = {
    "none": Arm("no normalisation", is_normalised=False),
    "bn": Arm("batch norm", renews_in_probes=True),
    "bn_held": Arm("batch norm, its statistics held fixed during a probe"),
    "once": Arm("normalised by statistics of the initial net throughout", renews_in_training=False),
}


class Net(NamedTuple):
    """The shapes of the weights, and of each norm the statistics of its latest batch."""

    shapes: Shapes
    statistics: list[Running]

    def forward(self, flat: Tensor, x: Tensor, *, renews: bool) -> tuple[Tensor, Tensor]:
        """Return logits and what enters the watched rectifiers, by statistics of x or of the latest batch."""
        weights = unflatten(flat, self.shapes)
        watched = x
        for k in range(DEPTH):
            x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
            if self.statistics:
                scale, shift = weights[f"{k}.scale"], weights[f"{k}.shift"]
                x = batch_norm(x, scale, shift, self.statistics[k], is_training=renews, momentum=1.0)
            if k == LAYER:
                watched = x
            x = x.relu()
        return linear(x, weights[f"{DEPTH}.weight"], weights[f"{DEPTH}.bias"]), watched

    def slope(self, flat: Tensor, x: Tensor, y: Tensor, *, renews: bool) -> tuple[Tensor, Tensor]:
        """Return loss and gradient, (seeds,) and (seeds, count)."""
        flat = flat.detach().requires_grad_()
        logits, _ = self.forward(flat, x, renews=renews)
        loss = cross_entropy(logits, y)
        (gradient,) = torch.autograd.grad(loss.sum(), flat)
        return loss.detach(), gradient


class Probe(NamedTuple):
    """What steps that are not taken would do, each of shape (seeds,)."""

    layer_cosine: Tensor
    step_cosine: Tensor
    loss_range: Tensor


def probe(net: Net, flat: Tensor, x: Tensor, y: Tensor, *, renews: bool) -> Probe:
    _, start = net.slope(flat, x, y, renews=renews)
    parts = unflatten(start, net.shapes)
    below = flatten([part * (int(name[0]) < LAYER) for name, part in parts.items()])  # zero from LAYER on
    _, moved = net.slope(flat - RATE * below, x, y, renews=renews)
    watched = f"{LAYER}.weight"
    own = parts[watched].flatten(1)
    own_moved = unflatten(moved, net.shapes)[watched].flatten(1)
    ends = [net.slope(flat - multiple * RATE * start, x, y, renews=renews) for multiple in MULTIPLES]
    losses = torch.stack([loss for loss, _ in ends])  # (multiples, seeds)
    _, end = ends[ONE]
    return Probe(
        layer_cosine=torch.cosine_similarity(own, own_moved),
        step_cosine=torch.cosine_similarity(start, end),
        loss_range=losses.amax(0) - losses.amin(0),
    )


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, is_normalised, renews_in_training, renews_in_probes = ARMS[arm]
    data = mnist1d(seeds, train=POINTS, test=0)
    shapes = mlp_shapes(FEATURES, *[scale.width] * DEPTH, CLASSES, is_normalised=is_normalised)
    flat, weights = initialise(seeds, shapes, "he")
    norms = range(DEPTH) if is_normalised else range(0)
    net = Net(shapes, [running(weights[f"{k}.scale"]) for k in norms])
    net.forward(flat, data.x, renews=True)  # the statistics of the initial net
    order = batch_order(seeds, POINTS, BATCH, scale.steps)
    seen_x, seen_y = data.x[:, :BATCH], data.y[:, :BATCH]
    entered, probes = [], []
    for step in range(scale.steps + 1):
        if step % (scale.steps // PROBES) == 0:
            _, enters = net.forward(flat, seen_x, renews=renews_in_training)  # renews what a probe may hold
            entered.append(enters)
            found = probe(net, flat, seen_x, seen_y, renews=renews_in_probes)
            probes.append(torch.stack(found, 1))  # (seeds, 3)
        if step < scale.steps:
            x = take(data.x, order[:, step])
            y = take(data.y, order[:, step])
            _, gradient = net.slope(flat, x, y, renews=renews_in_training)
            sgd(flat, gradient, None, RATE)
    watched = torch.stack(entered)  # (times, seeds, points, width)
    moves = watched.mean(2).diff(dim=0).abs() / watched.std(2)[:-1]  # (times - 1, seeds, width)
    layer_cosine, step_cosine, loss_range = torch.stack(probes, 1).unbind(2)  # each (seeds, times)
    return {
        "drift": moves.mean((0, 2)),
        "layer_cosine": layer_cosine.mean(1),
        "step_cosine": step_cosine.mean(1),
        "loss_range": loss_range.mean(1),
        "step_cosine_curve": step_cosine,
    }

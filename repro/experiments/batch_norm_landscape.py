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
from repro.lab.parameters import Shapes, flatten, unflatten
from repro.lab.seeds import Seeds

RATE, MULTIPLES = 0.1, (0.5, 1.0, 2.0, 4.0)
POINTS, DEPTH, LAYER, BATCH, PROBES = 4000, 6, 3, 128, 20  # LAYER counts from 0
ARMS = {
    "none": "no normalisation",
    "bn": "batch norm",
    "bn_held": "batch norm, its statistics held fixed during a probe",
    "once": "normalised by statistics of the initial net throughout",
}
OUTCOMES = {
    "drift": "standard deviations in a twentieth of the steps; lower is better; resolution 0.001",
    "layer_cosine": "cosine after a step below; higher is better; resolution 0.01",
    "step_cosine": "cosine after a step; higher is better; resolution 0.01",
    "loss_range": "nats; lower is better; resolution 0.001",
    "step_cosine_curve": "cosine after a step; higher is better; over twenty equal parts of the steps",
}


@dataclass(frozen=True)
class Scale:
    """Units of a hidden layer, and steps."""

    width: int = 64
    steps: int = 400


MINIMAL = Scale()
LARGE = Scale(width=256, steps=2000)


class Net(NamedTuple):
    """The shapes of the weights, and of each norm the statistics of its latest batch."""

    shapes: Shapes
    statistics: list[Running]

    def forward(self, flat: Tensor, x: Tensor, *, renews: bool) -> tuple[Tensor, Tensor]:
        """Return logits and what enters the watched rectifiers, by statistics of x or of the latest batch."""
        weights, watched = unflatten(flat, self.shapes), x
        for k in range(DEPTH):
            x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
            if self.statistics:
                scale, bias = weights[f"{k}.scale"], weights[f"{k}.shift"]
                x = batch_norm(x, scale, bias, self.statistics[k], is_training=renews, momentum=1.0)
            watched = x if k == LAYER else watched
            x = x.relu()
        return linear(x, weights[f"{DEPTH}.weight"], weights[f"{DEPTH}.bias"]), watched

    def slope(self, flat: Tensor, x: Tensor, y: Tensor, *, renews: bool) -> tuple[Tensor, Tensor]:
        """Return loss and gradient, (seeds,) and (seeds, count)."""
        flat = flat.detach().requires_grad_()
        loss = cross_entropy(self.forward(flat, x, renews=renews)[0], y)
        return loss.detach(), torch.autograd.grad(loss.sum(), flat)[0]


def probe(net: Net, flat: Tensor, x: Tensor, y: Tensor, *, renews: bool) -> Tensor:
    """Return cosine of the layer and of all weights, and loss range, (seeds, 3), of steps not taken."""
    _, start = net.slope(flat, x, y, renews=renews)
    below = flatten([g * (int(name[0]) < LAYER) for name, g in unflatten(start, net.shapes).items()])
    _, moved = net.slope(flat - RATE * below, x, y, renews=renews)
    own, after = (unflatten(g, net.shapes)[f"{LAYER}.weight"].flatten(1) for g in (start, moved))
    ends = [net.slope(flat - multiple * RATE * start, x, y, renews=renews) for multiple in MULTIPLES]
    losses = torch.stack([loss for loss, _ in ends])
    cosines = torch.cosine_similarity(own, after), torch.cosine_similarity(start, ends[1][1])
    return torch.stack([*cosines, losses.amax(0) - losses.amin(0)], 1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    data, layers = mnist1d(seeds, train=POINTS, test=0), range(DEPTH if arm != "none" else 0)
    shapes = mlp_shapes(FEATURES, *[scale.width] * DEPTH, CLASSES, is_normalised=arm != "none")
    flat, weights = initialise(seeds, shapes, "he")
    net = Net(shapes, [running(weights[f"{k}.scale"]) for k in layers])
    net.forward(flat, data.x, renews=True)
    order, renews = batch_order(seeds, POINTS, BATCH, scale.steps), arm != "once"
    x, y, probes, steps = data.x[:, :BATCH], data.y[:, :BATCH], [], []
    for step in range(scale.steps + 1):
        if step % (scale.steps // PROBES) == 0:
            probes.append(net.forward(flat, x, renews=renews)[1])  # also renews what a probe may hold
            steps.append(probe(net, flat, x, y, renews=arm == "bn"))
        if step < scale.steps:
            batch = take(data.x, order[:, step]), take(data.y, order[:, step])
            sgd(flat, net.slope(flat, *batch, renews=renews)[1], None, RATE)
    watched = torch.stack(probes)  # (times, seeds, batch, width)
    moves = watched.mean(2).diff(dim=0).abs() / watched.std(2)[:-1]
    layer, whole, reach = torch.stack(steps, 1).unbind(2)  # each (seeds, times)
    outcomes = {"layer_cosine": layer.mean(1), "step_cosine": whole.mean(1), "loss_range": reach.mean(1)}
    return {"drift": moves.mean((0, 2)), **outcomes, "step_cosine_curve": whole}

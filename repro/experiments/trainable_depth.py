"""How deep may a random net be and still be trained?

Hypothesis: what signals lose on their way up, and gradients on their way down, no learning rate brings back.
So a shallow net learns from weights of any variance, and a deep one only from those at the border of order
and chaos, where theory finds nothing lost.

Method: tanh nets learn handwritten digits, weights N(0, sigma_w^2 / width), biases N(0, 0.05). Each trains at
three rates side by side and is judged at the one that is best for it, so that bad starts have as many tries.

Arms: depth and sigma_w^2. Six depth scales of theory, over which a difference falls four hundredfold, are 22
layers at 1.0, 47 at 1.3, 42 at 4.0, and thousands at 1.76. Skips add a layer to its input, which takes the
scale away. Noise drops one activation in ten, which takes the border away. In one net the last layer learns.

Outcomes: the share of training digits that the net has right in the end.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.batches import batch_order, batches
from repro.lab.data import digits
from repro.lab.ensemble import dropout_masks, linear
from repro.lab.lanes import best, grid, spread
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.optimise import adam, adam_state, sgd, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, Weights, flatten, gradient, leaves
from repro.lab.seeds import Seeds

RATES = (0.0003, 0.001, 0.003)  # learning rates of descent with momentum
ADAM_RATES = (0.0001, 0.0003, 0.001)  # learning rates of Adam
MOMENTUM = 0.9
BIAS_VARIANCE = 0.05
PIXELS = 64  # of a digit
CLASSES = 10
BATCH = 32  # digits in a batch
SEEN = 300  # training digits that accuracy is taken over
LOOKS = 10  # equal parts of training, after each of which accuracy is taken
SHALLOW = 10  # hidden layers of shallow nets
DROPPED = 0.1  # share of activations that noise drops


@dataclass(frozen=True)
class Scale:
    """Hidden layers of deep nets, units of each, steps, and whether they are those of Adam."""

    deep: int = 50
    width: int = 64
    steps: int = 200
    is_adam: bool = False


MINIMAL = Scale()
LARGE = Scale(deep=200, width=300, steps=5000)
TRIAL = {"deep": 10, "width": 32, "steps": 40}
OUTCOMES = {
    "accuracy": Outcome(
        "training digits right after the last step", unit="percent", better="higher", resolution=0.1
    ),
    "accuracy_curve": Curve(
        "training digits right",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=10, last=100, points=10),
    ),
}


class Arm(NamedTuple):
    """Is it deep, sigma_w^2, weight of the skips, share of activations dropped, and what learns."""

    description: str
    is_deep: bool
    variance: float
    skip: float = 0.0
    dropped: float = 0.0
    is_last_layer_only: bool = False


ARMS = {
    "shallow_variance_1_0": Arm("10 layers, sigma_w^2 = 1.0", is_deep=False, variance=1.0),
    "shallow_variance_1_76": Arm("10 layers, sigma_w^2 = 1.76", is_deep=False, variance=1.76),
    "shallow_variance_4_0": Arm("10 layers, sigma_w^2 = 4.0", is_deep=False, variance=4.0),
    "deep_variance_1_0": Arm("deep, sigma_w^2 = 1.0", is_deep=True, variance=1.0),
    "deep_variance_1_3": Arm("deep, sigma_w^2 = 1.3", is_deep=True, variance=1.3),
    "deep_variance_1_76": Arm("deep, sigma_w^2 = 1.76, the border", is_deep=True, variance=1.76),
    "deep_variance_4_0": Arm("deep, sigma_w^2 = 4.0", is_deep=True, variance=4.0),
    "deep_residual": Arm("deep, sigma_w^2 = 1.0, identity skips", is_deep=True, variance=1.0, skip=1.0),
    "deep_noisy": Arm("deep, at the border, a tenth dropped", is_deep=True, variance=1.76, dropped=DROPPED),
    "deep_last_layer": Arm(
        "deep, at the border, only the last layer learns",
        is_deep=True,
        variance=1.76,
        is_last_layer_only=True,
    ),
}


def random_net(seeds: Seeds, shapes: Shapes, variance: float, lanes: int) -> Parameters:
    """Return weights N(0, variance / inputs) and biases N(0, BIAS_VARIANCE), alike in the lanes of a seed."""
    drawn = []
    for name, shape in shapes.items():
        of_entry = variance / shape[1] if name.endswith("weight") else BIAS_VARIANCE
        drawn.append(math.sqrt(of_entry) * seeds.normal(name, *shape))
    return leaves(spread(flatten(drawn), lanes), shapes)


def tanh_net(weights: Weights, x: Tensor, skip: float, masks: Tensor | None = None) -> Tensor:
    """Return the logits, (lanes, batch, CLASSES).

    Args:
        weights: Made with `mlp_shapes`.
        x: Shape (lanes, batch, PIXELS).
        skip: Weight of a layer's input in what it hands on.
        masks: What activations are multiplied by, (lanes, hidden layers, batch, width).
    """
    last = len(weights) // 2 - 1
    h = linear(x, weights["0.weight"], weights["0.bias"])
    for k in range(1, last + 1):
        activation = h.tanh() if masks is None else h.tanh() * masks[:, k - 1]
        change = linear(activation, weights[f"{k}.weight"], weights[f"{k}.bias"])
        h = change if k == last else skip * h + change
    return h


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, is_deep, variance, skip, dropped, is_last_layer_only = ARMS[arm]
    rates = ADAM_RATES if scale.is_adam else RATES
    lanes = len(rates)  # of each seed
    depth = scale.deep if is_deep else SHALLOW
    shapes = mlp_shapes(PIXELS, *[scale.width] * depth, CLASSES)
    net = random_net(seeds, shapes, variance, lanes)
    data = digits(seeds)
    x = (data.x - data.x.mean((1, 2), keepdim=True)) / data.x.std((1, 2), keepdim=True)
    seen_x, seen_y = spread(x[:, :SEEN], lanes), spread(data.y[:, :SEEN], lanes)
    order = spread(batch_order(seeds, x.shape[1], BATCH, scale.steps), lanes)
    rate = grid(seeds, rates)
    state, velocity = adam_state(net.flat), torch.zeros_like(net.flat)
    in_last_layer = CLASSES * (scale.width + 1)  # weights, at the end of a row
    looks = []
    for step, (batch_x, batch_y) in enumerate(batches(x, data.y, order), 1):
        masks = None
        if dropped:
            drawn = dropout_masks(seeds, depth, BATCH, scale.width, rate=dropped, purpose=f"noise {step}")
            masks = spread(drawn, lanes)
        slope = gradient(cross_entropy(tanh_net(net.weights, batch_x, skip, masks), batch_y), net)
        if is_last_layer_only:
            slope[:, :-in_last_layer] = 0
        if scale.is_adam:
            adam(net.flat, slope, state, rate)
        else:
            sgd(net.flat, slope, velocity, rate, momentum=MOMENTUM)
        if step % (scale.steps // LOOKS) == 0:
            with torch.no_grad():
                looks.append(100 * accuracy(tanh_net(net.weights, seen_x, skip), seen_y))
    course = torch.stack(looks, 1)  # (lanes, LOOKS)
    lane = best(course[:, -1], lanes, "higher")  # (seeds,)
    return {"accuracy": course[lane, -1], "accuracy_curve": course[lane]}

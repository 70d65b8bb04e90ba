"""Can a net that tests well be made sharper than one that tests badly, without a change of what it computes?

Hypothesis: rectified units pass factors on. If one layer is multiplied by a factor and the next one divided
by it, outputs stay, but the loss answers to a small step of the smaller weights by the factor more than
before. Its curvature then grows with the square of the factor, whatever it was and however well the net does.

Method: nets fit 200 digits with the squared error, by Adam whose rate falls to zero. The first layer of the
trained net is then multiplied by a factor and the second divided by it. Sharpness is the largest eigenvalue
of the Hessian of the training loss, by Lanczos, and so is sharpness in proportion, when each weight moves in
proportion to its size. Nets are trained in single precision, which is also where outputs are compared;
curvature is taken in double precision.

Arms: what is done to the trained net, its units, and whether half of its training labels are wrong.

Outcomes: both kinds of sharpness, how far outputs have changed from those of the trained net, at most 0 and
at least -12 decades of the largest output, and accuracy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.data import digits
from repro.lab.fullbatch import Product, hessian_product, top_eigenvalues
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy, squared_error
from repro.lab.mlp import mlp_shapes
from repro.lab.networks import Activation, network
from repro.lab.optimise import adam, adam_state
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, gradient, leaves
from repro.lab.seeds import Seeds
from repro.lab.sharpness import in_proportion, rescale

PIXELS, CLASSES = 64, 10
RATE = 0.003  # of Adam at the first step
PRODUCTS = 10  # of the Hessian with a vector; twice as many tell the error
WRONG = 0.5  # share of training labels that are wrong in one arm
FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)  # of the figure, on the first layer
LEAST_CHANGE = 1e-12  # of outputs, relative to the largest


@dataclass(frozen=True)
class Scale:
    """Digits to train on, units in each hidden layer, hidden layers, and steps."""

    points: int = 200
    width: int = 64
    hidden: int = 2
    steps: int = 600


MINIMAL = Scale()
LARGE = Scale(points=1000, width=500, hidden=4, steps=10000)
TRIAL = {"points": 60, "width": 16, "steps": 60}
OUTCOMES = {
    "sharpness": Outcome("sharpness", unit="loss per squared weight", better="neither", resolution=0.001),
    "sharpness_in_proportion": Outcome(
        "sharpness in proportion to the weights", unit="loss", better="neither", resolution=0.0001
    ),
    "log10_output_change": Outcome(
        "largest change of an output",
        unit="decades of the largest output",
        better="neither",
        resolution=0.01,
    ),
    "train_accuracy": Outcome(
        "training accuracy", unit="percent of training points", better="higher", resolution=0.5
    ),
    "test_accuracy": Outcome("test accuracy", unit="percent of test points", better="higher", resolution=0.1),
    "curvature_error": Outcome(
        "change of the sharpness by twice the products", unit="percent", better="lower", resolution=0.001
    ),
    "log10_sharpness_curve": Curve(
        "sharpness when the first layer is multiplied further, and the second divided",
        unit="decades",
        better="neither",
        axis=Axis("factor", values=FACTORS, is_logarithmic=True),
    ),
}


def nothing(net: Parameters, seeds: Seeds) -> None:
    """Leave the net as it was trained."""


def multiply(net: Parameters, seeds: Seeds, *, factor: float, is_undone: bool = True) -> None:
    """Multiply the first layer, and divide the second by as much if `is_undone`."""
    layers = sum(name.endswith(".weight") for name in net.weights)
    factors = net.flat.new_ones(len(seeds), layers)
    factors[:, 0], factors[:, 1] = factor, 1 / factor
    if is_undone:
        rescale(net, factors)
    else:
        with torch.no_grad():
            net.weights["0.weight"].mul_(factor)
            net.weights["0.bias"].mul_(factor)


@torch.no_grad()
def exchange_units(net: Parameters, seeds: Seeds) -> None:
    """Put the units of the first hidden layer into another order."""
    order = seeds.permutations("units", net.weights["0.bias"].shape[1])
    for lane, places in enumerate(order):
        net.weights["0.weight"][lane] = net.weights["0.weight"][lane, places]
        net.weights["0.bias"][lane] = net.weights["0.bias"][lane, places]
        net.weights["1.weight"][lane] = net.weights["1.weight"][lane][:, places]


class Arm(NamedTuple):
    """What is done to the trained net, its units, and the share of wrong training labels."""

    text: str
    change: Callable[[Parameters, Seeds], None]
    activation: Activation = torch.relu
    wrong: float = 0.0


ARMS = {
    "as_trained": Arm("net as it was trained", nothing),
    "factor_10": Arm("first layer times 10, second divided by it", partial(multiply, factor=10.0)),
    "factor_100": Arm("first layer times 100, second divided by it", partial(multiply, factor=100.0)),
    "permuted": Arm("units exchanged", exchange_units),
    "unbalanced_10": Arm("first layer times 10 only", partial(multiply, factor=10.0, is_undone=False)),
    "tanh_10": Arm("tanh units, factor 10", partial(multiply, factor=10.0), torch.tanh),
    "wrong_labels": Arm("net as trained on labels half of which are wrong", nothing, wrong=WRONG),
}
SAME_FOR_ANY_LABELS = {
    "train_accuracy": "that a net learns the labels it is given by heart is needed in every arm",
}


def train(net: Parameters, loss: Callable[[], Tensor], steps: int) -> None:
    state = adam_state(net.flat)
    for step in range(steps):
        adam(net.flat, gradient(loss(), net), state, RATE * (1 - step / steps))


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    chosen = ARMS[arm]
    x, labels, test_x, test_labels = digits(seeds, train=scale.points)
    others = (labels + seeds.integers("mislabelled as", scale.points, low=1, high=CLASSES)) % CLASSES
    labels = torch.where(seeds.uniform("is mislabelled", scale.points) < chosen.wrong, others, labels)
    targets = one_hot(labels, CLASSES).float()
    shapes = mlp_shapes(PIXELS, *[scale.width] * scale.hidden, CLASSES)
    net = initialise(seeds, shapes, "he")

    def outputs(of: Parameters, points: Tensor) -> Tensor:
        return network(of.weights, points.to(of.flat.dtype), chosen.activation)

    def loss(of: Parameters) -> Tensor:
        return squared_error(outputs(of, x), targets.to(of.flat.dtype))

    def hessian(of: Parameters) -> Product:
        return hessian_product(loss(of), of)

    train(net, lambda: loss(net), scale.steps)
    with torch.no_grad():
        before = outputs(net, test_x)
        chosen.change(net, seeds)
        after = outputs(net, test_x)
        change = (after - before).abs().amax((1, 2)) / before.abs().amax((1, 2))
        trained = accuracy(outputs(net, x), labels)
    start = seeds.normal("Lanczos", net.flat.shape[1], dtype=torch.float64)
    fine = leaves(net.flat.double(), shapes)
    product = hessian(fine)
    sharpness = top_eigenvalues(product, start, 2 * PRODUCTS)
    rough = top_eigenvalues(product, start, PRODUCTS)
    proportional = top_eigenvalues(in_proportion(product, fine), start, 2 * PRODUCTS)
    course = []
    for factor in FACTORS:
        other = leaves(fine.flat.clone(), shapes)
        multiply(other, seeds, factor=factor)
        course.append(top_eigenvalues(hessian(other), start, PRODUCTS).log10())
    return {
        "sharpness": sharpness,
        "sharpness_in_proportion": proportional,
        "log10_output_change": change.clamp(LEAST_CHANGE, 1.0).log10(),
        "train_accuracy": 100 * trained,
        "test_accuracy": 100 * accuracy(after, test_labels),
        "curvature_error": 100 * (sharpness - rough).abs() / sharpness,
        "log10_sharpness_curve": torch.stack(course, 1),
    }

"""Does the variance of initial weights alone say how signals and gradients change on their way through depth?

Hypothesis: a layer multiplies mean squares by (weight variance) x (units) x (share the nonlinearity passes).
A rectifier passes one half and a linear unit all, so a variance of 2 / units keeps rectified nets as they
are, 1 / units keeps linear ones, and any other variance errs by the same factor in every layer.

Method: untrained square nets without biases, standard normal inputs. The signal's ratio is the mean square of
the last layer's activations over that of the input, the gradient's that of a random vector carried back from
the last layer to the input over that of the vector; logarithms are averaged over inputs. Both are also taken
between the first and the last layer, since standard inputs are larger than what units such as tanh can pass.

Arms: nonlinearity and gain; weights have variance gain / units. Nets of a seed share their random draws.

Outcomes: decades, so that 0 is kept, and an error of a factor f per layer shows as depth x log10(f).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

INPUTS = 16  # averaged over
EARLIER = 1 / 3  # gain: of uniform draws up to 1 / sqrt(units), in use before Glorot and Bengio (2010)
XAVIER = 1.0  # gain: (2 / (units in + units out)) x units
HE = 2.0  # gain: He et al. (2015), equation 10


@dataclass(frozen=True)
class Scale:
    """Units of a layer, and layers."""

    width: int = 300
    depth: int = 50


MINIMAL = Scale()
LARGE = Scale(width=2048, depth=50)
TRIAL = {"width": 60, "depth": 20}
OUTCOMES = {
    "log10_signal_ratio": Outcome(
        "squared signal at the last layer over that at the input",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_gradient_ratio": Outcome(
        "squared gradient at the input over that at the last layer",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_signal_kept": Outcome(
        "squared signal at the last layer over that at the first",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_gradient_kept": Outcome(
        "squared gradient at the first layer over that at the last",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_signal_curve": Curve(
        "squared signal over that at the input",
        unit="decades",
        better="neither",
        axis=Axis("layer", first=1, last="depth", every=1),
    ),
}


class Arm(NamedTuple):
    """A nonlinearity, and the variance of the weights times the number of units."""

    description: str
    nonlinearity: Callable[[Tensor], Tensor]
    gain: float


ARMS = {
    "rectified_gain_2": Arm("rectifiers, gain 2, as He et al.", torch.relu, HE),
    "rectified_gain_1": Arm("rectifiers, gain 1, as Glorot and Bengio", torch.relu, XAVIER),
    "rectified_gain_4": Arm("rectifiers, gain 4", torch.relu, 2 * HE),
    "linear_gain_1": Arm("linear units, gain 1", torch.clone, XAVIER),
    "linear_gain_2": Arm("linear units, gain 2", torch.clone, HE),
    "tanh_gain_third": Arm("tanh units, gain 1/3, as before Glorot and Bengio", torch.tanh, EARLIER),
    "tanh_gain_1": Arm("tanh units, gain 1, as Glorot and Bengio", torch.tanh, XAVIER),
}


def log10_square(layer: Tensor) -> Tensor:
    """Return the decadic logarithm of the mean square over a layer, averaged over inputs, (seeds,)."""
    return layer.detach().square().mean(-1).log10().mean(-1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, nonlinearity, gain = ARMS[arm]
    spread = (gain / scale.width) ** 0.5
    bottom = seeds.normal("inputs", INPUTS, scale.width).requires_grad_()
    h = bottom
    layers = []
    for depth in range(scale.depth):
        weights = spread * seeds.normal(f"weights {depth}", scale.width, scale.width)
        h = nonlinearity(torch.bmm(h, weights))  # (seeds, INPUTS, width)
        layers.append(h)
    top = seeds.normal("gradient at the top", INPUTS, scale.width)
    gradients = torch.autograd.grad(h, (bottom, layers[0]), top)
    at_input, at_first = (log10_square(gradient) - log10_square(top) for gradient in gradients)
    signals = torch.stack([log10_square(layer) for layer in layers], 1) - log10_square(bottom)[:, None]
    return {
        "log10_signal_ratio": signals[:, -1],
        "log10_gradient_ratio": at_input,
        "log10_signal_kept": signals[:, -1] - signals[:, 0],
        "log10_gradient_kept": at_first,
        "log10_signal_curve": signals,  # (seeds, depth)
    }

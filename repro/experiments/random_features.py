"""Do a few hundred random features do a kernel machine's work although they hardly approximate its kernel?

Hypothesis: a classifier needs about as many features as its problem has effective dimensions, not as many as
a good approximation of the kernel takes. Easy data have few; data for which the kernel is narrow have many.

Method: ridge regression on one-hot labels, two thirds of the points for training. The exact machine uses the
Gaussian kernel, the others D features sqrt(2/D) cos(w x + b). Each takes the best of three penalties on the
test points, so that none suffers from its tuning. All arms of a problem see the same split.

Arms: a problem and a machine. Classes on the 8-cube are the sign of a product of two coordinates, and the
kernel is narrow there. Cauchy frequencies have the right scale and belong to another kernel.

Outcomes: share of test points right, and the largest error of the machine's kernel over pairs of test points.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

PENALTIES = (1e-4, 1e-2, 1.0)  # on the squared length of the weights
COMPARED = 300  # test points whose kernel values are compared
DIGITS_GAMMA = 0.05  # of the kernel exp(-gamma r^2), per squared pixel
CUBE_GAMMA = 1.0  # likewise, per squared side of a unit cube


@dataclass(frozen=True)
class Scale:
    """Points of the 8-cube; the digits are 1797 at every scale."""

    points: int = 1800


MINIMAL = Scale()
LARGE = Scale(points=12000)
OUTCOMES = {
    "accuracy": Outcome("accuracy", unit="percent of test points", better="higher", resolution=0.1),
    "largest_kernel_error": Outcome(
        "largest error of the kernel", unit="units of k(x, x)", better="lower", resolution=0.001
    ),
}


class Problem(NamedTuple):
    """Inputs (seeds, n, d), classes (seeds, n), and gamma of the kernel exp(-gamma r^2)."""

    inputs: Tensor
    classes: Tensor
    gamma: float


def digits(seeds: Seeds, _: Scale) -> Problem:
    pixels, classes = load_digits(return_X_y=True)
    order = seeds.permutations("split", len(pixels))
    inputs = torch.from_numpy(pixels / 16.0).to(seeds.device)[order]  # (seeds, 1797, 64)
    return Problem(inputs, torch.from_numpy(classes).to(seeds.device)[order], DIGITS_GAMMA)


def cube(seeds: Seeds, scale: Scale) -> Problem:
    inputs = seeds.uniform("points", scale.points, 8, low=-1.0, dtype=torch.float64)
    return Problem(inputs, (inputs[..., :2].prod(-1) > 0).long(), CUBE_GAMMA)


def gaussian(seeds: Seeds, inputs: int, count: int) -> Tensor:
    return seeds.normal("frequencies", inputs, count, dtype=torch.float64)


def cauchy(seeds: Seeds, inputs: int, count: int) -> Tensor:
    return torch.tan(math.pi * (seeds.uniform("frequencies", inputs, count, dtype=torch.float64) - 0.5))


class Arm(NamedTuple):
    """A problem and the features that stand for its kernel; None means the exact kernel."""

    description: str
    problem: Callable[[Seeds, Scale], Problem]
    features: int = 0
    law: Callable[[Seeds, int, int], Tensor] = gaussian


ARMS = {
    "digits_exact": Arm("8x8 digits, exact Gaussian kernel", digits),
    "digits_300": Arm("8x8 digits, 300 random features of that kernel", digits, 300),
    "digits_500": Arm("8x8 digits, 500 random features of that kernel", digits, 500),
    "digits_300_cauchy": Arm("8x8 digits, 300 random features of another kernel", digits, 300, cauchy),
    "cube_exact": Arm("8-cube, exact Gaussian kernel", cube),
    "cube_300": Arm("8-cube, 300 random features of that kernel", cube, 300),
}


def kernel(a: Tensor, b: Tensor, gamma: float) -> Tensor:
    return torch.exp(-gamma * torch.cdist(a, b).square())


def best_accuracy(gram: Tensor, cross: Tensor, targets: Tensor, classes: Tensor) -> Tensor:
    """Return percent right (seeds,) of argmax cross (gram + penalty)^-1 targets under the best penalty."""
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    roots = [torch.linalg.cholesky(gram + penalty * identity) for penalty in PENALTIES]
    scores = torch.stack([cross @ torch.cholesky_solve(targets, root) for root in roots])
    is_right = scores.argmax(-1) == classes  # (penalties, seeds, tested)
    return 100 * is_right.double().mean(-1).amax(0)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, problem, count, law = ARMS[arm]
    inputs, classes, gamma = problem(seeds, scale)
    trained = 2 * inputs.shape[1] // 3
    train, test = inputs[:, :trained], inputs[:, trained:]
    targets = one_hot(classes[:, :trained]).double()  # (seeds, trained, classes)
    tested = classes[:, trained:]
    if count == 0:
        accuracy = best_accuracy(kernel(train, train, gamma), kernel(test, train, gamma), targets, tested)
        return {"accuracy": accuracy, "largest_kernel_error": torch.zeros_like(accuracy)}
    frequencies = math.sqrt(2 * gamma) * law(seeds, inputs.shape[-1], count)  # (seeds, d, count)
    phases = seeds.uniform("phases", 1, count, high=2 * math.pi, dtype=torch.float64)
    z_train = math.sqrt(2 / count) * torch.cos(train @ frequencies + phases)  # (seeds, trained, count)
    z_test = math.sqrt(2 / count) * torch.cos(test @ frequencies + phases)
    gram = z_train.mT @ z_train  # (seeds, count, count)
    moments = z_train.mT @ targets  # (seeds, count, classes)
    compared, z_compared = test[:, :COMPARED], z_test[:, :COMPARED]
    error = z_compared @ z_compared.mT - kernel(compared, compared, gamma)
    return {
        "accuracy": best_accuracy(gram, z_test, moments, tested),
        "largest_kernel_error": error.abs().amax((1, 2)),
    }

"""Does a machine of random features predict well because it comes close to its kernel?

Hypothesis: ridge regression on features is ridge regression with the kernel of their inner products. What the
theory of random features asks is not that single values of that kernel be right but that it be close in the
operator norm, measured against the ridge: |(K + r)^-1/2 (K' - K) (K + r)^-1/2| < 1. If closeness is what
makes the method work, a machine far beyond that must predict badly, and a closer one better.

Method: ridge regression on one-hot labels with one ridge for each problem, fixed beforehand; two thirds of
the points for training. The exact machine uses the Gaussian kernel, the others D features sqrt(2/D) cos(w x +
b). One machine is close on purpose: its features are the kernel's own leading directions (Nystroem).

Arms: a problem and a machine. The digits are easy; on the 8-cube, whose classes are the sign of a product of
two coordinates, the kernel is narrow and the problem has many effective dimensions.

Outcomes: share of test points right, and the distance of the kernels on the training points as above.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds


@dataclass(frozen=True)
class Scale:
    """Points of the 8-cube; the digits are 1797 at every scale."""

    points: int = 1800


MINIMAL = Scale()
LARGE = Scale(points=6000)
TRIAL = {"points": 300}
OUTCOMES = {
    "accuracy": Outcome("accuracy", unit="percent of test points", better="higher", resolution=0.1),
    "distance": Outcome(
        "distance of the kernels in the operator norm, relative to kernel and ridge",
        unit="multiples of kernel and ridge",
        better="lower",
        resolution=0.001,
    ),
}


class Problem(NamedTuple):
    """Inputs (seeds, n, d), classes (seeds, n), gamma of the kernel exp(-gamma r^2), and the ridge."""

    inputs: Tensor
    classes: Tensor
    gamma: float
    ridge: float


class Features(NamedTuple):
    """Features of training and test points, (seeds, n, D)."""

    train: Tensor
    test: Tensor


def digits(seeds: Seeds, _: Scale) -> Problem:
    pixels, classes = load_digits(return_X_y=True)
    order = seeds.permutations("split", len(pixels))
    inputs = torch.from_numpy(pixels / 16.0).to(seeds.device)[order]  # (seeds, 1797, 64)
    return Problem(inputs, torch.from_numpy(classes).to(seeds.device)[order], gamma=0.05, ridge=0.01)


def cube(seeds: Seeds, scale: Scale) -> Problem:
    inputs = seeds.uniform("points", scale.points, 8, low=-1.0, dtype=torch.float64)
    return Problem(inputs, (inputs[..., :2].prod(-1) > 0).long(), gamma=1.0, ridge=1.0)


def kernel(a: Tensor, b: Tensor, gamma: float) -> Tensor:
    return torch.exp(-gamma * torch.cdist(a, b).square())


def exact(_: Seeds, problem: Problem, trained: int) -> Features:
    return leading(_, problem, trained, count=trained)


def leading(_: Seeds, problem: Problem, trained: int, *, count: int) -> Features:
    """Return the coordinates along the kernel's leading directions, as many as asked for."""
    train = problem.inputs[:, :trained]
    values, vectors = torch.linalg.eigh(kernel(train, train, problem.gamma))
    roots = values[:, None, -count:].clamp_min(1e-12).sqrt()  # (seeds, 1, count)
    axes = vectors[..., -count:] / roots  # (seeds, trained, count)
    return Features(*(kernel(part, train, problem.gamma) @ axes for part in halves(problem.inputs, trained)))


def drawn(seeds: Seeds, problem: Problem, trained: int, *, count: int) -> Features:
    """Return random Fourier features."""
    dimensions = problem.inputs.shape[-1]
    normal = seeds.normal("frequencies", dimensions, count, dtype=torch.float64)
    phases = seeds.uniform("phases", 1, count, high=2 * math.pi, dtype=torch.float64)
    angles = problem.inputs @ (math.sqrt(2 * problem.gamma) * normal) + phases
    return Features(*halves(math.sqrt(2 / count) * torch.cos(angles), trained))


def halves(points: Tensor, trained: int) -> tuple[Tensor, Tensor]:
    """Return training and test points."""
    return points[:, :trained], points[:, trained:]


class Arm(NamedTuple):
    """A problem and a machine."""

    description: str
    problem: Callable[[Seeds, Scale], Problem]
    machine: Callable[[Seeds, Problem, int], Features]


ARMS = {
    "digits_exact": Arm("8x8 digits, exact Gaussian kernel", digits, exact),
    "digits_30": Arm("8x8 digits, 30 random features", digits, partial(drawn, count=30)),
    "digits_300": Arm("8x8 digits, 300 random features", digits, partial(drawn, count=300)),
    "digits_2000": Arm("8x8 digits, 2000 random features", digits, partial(drawn, count=2000)),
    "digits_leading_300": Arm(
        "8x8 digits, 300 leading directions of the kernel", digits, partial(leading, count=300)
    ),
    "cube_300": Arm("8-cube, 300 random features", cube, partial(drawn, count=300)),
    "cube_2000": Arm("8-cube, 2000 random features", cube, partial(drawn, count=2000)),
}


def distance(z: Tensor, gram: Tensor, ridge: float) -> Tensor:
    """Return |(K + ridge)^-1/2 (z z' - K) (K + ridge)^-1/2| in the operator norm, (seeds,)."""
    values, vectors = torch.linalg.eigh(gram)
    whitening = vectors / (values.clamp_min(0) + ridge).sqrt()[:, None]  # (seeds, n, n)
    error = whitening.mT @ (z @ z.mT - gram) @ whitening
    found: Tensor = torch.linalg.eigvalsh(error).abs().amax(-1)
    return found


def scores(features: Features, targets: Tensor, ridge: float) -> Tensor:
    """Return what ridge regression on the features says of the test points, (seeds, tested, classes)."""
    z = features.train
    identity = torch.eye(z.shape[-1], dtype=z.dtype, device=z.device)
    root = torch.linalg.cholesky(z.mT @ z + ridge * identity)
    said: Tensor = features.test @ torch.cholesky_solve(z.mT @ targets, root)
    return said


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, make, machine = ARMS[arm]
    problem = make(seeds, scale)
    trained = 2 * problem.inputs.shape[1] // 3
    targets = one_hot(problem.classes[:, :trained]).double()  # (seeds, trained, classes)
    features = machine(seeds, problem, trained)
    is_right = scores(features, targets, problem.ridge).argmax(-1) == problem.classes[:, trained:]
    train = problem.inputs[:, :trained]
    gram = kernel(train, train, problem.gamma)
    return {
        "accuracy": 100 * is_right.double().mean(-1),
        "distance": distance(features.train, gram, problem.ridge),
    }

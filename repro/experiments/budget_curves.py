"""Does the number of settings that were tried decide which of two models looks better?

Hypothesis: a model with more to set does badly at most settings and very well at some. One with little to set
does about as well at all of them. After a trial or so the second is ahead; only after many has the first
found what it is capable of. Where somebody already knows where to look, there is nothing to turn.

Method: ridge regression on one-hot labels, linear or with a Gaussian kernel. The linear one has a penalty to
set, the other the width of its kernel as well. Settings are drawn at random, log-uniform. From many of them
follows, without a further trial, what the best of so many scores on average: it is chosen by validation
points and judged by others.

Arms: the data, 8 by 8 digits or MNIST-1D signals, of which a linear model makes little; and the range of the
width: six decades, or one that is known to hold good ones. The penalty has the same range in all. In one arm
the kernel machine takes the place of the linear one, and meets itself.

Outcomes: by how much the first model leads after a single trial and after a hundred.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.data import Labelled, digits
from repro.lab.lanes import reseeded
from repro.lab.mnist1d import mnist1d
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

VALIDATION = 500  # points that choose
LOG10_RIDGES = (-5.0, 1.0)  # range of the decimal logarithm of the penalty, beside kernels of 1
WIDE = (-3.0, 3.0)  # the same of the width, in root mean square distances between points
NARROW = (-0.75, 0.75)
BUDGETS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)  # trials


@dataclass(frozen=True)
class Scale:
    """Training points, and settings drawn of each model."""

    train: int = 300
    settings: int = 64


MINIMAL = Scale()
LARGE = Scale(train=1000, settings=1000)
TRIAL = {"train": 100, "settings": 16}
OUTCOMES = {
    "early_lead": Outcome(
        "lead of the first model after a single trial",
        unit="percentage points",
        better="neither",
        resolution=0.01,
    ),
    "late_lead": Outcome(
        "lead of the first model after a hundred trials",
        unit="percentage points",
        better="neither",
        resolution=0.01,
    ),
    "lead_curve": Curve(
        "lead of the first model",
        unit="percentage points",
        better="neither",
        axis=Axis("trials", values=BUDGETS, is_logarithmic=True),
    ),
}


def of_digits(seeds: Seeds, scale: Scale) -> Labelled:
    return digits(seeds, train=scale.train, dtype=torch.float64)


def of_signals(seeds: Seeds, scale: Scale) -> Labelled:
    return mnist1d(seeds, train=scale.train, test=VALIDATION + 1500, dtype=torch.float64)


class Problem(NamedTuple):
    """Points of one seed to train on and to be tested, (points, features), and their classes."""

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor


class Tried(NamedTuple):
    """Percent of validation points and of test points that each setting got right, (settings,)."""

    known: Tensor
    judged: Tensor


def drawn(runs: Seeds, purpose: str, bounds: tuple[float, float]) -> Tensor:
    """Return a setting for each run, log-uniform between powers of ten, (settings, 1, 1)."""
    return 10 ** runs.uniform(purpose, 1, 1, low=bounds[0], high=bounds[1], dtype=torch.float64)


def linear(points: Problem, runs: Seeds) -> Tried:
    size = points.x.square().sum(1).mean()
    kernels = torch.cat([points.x, points.test_x]) @ points.x.T / size  # (train + tested, train)
    return solved(points, kernels.expand(len(runs), -1, -1), runs)


def wide(points: Problem, runs: Seeds) -> Tried:
    return gaussian(points, runs, WIDE)


def narrow(points: Problem, runs: Seeds) -> Tried:
    return gaussian(points, runs, NARROW)


def gaussian(points: Problem, runs: Seeds, widths: tuple[float, float]) -> Tried:
    squares = torch.cdist(torch.cat([points.x, points.test_x]), points.x).square()
    size = squares[: len(points.x)].mean()
    return solved(points, (squares / (-2 * size * drawn(runs, "width", widths).square())).exp(), runs)


def solved(points: Problem, kernels: Tensor, runs: Seeds) -> Tried:
    """Solve ridge regression at each setting and judge it.

    Args:
        points: Points of one seed.
        kernels: Between all points and those to train on, (settings, train + tested, train).
        runs: One seed for each setting, which draws its penalty.
    """
    train = len(points.y)
    penalty = drawn(runs, "ridge", LOG10_RIDGES) * torch.eye(
        train, dtype=kernels.dtype, device=kernels.device
    )
    targets = one_hot(points.y).to(kernels).expand(len(runs), -1, -1)
    scores = kernels[:, train:] @ torch.linalg.solve(kernels[:, :train] + penalty, targets)
    is_right = 100 * (scores.argmax(2) == points.test_y).double()
    return Tried(is_right[:, :VALIDATION].mean(1), is_right[:, VALIDATION:].mean(1))


class Arm(NamedTuple):
    """The data, and the two models."""

    text: str
    data: Callable[[Seeds, Scale], Labelled]
    first: Callable[[Problem, Seeds], Tried]
    second: Callable[[Problem, Seeds], Tried]


ARMS = {
    "digits_wide": Arm("linear against kernel, widths from six decades, digits", of_digits, linear, wide),
    "digits_narrow": Arm(
        "linear against kernel, widths from a known range, digits", of_digits, linear, narrow
    ),
    "digits_equal": Arm("kernel against itself, widths from six decades, digits", of_digits, wide, wide),
    "signals_wide": Arm("linear against kernel, widths from six decades, signals", of_signals, linear, wide),
}


def expected_best(tried: Tried) -> Tensor:
    """Return what the best of so many settings, drawn with replacement, scores on average.

    The k-th worst of n by validation is the best of b draws with probability (k^b - (k - 1)^b) / n^b (Dodge
    et al. 2019, section 3).

    Returns:
        Percent of test points, (budgets,).
    """
    count = len(tried.known)
    judged = tried.judged[tried.known.argsort(stable=True)]
    share = torch.arange(count + 1, dtype=torch.float64, device=judged.device) / count
    weights = torch.stack([(share**budget).diff() for budget in BUDGETS])  # (budgets, settings)
    return weights @ judged


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, make, *models = ARMS[arm]
    leads = []
    for value, *parts in zip(seeds.values, *make(seeds, scale), strict=True):
        sides = reseeded(Seeds((value,), seeds.device), 2).values
        first, second = (
            expected_best(model(Problem(*parts), reseeded(Seeds((side,), seeds.device), scale.settings)))
            for model, side in zip(models, sides, strict=True)
        )
        leads.append(first - second)
    lead = torch.stack(leads)  # (seeds, budgets)
    return {
        "early_lead": lead[:, BUDGETS.index(1)],
        "late_lead": lead[:, BUDGETS.index(100)],
        "lead_curve": lead,
    }

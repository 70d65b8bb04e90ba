"""Does a model that just fits its training points do worse than a smaller one and than a far larger one?

Hypothesis: with as many features as points one solution is left, and it must bend to every wrong label along
directions in which the points hardly vary, so its weights are huge. With more features there is a choice, and
the shortest solution spreads the errors thinly. Whoever punishes long weights has no peak to descend from.

Method: random rectified features, then linear least squares in float64. Every size, from a tenth to ten times
as many features as points, is fitted to the same points in each seed.

Arms: a problem and a fit. A line in 20 dimensions with noise, or digits of which 15 percent are mislabelled;
the shortest solution, or ridge regression with, for each size, the best of seven penalties on other points.

Outcomes: test error without noise is squared for the line, and the share of wrong answers for digits; sizes
are compared in decades. The classical best is the smallest error of any size up to half the points, chosen in
hindsight. The worst size is that with the largest error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.data import Labelled, linear_regression
from repro.lab.data import digits as draw_digits
from repro.lab.seeds import Seeds

CLASSICAL = (0.1, 0.2, 0.3, 0.4, 0.5)  # features per training point
SIZES = (*CLASSICAL, 0.7, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3, 1.6, 2.0, 3.0, 5.0, 10.0)
PENALTIES = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
NOISE, MISLABELLED = 0.5, 0.15  # deviation, where the line's own is 1, and share
OUTCOMES = {
    "log10_peak_over_largest": "decades; neither is better; resolution 0.01",
    "log10_peak_over_classical": "decades; neither is better; resolution 0.01",
    "log10_largest_over_classical": "decades; lower is better; resolution 0.01",
    "worst_size": "features per training point; neither is better; resolution 0.01",
    "log10_error_curve": "decades; lower is better; over 17 sizes from a tenth to ten times the points",
}


@dataclass(frozen=True)
class Scale:
    """Points to train on."""

    points: int = 200


MINIMAL = Scale()
LARGE = Scale(points=1000)
Problem = tuple[Labelled, Callable[[Tensor, Tensor], Tensor]]  # targets to fit, and the error of scores


def line(seeds: Seeds, points: int) -> Problem:
    data = linear_regression(seeds, train=points, test=1000, features=20, noise=NOISE)
    return data, lambda scores, y: (scores - y).square().mean((-2, -1))


def digits(seeds: Seeds, points: int) -> Problem:
    pixels, labels, test_pixels, test_labels = draw_digits(seeds, train=points, dtype=torch.float64)
    centre, spread = pixels.mean(1, keepdim=True), pixels.std((1, 2), keepdim=True)
    x, test_x = ((p - centre) / spread for p in (pixels, test_pixels))  # else many features are always off
    others = (labels + seeds.integers("mislabelled as", points, low=1, high=10)) % 10
    noisy = torch.where(seeds.uniform("is mislabelled", points) < MISLABELLED, others, labels)
    data = Labelled(x, one_hot(noisy, 10).double() - 0.1, test_x, one_hot(test_labels, 10))
    return data, lambda scores, y: (scores.argmax(-1) != y.argmax(-1)).double().mean(-1)


class Arm(NamedTuple):
    """A problem, and penalties to choose from; zero means the shortest solution."""

    description: str
    problem: Callable[[Seeds, int], Problem]
    penalties: tuple[float, ...] = (0.0,)


ARMS = {
    "line_shortest": Arm("noisy line, shortest least squares solution", line),
    "line_ridge": Arm("noisy line, tuned ridge regression", line, PENALTIES),
    "digits_shortest": Arm("digits in part mislabelled, shortest least squares solution", digits),
    "digits_ridge": Arm("digits in part mislabelled, tuned ridge regression", digits, PENALTIES),
}


def solutions(z: Tensor, y: Tensor, penalties: tuple[float, ...]) -> Tensor:
    """Return the minimisers of |z w - y|^2 + penalty |w|^2, (seeds, features, penalties * outputs)."""
    u, s, vt = torch.linalg.svd(z, full_matrices=False)
    kept = s > torch.finfo(s.dtype).eps * max(z.shape[1:]) * s[:, :1]
    gain = torch.where(kept[..., None], s[..., None] / (s[..., None].square() + s.new_tensor(penalties)), 0.0)
    parts: Tensor = gain[..., None] * (u.mT @ y)[:, :, None]  # (seeds, rank, penalties, outputs)
    return vt.mT @ parts.flatten(2)  # type: ignore[no-any-return]  # untyped svd


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, problem, penalties = ARMS[arm]
    (x, y, test_x, test_y), error = problem(seeds, scale.points)
    counts = [round(size * scale.points) for size in SIZES]
    weights = seeds.normal("features", x.shape[2], counts[-1], dtype=x.dtype) / x.shape[2] ** 0.5
    biases = seeds.normal("biases", 1, counts[-1], dtype=x.dtype)
    z, test_z = ((points @ weights + biases).relu() for points in (x, test_x))
    middle = test_x.shape[1] // 2  # penalties are chosen on the points before it, errors judged behind it
    errors = []
    for count in counts:
        scores = test_z[..., :count] @ solutions(z[..., :count], y, penalties)
        scores = scores.unflatten(2, (len(penalties), -1)).movedim(
            2, 0
        )  # (penalties, seeds, points, outputs)
        chosen = error(scores[:, :, :middle], test_y[:, :middle]).argmin(0, keepdim=True)
        errors.append(error(scores[:, :, middle:], test_y[:, middle:]).gather(0, chosen)[0])
    curve = torch.stack(errors, 1).log10()  # (seeds, sizes)
    peak, largest = curve[:, SIZES.index(1.0)], curve[:, -1]
    classical = curve[:, : len(CLASSICAL)].amin(1)
    return {
        "log10_peak_over_largest": peak - largest,
        "log10_peak_over_classical": peak - classical,
        "log10_largest_over_classical": largest - classical,
        "worst_size": curve.new_tensor(SIZES)[curve.argmax(1)],
        "log10_error_curve": curve,
    }

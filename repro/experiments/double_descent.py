"""Does a model that just fits its training points do worse than a smaller one and than a far larger one?

Hypothesis: with as many features as points one solution is left, and it must bend to every wrong label along
directions in which the points hardly vary, so its weights are huge. With more features there is a choice, and
the shortest solution spreads the errors thinly. A fit that penalises long weights has no peak.

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
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

# features per training point
SIZES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3, 1.6, 2.0, 3.0, 5.0, 10.0)
CLASSICAL = 5  # of these sizes are classical: at most half as many features as points
PEAK = SIZES.index(1.0)
PENALTIES = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)  # on the squared length of the weights
NOISE = 0.5  # standard deviation of the line's noise, where the line's own is 1
MISLABELLED = 0.15  # share of the training digits
TESTED = 1000  # points of the line that errors are taken over
Problem = tuple[Labelled, Callable[[Tensor, Tensor], Tensor]]  # targets to fit, and the error of scores


@dataclass(frozen=True)
class Scale:
    """Points to train on."""

    points: int = 200


MINIMAL = Scale()
LARGE = Scale(points=1000)
OUTCOMES = {
    "log10_peak_over_largest": Outcome(
        "error with as many features as points, over that of the largest size",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_peak_over_classical": Outcome(
        "error with as many features as points, over the classical best",
        unit="decades",
        better="neither",
        resolution=0.01,
    ),
    "log10_largest_over_classical": Outcome(
        "error of the largest size, over the classical best", unit="decades", better="lower", resolution=0.01
    ),
    "worst_size": Outcome(
        "size with the largest error", unit="features per training point", better="neither", resolution=0.01
    ),
    "log10_error_curve": Curve(
        "test error",
        unit="decades",
        better="lower",
        axis=Axis("features per training point", values=SIZES, is_logarithmic=True),
    ),
}


def line(seeds: Seeds, points: int) -> Problem:
    data = linear_regression(seeds, train=points, test=TESTED, features=20, noise=NOISE)
    return data, squared_error


def digits(seeds: Seeds, points: int) -> Problem:
    pixels, labels, test_pixels, test_labels = draw_digits(seeds, train=points, dtype=torch.float64)
    centre = pixels.mean(1, keepdim=True)  # without centring many features would always be off
    spread = pixels.std((1, 2), keepdim=True)
    others = (labels + seeds.integers("mislabelled as", points, low=1, high=10)) % 10
    is_mislabelled = seeds.uniform("is mislabelled", points) < MISLABELLED
    given = torch.where(is_mislabelled, others, labels)
    data = Labelled(
        (pixels - centre) / spread,
        one_hot(given, 10).double() - 0.1,
        (test_pixels - centre) / spread,
        one_hot(test_labels, 10),
    )
    return data, share_wrong


def squared_error(scores: Tensor, y: Tensor) -> Tensor:
    return (scores - y).square().mean((-2, -1))


def share_wrong(scores: Tensor, y: Tensor) -> Tensor:
    return (scores.argmax(-1) != y.argmax(-1)).double().mean(-1)


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
SAME_FOR_ANY_LABELS = {
    "log10_largest_over_classical": "the error of a fit to pure noise falls back too, as solutions shorten",
}


def solutions(z: Tensor, y: Tensor, penalties: tuple[float, ...]) -> Tensor:
    """Return the minimisers of |z w - y|^2 + penalty |w|^2, (seeds, features, penalties * outputs)."""
    u, s, vt = torch.linalg.svd(z, full_matrices=False)
    is_kept = s > torch.finfo(s.dtype).eps * max(z.shape[1:]) * s[:, :1]  # (seeds, rank)
    s, is_kept = s[..., None], is_kept[..., None]
    gain = torch.where(is_kept, s / (s.square() + s.new_tensor(penalties)), 0.0)  # (seeds, rank, penalties)
    along = u.mT @ y  # (seeds, rank, outputs)
    parts: Tensor = gain[..., None] * along[:, :, None]  # (seeds, rank, penalties, outputs)
    return vt.mT @ parts.flatten(2)  # type: ignore[no-any-return]  # untyped svd


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, problem, penalties = ARMS[arm]
    (x, y, test_x, test_y), error = problem(seeds, scale.points)
    counts = [round(size * scale.points) for size in SIZES]
    inputs, most = x.shape[2], counts[-1]
    weights = seeds.normal("features", inputs, most, dtype=x.dtype) / inputs**0.5
    biases = seeds.normal("biases", 1, most, dtype=x.dtype)
    z = (x @ weights + biases).relu()  # (seeds, points, features)
    test_z = (test_x @ weights + biases).relu()
    middle = test_x.shape[1] // 2  # penalties are chosen on the points before it, errors judged behind it
    errors = []
    for count in counts:
        joined = test_z[..., :count] @ solutions(z[..., :count], y, penalties)
        by_penalty = joined.unflatten(2, (len(penalties), -1))  # (seeds, points, penalties, outputs)
        scores = by_penalty.movedim(2, 0)
        best = error(scores[:, :, :middle], test_y[:, :middle]).argmin(0, keepdim=True)
        judged = error(scores[:, :, middle:], test_y[:, middle:])  # (penalties, seeds)
        errors.append(judged.gather(0, best)[0])
    curve = torch.stack(errors, 1).log10()  # (seeds, sizes)
    peak = curve[:, PEAK]
    largest = curve[:, -1]
    classical = curve[:, :CLASSICAL].amin(1)
    return {
        "log10_peak_over_largest": peak - largest,
        "log10_peak_over_classical": peak - classical,
        "log10_largest_over_classical": largest - classical,
        "worst_size": curve.new_tensor(SIZES)[curve.argmax(1)],
        "log10_error_curve": curve,
    }

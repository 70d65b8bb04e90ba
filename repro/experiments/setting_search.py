"""Does a search that learns from its trials find better settings than a blind one with twice as many?

Hypothesis: a model of how the error hangs on the settings pays where that is smooth and nothing but the
settings matters. Where many settings do about as well, which of them is best is mostly luck, and what is
left to learn is soon learned. Then two computers that try settings at random find as much as one that learns.

Method: all settings are drawn from the same ranges. Blind searches try them at random. The learning search
starts with ten of these, then fits a Gaussian process to the logarithm of the errors, its length scales by
likelihood, and tries the setting of the largest expected improvement. Whatever is proposed is trained. A
search chooses by points of its own, and what it chose is judged by others.

Arms: what is tuned, and by which search. A small net on digits has five settings, a kernel machine on digits
three. A smooth bowl in five dimensions stands for what suits a search that learns.

Outcomes: error of the setting that was chosen, and the distance from there to the median of the settings
tried.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from repro.lab.batches import batch_order, batches
from repro.lab.data import Labelled, digits
from repro.lab.initialise import initialise
from repro.lab.kernels import kernel_ridge
from repro.lab.lanes import reseeded, spread
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp, mlp_cross_entropy, mlp_shapes
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

BUDGET = 50  # trials that one computer has the time for
TIMES = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)  # when the search is looked at, in trials of one computer
FIRST = 10  # random trials from which the learning search starts
KNOWN = 500  # digits that choose
SHAPES = mlp_shapes(64, 16, 10)
BATCH = 25  # digits in a batch
NET_RANGES = (  # decimal logarithms of the ends of what is drawn
    (-3.0, 1.0),  # learning rate
    (-2.0, 0.0),  # share of the velocity that a step of momentum loses
    (-6.0, -1.0),  # weight decay
    (-1.0, 1.0),  # size of the first weights, in those of He et al. (2015)
    (-3.0, 0.0),  # share of the rate that is left at the end
)
KERNEL_RANGES = (
    (-5.0, 1.0),  # penalty, beside kernels of 1
    (-3.0, 3.0),  # width, in root mean square distances between points
    (-3.0, 0.0),  # share of a linear kernel that is mixed in
)
FITS, STEP = (
    (40, 3),
    0.1,
)  # steps of Adam to fit the process, at first and from trial to trial, and their size
USUAL = (
    -0.7,
    0.0,
    -4.0,
)  # logarithms of lengths, variance and noise, where the fit starts and its priors lie
DEVIATIONS = (1.0, 1.0, 2.0)  # of these normal priors
LEAST_NOISE = 1e-6  # added to the variance of the noise for the sake of rounding
FAR, NEAR = 300, 100  # settings looked at for the next trial: in the whole range, and around the best so far


@dataclass(frozen=True)
class Scale:
    """Searches of a kind in each seed; share of the ranges, about their middles; training digits; steps."""

    searches: int = 4
    ranges: float = 1.0
    train: int = 300
    kernel_train: int = 150
    steps: int = 60


MINIMAL = Scale()
LARGE = Scale(searches=40, train=600, kernel_train=600, steps=2000)
OUTCOMES = {
    "error": Outcome(
        "error of the setting that was chosen", unit="percentage points", better="lower", resolution=0.01
    ),
    "spread": Outcome(
        "distance from the setting chosen to the median of those tried",
        unit="percentage points",
        better="neither",
        resolution=0.01,
    ),
    "error_curve": Curve(
        "error of the setting chosen so far",
        unit="percentage points",
        better="lower",
        axis=Axis("time, in trials of one computer", values=TIMES),
    ),
}


class Tried(NamedTuple):
    """Percent of points that each setting got wrong, (searches, trials): those that choose, and others."""

    known: Tensor
    judged: Tensor


class Try(Protocol):
    """What trains and judges settings."""

    def __call__(self, settings: Tensor, /) -> Tried:
        """Train settings from the unit cube, (searches, trials, settings)."""


def placed(settings: Tensor, ranges: Sequence[tuple[float, float]], share: float) -> list[Tensor]:
    """Return 10 to the power of what lies at places from 0 to 1 in a share of each range, (lanes, 1) each."""
    inner = 0.5 + share * (settings.flatten(0, 1).float() - 0.5)
    ends = torch.tensor(ranges)
    return list((10 ** (ends[:, 0] + (ends[:, 1] - ends[:, 0]) * inner)).tensor_split(len(ranges), 1))


def wrong(scores: Tensor, data: Labelled) -> Tried:
    """Judge scores of shape (lanes, points, classes); the lanes of a search are its trials."""
    labels = spread(data.test_y, len(scores) // len(data.test_y))
    known = accuracy(scores[:, :KNOWN], labels[:, :KNOWN])
    judged = accuracy(scores[:, KNOWN:], labels[:, KNOWN:])
    return Tried(*(100 * (1 - share.double().nan_to_num(nan=0.0)) for share in (known, judged)))


def net(seeds: Seeds, scale: Scale) -> Try:
    """Return what trains nets by momentum; all trials of a search share first weights and batches."""
    runs = reseeded(seeds, scale.searches)
    data = digits(seeds, train=scale.train)
    first = initialise(runs, SHAPES, "he").flat
    order = batch_order(runs, scale.train, BATCH, scale.steps)

    def attempt(settings: Tensor) -> Tried:
        trials = settings.shape[1]
        rate, not_kept, decay, gain, fall = placed(settings, NET_RANGES, scale.ranges)
        nets = initialise(runs, SHAPES, "he", lanes=trials)
        nets.flat.copy_(spread(first, trials) * gain)
        velocity = torch.zeros_like(nets.flat)
        for step, (x, y) in enumerate(batches(data.x, data.y, spread(order, trials))):
            slope = mlp_cross_entropy(nets, x, y).gradient
            velocity.mul_(1 - not_kept).add_(slope.addcmul_(decay, nets.flat))
            nets.flat.sub_(rate * fall ** (step / scale.steps) * velocity)
        with torch.no_grad():
            scores = mlp(nets.weights, spread(data.test_x, len(velocity) // len(seeds)))
        found = wrong(scores, data)
        return Tried(*(part.view(len(runs), trials) for part in found))

    return attempt


def kernel_machine(seeds: Seeds, scale: Scale) -> Try:
    """Return what solves ridge regression on one-hot labels, its kernel mixed of Gaussian and linear."""
    train = scale.kernel_train
    data = digits(seeds, train=train)
    points = torch.cat([data.x, data.test_x], 1)
    squares = torch.cdist(points, data.x).square()
    squares /= squares[:, :train].mean((1, 2), keepdim=True)
    products = points @ data.x.mT / data.x.square().sum(2).mean(1)[:, None, None]
    targets = one_hot(data.y, 10).to(points)

    def attempt(settings: Tensor) -> Tried:
        scores = []
        lanes = settings.shape[0] * settings.shape[1] // len(seeds)
        for lane, setting in enumerate(zip(*placed(settings, KERNEL_RANGES, scale.ranges), strict=True)):
            (ridge, width, share), seed = setting, lane // lanes
            kernel = (1 - share) * (squares[seed] / (-2 * width.square())).exp() + share * products[seed]
            weights = kernel_ridge(kernel[None, :train], targets[seed, None], ridge.item())
            scores.append(kernel[train:] @ weights[0])
        return Tried(*(part.view(settings.shape[:2]) for part in wrong(torch.stack(scores), data)))

    return attempt


def bowl(seeds: Seeds, scale: Scale) -> Try:
    """Return a quadratic with its least value, 0, at a place of its own for each search."""
    runs = reseeded(seeds, scale.searches)
    bottom = runs.uniform("bottom", 1, 5, low=0.2, high=0.8, dtype=torch.float64)

    def attempt(settings: Tensor) -> Tried:
        height = 100 * (settings - bottom).square().mean(2)
        return Tried(height, height)

    return attempt


class Process(NamedTuple):
    """Logarithms of what a Gaussian process sets: lengths (searches, settings), the rest (searches, 1)."""

    lengths: Tensor
    variance: Tensor
    noise: Tensor


def covariance(process: Process, x: Tensor, z: Tensor) -> Tensor:
    """Return the Matérn kernel of smoothness 5/2 (Rasmussen and Williams 2006, eq. 4.17).

    Args:
        process: One for each search.
        x: Settings, (searches, n, settings).
        z: Settings, (searches, m, settings).

    Returns:
        Shape (searches, n, m).
    """
    x, z = (place / process.lengths.exp().unsqueeze(1) for place in (x, z))
    squares = x.square().sum(2).unsqueeze(2) + z.square().sum(2).unsqueeze(1) - 2 * x @ z.mT
    distance = (5 * squares.clamp_min(1e-12)).sqrt()
    shape = (1 + distance + distance.square() / 3) * (-distance).exp()
    return process.variance.exp().unsqueeze(2) * shape


def factor(process: Process, x: Tensor) -> Tensor:
    """Return the Cholesky factor of the covariance of what is seen at settings, (searches, n, n)."""
    noise = (process.noise.exp() + LEAST_NOISE).unsqueeze(2) * torch.eye(x.shape[1], dtype=x.dtype)
    root: Tensor = torch.linalg.cholesky(covariance(process, x, x) + noise)
    return root


def surprise(process: Process, x: Tensor, y: Tensor) -> Tensor:
    """Return minus the logarithm of likelihood and prior, up to a constant, (searches,)."""
    root = factor(process, x)
    whitened = torch.linalg.solve_triangular(root, y.unsqueeze(2), upper=False)
    likelihood = whitened.square().sum((1, 2)) / 2 + root.diagonal(dim1=1, dim2=2).log().sum(1)
    far = [(log - usual) / width for log, usual, width in zip(process, USUAL, DEVIATIONS, strict=True)]
    total: Tensor = likelihood + torch.cat(far, 1).square().sum(1) / 2
    return total


def fitted(process: Process, x: Tensor, y: Tensor, steps: int) -> Process:
    """Return the process after some steps of Adam towards the most likely one."""
    logs = Process(*(log.clone().requires_grad_() for log in process))
    optimiser = torch.optim.Adam(logs, STEP)
    for _ in range(steps):
        slopes = torch.autograd.grad(surprise(logs, x, y).sum(), logs)
        for log, slope in zip(logs, slopes, strict=True):
            log.grad = slope
        optimiser.step()
    return Process(*(log.detach() for log in logs))


def expected_improvement(process: Process, x: Tensor, y: Tensor, new: Tensor) -> Tensor:
    """Return how far new settings are expected to fall below the least mean at those tried.

    For a normal of mean m and deviation s below a mark b it is s (u P(u) + p(u)), u = (b - m) / s, with the
    standard normal's distribution P and density p (Jones et al. 1998, eq. 15).

    Args:
        process: One for each search.
        x: Settings tried, (searches, n, settings).
        y: What they gave, (searches, n).
        new: Settings not yet tried, (searches, m, settings).

    Returns:
        Shape (searches, m).
    """
    root = factor(process, x)
    weights = torch.cholesky_solve(y.unsqueeze(2), root)
    mark = (covariance(process, x, x) @ weights).amin(1)  # (searches, 1)
    across = covariance(process, new, x)  # (searches, m, n)
    mean = (across @ weights).squeeze(2)
    explained = torch.linalg.solve_triangular(root, across.mT, upper=False).square().sum(1)
    deviation = (process.variance.exp() - explained).clamp_min(1e-12).sqrt()
    u = (mark - mean) / deviation
    gain: Tensor = deviation * (u * torch.special.ndtr(u) + (-u.square() / 2).exp() / math.sqrt(2 * math.pi))
    return gain


def joined(*parts: Tried) -> Tried:
    return Tried(*(torch.cat(side, 1) for side in zip(*parts, strict=True)))


def blind(attempt: Try, runs: Seeds, settings: int, trials: int) -> Tried:
    """Try settings at random, ten at a time, so that they fit into the cache."""
    drawn = runs.uniform("settings", trials, settings, dtype=torch.float64)
    return joined(*(attempt(part) for part in drawn.tensor_split(trials // FIRST, 1)))


def candidates(runs: Seeds, trial: int, best: Tensor) -> Tensor:
    """Return settings for the next trial: from the whole cube, and at all distances from the best so far."""
    settings = best.shape[2]
    far = runs.uniform(f"far {trial}", FAR, settings, dtype=torch.float64)
    size = 10 ** -runs.uniform(f"size {trial}", NEAR, 1, low=0.5, high=1.5, dtype=torch.float64)
    near = best + size * runs.normal(f"near {trial}", NEAR, settings, dtype=torch.float64)
    return torch.cat([far, near.clamp(0, 1)], 1)


def learning(attempt: Try, runs: Seeds, settings: int, trials: int) -> Tried:
    """Try what a Gaussian process expects to improve most on the best so far."""
    x = runs.uniform("settings", FIRST, settings, dtype=torch.float64)
    tried = attempt(x)
    rows = torch.arange(len(runs))
    widths = (settings, 1, 1)
    process = Process(*(x.new_full((len(runs), n), log) for n, log in zip(widths, USUAL, strict=True)))
    for trial in range(FIRST, trials):
        y = tried.known.clamp_min(0.1).log()
        y = (y - y.mean(1, keepdim=True)) / y.std(1, keepdim=True).clamp_min(1e-9)
        process = fitted(process, x, y, FITS[trial > FIRST])
        new = candidates(runs, trial, x[rows, y.argmin(1)].unsqueeze(1))
        chosen = expected_improvement(process, x, y, new).argmax(1)
        proposed = new[rows, chosen].unsqueeze(1)
        x, tried = torch.cat([x, proposed], 1), joined(tried, attempt(proposed))
    return tried


class Arm(NamedTuple):
    """What is tuned, how many settings it has, and by which search with how many trials."""

    text: str
    problem: Callable[[Seeds, Scale], Try]
    settings: int
    search: Callable[[Try, Seeds, int, int], Tried]
    trials: int


ARMS = {
    "net_blind": Arm("net: blind search", net, 5, blind, 50),
    "net_blind_twice": Arm("net: blind search, two computers", net, 5, blind, 100),
    "net_blind_briefly": Arm("net: blind search, ten trials", net, 5, blind, 10),
    "net_learning": Arm("net: search that learns", net, 5, learning, 50),
    "kernel_blind": Arm("kernel machine: blind search", kernel_machine, 3, blind, 50),
    "kernel_blind_twice": Arm("kernel machine: blind search, two computers", kernel_machine, 3, blind, 100),
    "kernel_blind_briefly": Arm("kernel machine: blind search, ten trials", kernel_machine, 3, blind, 10),
    "kernel_learning": Arm("kernel machine: search that learns", kernel_machine, 3, learning, 50),
    "bowl_blind_twice": Arm("smooth bowl: blind search, two computers", bowl, 5, blind, 100),
    "bowl_learning": Arm("smooth bowl: search that learns", bowl, 5, learning, 50),
}


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, problem, settings, search, trials = ARMS[arm]
    runs = reseeded(seeds, scale.searches)
    tried = search(problem(seeds, scale), runs, settings, trials)

    def mean(each: Tensor) -> Tensor:  # of the searches of a seed
        return each.view(len(seeds), scale.searches).mean(1)

    def chosen(among: int) -> Tensor:
        place = tried.known[:, :among].argmin(1, keepdim=True)
        return tried.judged.gather(1, place).squeeze(1)

    return {
        "error": mean(chosen(trials)),
        "spread": mean(tried.judged.quantile(0.5, 1) - chosen(trials)),
        "error_curve": torch.stack([mean(chosen(time * trials // BUDGET)) for time in TIMES], 1),
    }

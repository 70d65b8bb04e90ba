"""Is a classifier right in a new domain if its features cannot be told from those that it learned on?

Hypothesis: features of one distribution in both domains make the classifier give its answers in the same
shares in both. Whether they are the right answers hangs on the labels, of which nothing was asked: they may
be opposite everywhere. And where the classes have other shares in the new domain, answers in the old shares
cannot all be right.

Method: the published example, points on a line that are moved so that two intervals lie on one another; and
two normal classes whose points are replaced by their ranks within the domain, so that both domains become
uniform. A classifier is the best of all with up to two thresholds on points of the source, and is judged on
both domains. A classifier for both is found in the same way on all points together.

Arms: the line itself, moved, moved with the target's labels turned round, and one label everywhere; and the
normal classes, points or ranks, with shares that are reversed in the target or equal.

Outcomes: errors in the source, in the target and of the one classifier for both, and the largest distance
between the two distribution functions of the feature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.outcomes import Outcome
from repro.lab.seeds import Seeds

CENTRE = 2.0  # of the normal classes, either side of zero, in standard deviations
SHARES = (0.9, 0.1)  # of the upper class in source and target, where they are reversed
EVEN = (0.5, 0.5)


@dataclass(frozen=True)
class Scale:
    """Points of each domain."""

    points: int = 10_000


MINIMAL = Scale()
LARGE = Scale(points=100_000)
OUTCOMES = {
    "source_error": Outcome("source points wrong", unit="share of points", better="lower", resolution=0.0005),
    "target_error": Outcome("target points wrong", unit="share of points", better="lower", resolution=0.0005),
    "best_joint": Outcome(
        "points wrong with one classifier for both domains",
        unit="share of points",
        better="lower",
        resolution=0.0005,
    ),
    "feature_distance": Outcome(
        "largest distance between the distribution functions of both domains",
        unit="share of points",
        better="lower",
        resolution=0.0005,
    ),
}


class Domain(NamedTuple):
    """A feature of each point, and its label of 0 or 1, both (seeds, points)."""

    x: Tensor
    y: Tensor


class Pair(NamedTuple):
    """The domain with labels, and the one without."""

    source: Domain
    target: Domain


def line(seeds: Seeds, count: int) -> Pair:
    """Return uniform points on -1 to 0, labelled 1 above -1/2, and on 1 to 2, labelled 1 below 3/2."""
    source = seeds.uniform("source", count, low=-1.0, high=0.0, dtype=torch.float64)
    target = seeds.uniform("target", count, low=1.0, high=2.0, dtype=torch.float64)
    return Pair(Domain(source, (source > -0.5).long()), Domain(target, (target < 1.5).long()))


def moved(seeds: Seeds, count: int) -> Pair:
    """Return the line with both intervals moved onto 0 to 1."""
    source, target = line(seeds, count)
    return Pair(source._replace(x=source.x + 1), target._replace(x=target.x - 1))


def agreeing(seeds: Seeds, count: int) -> Pair:
    """Return both intervals on 0 to 1, with the target's labels turned round."""
    source, target = moved(seeds, count)
    return Pair(source, target._replace(y=1 - target.y))


def normal(seeds: Seeds, count: int, shares: tuple[float, float]) -> Pair:
    """Return normal points around -CENTRE with label 0 and around CENTRE with label 1, in such shares."""
    domains = []
    for name, share in zip(("source", "target"), shares, strict=True):
        y = (seeds.uniform(f"{name} labels", count) < share).long()
        x = seeds.normal(name, count, dtype=torch.float64) + CENTRE * (2 * y - 1)
        domains.append(Domain(x, y))
    return Pair(*domains)


def ranked(pair: Pair) -> Pair:
    """Replace the points of each domain by their ranks in it, which run evenly from 0 to 1, without ties."""
    domains = []
    for domain, offset in zip(pair, (0.25, 0.75), strict=True):
        rank = domain.x.argsort(1).argsort(1)
        domains.append(domain._replace(x=(rank.double() + offset) / domain.x.shape[1]))
    return Pair(*domains)


class Arm(NamedTuple):
    """Both domains, and whether the classifier says one label everywhere."""

    description: str
    domains: Callable[[Seeds, int], Pair]
    is_constant: bool = False


ARMS = {
    "raw": Arm("points on the line", line),
    "invariant": Arm("intervals moved onto one another", moved),
    "agreeing": Arm("intervals moved, labels of the target turned round", agreeing),
    "constant": Arm("intervals moved, one label everywhere", moved, is_constant=True),
    "shifted_raw": Arm("normal classes, shares reversed, points", lambda seeds, n: normal(seeds, n, SHARES)),
    "shifted_invariant": Arm(
        "normal classes, shares reversed, ranks", lambda seeds, n: ranked(normal(seeds, n, SHARES))
    ),
    "even_raw": Arm("normal classes, shares equal, points", lambda seeds, n: normal(seeds, n, EVEN)),
    "even_invariant": Arm(
        "normal classes, shares equal, ranks", lambda seeds, n: ranked(normal(seeds, n, EVEN))
    ),
}


class Rule(NamedTuple):
    """Two thresholds and the label between them, each (seeds,); outside it is the other label."""

    low: Tensor
    high: Tensor
    inside: Tensor


def fitted(domain: Domain) -> Rule:
    """Return the rule with up to two thresholds that gets most points right, points without ties.

    A point counts 1 for the label that it has and -1 for the other. The best interval for a label is then the
    one with the largest sum, which is the largest rise of the running sum.
    """
    x, order = domain.x.sort(1)
    votes = 2 * domain.y.gather(1, order) - 1  # (seeds, points), for label 1
    running = torch.cat([torch.zeros_like(votes[:, :1]), votes.cumsum(1)], 1)  # (seeds, points + 1)
    edges = torch.cat([x[:, :1] - 1, (x[:, 1:] + x[:, :-1]) / 2, x[:, -1:] + 1], 1)  # (seeds, points + 1)
    rules, scores = [], []
    for label, sums in ((1, running), (0, -running)):
        lowest, starts = sums.cummin(1)
        rise, end = (sums - lowest).max(1, keepdim=True)
        start = starts.gather(1, end)
        scores.append((2 * rise - sums[:, -1:]).squeeze(1))  # inside less outside
        low, high = (edges.gather(1, each).squeeze(1) for each in (start, end))
        rules.append(Rule(low, high, torch.full_like(scores[-1], label)))
    is_first = scores[0] >= scores[1]
    return Rule(*(torch.where(is_first, one, other) for one, other in zip(*rules, strict=True)))


def error(rule: Rule, domain: Domain) -> Tensor:
    """Return the share of a domain's points that a rule gets wrong, (seeds,)."""
    low, high, inside = (each.unsqueeze(1) for each in rule)
    is_inside = (domain.x > low) & (domain.x < high)
    said = torch.where(is_inside, inside, 1 - inside)
    return (said != domain.y).double().mean(1)


def distance(one: Tensor, other: Tensor) -> Tensor:
    """Return how far the distribution functions of two samples of one size differ at most, (seeds,)."""
    order = torch.cat([one, other], 1).argsort(1)
    step = torch.where(order < one.shape[1], 1, -1)
    return step.cumsum(1).abs().amax(1).double() / one.shape[1]


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    source, target = ARMS[arm].domains(seeds, scale.points)
    joint = Domain(*(torch.cat(each, 1) for each in zip(source, target, strict=True)))
    rule = fitted(source)
    if ARMS[arm].is_constant:
        rule = Rule(source.x.amin(1) - 1, source.x.amax(1) + 1, torch.ones_like(source.y[:, 0]))
    return {
        "source_error": error(rule, source),
        "target_error": error(rule, target),
        "best_joint": error(fitted(joint), joint),
        "feature_distance": distance(source.x, target.x),
    }

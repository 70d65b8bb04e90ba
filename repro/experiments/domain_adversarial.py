"""Does a net that may not tell two domains apart classify better in the one without labels?

Hypothesis: where the new domain is the old one turned, a net that learns the classes of the old alone draws
its border where the new has none. An adversary that is deceived makes the features of both lie on one
another, class on class, since that takes the smallest change; so that the border fits both. Where the
classes have other shares in the new domain, features that match must put points of one class on those of
the other.

Method: two interleaved moons, and the same turned. Features are one hidden layer of sigmoid units, with a
linear classifier on the source's labels and an adversary with a hidden layer of its own that tells the
domains apart. Its gradient reaches the features with its sign reversed, times a weight that rises from 0 to
1 by the source's schedule. All is trained by Adam on all points at once. The target's labels only judge.

Arms: with and without adversary, on moons that are turned, not turned, or turned with shares of the classes
that are reversed in the target.

Outcomes: further target points right, further source points right, and how well an adversary does in the
end.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from repro.lab.ensemble import linear
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy, cross_entropy
from repro.lab.optimise import adam, adam_state, without_denormals
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Shapes, gradient
from repro.lab.seeds import Seeds

RATE = 0.03  # learning rate of Adam
UNITS = 15  # of the features, and of the adversary; those of the source
NOISE = 0.05  # standard deviation of points about their moon
TURN = 35  # degrees
STEEPNESS = 10  # of the adversary's schedule, as in the source
FRESH = 1000  # further points of each domain that choose or judge
LOOKS = 20  # accuracies of the curve
SHAPES: Shapes = {
    "features.weight": (UNITS, 2),
    "features.bias": (UNITS,),
    "classes.weight": (2, UNITS),
    "classes.bias": (2,),
    "hidden.weight": (UNITS, UNITS),
    "hidden.bias": (UNITS,),
    "domains.weight": (2, UNITS),
    "domains.bias": (2,),
}


@dataclass(frozen=True)
class Scale:
    """Points of each domain, and steps."""

    points: int = 300
    steps: int = 1000


MINIMAL = Scale()
LARGE = Scale(points=3000, steps=20_000)
TRIAL = {"steps": 40}
OUTCOMES = {
    "target_accuracy": Outcome("target points right", unit="percent", better="higher", resolution=0.2),
    "source_accuracy": Outcome("source points right", unit="percent", better="higher", resolution=0.2),
    "domain_accuracy": Outcome(
        "points whose domain the adversary tells", unit="percent", better="neither", resolution=2
    ),
    "target_accuracy_curve": Curve(
        "target points right",
        unit="percent",
        better="higher",
        axis=Axis("percent of training", first=5, last=100, points=20),
    ),
}


class Arm(NamedTuple):
    """Whether there is an adversary, the turn in degrees, and the share of moon 1 in either domain."""

    description: str
    is_adversarial: bool
    turn: float = TURN
    shares: tuple[float, float] = (0.5, 0.5)


ARMS = {
    "source_only": Arm("no adversary", is_adversarial=False),
    "dann": Arm("adversary", is_adversarial=True),
    "source_only_unrotated": Arm("no adversary, target not turned", is_adversarial=False, turn=0),
    "dann_unrotated": Arm("adversary, target not turned", is_adversarial=True, turn=0),
    "source_only_flipped": Arm(
        "no adversary, shares 90 to 10 and 10 to 90", is_adversarial=False, shares=(0.9, 0.1)
    ),
    "dann_flipped": Arm("adversary, shares 90 to 10 and 10 to 90", is_adversarial=True, shares=(0.9, 0.1)),
}


class Domain(NamedTuple):
    """Points in the plane, (lanes, points, 2), and which moon they belong to, (lanes, points)."""

    x: Tensor
    y: Tensor


def moons(seeds: Seeds, name: str, count: int, *, share: float, turn: float) -> Domain:
    """Return points of two half circles that reach into one another, noisy, and turned about their middle.

    Args:
        seeds: Each gets its own points.
        name: Of the random stream.
        count: Points of both moons together.
        share: Of moon 1, which opens upwards.
        turn: In degrees, against the clock.
    """
    y = (torch.arange(count, device=seeds.device) < round(share * count)).long().repeat(len(seeds), 1)
    angle = seeds.uniform(f"{name} angles", count, high=math.pi)
    upper = torch.stack([angle.cos(), angle.sin()], 2)  # moon 0, (seeds, points, 2)
    lower = torch.tensor([1.0, 0.5]) - upper  # moon 1
    x = torch.where(y.unsqueeze(2) == 1, lower, upper) + NOISE * seeds.normal(f"{name} noise", count, 2)
    x -= torch.tensor([0.5, 0.25])
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    x = x @ torch.tensor([[cos, sin], [-sin, cos]])
    return Domain(x.double(), y)


class Outputs(NamedTuple):
    """Logits of the classes and of the domains, both (lanes, points, 2)."""

    classes: Tensor
    domains: Tensor


def outputs(net: Parameters, x: Tensor, weight: float) -> Outputs:
    """Return both logits; the gradient of the domains' reaches the features reversed and times a weight."""
    weights = net.weights
    features = linear(x, weights["features.weight"], weights["features.bias"]).sigmoid()
    reversed_features = (1 + weight) * features.detach() - weight * features
    hidden = linear(reversed_features, weights["hidden.weight"], weights["hidden.bias"]).sigmoid()
    return Outputs(
        linear(features, weights["classes.weight"], weights["classes.bias"]),
        linear(hidden, weights["domains.weight"], weights["domains.bias"]),
    )


def schedule(progress: float) -> float:
    """Return the weight of the adversary, 0 at the start and 1 at the end, after Ganin and others."""
    return 2 / (1 + math.exp(-STEEPNESS * progress)) - 1


def measured(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Return the outcomes of some seeds, trained together."""
    _, is_adversarial, turn, shares = ARMS[arm]
    count = scale.points
    source = moons(seeds, "source", count, share=shares[0], turn=0)
    target = moons(seeds, "target", count, share=shares[1], turn=turn)
    new_source = moons(seeds, "new source", FRESH, share=shares[0], turn=0)
    new_target = moons(seeds, "new target", FRESH, share=shares[1], turn=turn)
    x = torch.cat([source.x, target.x], 1)
    origin = torch.cat([torch.zeros_like(source.y), torch.ones_like(target.y)], 1)
    net = initialise(seeds, SHAPES, "pytorch_default", dtype=torch.float64)
    state = adam_state(net.flat)
    looks = []
    for step in range(1, scale.steps + 1):
        weight = schedule(step / scale.steps) if is_adversarial else 0.0
        classes, domains = outputs(net, x, weight)
        loss = cross_entropy(classes[:, :count], source.y) + cross_entropy(domains, origin)
        adam(net.flat, gradient(loss, net), state, RATE)
        if step % (scale.steps // LOOKS) == 0:
            with torch.no_grad():
                looks.append(100 * accuracy(outputs(net, new_target.x, 0).classes, new_target.y))
    with torch.no_grad():
        known = accuracy(outputs(net, new_source.x, 0).classes, new_source.y)
        told = accuracy(outputs(net, x, 0).domains, origin)
    return {
        "target_accuracy": looks[-1],
        "source_accuracy": 100 * known,
        "domain_accuracy": 100 * told,
        "target_accuracy_curve": torch.stack(looks, 1),
    }


@without_denormals()
def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Measure seed by seed: how sums are rounded must not depend on the seeds beside one."""
    alone = [measured(arm, Seeds((seed,), seeds.device), scale) for seed in seeds.values]
    return {name: torch.cat([found[name] for found in alone]) for name in alone[0]}

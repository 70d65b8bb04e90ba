"""Does one way of training adversarial nets beat another once each may try as many settings?

Hypothesis: most settings of any variant fail, and a few of each work. A single try shows which settings
happened to be drawn. The best of many shows what a variant is capable of, and that is much the same wherever
the critic can see what is wrong with the generator.

Method: points on a ring of Gaussians in the plane. A generator and a critic, both with two hidden layers of
rectified units, are trained in turn by Adam. Settings are drawn at random: both learning rates, the share of
the mean gradient that is kept, and the weight of the gradient penalty where there is one. Known points choose
among the settings of a variant, and others judge the choice. Gradients are derived by hand.

Arms: the variants, which meet the same points. In the one that must fail the critic has no hidden layer, so
that it compares hardly more than means. In another only two settings are tried.

Outcomes: distance between generated and real points, which is the root of the energy distance (Szekely and
Rizzo 2013) over the ring's radius; by which factor it is smaller than after a single try; how many of the
Gaussians are met.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import sigmoid

from repro.lab.initialise import initialise
from repro.lab.lanes import reseeded, spread
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.parameters import Parameters, Weights, flatten
from repro.lab.seeds import Seeds

WIDTH = 0.05  # standard deviation of a Gaussian, in radii of the ring
NOISE = 2  # numbers from which the generator makes a point
UNITS = 32  # of each hidden layer
BATCH = 32  # points in a batch
LOG10_RATES = (-3.5, -1.5)  # range of the decimal logarithm of both learning rates
KEPT = (0.0, 0.9)  # range of the share of the mean gradient that is kept
LOG10_PENALTIES = (-1.0, 1.0)  # range of the decimal logarithm of the penalty's weight
SQUARES_KEPT = 0.99  # share of the mean square that is kept
POINTS = 500  # known points, and as many that judge
NEAR = 4  # standard deviations within which a point belongs to a Gaussian
SHARE = 0.02  # share of the points that a Gaussian must get to count as met; its due is an eighth
FAR = 100.0  # radii of the ring beyond which a point counts as being there
TRIES = (1, 2, 3, 5, 8, 12, 18, 25)  # settings of which the curve takes the best


@dataclass(frozen=True)
class Scale:
    """Settings tried, Gaussians on the ring, and steps of generator and critic."""

    settings: int = 25
    modes: int = 8
    steps: int = 400


MINIMAL = Scale()
LARGE = Scale(settings=100, steps=10000)
TRIAL = {"settings": 4, "steps": 60}
OUTCOMES = {
    "distance": Outcome(
        "distance from generated to real points",
        unit="radii of the ring",
        better="lower",
        resolution=0.001,
    ),
    "gain": Outcome(
        "distance after a single try, over that of the setting chosen",
        unit="factor",
        better="neither",
        resolution=0.01,
    ),
    "met": Outcome("Gaussians met", unit="Gaussians", better="higher", resolution=0.1),
    "distance_curve": Curve(
        "distance from generated to real points",
        unit="radii of the ring",
        better="lower",
        axis=Axis("settings tried", values=TRIES, is_logarithmic=True),
    ),
}


class Loss(NamedTuple):
    """Derivatives of a loss by the critic's answers."""

    real: Callable[[Tensor], Tensor]  # critic's loss, by answers to real points
    fake: Callable[[Tensor], Tensor]  # critic's loss, by answers to generated points
    generator: Callable[[Tensor], Tensor]  # generator's loss, by answers to generated points


def non_saturating() -> Loss:
    """Return the slopes of log(1 + e^-real) + log(1 + e^fake), log(1 + e^-fake) (Goodfellow et al. 2014)."""
    return Loss(lambda said: -sigmoid(-said), sigmoid, lambda said: -sigmoid(-said))


def least_squares() -> Loss:
    """Return the slopes of (real - 1)^2 + fake^2 and of (fake - 1)^2 (Mao et al. 2017)."""
    return Loss(lambda said: 2 * (said - 1), lambda said: 2 * said, lambda said: 2 * (said - 1))


def wasserstein() -> Loss:
    """Return the slopes of fake - real and of -fake (Arjovsky et al. 2017)."""
    return Loss(lambda said: -torch.ones_like(said), torch.ones_like, lambda said: -torch.ones_like(said))


class Arm(NamedTuple):
    """A loss, the critic's hidden layers, whether its slopes are drawn to 1, and the settings tried."""

    text: str
    loss: Loss
    hidden: tuple[int, ...] = (UNITS, UNITS)
    is_penalised: bool = False
    most_settings: int = 10**6


ARMS = {
    "non_saturating": Arm("the first variant, non-saturating", non_saturating()),
    "least_squares": Arm("least squares", least_squares()),
    "penalty": Arm("Wasserstein with gradient penalty", wasserstein(), is_penalised=True),
    "linear_critic": Arm("the first variant, critic without hidden layer", non_saturating(), hidden=()),
    "two_settings": Arm("the first variant, two settings tried", non_saturating(), most_settings=2),
}


def ring(seeds: Seeds, purpose: str, count: int, modes: int) -> Tensor:
    """Return points around places evenly spread on the unit circle, (seeds, 2, count)."""
    angle = seeds.integers(f"{purpose} mode", count, high=modes) * (2 * math.pi / modes)
    return torch.stack([angle.cos(), angle.sin()], 1) + WIDTH * seeds.normal(f"{purpose} place", 2, count)


def drawn(runs: Seeds, purpose: str, bounds: tuple[float, float]) -> Tensor:
    """Return a setting for each run, evenly spread between two ends, (runs, 1)."""
    return runs.uniform(purpose, 1, low=bounds[0], high=bounds[1])


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with a rate and a share of the mean kept for each lane."""

    def __init__(self, net: Parameters, rate: Tensor, kept: Tensor) -> None:
        self.net, self.rate, self.kept, self.steps = net, rate, kept, 0
        self.mean, self.square = torch.zeros_like(net.flat), torch.zeros_like(net.flat)

    def step(self, gradient: Tensor) -> None:
        """Move the weights by a gradient of shape (lanes, count)."""
        self.steps += 1
        self.mean.lerp_(gradient, 1 - self.kept)
        self.square.mul_(SQUARES_KEPT).addcmul_(gradient, gradient, value=1 - SQUARES_KEPT)
        size = (self.square / (1 - SQUARES_KEPT**self.steps)).sqrt_().add_(1e-8)
        self.net.flat.addcdiv_(self.rate / (1 - self.kept**self.steps) * self.mean, size, value=-1)


def layers(weights: Weights, x: Tensor) -> list[Tensor]:
    """Return what enters each layer, and the outputs at the end, each (lanes, units, batch)."""
    depth = len(weights) // 2
    found = [x]
    for k in range(depth):
        y = torch.baddbmm(weights[f"{k}.bias"].unsqueeze(2), weights[f"{k}.weight"], found[-1])
        found.append(y if k == depth - 1 else y.relu_())
    return found


def passed_back(weights: Weights, entered: list[Tensor], slope: Tensor) -> list[Tensor]:
    """Return the slopes of a loss by the inputs and by what each layer gives before it is rectified.

    Args:
        weights: Made with `mlp_shapes`.
        entered: From `layers`.
        slope: By the outputs, (lanes, outputs, batch).
    """
    slopes = [slope]
    for k in reversed(range(len(weights) // 2)):
        slope = torch.bmm(weights[f"{k}.weight"].mT, slopes[0])
        slopes.insert(0, torch.ops.aten.threshold_backward(slope, entered[k], 0) if k else slope)
    return slopes


def by_weights(entered: list[Tensor], slopes: list[Tensor]) -> Tensor:
    """Return the gradient by weights and biases, (lanes, count)."""
    pairs = zip(entered[:-1], slopes[1:], strict=True)
    return flatten([part for x, slope in pairs for part in (torch.bmm(slope, x.mT), slope.sum(2))])


def penalty_by_weights(weights: Weights, x: Tensor) -> Tensor:
    """Return the gradient of the mean of (|slope of the critic| - 1)^2 over points x, (lanes, count).

    Where units stay on their side of zero, the slope by the inputs is a product of matrices; its derivative
    goes through the same units the other way (Gulrajani et al. 2017, algorithm 1).
    """
    entered = layers(weights, x)
    slopes = passed_back(weights, entered, torch.ones_like(entered[-1]))
    norm = slopes[0].square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)
    change = 2 * (norm - 1) / norm * slopes[0] / x.shape[2]  # of the penalty by the slope at each point
    depth = len(weights) // 2
    parts = []
    for k in range(depth):
        parts += [torch.bmm(slopes[k + 1], change.mT), torch.zeros_like(weights[f"{k}.bias"])]
        if k < depth - 1:
            change = torch.bmm(weights[f"{k}.weight"], change)
            change = torch.ops.aten.threshold_backward(change, entered[k + 1], 0)
    return flatten(parts)


class Settings(NamedTuple):
    """What is drawn for each lane, (lanes, 1): two learning rates, the share kept, the penalty's weight."""

    generator_rate: Tensor
    critic_rate: Tensor
    kept: Tensor
    penalty: Tensor


def settings_of(runs: Seeds) -> Settings:
    return Settings(
        10 ** drawn(runs, "generator rate", LOG10_RATES),
        10 ** drawn(runs, "critic rate", LOG10_RATES),
        drawn(runs, "kept", KEPT),
        10 ** drawn(runs, "penalty", LOG10_PENALTIES),
    )


@torch.no_grad()
def trained(arm: Arm, seeds: Seeds, scale: Scale) -> Parameters:
    """Return generators, one for each setting; those of a seed meet the same points and the same noise."""
    count = min(scale.settings, arm.most_settings)
    sides = reseeded(seeds, 2 * count).values
    generators, critics = Seeds(sides[::2], seeds.device), Seeds(sides[1::2], seeds.device)
    settings = settings_of(generators)
    generator = initialise(generators, mlp_shapes(NOISE, UNITS, UNITS, 2), "he")
    critic = initialise(critics, mlp_shapes(2, *arm.hidden, 1), "he")
    adam_of_generator = Adam(generator, settings.generator_rate, settings.kept)
    adam_of_critic = Adam(critic, settings.critic_rate, settings.kept)
    shape = (scale.steps, NOISE, BATCH)
    noises = [seeds.normal(f"noise of the {who}", *shape) for who in ("critic", "generator")]
    places = seeds.uniform("mixture", scale.steps, 1, BATCH)
    points = ring(seeds, "training", scale.steps * BATCH, scale.modes).view(len(seeds), 2, scale.steps, BATCH)
    for step in range(scale.steps):
        noise, other_noise = (spread(each[:, step], count) for each in noises)
        real = spread(points[:, :, step], count)
        fake = layers(generator.weights, noise)[-1]
        entered = layers(critic.weights, torch.cat([real, fake], 2))
        of_real, of_fake = entered[-1].tensor_split(2, 2)
        slope = torch.cat([arm.loss.real(of_real), arm.loss.fake(of_fake)], 2) / BATCH
        gradient = by_weights(entered, passed_back(critic.weights, entered, slope))
        if arm.is_penalised:
            mixed = real.lerp(fake, spread(places[:, step], count))
            gradient += settings.penalty * penalty_by_weights(critic.weights, mixed)
        adam_of_critic.step(gradient)
        made = layers(generator.weights, other_noise)
        entered = layers(critic.weights, made[-1])
        slope = passed_back(critic.weights, entered, arm.loss.generator(entered[-1]) / BATCH)[0]
        adam_of_generator.step(by_weights(made, passed_back(generator.weights, made, slope)))
    return generator


def distance(x: Tensor, y: Tensor) -> Tensor:
    """Return the root of the energy distance 2 E|x - y| - E|x - x'| - E|y - y'|, (lanes,).

    Args:
        x: Points, (lanes, n, 2).
        y: As many others, (lanes, n, 2).
    """
    within = (torch.cdist(x, x).sum((1, 2)) + torch.cdist(y, y).sum((1, 2))) / (x.shape[1] * (x.shape[1] - 1))
    return (2 * torch.cdist(x, y).mean((1, 2)) - within).clamp_min(0).sqrt()


def gaussians_met(x: Tensor, modes: int) -> Tensor:
    """Return how many Gaussians get enough of the points (lanes, n, 2) near them, (lanes,)."""
    angle = torch.arange(modes) * (2 * math.pi / modes)
    centres = torch.stack([angle.cos(), angle.sin()], 1)
    is_near = torch.cdist(x, centres.expand(len(x), -1, -1)) < NEAR * WIDTH  # (lanes, n, modes)
    return (is_near.double().mean(1) > SHARE).double().sum(1)


def best_of(tries: int, known: Tensor, judged: Tensor) -> Tensor:
    """Return what the best of some of the settings by known points scores on average by others.

    The k-th best of n is the best of b drawn without replacement with probability C(n - k, b - 1) / C(n, b).

    Args:
        tries: How many settings are drawn, at most as many as there are.
        known: What chooses, less being better, (seeds, settings).
        judged: What is averaged, of the same shape.

    Returns:
        Shape (seeds,).
    """
    count = known.shape[1]
    shares = [math.comb(count - k, tries - 1) / math.comb(count, tries) for k in range(1, count + 1)]
    return judged.gather(1, known.argsort(dim=1, stable=True)) @ torch.tensor(shares, dtype=judged.dtype)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    generator = trained(ARMS[arm], seeds, scale)
    count = len(generator.flat) // len(seeds)
    with torch.no_grad():
        noise = spread(seeds.normal("noise to judge", 2 * POINTS, NOISE), count)
        made = mlp(generator.weights, noise).nan_to_num(FAR, FAR, -FAR).clamp(-FAR, FAR)
    real = spread(ring(seeds, "to judge", 2 * POINTS, scale.modes).mT, count)
    parts = zip(made.tensor_split(2, 1), real.tensor_split(2, 1), strict=True)
    known, judged = (distance(x, y).double().view(len(seeds), count) for x, y in parts)
    chosen = known.argmin(1, keepdim=True)
    met = gaussians_met(made[:, POINTS:], scale.modes).view(len(seeds), count)
    tries = [min(each, count) for each in TRIES]
    return {
        "distance": judged.gather(1, chosen).squeeze(1),
        "gain": judged.mean(1) / judged.gather(1, chosen).squeeze(1),
        "met": met.gather(1, chosen).squeeze(1),
        "distance_curve": torch.stack([best_of(each, known, judged) for each in tries], 1),
    }

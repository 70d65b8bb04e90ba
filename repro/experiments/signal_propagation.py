"""Does one number, known before any training, say how deep signals and gradients travel in a random net?

Hypothesis: in a wide tanh net the mean square of the preactivations settles at q*, and from there every layer
multiplies squared gradients, and small squared distances, by chi = sigma_w^2 E[tanh'(sqrt(q*) z)^2]. Where
chi < 1 inputs become alike and gradients vanish, where chi > 1 neighbours separate and gradients explode, and
both survive where chi = 1.

Method: untrained nets, weights N(0, sigma_w^2 / width), biases N(0, 0.05); q* and chi by quadrature. Pairs of
inputs of mean square q*, some of correlation 0.5 and some of 0.99, go through the same net, and random
vectors are carried back from its top.

Arms: sigma_w^2, where theory puts the edge at 1.761. Skips add a layer to its input instead of replacing it,
and noise drops one activation in ten, for each input another: the theory of the plain net must fail there.

Outcomes: the geometric mean of the factor by which a layer multiplies squared gradients, the same less chi,
and the correlations at the top of pairs far from and near to each other at the bottom.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor

from repro.lab.curves import thin
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

BIAS_VARIANCE = 0.05
FAR = 0.5  # correlation of a far pair at the bottom
NEAR = 0.99  # correlation of a near pair at the bottom
PAIRS = 4  # of each kind, averaged over
NODES, WEIGHTS = (torch.from_numpy(part) for part in hermegauss(120))  # of the quadrature
SETTLED = 300  # layers after which q* has settled


@dataclass(frozen=True)
class Scale:
    """Units of a layer, and layers."""

    width: int = 300
    depth: int = 60


MINIMAL = Scale()
LARGE = Scale(width=1000, depth=300)
OUTCOMES = {
    "gradient_factor": Outcome(
        "factor by which a layer multiplies squared gradients",
        unit="factor per layer",
        better="neither",
        resolution=0.001,
    ),
    "gradient_factor_error": Outcome(
        "the factor of squared gradients less that of theory",
        unit="factor per layer",
        better="neither",
        resolution=0.001,
    ),
    "far_correlation": Outcome(
        "correlation at the top of pairs far apart at the bottom",
        unit="cosine",
        better="neither",
        resolution=0.0001,
    ),
    "near_correlation": Outcome(
        "correlation at the top of pairs near to each other at the bottom",
        unit="cosine",
        better="neither",
        resolution=0.0001,
    ),
    "near_correlation_curve": Curve(
        "correlation of pairs near to each other at the bottom",
        unit="cosine",
        better="neither",
        axis=Axis("layer", first=1, last="depth", every=1),
    ),
}


class Arm(NamedTuple):
    """A random net: sigma_w^2, weight of the skips, and the share of activations that noise leaves."""

    description: str
    variance: float
    skip: float = 0.0
    kept: float = 1.0


ARMS = {
    "plain_1_0": Arm("sigma_w^2 = 1.0, ordered", 1.0),
    "plain_1_3": Arm("sigma_w^2 = 1.3, ordered", 1.3),
    "plain_1_76": Arm("sigma_w^2 = 1.76, the edge", 1.76),
    "plain_2_5": Arm("sigma_w^2 = 2.5, chaotic", 2.5),
    "plain_4_0": Arm("sigma_w^2 = 4.0, chaotic", 4.0),
    "residual_1_0": Arm("sigma_w^2 = 1.0 with identity skips", 1.0, skip=1.0),
    "residual_4_0": Arm("sigma_w^2 = 4.0 with identity skips", 4.0, skip=1.0),
    "noisy_1_76": Arm("sigma_w^2 = 1.76 with one activation in ten dropped", 1.76, kept=0.9),
}


def expectation(function: Callable[[Tensor], Tensor], variance: float) -> float:
    """Return E[function(sqrt(variance) z)] for standard normal z by quadrature."""
    return float((WEIGHTS * function(math.sqrt(variance) * NODES)).sum() / math.sqrt(2 * math.pi))


def squared_tanh(h: Tensor) -> Tensor:
    return h.tanh().square()


def squared_slope(h: Tensor) -> Tensor:
    return (1 - h.tanh().square()).square()


def theory(variance: float) -> tuple[float, float]:
    """Return q* and chi at sigma_w^2 = variance, as in Poole et al. (2016) and Schoenholz et al. (2017)."""
    q = 1.0
    for _ in range(SETTLED):
        q = variance * expectation(squared_tanh, q) + BIAS_VARIANCE
    return q, variance * expectation(squared_slope, q)


def pairs(seeds: Seeds, width: int, q: float) -> Tensor:
    """Return pairs (seeds, 2, 2 PAIRS, width), their sides along dimension 1, far pairs before near ones."""
    normal = math.sqrt(q) * seeds.normal("inputs", 2, 2 * PAIRS, width)
    one, other = normal.unbind(1)  # each (seeds, 2 PAIRS, width)
    alike = one.new_tensor([FAR] * PAIRS + [NEAR] * PAIRS)[:, None]
    correlated = alike * one + (1 - alike.square()).sqrt() * other
    return torch.stack([one, correlated], 1)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    _, variance, skip, kept = ARMS[arm]
    width = scale.width
    spread = math.sqrt(variance / width)
    q, chi = theory(variance)
    bottom = pairs(seeds, width, q).flatten(1, 2).requires_grad_()  # (seeds, 4 PAIRS, width)
    h = bottom
    correlations = []
    for depth in range(scale.depth):
        weights = spread * seeds.normal(f"weights {depth}", width, width)
        biases = math.sqrt(BIAS_VARIANCE) * seeds.normal(f"biases {depth}", 1, width)
        noise = (seeds.uniform(f"noise {depth}", 4 * PAIRS, width) < kept) / kept
        h = skip * h + torch.baddbmm(biases, h.tanh() * noise, weights)
        one, other = h.detach().reshape(-1, 2, 2, PAIRS, width).unbind(1)  # each (seeds, 2, PAIRS, width)
        correlations.append(torch.cosine_similarity(one, other, dim=-1).mean(-1))  # (seeds, 2)
    top = seeds.normal("gradient at the top", 4 * PAIRS, width)
    (gradient,) = torch.autograd.grad(h, bottom, top)
    ratio = gradient.square().sum(-1) / top.square().sum(-1)  # (seeds, 4 PAIRS)
    factor = (ratio.log().mean(-1) / scale.depth).exp()  # (seeds,)
    far, near = torch.stack(correlations, -1).unbind(1)  # each (seeds, depth)
    return {
        "gradient_factor": factor,
        "gradient_factor_error": factor - chi,
        "far_correlation": far[:, -1],
        "near_correlation": near[:, -1],
        "near_correlation_curve": thin(near),
    }

"""Students of a small teacher: a target that smooth networks can fit exactly, and where descent on it rests.

The teacher has as many units as inputs; their weights are orthonormal, and every other unit is subtracted.
Units are smooth, so that the loss of a student has a gradient and a Hessian everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from repro.lab.ensemble import linear
from repro.lab.parameters import Parameters, Shapes, Weights, unflatten
from repro.lab.seeds import Seeds

SHARPNESS = 4.0  # of the bend of a unit; without limit it would be a rectified linear unit
DAMPING = (1e-12, 1e6)  # least and most that is added to curvatures


class Lesson(NamedTuple):
    """What a teacher gives its students.

    Attributes:
        x: Standard normal inputs of shape (seeds, points, inputs).
        y: Targets of mean 0 and variance 1, of shape (seeds, points, 1).
        teacher: The weights that give these targets, those of a network with one hidden layer.
    """

    x: Tensor
    y: Tensor
    teacher: Weights


def bend(z: Tensor) -> Tensor:
    """Return the outputs of units: zero far below zero, z far above it, and smooth between."""
    return softplus(z, beta=SHARPNESS)


def lesson(seeds: Seeds, points: int, inputs: int) -> Lesson:
    """Draw inputs, and label them by a fresh teacher for each seed; its sums are made standard.

    Args:
        seeds: Each gets its own teacher and its own points.
        points: How many points there are.
        inputs: Dimension of a point, and number of the teacher's units.
    """
    x = seeds.normal("lesson", points, inputs, dtype=torch.float64)
    units = torch.linalg.qr(seeds.normal("teacher", inputs, inputs, dtype=torch.float64)).Q
    signs = 1.0 - 2.0 * (torch.arange(inputs, device=x.device) % 2)
    sums = bend(x @ units.mT) @ signs.to(x)  # (seeds, points)
    mean, deviation = sums.mean(1, keepdim=True), sums.std(1, keepdim=True)
    teacher = {
        "0.weight": units,
        "0.bias": torch.zeros_like(units[:, 0]),
        "1.weight": (signs / deviation).unsqueeze(1),
        "1.bias": -mean / deviation,
    }
    return Lesson(x, ((sums - mean) / deviation).unsqueeze(2), teacher)


class Expansion(NamedTuple):
    """Half the mean squared error of each lane to second order, laid out as the matrix of its weights.

    Attributes:
        loss: Shape (lanes,).
        gradient: Shape (lanes, count).
        hessian: Shape (lanes, count, count).
    """

    loss: Tensor
    gradient: Tensor
    hessian: Tensor


@torch.no_grad()
def expand(weights: Weights, x: Tensor, y: Tensor) -> Expansion:
    """Return loss, gradient and exact Hessian of students with one hidden layer.

    The Hessian is J'J / points, plus residuals times second derivatives of the outputs, by which weights of
    different units do not meet.

    Args:
        weights: In the order of `mlp_shapes(inputs, units, 1)`.
        x: Shape (lanes, points, inputs).
        y: Shape (lanes, points, 1).
    """
    inner, outer = weights["0.weight"], weights["1.weight"]
    lanes, units, inputs = inner.shape
    points = x.shape[1]
    z = linear(x, inner, weights["0.bias"])  # (lanes, points, units)
    height, slope = bend(z), torch.sigmoid(SHARPNESS * z)
    residual = linear(height, outer, weights["1.bias"]) - y  # (lanes, points, 1)
    passed = slope * outer
    by_inner = (passed.unsqueeze(3) * x.unsqueeze(2)).flatten(2)
    jacobian = torch.cat([by_inner, passed, height, torch.ones_like(residual)], 2)
    gradient = (jacobian.mT @ residual).squeeze(2) / points
    hessian = jacobian.mT @ jacobian / points
    entered = torch.cat([x, torch.ones_like(residual)], 2)  # (lanes, points, inputs + 1)
    squares = (entered.unsqueeze(3) * entered.unsqueeze(2)).flatten(2)
    bent = SHARPNESS * slope * (1 - slope) * outer
    of_inner = ((residual * bent).mT @ squares / points).view(lanes, units, inputs + 1, inputs + 1)
    of_both = (residual * slope).mT @ entered / points  # (lanes, units, inputs + 1)
    for unit in range(units):
        bias, out = units * inputs + unit, units * (inputs + 1) + unit
        own = torch.tensor([*range(unit * inputs, (unit + 1) * inputs), bias], device=x.device)
        hessian[:, own.unsqueeze(1), own] += of_inner[:, unit]
        hessian[:, own, out] += of_both[:, unit]
        hessian[:, out, own] += of_both[:, unit]
    return Expansion(residual.square().mean((1, 2)) / 2, gradient, hessian)


class Rest(NamedTuple):
    """Where Newton's steps have led.

    Attributes:
        losses: Half the mean squared error after no step, half of the steps and all, of shape (lanes, 3).
        least: Least eigenvalue of the Hessian over the largest, of shape (lanes,).
    """

    losses: Tensor
    least: Tensor


@torch.no_grad()
def settle(net: Parameters, shapes: Shapes, x: Tensor, y: Tensor, steps: int) -> Rest:
    """Lead students down to where they rest, in place, by damped Newton steps that never raise the loss.

    Curvatures count by their size (saddle-free Newton, Dauphin et al. 2014), so that steps lead down from a
    saddle too. The damping of a lane falls to a quarter after a step that lowers its loss. After any other,
    which is not taken, it is four times as large.

    Args:
        net: Students with one hidden layer, in float64.
        shapes: Those of `net`.
        x: Shape (lanes, points, inputs).
        y: Shape (lanes, points, 1).
        steps: How many to try.
    """
    damping = torch.full_like(net.flat[:, :1], 0.01)
    now, losses = expand(net.weights, x, y), []
    for step in range(steps):
        if step in {0, steps // 2}:
            losses.append(now.loss)
        curvatures, ways = torch.linalg.eigh(now.hessian)
        along = (ways.mT @ now.gradient.unsqueeze(2)).squeeze(2) / (curvatures.abs() + damping)
        there = net.flat - (ways @ along.unsqueeze(2)).squeeze(2)
        then = expand(unflatten(there, shapes), x, y)
        is_lower = (then.loss < now.loss).unsqueeze(1)
        net.flat.copy_(torch.where(is_lower, there, net.flat))
        damping = torch.where(is_lower, damping / 4, damping * 4).clamp(*DAMPING)
        now = Expansion(
            torch.minimum(then.loss, now.loss),
            torch.where(is_lower, then.gradient, now.gradient),
            torch.where(is_lower.unsqueeze(2), then.hessian, now.hessian),
        )
    curvatures = torch.linalg.eigvalsh(now.hessian)
    return Rest(torch.stack([*losses, now.loss], 1), curvatures[:, 0] / curvatures[:, -1])

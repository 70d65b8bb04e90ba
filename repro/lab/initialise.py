"""Initial weights by the name of a rule, with one independent stream per seed and weight."""

from __future__ import annotations

from math import prod, sqrt
from typing import Literal

import torch
from torch import Tensor

from repro.lab.parameters import Parameters, Shapes, flatten, leaves
from repro.lab.seeds import Seeds

Rule = Literal["he", "glorot", "lecun", "pytorch_default", "orthogonal", "normal"]


def initialise(
    seeds: Seeds,
    shapes: Shapes,
    rule: Rule,
    *,
    gain: float = 1.0,
    lanes: int = 1,
    dtype: torch.dtype = torch.float32,
) -> Parameters:
    """Draw the initial weights of one network per seed.

    Weights with two or more dimensions follow the rule. Vectors are zero, or one if their name ends in
    `scale`; under `pytorch_default` the biases of linear, convolutional and recurrent layers are drawn too.

    Args:
        seeds: Each gets its own network.
        shapes: The shape of each weight by name; a bias is found beside its weight by their common prefix.
        rule: `he`: normal of variance 2 / fan in (He et al. 2015, eq. 10). `glorot`: uniform of variance
            2 / (fan in + fan out) (Glorot and Bengio 2010, eq. 16). `lecun`: normal of variance 1 / fan in.
            `pytorch_default`: uniform of bound 1 / sqrt(fan in), as torch's layers draw. `orthogonal`: rows
            or columns orthonormal, uniformly distributed (Saxe et al. 2014). `normal`: standard normal.
        gain: Factor on every drawn weight.
        lanes: How many networks of a seed start from the same weights; they are adjacent lanes.
        dtype: Type of the weights.

    Returns:
        Parameters for len(seeds) * lanes lanes.
    """
    drawn = [_draw(seeds, name, shapes, rule, gain) for name in shapes]
    flat = flatten(drawn).repeat_interleave(lanes, 0).to(dtype)
    return leaves(flat, shapes)


def _draw(seeds: Seeds, name: str, shapes: Shapes, rule: Rule, gain: float) -> Tensor:
    shape = shapes[name]
    purpose = f"initial {name}"
    is_vector = len(shape) < 2
    is_norm = name.endswith(("scale", "shift"))
    if rule == "pytorch_default" and not is_norm and (not is_vector or _matrix_beside(name, shapes)):
        bound = gain / sqrt(_torch_fan_in(name, shapes))
        return seeds.uniform(purpose, *shape, low=-bound, high=bound, dtype=torch.float64)
    if is_vector:
        value = 1.0 if name.endswith("scale") else 0.0
        return torch.full((len(seeds), *shape), value, dtype=torch.float64, device=seeds.device)
    fan_in, fan_out = prod(shape[1:]), shape[0] * prod(shape[2:])
    if rule == "glorot":
        bound = gain * sqrt(6.0 / (fan_in + fan_out))
        return seeds.uniform(purpose, *shape, low=-bound, high=bound, dtype=torch.float64)
    normal = seeds.normal(purpose, *shape, dtype=torch.float64)
    if rule == "orthogonal":
        return gain * _orthonormal(normal.flatten(2)).view(len(seeds), *shape)
    deviation = {"he": sqrt(2.0 / fan_in), "lecun": sqrt(1.0 / fan_in), "normal": 1.0}[rule]
    return normal.mul_(gain * deviation)


def _orthonormal(matrix: Tensor) -> Tensor:
    """Return the orthonormal factor of normal matrices, made uniform over the group (Mezzadri 2007)."""
    is_wide = matrix.shape[1] < matrix.shape[2]
    factor, r = torch.linalg.qr(matrix.mT if is_wide else matrix)
    q: Tensor = factor * r.diagonal(dim1=1, dim2=2).sign().unsqueeze(1)
    return q.mT if is_wide else q


def _matrix_beside(name: str, shapes: Shapes) -> str:
    """Return the name of the matrix that decides the fan-in of a weight, or "" if there is none."""
    prefix = name[: name.rfind(".") + 1]
    beside = [prefix + end for end in ("weight_hh", "weight") if len(shapes.get(prefix + end, ())) > 1]
    return beside[0] if beside else ""


def _torch_fan_in(name: str, shapes: Shapes) -> int:
    return prod(shapes[_matrix_beside(name, shapes) or name][1:])

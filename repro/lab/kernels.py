"""Kernels between points, the tangent kernel of a network, and regression with them, one problem per lane."""

from __future__ import annotations

import torch
from torch import Tensor

from repro.lab.ensemble import linear
from repro.lab.parameters import Weights


def linear_kernel(x: Tensor, z: Tensor) -> Tensor:
    """Return inner products: (lanes, n, features) and (lanes, m, features) to (lanes, n, m)."""
    return torch.bmm(x, z.mT)


def rbf_kernel(x: Tensor, z: Tensor, width: float) -> Tensor:
    """Return exp(-|x - z|^2 / (2 width^2)).

    Args:
        x: Shape (lanes, n, features).
        z: Shape (lanes, m, features).
        width: In the units of x.

    Returns:
        Shape (lanes, n, m).
    """
    squares = x.square().sum(2).unsqueeze(2) + z.square().sum(2).unsqueeze(1) - 2 * torch.bmm(x, z.mT)
    return torch.exp(squares.clamp_min(0) / (-2 * width**2))


def kernel_ridge(kernel: Tensor, targets: Tensor, ridge: float) -> Tensor:
    """Return the dual weights a of kernel ridge regression: (K + ridge I) a = y.

    Predict with K(test, train) a.

    Args:
        kernel: Shape (lanes, n, n).
        targets: Shape (lanes, n, outputs).
        ridge: At least 0.

    Returns:
        Shape (lanes, n, outputs); not finite where a lane's matrix is singular.
    """
    identity = torch.eye(kernel.shape[1], dtype=kernel.dtype, device=kernel.device)
    weights: Tensor = torch.linalg.solve_ex(kernel + ridge * identity, targets).result
    return weights


@torch.no_grad()
def mlp_tangent_kernel(weights: Weights, x: Tensor, z: Tensor) -> Tensor:
    """Return the empirical tangent kernel of rectified networks, averaged over their outputs.

    The product of Jacobians (Jacot et al. 2018, eq. 4), layer by layer: inner products of a layer's inputs,
    plus 1 for its bias, times those of the outputs' derivatives by its units. No Jacobian is formed.

    Args:
        weights: Made with `repro.lab.mlp.mlp_shapes`.
        x: Shape (lanes, n, inputs).
        z: Shape (lanes, m, inputs).

    Returns:
        Shape (lanes, n, m).
    """
    depth = len(weights) // 2
    outputs = weights[f"{depth - 1}.weight"].shape[1]
    left, right = _layers(weights, x), _layers(weights, z)
    entering = [1 + torch.bmm(a, b.mT) for a, b in zip(left, right, strict=True)]
    total = outputs * entering[-1]
    for output in range(outputs):
        a = weights[f"{depth - 1}.weight"][:, output].unsqueeze(1)  # (lanes, 1, units)
        b = a
        for k in reversed(range(depth - 1)):
            a, b = a * (left[k + 1] > 0), b * (right[k + 1] > 0)
            total = total + entering[k] * torch.bmm(a, b.mT)
            a, b = torch.bmm(a, weights[f"{k}.weight"]), torch.bmm(b, weights[f"{k}.weight"])
    return total / outputs


def _layers(weights: Weights, x: Tensor) -> list[Tensor]:
    """Return the inputs of each layer of a rectified network."""
    layers = [x]
    for k in range(len(weights) // 2 - 1):
        layers.append(linear(layers[-1], weights[f"{k}.weight"], weights[f"{k}.bias"]).relu())
    return layers

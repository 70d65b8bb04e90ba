"""How sharply a loss rises around weights, and the rescaling of layers that leaves the network as it is."""

from __future__ import annotations

import torch
from torch import Tensor

from repro.lab.fullbatch import Product
from repro.lab.parameters import Parameters


def in_proportion(product: Product, net: Parameters) -> Product:
    """Return the operator D H D, where H is a symmetric operator and D holds the sizes of the weights.

    Its largest eigenvalue says how sharply a loss with the Hessian H rises when each weight moves in
    proportion to its own size. Multiplying a weight by a factor divides its row and column of H by it, so
    that no such factor changes D H D where the network stays the same function.

    Args:
        product: H of each lane.
        net: The weights at which H was taken.
    """
    size = net.flat.abs()
    return lambda vector: size * product(size * vector)


@torch.no_grad()
def rescale(net: Parameters, factors: Tensor) -> None:
    """Multiply the layers of a rectified network by factors in place, each layer by its own.

    Biases are multiplied by the factors of their own layer and of all before it. If the product of the
    factors is one, the outputs stay what they are (Dinh et al. 2017, section 3), but for rounding.

    Args:
        net: Made with `mlp_shapes`, without norms.
        factors: Positive, of shape (lanes, layers).
    """
    so_far = factors.cumprod(1)
    for layer, (factor, product) in enumerate(zip(factors.unbind(1), so_far.unbind(1), strict=True)):
        net.weights[f"{layer}.weight"].mul_(factor[:, None, None])
        net.weights[f"{layer}.bias"].mul_(product[:, None])

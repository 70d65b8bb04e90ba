"""The fully connected network with any activation between its layers; `mlp` has rectified linear units."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from repro.lab.ensemble import linear
from repro.lab.parameters import Weights

Activation = Callable[[Tensor], Tensor]
"""Applied to each number on its own, such as `torch.tanh` or `torch.nn.functional.gelu`."""


def network(weights: Weights, x: Tensor, activation: Activation) -> Tensor:
    """Return the outputs of each lane's network.

    Args:
        weights: Made with `mlp_shapes`, without normalisation.
        x: Shape (lanes, batch, inputs).
        activation: What stands between the layers; the outputs are not passed through it.

    Returns:
        Shape (lanes, batch, outputs).
    """
    depth = sum(name.endswith(".weight") for name in weights)
    for k in range(depth):
        x = linear(x, weights[f"{k}.weight"], weights[f"{k}.bias"])
        x = x if k == depth - 1 else activation(x)
    return x

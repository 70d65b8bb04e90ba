"""Steps of gradient descent on the matrix of all lanes' weights, in place.

The state is explicit and belongs to the caller. A rate is one number, or one number a lane. Nothing is summed
over lanes, so that a diverged lane touches no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor


@torch.no_grad()
def sgd(
    flat: Tensor,
    gradient: Tensor,
    velocity: Tensor | None,
    rate: float | Tensor,
    *,
    momentum: float = 0.0,
    decay: float = 0.0,
) -> None:
    """Take one step of gradient descent with heavy-ball momentum, as torch.optim.SGD defines it.

    v <- momentum v + (g + decay w); w <- w - rate v. The velocity must be zero before the first step.

    Args:
        flat: Weights w of shape (lanes, count), changed in place.
        gradient: Gradient g of the same shape; overwritten where there is decay.
        velocity: State v of the same shape, changed in place; None without momentum.
        rate: Learning rate, a number or of shape (lanes,).
        momentum: Share of the velocity that is kept.
        decay: Weight decay inside the gradient.

    Raises:
        ValueError: Momentum without a velocity.
    """
    if decay:
        gradient = gradient.add(flat, alpha=decay)
    if momentum:
        if velocity is None:
            raise ValueError("momentum needs a velocity; pass torch.zeros_like(flat)")
        gradient = velocity.mul_(momentum).add_(gradient)
    _descend(flat, gradient, rate)


@dataclass
class AdamState:
    """Running moments of the gradient, of shape (lanes, count), and the number of steps taken."""

    first: Tensor
    second: Tensor
    steps: int = 0


def adam_state(flat: Tensor) -> AdamState:
    """Return the state before the first step."""
    return AdamState(torch.zeros_like(flat), torch.zeros_like(flat))


@torch.no_grad()
def adam(
    flat: Tensor,
    gradient: Tensor,
    state: AdamState,
    rate: float | Tensor,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
    decoupled_decay: float = 0.0,
) -> None:
    """Take one step of Adam (Kingma and Ba 2015, algorithm 1), as torch.optim.Adam and AdamW define it.

    Args:
        flat: Weights of shape (lanes, count), changed in place.
        gradient: Gradient of the same shape.
        state: Changed in place.
        rate: Learning rate, a number or of shape (lanes,).
        betas: Decay rates of the first and the second moment.
        epsilon: Added to the root of the second moment.
        decoupled_decay: Weight decay outside the gradient (Loshchilov and Hutter 2019).
    """
    state.steps += 1
    corrections = 1 - betas[0] ** state.steps, sqrt(1 - betas[1] ** state.steps)
    if decoupled_decay:
        _descend(flat, flat, rate, decoupled_decay)
    state.first.lerp_(gradient, 1 - betas[0])
    state.second.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
    # first / c0 over root / c1 + epsilon, with the corrections taken out of the matrices
    root = state.second.sqrt().add_(epsilon * corrections[1])
    _descend(flat, torch.div(state.first, root, out=root), rate, corrections[1] / corrections[0])


def _descend(flat: Tensor, direction: Tensor, rate: float | Tensor, factor: float = 1.0) -> None:
    if isinstance(rate, Tensor):
        flat.addcmul_(direction, rate.unsqueeze(1), value=-factor)
    else:
        flat.add_(direction, alpha=-rate * factor)


def norms(matrix: Tensor) -> Tensor:
    """Return the Euclidean norm of each lane: (lanes, count) to (lanes,)."""
    norm: Tensor = torch.linalg.vector_norm(matrix, dim=1)
    return norm


def clip(gradient: Tensor, norm: float) -> Tensor:
    """Return gradients whose norm in each lane is at most `norm`; a NaN lane stays one."""
    return gradient * (norm / norms(gradient).clamp_min(norm)).unsqueeze(1)

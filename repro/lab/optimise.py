"""Steps of gradient descent on the matrix of all lanes' weights, in place.

The state is explicit and belongs to the caller. A rate is one number or one per lane. Nothing is summed
over lanes, so a diverged lane affects no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor


@contextmanager
def without_denormals() -> Iterator[None]:
    """Flush subnormal numbers to zero: moments decay into them, and they cost many times as much."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


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
        gradient: Gradient g of the same shape.
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


class AdamState(NamedTuple):
    """Running moments of the gradient, of shape (lanes, count), and step counts, of shape (lanes,)."""

    first: Tensor
    second: Tensor
    steps: Tensor


def adam_state(flat: Tensor) -> AdamState:
    """Return the state before the first step."""
    return AdamState(
        torch.zeros_like(flat), torch.zeros_like(flat), torch.zeros(len(flat), device=flat.device)
    )


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
    """Take one step of Adam (Kingma and Ba 2015, algorithm 1) by torch's fused kernel, one row per lane.

    Args:
        flat: Weights of shape (lanes, count), changed in place.
        gradient: Gradient of the same shape.
        state: Changed in place.
        rate: Learning rate, a number or of shape (lanes,).
        betas: Decay rates of the first and the second moment.
        epsilon: Added to the root of the second moment.
        decoupled_decay: Weight decay outside the gradient (Loshchilov and Hutter 2019).
    """
    state.steps.add_(1)
    rows = [tensor.unbind() for tensor in (flat, gradient, *state)]
    for lanes, one in _each(rate) if isinstance(rate, Tensor) else [(slice(None), rate)]:
        weights, slopes, first, second, steps = (row[lanes] for row in rows)
        torch.ops.aten._fused_adamw_(  # what torch.optim.AdamW calls
            *(weights, slopes, first, second, (), steps),
            lr=one,
            beta1=betas[0],
            beta2=betas[1],
            weight_decay=decoupled_decay,
            eps=epsilon,
            amsgrad=False,
            maximize=False,
        )


def _each(rate: Tensor) -> list[tuple[slice, float]]:
    """Return each lane by itself with its own rate: the kernel takes one rate per call."""
    return [(slice(lane, lane + 1), step) for lane, step in enumerate(rate.tolist())]


def _descend(flat: Tensor, direction: Tensor, rate: float | Tensor) -> None:
    if isinstance(rate, Tensor):
        flat.addcmul_(direction, rate.unsqueeze(1), value=-1)
    else:
        flat.add_(direction, alpha=-rate)


def norms(matrix: Tensor) -> Tensor:
    """Return the Euclidean norm of each lane: (lanes, count) to (lanes,)."""
    norm: Tensor = torch.linalg.vector_norm(matrix, dim=1)
    return norm


def clip(gradient: Tensor, norm: float) -> Tensor:
    """Return gradients whose norm in each lane is at most `norm`; a lane of NaN stays NaN."""
    return gradient * (norm / norms(gradient).clamp_min(norm)).unsqueeze(1)

"""Linear least squares in each lane; of several solutions, the one of least norm."""

from __future__ import annotations

import torch
from torch import Tensor


def least_squares(x: Tensor, y: Tensor, ridge: float | Tensor = 0.0) -> Tensor:
    """Return the weights w that minimise |x w - y|^2 + ridge |w|^2; without a ridge, those of least norm.

    Singular values below the rounding error of the largest count as zero.

    Args:
        x: Shape (lanes, n, features).
        y: Shape (lanes, n, outputs).
        ridge: At least 0; a number or of shape (lanes,).

    Returns:
        Shape (lanes, features, outputs); NaN for a lane that is not finite.
    """
    finite = is_finite(x) & is_finite(y)
    u, s, vt = torch.linalg.svd(without(~finite, x), full_matrices=False)
    floor = torch.finfo(s.dtype).eps * max(x.shape[1:]) * s[:, :1]
    strength = torch.as_tensor(ridge, dtype=s.dtype, device=s.device).expand(len(s)).unsqueeze(1)
    gain = torch.where(s > floor, s / (s.square() + strength), 0.0)
    w: Tensor = vt.mT @ (gain.unsqueeze(2) * (u.mT @ y))
    return w.masked_fill(~finite[:, None, None], float("nan"))


def is_finite(tensor: Tensor) -> Tensor:
    """Return which lanes hold neither NaN nor infinity: (lanes, ...) to (lanes,)."""
    return tensor.isfinite().flatten(1).all(1)


def without(lanes: Tensor, matrices: Tensor) -> Tensor:
    """Return matrices with some lanes set to zero, because LAPACK rejects a whole batch for a single NaN.

    Args:
        lanes: Which, of shape (lanes,).
        matrices: Shape (lanes, rows, columns).
    """
    return matrices.masked_fill(lanes[:, None, None], 0.0)

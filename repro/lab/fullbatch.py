"""Second-order tools on a fixed batch: Jacobians, Gauss-Newton steps, Hessian products, eigenvalues.

Everything is per lane. The functions must be twice differentiable; for the Jacobian, once is enough.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from repro.lab.least_squares import is_finite, least_squares, without
from repro.lab.parameters import Parameters, flatten

Product = Callable[[Tensor], Tensor]
"""A symmetric operator of each lane: (lanes, count) to (lanes, count)."""


def jacobian(outputs: Tensor, net: Parameters) -> Tensor:
    """Return the derivatives of each lane's outputs with respect to its own weights.

    Args:
        outputs: Shape (lanes, ...), computed from the weights.
        net: The weights.

    Returns:
        Shape (lanes, outputs of a lane, count).
    """
    columns = outputs.flatten(1).sum(0)  # lanes share no weight, so their sum separates
    weights = tuple(net.weights.values())
    return torch.stack(
        [flatten(torch.autograd.grad(column, weights, retain_graph=True)) for column in columns], 1
    )


def gauss_newton_step(jacobian: Tensor, residual: Tensor, damping: Tensor | float = 0.0) -> Tensor:
    """Return the step d that minimises |residual + J d|^2 + damping |d|^2 in each lane.

    Without damping this is the minimiser of least norm. A lane that is not finite gives NaN.

    Args:
        jacobian: J of shape (lanes, outputs, count).
        residual: Predictions minus targets, of shape (lanes, outputs).
        damping: A number or of shape (lanes,), at least 0 (Levenberg and Marquardt).

    Returns:
        Shape (lanes, count), to be added to the weights.
    """
    return -least_squares(jacobian, residual.unsqueeze(2), damping).squeeze(2)


def hessian_product(loss: Tensor, net: Parameters) -> Product:
    """Return the exact product of each lane's Hessian with a vector (Pearlmutter 1994).

    Args:
        loss: One value per lane, of shape (lanes,); its graph is kept for every product.
        net: The weights that the loss was computed from.
    """
    weights = tuple(net.weights.values())
    slope = flatten(torch.autograd.grad(loss.sum(), weights, create_graph=True))

    def product(vector: Tensor) -> Tensor:
        along = (slope * vector).sum()
        return flatten(torch.autograd.grad(along, weights, retain_graph=True))

    return product


def ritz_values(product: Product, start: Tensor, steps: int) -> Tensor:
    """Return the eigenvalues of each lane's operator in a Krylov space (Lanczos, fully reorthogonalised).

    The outermost converge first, to the operator's largest and smallest eigenvalues.

    Args:
        product: A symmetric operator.
        start: Where the Krylov space starts, of shape (lanes, count), such as normal draws.
        steps: Dimension of the space, at most `count`; larger numbers are cut to it.

    Returns:
        Shape (lanes, steps), ascending; NaN for a lane that is not finite.
    """
    basis = [start / torch.linalg.vector_norm(start, dim=1, keepdim=True)]
    images: list[Tensor] = []
    for _ in range(min(steps, start.shape[1])):
        images.append(product(basis[-1]))
        rest = images[-1]
        for _ in range(2):  # twice is enough (Parlett 1998, section 6.9)
            known = torch.stack(basis, 1)
            rest = rest - (known.mT @ (known @ rest.unsqueeze(2))).squeeze(2)
        length = torch.linalg.vector_norm(rest, dim=1, keepdim=True)
        basis.append(rest / length.clamp_min(torch.finfo(rest.dtype).tiny))
    projected = torch.stack(basis[:-1], 1) @ torch.stack(images, 1).mT
    return eigenvalues(projected)


def top_eigenvalues(product: Product, start: Tensor, steps: int = 40) -> Tensor:
    """Return the largest eigenvalue of each lane's operator, by Lanczos.

    Args:
        product: A symmetric operator.
        start: Where the Krylov space starts, of shape (lanes, count).
        steps: How many products to compute.

    Returns:
        Shape (lanes,).
    """
    return ritz_values(product, start, steps)[:, -1]


def eigenvalues(matrices: Tensor) -> Tensor:
    """Return the eigenvalues of symmetric matrices, ascending; NaN for a lane that is not finite.

    Args:
        matrices: Shape (lanes, n, n); they are made symmetric first.

    Returns:
        Shape (lanes, n).
    """
    finite = is_finite(matrices)
    values: Tensor = torch.linalg.eigvalsh(without(~finite, matrices + matrices.mT) / 2)
    return values.masked_fill(~finite.unsqueeze(1), float("nan"))

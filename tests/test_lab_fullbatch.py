"""Second-order tools and kernels against dense linear algebra and torch.func."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel as reference_rbf
from torch import Tensor
from torch.func import jacrev

from repro.lab.data import teacher_student
from repro.lab.fullbatch import (
    eigenvalues,
    gauss_newton_step,
    hessian_product,
    jacobian,
    ritz_values,
    top_eigenvalues,
)
from repro.lab.initialise import initialise
from repro.lab.kernels import kernel_ridge, linear_kernel, mlp_tangent_kernel, rbf_kernel
from repro.lab.least_squares import least_squares
from repro.lab.linear_network import linear_loss, moments, two_layer_slopes
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.parameters import unflatten
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2))
SHAPES = mlp_shapes(4, 6, 5, 3)
DATA = teacher_student(SEEDS, train=8, test=7, widths=(4, 9, 3), dtype=torch.float64)
NET = initialise(SEEDS, SHAPES, "he", dtype=torch.float64)
NAN = float("nan")


def normal(purpose: str, *shape: int) -> Tensor:
    """Return normal draws of two lanes."""
    return SEEDS.normal(purpose, *shape, dtype=torch.float64)


def outputs(flat: Tensor, lane: int) -> Tensor:
    """Return one lane's outputs on its training points as a function of its weights."""
    return mlp(unflatten(flat.unsqueeze(0), SHAPES), DATA.x[lane : lane + 1])


def loss(flat: Tensor, lane: int) -> Tensor:
    """Return one lane's squared error as a function of its weights."""
    return (outputs(flat, lane) - DATA.y[lane : lane + 1]).square().mean()


def dense_hessians() -> Tensor:
    """Return both lanes' Hessians by torch.func."""
    return torch.stack([jacrev(jacrev(loss))(NET.flat[lane], lane) for lane in range(2)])


def test_jacobian_equals_that_of_each_lane_alone():
    """The Jacobian of an ensemble is the stack of the lanes' Jacobians."""
    expected = torch.stack([jacrev(outputs)(NET.flat[lane], lane).flatten(0, 2) for lane in range(2)])
    torch.testing.assert_close(jacobian(mlp(NET.weights, DATA.x), NET), expected)


def test_hessian_product_equals_the_dense_hessian():
    """The product with a vector is exact."""
    product = hessian_product(squared_error(mlp(NET.weights, DATA.x), DATA.y), NET)
    vector = normal("vector", NET.flat.shape[1])
    expected = (dense_hessians() @ vector.unsqueeze(2)).squeeze(2)
    torch.testing.assert_close(product(vector), expected)


def test_lanczos_finds_the_outermost_eigenvalues():
    """Largest and smallest eigenvalue agree with the dense ones after few products."""
    product = hessian_product(squared_error(mlp(NET.weights, DATA.x), DATA.y), NET)
    expected = torch.linalg.eigvalsh(dense_hessians())
    start = normal("start", NET.flat.shape[1])
    found = ritz_values(product, start, 40)
    torch.testing.assert_close(found[:, [0, -1]], expected[:, [0, -1]], rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(top_eigenvalues(product, start), expected[:, -1], rtol=1e-8, atol=0)


def test_lanczos_in_the_whole_space_finds_every_eigenvalue():
    """With as many products as dimensions the values are all eigenvalues; a NaN lane stays alone."""
    matrix = normal("matrix", 9, 9)
    matrix = matrix + matrix.mT
    start = normal("start", 9)
    found = ritz_values(lambda v: (matrix @ v.unsqueeze(2)).squeeze(2), start, 50)
    torch.testing.assert_close(found, torch.linalg.eigvalsh(matrix))
    start[0] = NAN
    poisoned = ritz_values(lambda v: (matrix @ v.unsqueeze(2)).squeeze(2), start, 50)
    assert poisoned[0].isnan().all()
    assert torch.equal(poisoned[1], found[1])


def test_gauss_newton_solves_a_linear_problem_in_one_step():
    """Without damping the step of an overdetermined linear problem is its least-squares solution."""
    a, b = normal("a", 9, 4), normal("b", 9)
    step = gauss_newton_step(a, -b)
    torch.testing.assert_close(step, torch.linalg.lstsq(a, b.unsqueeze(2)).solution.squeeze(2))


def test_damping_is_by_lane_and_diverged_lanes_stay_alone():
    """The damped step solves the damped normal equations, with one strength per lane."""
    a, b, strength = normal("a", 5, 8), normal("b", 5), torch.tensor([0.1, 2.0]).double()
    step = gauss_newton_step(a, b, strength)
    system = a.mT @ a + strength[:, None, None] * torch.eye(8).double()
    torch.testing.assert_close(step, -torch.linalg.solve(system, a.mT @ b.unsqueeze(2)).squeeze(2))
    a[0, 0, 0] = NAN
    poisoned = gauss_newton_step(a, b, strength)
    assert poisoned[0].isnan().all()
    assert torch.equal(poisoned[1], step[1])


@pytest.mark.parametrize(("points", "features"), [(9, 4), (4, 9)])
def test_least_squares_gives_the_shortest_solution(points, features):
    """Without a ridge the weights are those of the pseudo-inverse."""
    x, y = normal("x", points, features), normal("y", points, 2)
    torch.testing.assert_close(least_squares(x, y), torch.linalg.pinv(x) @ y)


def test_eigenvalues_of_a_lane_that_is_not_finite_are_nan():
    """A diverged lane stays NaN."""
    assert eigenvalues(torch.full((1, 2, 2), NAN)).isnan().all()


def test_tangent_kernel_equals_the_product_of_jacobians():
    """The kernel by layers is the mean over outputs of the Jacobians' inner products."""
    left, right = (jacobian(mlp(NET.weights, x), NET).unflatten(1, (-1, 3)) for x in (DATA.x, DATA.test_x))
    expected = torch.einsum("lnop,lmop->lnm", left, right) / 3
    torch.testing.assert_close(mlp_tangent_kernel(NET.weights, DATA.x, DATA.test_x), expected)


def test_kernels_equal_the_reference():
    """Kernels and their ridge regression agree with scikit-learn, lane by lane."""
    x, z, y = DATA.x, DATA.test_x, DATA.y
    weights = kernel_ridge(rbf_kernel(x, x, 1.5), y, 0.3)
    for lane in range(2):
        a, b = x[lane].numpy(), z[lane].numpy()
        gamma = 1 / (2 * 1.5**2)
        np.testing.assert_allclose(rbf_kernel(x, z, 1.5)[lane], reference_rbf(a, b, gamma), atol=1e-12)
        np.testing.assert_allclose(linear_kernel(x, z)[lane], a @ b.T, atol=1e-12)
        model = KernelRidge(alpha=0.3, kernel="rbf", gamma=gamma).fit(a, y[lane].numpy())
        np.testing.assert_allclose(weights[lane], model.dual_coef_, atol=1e-8)


def test_moments_know_the_loss_and_the_slopes_of_a_linear_network():
    """Loss and gradients from sufficient statistics are those from the points."""
    first, second = normal("first", 6, 4).requires_grad_(), normal("second", 3, 6).requires_grad_()
    error = DATA.x @ (second @ first).mT - DATA.y
    direct = error.square().sum(2).mean(1) / 2
    data = moments(DATA.x, DATA.y)
    torch.testing.assert_close(linear_loss(second @ first, data), direct)
    expected = torch.autograd.grad(direct.sum(), (first, second))
    torch.testing.assert_close(tuple(two_layer_slopes(first, second, data)), expected)

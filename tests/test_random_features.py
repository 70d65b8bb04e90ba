"""Random features and their kernel error, against what can be written down."""

import math

import torch

from repro.experiments import kernel_error, random_features
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))


def test_features_average_to_the_kernel():
    """The mean product of many features of two points is their Gaussian kernel value, for both maps."""
    points = SEEDS.uniform("some points", 6, kernel_error.DIMENSIONS, low=-1.0)
    kernel = torch.exp(-torch.cdist(points, points).square())
    for draw in (kernel_error.phase, kernel_error.paired):
        features = draw(SEEDS, points, 2**16)
        mean = 2 * features @ features.mT / 2**16
        assert (mean - kernel).abs().max() < 5 / math.sqrt(2**16)


def test_paired_features_have_no_error_at_a_point_itself():
    """A cosine and a sine of one frequency have squares that sum to one."""
    points = SEEDS.uniform("some points", 6, kernel_error.DIMENSIONS)
    features = kernel_error.paired(SEEDS, points, 64)
    assert torch.allclose(features.square().sum(-1) * 2 / 64, torch.ones(5, 6))


def test_a_line_is_found_exactly():
    """The fitted slope and intercept of points on a line are its own."""
    x = torch.tensor([1.0, 2.0, 4.0])
    slope, intercept = kernel_error.line(x, torch.stack([3 - 0.5 * x, 2 * x]))
    assert torch.allclose(slope, torch.tensor([-0.5, 2.0]))
    assert torch.allclose(intercept, torch.tensor([3.0, 0.0]), atol=1e-6)


def test_primal_and_dual_machines_agree():
    """Ridge regression on features and on the kernel matrix of the same features give one accuracy."""
    z = SEEDS.normal("features", 40, 12, dtype=torch.float64)
    new = SEEDS.normal("new features", 30, 12, dtype=torch.float64)
    targets = SEEDS.normal("targets", 40, 3, dtype=torch.float64)
    classes = SEEDS.integers("classes", 30, high=3)
    primal = random_features.best_accuracy(z.mT @ z, new, z.mT @ targets, classes)
    dual = random_features.best_accuracy(z @ z.mT, new @ z.mT, targets, classes)
    assert torch.equal(primal, dual)


def test_arms_of_a_problem_see_the_same_split():
    """Accuracies of two machines may be subtracted seed by seed."""
    first, second = (random_features.digits(SEEDS, random_features.MINIMAL) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1][0], first[1][1])

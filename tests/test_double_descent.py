"""The least squares fits and the noisy digits of double descent, against what can be written down."""

import torch

from repro.experiments import double_descent as experiment
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3))


def drawn(points, features):
    """Return a matrix of features and targets of two outputs."""
    z = SEEDS.normal("some features", points, features, dtype=torch.float64)
    return z, SEEDS.normal("some targets", points, 2, dtype=torch.float64)


def test_each_penalty_gives_its_own_ridge_solution():
    """The solutions stand side by side, and each solves its normal equations."""
    z, y = drawn(30, 12)
    found = experiment.solutions(z, y, (0.1, 10.0)).unflatten(2, (2, 2))
    for k, penalty in enumerate((0.1, 10.0)):
        residual = z.mT @ (z @ found[:, :, k] - y) + penalty * found[:, :, k]
        assert residual.abs().max() < 1e-10


def test_without_penalty_the_shortest_of_all_fits_is_found():
    """With more features than points the targets are met, by weights in the span of the points."""
    z, y = drawn(8, 20)
    found = experiment.solutions(z, y, (0.0,))
    assert torch.allclose(z @ found, y)
    assert torch.allclose(found, torch.linalg.pinv(z) @ y)


def test_a_feature_that_is_always_off_is_left_out():
    """A column of zeros gets weight zero instead of an infinite one."""
    z, y = drawn(8, 6)
    z[:, :, 2] = 0
    found = experiment.solutions(z, y, (0.0,))
    assert found.isfinite().all()
    assert found[:, 2].abs().max() < 1e-12


def test_about_fifteen_percent_of_the_digits_are_mislabelled():
    """Wrong labels are in the training targets only, and none is right by chance."""
    (x, y, _, test_y), error = experiment.digits(SEEDS, 1000)
    _, labels, _, test_labels = experiment.draw_digits(SEEDS, train=1000)
    share = (y.argmax(-1) != labels).double().mean()
    assert abs(share - 0.15) < 0.03
    assert torch.equal(test_y.argmax(-1), test_labels)
    assert error(y, y).max() == 0
    assert x.mean((1, 2)).abs().max() < 1e-12


def test_noise_free_line_is_found_by_features_that_hold_it():
    """Weights of the pair of features relu(v) and relu(-v) can write any line, without error."""
    x, y, test_x, test_y = experiment.linear_regression(SEEDS, train=40, test=10, features=5)
    z, test_z = (torch.cat([p.relu(), (-p).relu()], 2) for p in (x, test_x))
    assert torch.allclose(test_z @ experiment.solutions(z, y, (0.0,)), test_y)

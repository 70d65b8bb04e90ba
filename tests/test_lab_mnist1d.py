"""Our MNIST-1D against the package of its authors, mnist1d, the oracle of the distribution."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mnist1d import data as reference_package
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from torch import Tensor

from repro.lab import mnist1d as lab
from repro.lab.mnist1d import mnist1d, templates
from repro.lab.seeds import Seeds

COUNT = 5_000


@pytest.fixture(scope="module")
def reference():
    """Return (signals, labels) of the reference package."""
    arguments = reference_package.get_dataset_args()
    arguments.num_samples, arguments.seed = COUNT, 7
    state = np.random.get_state()  # noqa: NPY002  # the package seeds the global generator
    made = reference_package.make_dataset(arguments)
    np.random.set_state(state)  # noqa: NPY002
    signals = np.concatenate([made["x"], made["x_test"]])
    return torch.from_numpy(signals), torch.from_numpy(np.concatenate([made["y"], made["y_test"]]))


@pytest.fixture(scope="module")
def ours():
    """Return (signals, labels) of one seed, as many as the reference's."""
    data = mnist1d(Seeds((1,)), train=COUNT - 10, test=10, dtype=torch.float64)
    return torch.cat([data.x[0], data.test_x[0]]), torch.cat([data.y[0], data.test_y[0]])


def by_class(data: tuple[Tensor, Tensor], statistic) -> Tensor:
    """Return a statistic of the signals of each class, one row per class."""
    signals, labels = data
    return torch.stack([statistic(signals[labels == digit]) for digit in range(10)])


def test_templates_equal_the_reference():
    """The ten templates are the published ones to rounding."""
    assert torch.allclose(templates(), torch.from_numpy(reference_package.get_templates()["x"]), atol=1e-14)


@pytest.mark.parametrize("power", [1, 2, 4])
def test_moments_of_each_class_and_position_equal_the_reference(ours, reference, power):
    """Moments agree within sampling error: standardised differences have mean square 1 and no outlier."""

    def mean(x: Tensor) -> Tensor:
        return (x**power).mean(0)

    def error(x: Tensor) -> Tensor:
        return (x**power).var(0) / len(x)

    difference = by_class(ours, mean) - by_class(reference, mean)
    z = difference / (by_class(ours, error) + by_class(reference, error)).sqrt()  # (10, 40)
    assert float(z.square().mean()) < 1.5
    assert float(z.abs().max()) < 5


def test_spectrum_of_each_class_equals_the_reference(ours, reference):
    """The power at every frequency agrees: the noises have the reference's strength and smoothness."""

    def power(x: Tensor) -> Tensor:
        return torch.fft.rfft(x, dim=1).abs().square().mean(0).log()

    difference = by_class(ours, power) - by_class(reference, power)  # (10, 21), each of deviation about 0.07
    assert float(difference.abs().max()) < 0.3
    assert float(difference.mean().abs()) < 0.02


def test_correlations_between_positions_equal_the_reference(ours, reference):
    """The covariance of all pairs of positions agrees within sampling error."""
    difference = torch.cov(ours[0].T) - torch.cov(reference[0].T)
    assert float(difference.abs().max()) < 0.12


def test_classifier_trained_on_ours_scores_equally_on_theirs(ours, reference):
    """A quadratic classifier fitted to our points is as accurate on theirs as on fresh ones of ours."""
    model = QuadraticDiscriminantAnalysis().fit(ours[0].numpy(), ours[1].numpy())
    fresh = mnist1d(Seeds((2,)), train=COUNT - 10, test=10, dtype=torch.float64)
    on_ours = model.score(fresh.x[0].numpy(), fresh.y[0].numpy())
    on_theirs = model.score(reference[0].numpy(), reference[1].numpy())
    assert on_theirs == pytest.approx(on_ours, abs=0.02)


def test_each_seed_has_its_own_balanced_standard_set():
    """Seeds differ, classes are balanced over train and test, and each set has mean 0 and deviation 1."""
    data = mnist1d(Seeds((1, 2)))
    assert data.x.shape == (2, 4000, 40)
    assert data.test_x.shape == (2, 1000, 40)
    assert not torch.equal(data.x[0], data.x[1])
    everything = torch.cat([data.x, data.test_x], 1)
    torch.testing.assert_close(everything.mean((1, 2)), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(everything.std((1, 2)), torch.ones(2), atol=1e-4, rtol=0)
    counts = torch.stack([torch.bincount(labels) for labels in torch.cat([data.y, data.test_y], 1)])
    assert torch.equal(counts, torch.full((2, 10), 500))


def test_points_that_do_not_divide_among_classes_are_refused():
    """The message names the numbers and the rule."""
    with pytest.raises(ValueError, match="100 \\+ 5 points do not divide among 10 classes"):
        mnist1d(Seeds((1,)), train=100, test=5)


def test_the_usual_style_is_that_of_the_usual_signals():
    """From the same random numbers a style as it stands makes the same signals, up to their scale."""
    usual, labels = lab._signals(np.random.default_rng(3), 2000)
    styled, same = lab._styled(np.random.default_rng(3), 2000, lab.Style())
    assert (labels == same).all()
    assert np.allclose((styled - styled.mean()) / styled.std(), usual, atol=1e-12)
    scaled = lab.mnist1d_styled(Seeds((1,)), lab.Style(), train=20_000).x
    assert abs(float(scaled.mean())) < 0.01
    assert abs(float(scaled.std()) - 1) < 0.01


def test_a_style_sets_each_range():
    """Without shift, scale, shear and noise all signals of one class are alike."""
    plain = lab.Style(range(50, 51), range(7, 8), scale=0, shear=0, correlated=0, white=0)
    data = lab.mnist1d_styled(Seeds((1, 2)), plain, train=60, test=20)
    for digit in range(10):
        alike = data.x[data.y == digit]
        assert torch.equal(alike, alike[:1].expand_as(alike))
    assert data.test_x.shape == (2, 20, 40)
    moved = lab.mnist1d_styled(Seeds((1, 2)), plain._replace(shifts=range(7, 30)), train=60)
    assert len(moved.x[moved.y == 3].unique(dim=0)) > 1

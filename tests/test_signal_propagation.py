"""Signal propagation: the theory against known numbers, the net against automatic differentiation."""

import math

import pytest
import torch

from repro.experiments import signal_propagation as experiment
from repro.lab.seeds import Seeds


def test_quadrature_integrates_polynomials_of_a_gaussian():
    """The second and fourth moments of a Gaussian are variance and three times its square."""
    assert experiment.expectation(lambda h: h.square(), 2.5) == pytest.approx(2.5)
    assert experiment.expectation(lambda h: h**4, 2.5) == pytest.approx(3 * 2.5**2)


@pytest.mark.parametrize("variance", [1.0, 1.76, 4.0])
def test_theory_agrees_with_sampling(variance):
    """The fixed point reproduces itself, and chi is the mean squared slope there, over a million draws."""
    q, chi = experiment.theory(variance)
    h = math.sqrt(q) * Seeds((0,)).normal("draws", 1_000_000, dtype=torch.float64)
    assert float(variance * h.tanh().square().mean() + experiment.BIAS_VARIANCE) == pytest.approx(q, abs=0.01)
    assert float(variance * (1 - h.tanh().square()).square().mean()) == pytest.approx(chi, abs=0.01)


def test_critical_variance():
    """At a bias variance of 0.05 the edge lies at a weight variance of 1.761."""
    assert experiment.theory(1.7605)[1] < 1 < experiment.theory(1.7615)[1]


def test_pairs_have_the_length_and_the_correlations_asked_for():
    """Wide pairs have mean square q and correlations 0.5 and 0.99."""
    sides = experiment.pairs(Seeds((1, 2)), 20_000, 0.7)
    assert torch.allclose(sides.square().mean(-1), torch.tensor(0.7), atol=0.03)
    cosines = torch.cosine_similarity(sides[:, 0], sides[:, 1], dim=-1)
    wanted = torch.tensor([experiment.FAR] * experiment.PAIRS + [experiment.NEAR] * experiment.PAIRS)
    assert torch.allclose(cosines, wanted.expand(2, -1), atol=0.03)


def test_wide_shallow_nets_follow_theory_where_narrow_ones_scatter():
    """The gradient factor comes closer to chi as layers widen."""
    seeds = Seeds(tuple(range(10)))
    narrow, wide = (
        experiment.measure("plain_2_5", seeds, experiment.Scale(width=width, depth=8)) for width in (16, 256)
    )
    assert wide["gradient_factor_error"].abs().mean() < narrow["gradient_factor_error"].abs().mean() / 2

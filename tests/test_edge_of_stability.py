"""Curvature over the limit of stability, where it is known in advance."""

import torch

from repro.experiments import edge_of_stability as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=20, width=4, steps=30)


def test_the_curvature_of_a_linear_model_stays_where_it_was():
    """It is one over the multiple of itself at which the limit was set, at every look."""
    found = experiment.measure("linear_4", TWO, SMALL)
    assert torch.allclose(found["sharpness_curve"], torch.tensor(0.25), rtol=1e-3)
    assert torch.allclose(found["sharpness_over_limit"], torch.tensor(0.25), rtol=1e-3)


def test_stable_descent_never_raises_the_loss_of_a_linear_model():
    """Below the limit all steps lower it, and beyond the limit it grows without bound."""
    assert not experiment.measure("linear_4", TWO, SMALL)["rising_steps"].any()
    above = experiment.measure("linear_above", TWO, SMALL)
    assert (above["log10_late_change"] > 0).all()


def test_a_net_starts_at_its_share_of_the_limit():
    """The first curvature is one over the multiple, by which the rate was set."""
    for arm, share in (("net_2", 0.5), ("net_4", 0.25), ("net_100", 0.01)):
        curve = experiment.measure(arm, TWO, SMALL)["sharpness_curve"]
        assert torch.allclose(curve[:, 0], torch.tensor(share), rtol=1e-3)


def test_a_run_that_blows_up_counts_as_ten_decades():
    """A loss that is no number any more leaves no outcome empty."""
    found = experiment.measure("linear_above", TWO, experiment.Scale(train=20, width=4, steps=900))
    assert found["log10_late_change"].tolist() == [experiment.MOST] * 2

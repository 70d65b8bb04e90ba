"""What is done to inputs, and the steps that it takes to learn from them."""

import torch

from repro.experiments import input_centring as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=40, width=4)


def covariance(x):
    """Return the second moments of inputs about their mean."""
    x = x - x.mean(1, keepdim=True)
    return x.mT @ x / x.shape[1]


def test_whitened_inputs_have_equal_variances_and_no_correlations():
    """Their covariance is the identity where no variance is held up."""
    white = experiment.correlated_whitened(TWO)
    assert torch.allclose(covariance(white), torch.eye(experiment.DIMENSION, dtype=white.dtype), atol=1e-8)


def test_treatments_keep_the_mean_variance():
    """Pixels have a variance of 1 on average; those made larger have no mean and the size of raw ones."""
    for pixels in (
        experiment.pixels,
        experiment.pixels_centred,
        experiment.pixels_rotated,
        experiment.pixels_standardised,
        experiment.pixels_unequal,
        experiment.pixels_whitened,
    ):
        mean = covariance(pixels(TWO, SMALL)).diagonal(dim1=1, dim2=2).mean(1)
        assert torch.allclose(mean, torch.ones(2), atol=1e-4), pixels.__name__
    raw, larger = experiment.pixels(TWO, SMALL), experiment.pixels_larger(TWO, SMALL)
    assert torch.allclose(raw.square().mean((1, 2)), larger.square().mean((1, 2)))
    assert larger.mean(1).abs().max() < 1e-5


def test_a_mean_raises_the_curvature_as_computed():
    """The largest curvature at mean 1 is near the larger root of x^2 - (2 + d) x + 1."""
    found = experiment.measure("mean_1", TWO, SMALL)["largest_curvature"]
    assert torch.allclose(found, torch.full_like(found, 21.95), rtol=0.1)


def test_steps_are_counted_to_the_first_loss_that_is_low_enough():
    """Regression by the count before is still above the goal, and at the count it is not."""
    x = experiment.without_mean(TWO)
    x = torch.cat([x, torch.ones_like(x[..., :1])], 2)
    speed = experiment.measure("mean_0", TWO, SMALL)
    for seed in range(2):
        moments = x[seed].T @ x[seed] / len(x[seed])
        error = TWO.normal("target", 21, 1, dtype=x.dtype)[seed]
        losses = []
        for _ in range(int(speed["steps"][seed]) + 1):
            losses.append((error.T @ moments @ error).item())
            error = error - moments @ error / speed["largest_curvature"][seed]
        assert losses[-1] <= experiment.FALL * losses[0] < losses[-2]


def test_a_net_counts_the_rate_that_is_first():
    """Steps are those of the fastest of the rates, whichever that is for a seed."""
    speed = experiment.measure("net_centred", TWO, SMALL)
    assert (speed["steps"] > 0).all()
    assert torch.equal(
        speed["steps"][1:], experiment.measure("net_centred", Seeds((6, 7)), SMALL)["steps"][:1]
    )

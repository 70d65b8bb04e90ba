"""The rule, the gradient, and two estimates of information against closed forms."""

from math import log2

import pytest
import torch

from repro.experiments import information_plane as experiment
from repro.experiments.information_plane import ARMS, ASINH, RELU, TANH, Scale
from repro.lab.initialise import initialise
from repro.lab.losses import cross_entropy
from repro.lab.mlp import mlp_shapes
from repro.lab.parameters import gradient as by_torch
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


def test_the_rule_is_balanced_and_symmetric():
    """About half of the patterns are in either class; rotating, mirroring or inverting changes nothing."""
    x = experiment.patterns()
    y = experiment.labels(TWO, x)
    assert torch.allclose(y.float().mean(1), torch.tensor(0.5), atol=0.05)
    worth = 2 ** torch.arange(12.0)
    for other in (x.roll(1, 1), x.flip(1), -x):
        number = ((other + 1) / 2 @ worth).long()
        assert torch.equal(y[:, number], y)
    assert not torch.equal(y[0], y[1])


@pytest.mark.parametrize("unit", [TANH, RELU, ASINH])
def test_the_gradient_is_that_of_the_cross_entropy(unit):
    """It equals what automatic differentiation gives."""
    net = initialise(TWO, mlp_shapes(*experiment.WIDTHS), unit.rule, dtype=torch.float64)
    x, y = TWO.normal("x", 20, 12, dtype=torch.float64), TWO.integers("y", 20, high=2)
    exact = by_torch(cross_entropy(experiment.activations(net.weights, x, unit)[-1], y), net)
    assert torch.allclose(experiment.gradient(net, x, y, unit), exact, atol=1e-12)


def test_entropy_counts_codes():
    """Four codes once each hold two bits, one code none, and halves and quarters one and a half."""
    code = torch.tensor([[1, 2, 3, 4], [7, 7, 7, 7], [0, 0, 5, 9]])
    assert torch.allclose(experiment.entropy(code), torch.tensor([2, 0, 1.5]).double())


def test_bins_hold_their_ends():
    """Thirty bins from -1 to 1 tell thirty evenly spread values apart, and a bound lies in the last bin."""
    middles = (torch.arange(30) + 0.5) / 15 - 1
    assert experiment.binned(middles.view(1, 30, 1), 0.0, 1 / 15).item() == pytest.approx(log2(30))
    ends = torch.tensor([0.99, 1.0, -0.99, -1.0]).view(1, 4, 1)
    assert experiment.binned(ends, 0.0, 1 / 15).item() == pytest.approx(1)


def test_adaptive_bins_and_noise_do_not_mind_the_unit_of_activations():
    """Activations ten times as large keep the same adaptive information, and more of it by fixed bins."""
    layer = TWO.normal("layer", 600, 2).tanh()
    small, large = experiment.estimates([layer], 30), experiment.estimates([10 * layer], 30)
    assert torch.allclose(small.adaptive, large.adaptive, atol=0.02)
    assert torch.allclose(small.adaptive_noise, large.adaptive_noise, atol=1e-3)
    assert (large.fixed > small.fixed).all()
    assert (large.fixed_noise > small.fixed_noise).all()


def test_noise_merges_what_is_near():
    """Four far points hold two bits; when they are pairs of equal ones, one bit."""
    far = torch.tensor([0.0, 10, 20, 30]).view(1, 4, 1)
    pairs = torch.tensor([0.0, 0, 30, 30]).view(1, 4, 1)
    found = [experiment.noisy(experiment.distances(points), 0.1).item() for points in (far, pairs)]
    assert found == pytest.approx([2, 1], abs=1e-6)


def test_a_run_is_read_where_it_reaches_the_loss_or_at_its_end():
    """The first look at a loss of at most 0.1 counts, or the last where there is none."""
    loss = torch.tensor([[0.5, 0.09, 0.2, 0.05], [0.5, 0.4, 0.3, 0.2]])
    values = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    assert experiment.at_loss(values, loss).tolist() == [2, 8]
    assert experiment.compression(values.flip(1)).tolist() == [3, 3]


def test_every_arm_is_seen_at_every_look():
    """Those that stop early too."""
    for arm in ("tanh_stopped", "tanh_small"):
        found = experiment.measure(arm, Seeds((5,)), Scale(steps=20))
        assert found["fixed_curve"].shape == (1, len(experiment.LOOKS))
        assert (found["compression"] >= 0).all()
    assert ARMS["tanh_full"].batch == experiment.TRAIN

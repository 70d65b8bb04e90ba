"""Rounds of tuning on one test set, against what must hold of them."""

import torch
from scipy.stats import spearmanr

from repro.experiments import reused_test_set as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=100, steps=5, rounds=2, reused=100)


def test_units_beyond_the_width_of_a_network_never_learn():
    """Training leaves their weights at zero."""
    data = experiment.mnist1d(TWO, train=100, test=10)
    settings = experiment.Settings(*torch.tensor([experiment.FIRST] * 2).unbind(1))
    net = experiment.trained(data, TWO, settings, SMALL)
    units = int(2 ** experiment.FIRST[2])
    assert (net.weights["0.weight"][:, units:] == 0).all()
    assert (net.weights["1.weight"][:, :, units:] == 0).all()
    assert (net.weights["0.weight"][:, :units] != 0).any()


def test_rank_correlation_is_that_of_scipy():
    """Ties share the mean of their places."""
    first, second = TWO.integers("first", 30, high=6).double(), TWO.normal("second", 30).double()
    second += first
    expected = [spearmanr(one, other).statistic for one, other in zip(first, second, strict=True)]
    assert torch.allclose(
        experiment.rank_correlation(first, second), torch.tensor(expected, dtype=torch.float64)
    )


def test_proposals_of_the_first_round_are_the_same_whatever_selects():
    """Tuning on few signals differs from tuning on many in what is kept, not in what is first proposed."""
    many, few = (experiment.history(experiment.ARMS[name], TWO, SMALL) for name in ("tuned", "tuned_on_few"))
    first = slice(experiment.PROPOSALS)
    assert torch.equal(many.fresh[:, first], few.fresh[:, first])
    assert (many.reused[:, first] != few.reused[:, first]).any()


def test_what_is_lost_is_the_gain_that_fresh_signals_do_not_show():
    """Gain, loss and the share that is kept fit together."""
    found = experiment.measure("tuned", TWO, SMALL)
    assert torch.allclose(found["lost"], found["gain"] * (1 - found["kept"]), atol=1e-3)

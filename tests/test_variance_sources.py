"""Studies and what their repetitions renew."""

import torch

from repro.experiments import variance_sources as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=100, validation=50, test=50, steps=5, studies=3, repetitions=2, trials=4)


def test_repetitions_renew_what_the_arm_names_and_nothing_else():
    """Of three studies of two repetitions, six draws differ where they are renewed and three where not."""
    for kind in experiment.KINDS:
        values = experiment.draws("weights", Seeds((5,)), SMALL, kind).values
        assert len(set(values)) == (6 if kind == "weights" else 3)


def test_no_two_draws_share_a_seed():
    """The signals of training and those of testing are never the same."""
    values = [
        value
        for kind in experiment.KINDS
        for value in experiment.draws("everything", Seeds((5,)), SMALL, kind).values
    ]
    assert len(set(values)) == len(values)


def test_a_setting_is_the_best_of_its_trials_on_validation_signals():
    """It lies in the range of the trials, and a study is tuned by its own."""
    data = experiment.mnist1d(TWO, train=100, test=50)
    setting = experiment.tried(data, TWO, TWO, TWO, SMALL)
    assert setting.rate.shape == (2,)
    assert (setting.rate.log10() >= experiment.LOG10_RATES[0]).all()
    assert (setting.rate.log10() <= experiment.LOG10_RATES[1]).all()
    assert setting.rate[0] != setting.rate[1]


def test_the_error_of_a_mean_is_what_its_repetitions_have_in_common():
    """Spread is taken within studies, and error between their means."""
    found = experiment.accuracies("most", TWO, SMALL)
    measured = experiment.measure("most", TWO, SMALL)
    assert torch.allclose(measured["error"], found.mean(2).std(1))
    assert torch.allclose(measured["spread"].square(), found.var(2).mean(1))

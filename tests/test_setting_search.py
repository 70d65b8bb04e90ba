"""The Gaussian process against scikit-learn, its search on a bowl, and training against torch."""

import math

import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from repro.experiments import setting_search as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(searches=2, steps=5)


@pytest.fixture
def seen():
    """Return settings tried by one search, what they gave, and settings to come."""
    x, new = (TWO.normal(name, 8, 3, dtype=torch.float64)[:1] for name in ("x", "new"))
    return x, (x.sin() * torch.tensor([1.0, 0.3, 0.1])).sum(2), new


@pytest.fixture
def process():
    """Return a process with a length for each of three settings."""
    logs = ([0.1, 0.5, 0.9], [0.4], [-3.0])
    return experiment.Process(*(torch.tensor([log], dtype=torch.float64) for log in logs))


@pytest.fixture
def theirs(process, seen):
    """Return the same process of scikit-learn, fitted to the same settings with nothing left to choose."""
    lengths, variance, noise = (log[0].exp().numpy() for log in process)
    kernel = ConstantKernel(variance[0]) * Matern(lengths, nu=2.5) + WhiteKernel(noise[0] + 1e-6)
    model = GaussianProcessRegressor(kernel, alpha=0, optimizer=None)
    return model.fit(seen[0][0].numpy(), seen[1][0].numpy())


def test_surprise_is_that_of_scikit_learn_and_the_prior(process, seen, theirs):
    """Minus the log likelihood, but for a constant, and squares of distances from the usual logarithms."""
    likelihood = -theirs.log_marginal_likelihood_value_ - 8 / 2 * math.log(2 * math.pi)
    prior = (0.8**2 + 1.2**2 + 1.6**2 + 0.4**2 + (1 / 2) ** 2) / 2
    found = experiment.surprise(process, *seen[:2])
    assert found.item() == pytest.approx(likelihood + prior, rel=1e-9)


def test_expected_improvement_is_what_draws_improve_on_average(process, seen, theirs):
    """Draws from what scikit-learn predicts fall as far below the least mean on average."""
    x, y, new = seen
    known = theirs.predict(x[0].numpy()).min()
    mean, deviation = (torch.from_numpy(part) for part in theirs.predict(new[0].numpy(), return_std=True))
    deviation = (deviation.square() - process.noise.exp().item() - 1e-6).sqrt()  # theirs includes the noise
    draws = mean + deviation * TWO.normal("draws", 200_000, 1, dtype=torch.float64)[0]
    found = experiment.expected_improvement(process, x, y, new)[0]
    assert torch.allclose(found, (known - draws).clamp_min(0).mean(0), atol=0.005)


def test_a_fit_makes_what_was_seen_less_surprising(process, seen):
    """Steps go down the surprise, and each search is fitted as if alone."""
    x, y, _ = seen
    both = experiment.Process(*(torch.cat([log, log]) for log in process))
    after = experiment.fitted(both, torch.cat([x, x]), torch.cat([y, -2 * y]), 40)
    alone = experiment.fitted(process, x, y, 40)
    assert experiment.surprise(alone, x, y) < experiment.surprise(process, x, y) - 0.1
    assert all(torch.allclose(log[:1], single) for log, single in zip(after, alone, strict=True))


def test_searches_start_from_the_same_settings():
    """The learning search tries first what the blind one tries first, and then something else."""

    def attempt(settings):
        return experiment.Tried(*2 * [settings.sum(2) + 1])

    blind, learning = (
        search(attempt, TWO, 3, 12).known for search in (experiment.blind, experiment.learning)
    )
    assert torch.equal(blind[:, :10], learning[:, :10])
    assert (learning[:, 10:].mean(1) < blind.mean(1)).all()


def test_a_diverged_net_counts_as_wrong_everywhere():
    """A net whose answers are not numbers can be chosen only where all others are as bad."""
    data = experiment.digits(TWO, train=300)
    right = torch.nn.functional.one_hot(data.test_y, 10).double()
    found = experiment.wrong(torch.stack([right[0], right[1] * torch.nan]), data)
    assert found.known.tolist() == found.judged.tolist() == [0, 100]


def test_nets_are_trained_as_torch_trains_them():
    """Momentum with weight decay and a falling rate ends with the answers of torch's."""
    one = Seeds((5,))
    scale = experiment.Scale(searches=1, steps=30)
    runs = experiment.reseeded(one, 1)
    data = experiment.digits(one, train=scale.train)
    net = experiment.initialise(runs, experiment.SHAPES, "he")
    rate, kept, decay, fall = 0.1, 0.9, 1e-3, 0.1
    optimiser = torch.optim.SGD(net.weights.values(), rate, momentum=kept, weight_decay=decay)
    for step, index in enumerate(experiment.batch_order(runs, scale.train, experiment.BATCH, 30)[0]):
        optimiser.param_groups[0]["lr"] = rate * fall ** (step / 30)
        optimiser.zero_grad()
        logits = experiment.mlp(net.weights, data.x[:, index])[0]
        torch.nn.functional.cross_entropy(logits, data.y[0, index]).backward()
        optimiser.step()
    expected = experiment.wrong(experiment.mlp(net.weights, data.test_x), data)
    places = [(math.log10(rate) + 3) / 4, (math.log10(1 - kept) + 2) / 2, 3 / 5, 0.5, 2 / 3]
    found = experiment.net(one, scale)(torch.tensor(places, dtype=torch.float64).view(1, 1, 5))
    assert torch.allclose(found.judged, expected.judged, atol=0.1)

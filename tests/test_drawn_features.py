"""What the machines of `drawn_features` see, and which candidate counts."""

import torch

from repro.experiments import drawn_features as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(train=100, features=40, steps=4)


def test_responses_are_those_of_a_plain_convolution():
    """The mean and the largest over all places, each filter's own, as torch's convolution finds them."""
    x = TWO.normal("x", 3, 12, dtype=torch.float64)
    filters = TWO.normal("filters", 4, experiment.LENGTH, dtype=torch.float64)
    biases = TWO.normal("biases", 4, dtype=torch.float64)
    for lane in range(2):
        weight = filters[lane].unsqueeze(1)
        plain = torch.conv1d(x[lane].unsqueeze(1), weight, biases[lane]).relu()  # (3, 4, places)
        expected = torch.cat([plain.mean(2), plain.amax(2)], 1)
        assert torch.allclose(experiment.responses(x, filters, biases)[lane], expected)


def test_a_signal_shifted_within_its_silence_looks_the_same():
    """Filters do not see where in a signal something stands, which no Fourier feature ignores."""
    x = torch.zeros(2, 2, 40)
    x[:, 0, 10:16] = x[:, 1, 20:26] = TWO.normal("shape", 6)
    filters, biases = TWO.normal("filters", 8, experiment.LENGTH), TWO.normal("biases", 8)
    first, shifted = experiment.responses(x, filters, biases).unbind(1)
    assert torch.allclose(first, shifted, atol=1e-5)


def test_the_readout_is_ridge_regression():
    """Its scores solve the penalised least squares on centred and scaled features."""
    features = TWO.normal("features", 30, 5, dtype=torch.float64) * 3 + 1
    further = TWO.normal("further", 4, 5, dtype=torch.float64)
    classes = TWO.integers("classes", 30, high=10)
    scores = experiment.ridge_scores(features, further, classes)
    for lane in range(2):
        centre, spread = features[lane].mean(0), features[lane].std(0)
        z, targets = (features[lane] - centre) / spread, torch.eye(10, dtype=torch.float64)[classes[lane]]
        targets = targets - targets.mean(0)
        for place, penalty in enumerate(experiment.PENALTIES):
            rows = torch.cat([z, (30 * penalty) ** 0.5 * torch.eye(5, dtype=torch.float64)])
            goal = torch.cat([targets, torch.zeros(5, 10, dtype=torch.float64)])
            plain = (further[lane] - centre) / spread @ torch.linalg.lstsq(rows, goal).solution
            assert torch.allclose(scores[lane, place], plain, atol=1e-4)


def test_a_rearrangement_is_one_order_of_a_seed():
    """All signals of a seed keep their values, in one order that another seed does not share."""
    plain, moved = experiment.signals(TWO, 100), experiment.rearranged(TWO, 100)
    assert torch.equal(plain.y, moved.y)
    assert torch.equal(plain.x.sort(2).values, moved.x.sort(2).values)
    orders = [experiment.rearranged(TWO, 100).x[lane, 0].argsort() for lane in range(2)]
    assert not torch.equal(*orders)
    order = (moved.x[0, 0].unsqueeze(1) == plain.x[0, 0]).int().argmax(1)
    assert torch.equal(moved.test_x[0], plain.test_x[0][:, order])


def test_candidates_are_chosen_where_nobody_is_judged(monkeypatch):
    """The first third of the further points chooses, and the rest gives the number."""
    labels = torch.zeros(2, 6, dtype=torch.long)
    data = experiment.Labelled(labels, labels, labels, labels)
    right, wrong = torch.eye(10)[0], torch.eye(10)[1]
    first = torch.stack([right, right, wrong, wrong, wrong, right])  # two of two, then one of four
    second = torch.stack([wrong, right, right, right, right, right])
    scores = torch.stack([torch.stack([first, second]), torch.stack([second, second])])
    arm = experiment.Arm("planted", lambda *_: data, lambda *_: scores)
    monkeypatch.setitem(experiment.ARMS, "planted", arm)
    assert experiment.measure("planted", TWO, SMALL)["accuracy"].tolist() == [25, 100]


def test_nets_of_a_seed_differ_by_their_rate_alone(monkeypatch):
    """At one rate two nets of a seed end alike, and at two rates they do not."""
    data = experiment.signals(TWO, 100)
    apart = experiment.learnt_filters(TWO, data, SMALL)
    monkeypatch.setattr(experiment, "RATES", (0.02, 0.02))
    alike = experiment.learnt_filters(TWO, data, SMALL)
    assert torch.equal(alike[:, 0], alike[:, 1])
    assert not torch.allclose(apart[:, 0], apart[:, 1])

"""The best rule with two thresholds, the distance of two samples, and what the published example comes to."""

import itertools

import torch
from scipy.stats import ks_2samp

from repro.experiments import invariant_features as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(points=2000)


def fewest_wrong(labels):
    """Count the errors of the best rule that says one label between two places and the other outside."""
    count = len(labels)
    errors = []
    for inside, (start, end) in itertools.product(
        (0, 1), itertools.combinations_with_replacement(range(count + 1), 2)
    ):
        said = [inside if start <= place < end else 1 - inside for place in range(count)]
        errors.append(sum(a != b for a, b in zip(said, labels, strict=True)))
    return min(errors)


def test_the_fitted_rule_is_the_best_of_all_with_two_thresholds():
    """On labels at random it gets as few points wrong as trying all intervals finds."""
    seeds = Seeds(tuple(range(30)))
    x, y = seeds.uniform("x", 9, dtype=torch.float64), seeds.integers("y", 9, high=2)
    domain = experiment.Domain(x, y)
    found = 9 * experiment.error(experiment.fitted(domain), domain)
    ordered = y.gather(1, x.argsort(1)).tolist()
    assert found.round().tolist() == [fewest_wrong(labels) for labels in ordered]


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    """It is the statistic of their test for two samples."""
    one, other = TWO.normal("one", 50), TWO.normal("other", 50) + 0.5
    expected = [ks_2samp(a, b).statistic for a, b in zip(one.numpy(), other.numpy(), strict=True)]
    assert torch.allclose(experiment.distance(one, other), torch.tensor(expected, dtype=torch.float64))


def test_ranks_keep_the_order_and_make_the_domains_alike():
    """Each domain has its points in the order that they had, evenly from 0 to 1, and no two are equal."""
    pair = experiment.normal(TWO, 100, experiment.SHARES)
    ranks = experiment.ranked(pair)
    for before, after in zip(pair, ranks, strict=True):
        assert torch.equal(before.x.argsort(1), after.x.argsort(1))
        assert torch.equal(before.y, after.y)
    assert experiment.distance(ranks.source.x, ranks.target.x).tolist() == [0.01, 0.01]
    assert len(torch.cat([ranks.source.x, ranks.target.x], 1)[0].unique()) == 200


def test_the_published_example_is_right_in_the_source_and_wrong_in_the_target():
    """Moved onto one another the intervals look alike, and the classifier of one is wrong on the other."""
    found = experiment.measure("invariant", TWO, SMALL)
    assert (found["source_error"] == 0).all()
    assert (found["target_error"] > 0.99).all()
    assert (experiment.measure("agreeing", TWO, SMALL)["target_error"] < 0.01).all()


def test_two_thresholds_on_the_line_serve_both_domains():
    """Label 1 from -1/2 to 3/2 is right everywhere, and after the move nothing is."""
    assert (experiment.measure("raw", TWO, SMALL)["best_joint"] == 0).all()
    assert (experiment.measure("invariant", TWO, SMALL)["best_joint"] > 0.4).all()


def test_shares_of_the_classes_are_those_asked_for():
    """Nine in ten are of the upper class in the source, and one in ten in the target."""
    source, target = experiment.normal(TWO, 2000, experiment.SHARES)
    assert (source.y.double().mean(1) - 0.9).abs().max() < 0.03
    assert (target.y.double().mean(1) - 0.1).abs().max() < 0.03

"""Selection gains what order statistics say, and symmetry fixes how often the best of k wins."""

import dataclasses
from pathlib import Path

import pytest
import torch
import yaml
from scipy.stats import binom

from repro.experiments.selection import ACCURACY, ARMS, MINIMAL, measure, networks, simulated
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
RECORD = Path(__file__).parents[1] / "claims/evaluation/best-of-k-selection-bias.yaml"


def expected_gain(candidates):
    """Return how far the largest of so many binomial counts exceeds its mean, in percentage points."""
    points = MINIMAL.points
    below = binom.cdf(range(points + 1), points, ACCURACY) ** candidates
    return 100 * ((1 - below).sum() / points - ACCURACY)


def predictions():
    """Return the record's predictions by name."""
    protocol = yaml.safe_load(RECORD.read_text(encoding="utf-8"))["protocol"]
    return {prediction["name"]: prediction for prediction in protocol["predictions"]}


@pytest.mark.parametrize("candidates", [5, 20, 100])
def test_records_gains_are_order_statistics(candidates):
    """The bounds in the record are the expected largest binomial counts."""
    assert predictions()[f"gain-of-{candidates}"]["equals"] == pytest.approx(
        expected_gain(candidates), abs=1e-3
    )


def test_records_wins_are_those_of_symmetry():
    """The best of k equal candidates beats one more with probability k/(k + 1)."""
    assert predictions()["five-beat-one"]["equals"] == pytest.approx(5 / 6, abs=1e-4)
    assert predictions()["twenty-beat-one"]["equals"] == pytest.approx(20 / 21, abs=1e-4)


def test_measured_gain_is_the_order_statistic():
    """Simulated contests gain what the order statistic says, to five standard errors."""
    gain = measure("best_of_20", SEEDS, MINIMAL)["apparent_gain"].mean().item()
    assert gain == pytest.approx(expected_gain(20), abs=5 * 0.5 / (5 * MINIMAL.contests) ** 0.5)


def test_simulated_scores_have_their_true_accuracy():
    """Every set of points is scored with the candidates' true accuracy."""
    for scores in simulated(SEEDS, MINIMAL, 3).values():
        assert scores.mean().item() == pytest.approx(
            ACCURACY, abs=5 * 0.0095 / (15 * MINIMAL.contests) ** 0.5
        )


def test_networks_learn_and_split_the_rest_in_two():
    """The networks classify digits well, and test and fresh points share out what they did not train on."""
    short = dataclasses.replace(MINIMAL, contests=3, steps=60)
    scores = networks(SEEDS, short, 2)
    assert scores["test"].shape == scores["fresh"].shape == (5, 3, 2)
    assert (torch.stack(list(scores.values())) > 0.8).all()
    both = (748 * scores["test"] + 749 * scores["fresh"]).sum(-1)  # right answers of both runs together
    torch.testing.assert_close(both, both[:, :1].expand(-1, 3))


def test_arms_select_where_they_say():
    """One arm alone is selected on validation points."""
    assert [name for name, arm in ARMS.items() if arm.selected_on != "test"] == ["validated_best_of_100"]

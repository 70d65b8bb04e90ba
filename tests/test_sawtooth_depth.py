"""The built net, the fewest errors that so many passages allow, and the count of pieces."""

import itertools

import pytest
import torch

from repro.experiments import sawtooth_depth as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


def test_waves_on_top_of_one_another_have_twice_the_teeth():
    """At multiples of 2^-k the k-th wave is 0 and 1 by turns, and outside the interval it is 0."""
    reached = torch.arange(-3, 20).double() / 16
    for _ in range(4):
        reached = experiment.wave(reached)
    inside = [number % 2 for number in range(16)]
    assert reached.tolist() == [0, 0, 0, *inside, 0, 0, 0, 0]


def test_points_stay_in_order_and_differ_between_seeds():
    """A shift is less than half a distance, and drawn for each seed."""
    x, y = experiment.labelled(TWO, 64, is_alternating=True)
    assert (x.diff(dim=1) > 0).all()
    assert not torch.equal(x[0], x[1])
    assert y[0].tolist() == [0, 1] * 32


def wrong_by_trying(labels: tuple[int, ...], passages: int) -> int:
    """Count the errors of the best of all functions on these points that pass so often."""
    guesses = itertools.product((0, 1), repeat=len(labels))
    allowed = [each for each in guesses if sum(a != b for a, b in itertools.pairwise(each)) <= passages]
    return min(sum(a != b for a, b in zip(each, labels, strict=True)) for each in allowed)


@pytest.mark.parametrize(
    "labels", [(0, 1, 0, 1, 0, 1, 0, 1), (1, 1, 0, 1, 0, 0, 0, 1), (0, 0, 0, 0, 1, 1, 1, 1)]
)
def test_fewest_wrong_is_that_of_the_best_of_all_functions(labels):
    """For each number of passages it is what trying every function finds."""
    found = experiment.fewest_wrong(torch.tensor([labels]), 8)
    assert found.tolist() == [[wrong_by_trying(labels, passages) for passages in range(9)]]


def test_alternating_labels_leave_half_of_the_points_that_are_not_passed_wrong():
    """With s passages floor((n - s) / 2) of n points with alternating labels stay wrong, up to n - 1."""
    labels = torch.arange(64).remainder(2).unsqueeze(0)
    assert experiment.fewest_wrong(labels, 63)[0, 1:].tolist() == [(64 - s) // 2 for s in range(1, 64)]


def test_the_deep_net_errs_nowhere_and_one_of_a_wave_less_on_half_of_the_points():
    """Ten waves get all points right, nine get those between their teeth wrong."""
    deep, short = (experiment.measure(arm, TWO, experiment.MINIMAL) for arm in ("deep", "deep_short"))
    assert deep["error"].tolist() == [0, 0]
    assert ((short["error"] - 0.5).abs() < 0.05).all()


def test_one_layer_takes_a_unit_for_each_change_of_label_but_one():
    """1024 points change their label 1023 times, which 1023 pieces can follow."""
    found = experiment.measure("shallow_exact", TWO, experiment.MINIMAL)
    assert found["hidden_units"].tolist() == [1022, 1022]
    assert found["error"].tolist() == [0, 0]
    assert experiment.measure("shallow", TWO, experiment.MINIMAL)["error"].tolist() == [479 / 1024] * 2
    assert experiment.measure("threshold", TWO, experiment.MINIMAL)["error"].tolist() == [0, 0]

"""Where a rule written by hand paints the right pixel."""

import torch

from repro.experiments import coordinate_by_hand as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


def painted(rule, side):
    """Return the percent of places at which the right pixel leads alone, from the scores of all pixels."""
    right = 0
    span = range(side)
    for x in span:
        for y in span:
            scores = torch.zeros(side, side)
            for axis, given in enumerate((x, y)):
                own = torch.arange(side).view(-1, 1) if axis == 0 else torch.arange(side).view(1, -1)
                for of_pixel, of_place, of_score in rule[axis]:
                    scores = scores + of_score * (of_pixel * own + of_place * given).relu()
            is_best = scores == scores.max()
            right += int(is_best[x, y] and is_best.sum() == 1)
    return 100 * right / side**2


def test_shares_along_the_axes_multiply_to_that_of_the_picture():
    """Painting every place pixel by pixel finds the same percentage, also where many places are wrong."""
    for name in ("exact", "five_percent", "signs_drawn"):
        rule = experiment.rules(TWO, experiment.ARMS[name], 1)[:, 0].double()
        found = experiment.percent_right(rule, 12, is_blind=False)
        assert torch.allclose(found, torch.tensor([painted(each, 12) for each in rule]).double()), name


def test_the_rule_has_a_dozen_weights_within_the_error_that_is_allowed():
    """None of the twelve weights is further from one or minus one than its arm allows, and some nearly so."""
    rule = experiment.rules(TWO, experiment.ARMS["half_percent"], 50)
    off = (rule / torch.tensor(experiment.RULE) - 1).abs()
    assert rule[0, 0].numel() == 12
    assert 0.0049 < off.max() < 0.00501


def test_exact_weights_are_right_everywhere_and_blind_pixels_nowhere():
    """On every size the exact rule gets all places, and a rule whose pixels are alike gets none."""
    for name, percent in (("exact", 100.0), ("blind", 0.0)):
        found = experiment.measure(name, TWO, experiment.Scale(hands=3))["right_curve"]
        assert (found == percent).all()


def test_errors_lose_more_places_on_larger_pictures():
    """Weights wrong by five percent lose more places, the larger the picture is; the last size is judged."""
    found = experiment.measure("five_percent", TWO, experiment.Scale(hands=50))
    curve = found["right_curve"].mean(0)
    assert (curve[1:] < curve[:-1]).all()
    assert torch.equal(found["right"], found["right_curve"][:, -1])

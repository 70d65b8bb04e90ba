"""How many rates work: counted against what can be written down."""

import math

import pytest
import torch

from repro.experiments import batch_norm_rates as experiment
from repro.lab.seeds import Seeds

GUESSING = math.log(10)
NAN = math.nan
COURSES = [
    # losses by rate, rates near the lowest, largest rate that learns, percent lost beside the best
    ([2.3, 1.9, 1.0, 1.4, 1.6, NAN, NAN], 2, 1.0, 100 * (0.9 + 0.4) / 2 / (GUESSING - 1.0)),
    ([1.5, 0.9, 0.3, 0.2, 0.4, 0.8, NAN], 2, 3.0, 100 * (0.1 + 0.2) / 2 / (GUESSING - 0.2)),
    ([0.9, 1.2, NAN, NAN, NAN, NAN, NAN], 2, 0.03, 100 * (0.0 + 0.3) / 2 / (GUESSING - 0.9)),
    ([1.9, 1.0, NAN, NAN, NAN, NAN, NAN], 1, 0.03, 100 - 100 * (GUESSING - 1.9) / 2 / (GUESSING - 1.0)),
    ([2.3, 2.3, 2.3, 2.3, 2.3, 2.3, 2.3], 0, 0.0, 100),
    ([2.4, 2.5, 2.6, 2.5, 2.4, 2.5, NAN], 0, 0.0, 100),
    ([NAN] * 7, 0, 0.0, 100),
]


@pytest.mark.parametrize(("losses", "near", "largest", "lost"), COURSES)
def test_only_rates_that_learn_are_counted(losses, near, largest, lost):
    """A rate works if it ends below two nats and near the lowest loss; what fails loses all."""
    found = experiment.room(torch.tensor([losses, losses]))
    assert found.near.tolist() == [near] * 2
    assert found.largest[0].item() == pytest.approx(largest)
    assert found.lost[0].item() == pytest.approx(lost, rel=1e-5)


@pytest.mark.parametrize("arm", experiment.ARMS)
def test_every_arm_counts_rates_of_the_grid(arm):
    """Counts and shares lie between none and all, and the loss is the lowest of the curve."""
    values = experiment.measure(arm, Seeds((1, 2, 3, 4, 5)), experiment.Scale(depth=2, width=8, steps=20))
    lowest = values["loss_by_rate_curve"].nan_to_num(math.inf).amin(1)
    assert torch.equal(values["loss"], lowest)
    assert ((values["near_rates"] >= 0) & (values["near_rates"] <= len(experiment.RATES))).all()
    assert ((values["cost_of_miss"] >= 0) & (values["cost_of_miss"] <= 100)).all()

"""Where students end, where it is known in advance, and how ends are counted."""

import torch

from repro.experiments import student_minima as experiment
from repro.experiments.student_minima import ARMS, LOOKS, POOR, Scale, descend, linear_lesson, measure, near
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp_shapes
from repro.lab.networks import network
from repro.lab.seeds import Seeds
from repro.lab.students import bend, lesson

TWO = Seeds((5, 6))
SMALL = Scale(inputs=3, points=60, starts=3)


def test_students_near_the_teacher_start_low_and_apart():
    """Each start has moves of its own, and descent from there ends well."""
    taught = lesson(TWO, 60, 3)
    net = near(TWO, taught, mlp_shapes(3, 3, 1), 3)
    assert len(net.flat.unique(dim=0)) == 6
    assert measure("near", TWO, SMALL)["bad_ends"].tolist() == [0.0, 0.0]


def test_a_linear_target_is_linear():
    """Least squares fits it without error."""
    taught = linear_lesson(TWO, SMALL)
    x = torch.cat([taught.x, torch.ones_like(taught.x[:, :, :1])], 2)
    fitted = x @ torch.linalg.lstsq(x, taught.y).solution
    assert torch.allclose(fitted, taught.y)


def test_descent_stops_where_all_have_been_good():
    """What it calls good has a loss within the bound, and no look after that shows any start above it."""
    taught = lesson(TWO, 60, 3)
    net = near(TWO, taught, mlp_shapes(3, 3, 1), 1)
    x, y = taught.x.float(), taught.y.float()
    found = descend(net, x, y, ARMS["near"], 3)
    assert found.is_good.all()
    assert (found.steps < LOOKS[-1]).all()
    assert len(found.above) == len(LOOKS)
    assert not found.above[-1].any()
    assert squared_error(network(net.weights, x, bend), y).max() < 2 * POOR


def test_an_end_counts_as_bad_only_above_the_bound(monkeypatch):
    """With a bound above the variance of the targets every start is good, and with one of nothing none is."""
    monkeypatch.setattr(experiment, "LOOKS", (1, 3, 10))
    monkeypatch.setattr(experiment, "POOR", 1e9)
    assert measure("matched", TWO, SMALL)["bad_ends"].tolist() == [0.0, 0.0]
    monkeypatch.setattr(experiment, "POOR", 0.0)
    found = measure("linear_deep", TWO, SMALL)
    assert found["bad_ends"].tolist() == [100.0, 100.0]
    assert found["above_curve"].tolist() == [[100.0] * 3] * 2

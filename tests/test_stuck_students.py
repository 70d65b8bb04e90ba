"""Stuck students stay where they are without noise, and lanes of a seed share its data."""

import torch

from repro.experiments.stuck_students import POOR, Scale, get_stuck, measure, starts, train
from repro.lab.mlp import mlp_shapes
from repro.lab.parameters import flatten
from repro.lab.seeds import Seeds
from repro.lab.students import lesson

TWO = Seeds((5, 6))
SMALL = Scale(points=60, updates=40, steps=20)


def test_a_teacher_stays_at_the_bottom():
    """From the weights that give the targets no batch leads away, with one start of each seed or with two."""
    taught = lesson(TWO, 60, 10)
    there = flatten([taught.teacher[name] for name in mlp_shapes(10, 10, 1)])
    for own in (1, 2):
        found = train(TWO, there.repeat_interleave(own, 0), taught, 6, 40)
        assert found.final.shape == (2 * own,)
        assert found.final.max() < 1e-12


def test_fresh_starts_are_no_stuck_ones():
    """No student of a seed begins where another one does."""
    first, fresh = starts(TWO)
    assert len(torch.cat([first, fresh], 1).flatten(0, 1).unique(dim=0)) == 16


def test_a_full_batch_leaves_the_stuck_where_they_are():
    """Descent on all points from a place of rest never ends above it by more than rounding."""
    taught = lesson(TWO, 60, 10)
    stuck = get_stuck(starts(TWO)[0], taught, 20)
    found = train(TWO, stuck.flat, taught, 60, 40)
    assert (found.final <= stuck.held * 1.001).all()


def test_outcomes_are_shares_of_students():
    """One student of each seed is stuck, and two are fresh."""
    assert set(measure("stuck_full", TWO, SMALL)["escaped"].tolist()) <= {0.0, 100.0}
    assert set(measure("fresh_full", TWO, SMALL)["bad_ends"].tolist()) <= {0.0, 50.0, 100.0}
    assert POOR < 1

"""The best of many runs, against what must hold of them."""

import torch

from repro.experiments import seed_shopping as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(steps=5, contests=20)


def test_more_tries_find_no_worse_best():
    """The best of more runs leads by as much or more, up to the best of all."""
    found = experiment.measure("runs", TWO, SMALL)
    curve = found["lead_curve"]
    assert (curve.diff(dim=1) >= 0).all()
    assert torch.allclose(curve[:, -1], found["best_lead"])


def test_a_committee_answers_with_the_mean_of_its_members():
    """Members are distinct runs, and where all runs agree a committee says what they say."""
    answers = torch.eye(60).expand(2, 60, 60)[..., None]  # run r gives one to digit r alone
    said = experiment.committees(TWO, answers)[..., 0]  # (seeds, committees, runs)
    members = said * experiment.MEMBERS
    assert torch.allclose(members.sum(-1), torch.full((2, 60), float(experiment.MEMBERS)))
    assert torch.allclose(members, members.round())


def test_a_part_of_the_runs_is_trained_alike_beside_another_seed():
    """Runs of one seed hang neither on the other seeds of a block nor on each other."""
    data = experiment.digits(TWO, train=SMALL.train)
    both = experiment.trained(TWO, data, SMALL)
    turned = experiment.trained(Seeds((6, 5)), experiment.digits(Seeds((6, 5)), train=SMALL.train), SMALL)
    assert torch.equal(both[0], turned[1])
    assert (both[:, 0] != both[:, 1]).any()

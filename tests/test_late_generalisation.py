"""The table of sums, the first step at which something is reached, and which of two rates counts."""

import torch

from repro.experiments import late_generalisation as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


def test_the_table_holds_every_pair_once_with_its_answer():
    """Each pair of numbers occurs once in each seed, in unary, and its answer is the sum modulo 23."""
    x, y = experiment.table(TWO, "sum")
    first, second = x[:, :, :23].argmax(2), x[:, :, 23:].argmax(2)
    assert torch.equal(x.sum(2), torch.full((2, 529), 2.0))
    assert all(len(set((23 * first + second)[seed].tolist())) == 529 for seed in range(2))
    assert torch.equal(y, (first + second) % 23)
    assert torch.equal(experiment.table(TWO, "first").y, first)
    assert not torch.equal(x[0], x[1])


def test_random_answers_keep_the_pairs_and_have_no_rule():
    """Pairs are the same, and about one answer in 23 is the sum."""
    sums, random = experiment.table(TWO, "sum"), experiment.table(TWO, "random")
    assert torch.equal(sums.x, random.x)
    assert (sums.y == random.y).float().mean() < 0.1


def test_first_look_is_the_first_or_the_last():
    """It is where something is first reached, or the last look where it never is."""
    reached = torch.tensor([[0, 0, 1, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]).bool()
    assert experiment.first_look(reached).tolist() == [2, 0, 4]


def test_the_rate_that_gets_there_with_the_shorter_delay_counts(monkeypatch):
    """A rate that never gets there counts only if both never do, however short the time since it fitted."""
    seen = torch.tensor([[0.5, 0.6, 1, 1], [1, 1, 1, 1], [0, 0, 0.995, 1], [0, 1, 1, 1]])
    rest = torch.tensor([[0, 0.1, 0.2, 0.94], [0.1, 0.2, 0.3, 0.95], [0, 0.1, 0.2, 0.3], [0, 0.4, 0, 0]])
    monkeypatch.setattr(experiment, "trained", lambda *_: experiment.Course(seen, rest))
    found = experiment.measure("share_75", TWO, experiment.MINIMAL)
    assert torch.allclose(found["log10_delay"], torch.tensor([4.0, 4 / 3]).log10())
    assert found["generalises"].tolist() == [1, 0]
    assert torch.allclose(found["at_fit"], torch.tensor([10.0, 20.0]))


def test_a_rule_on_one_number_is_found_at_once():
    """When its examples are fitted nearly all the rest is right: there is no delay."""
    found = experiment.measure("first_number", TWO, experiment.Scale(steps=60))
    assert (found["log10_delay"] < 0.2).all()
    assert (found["generalises"] == 1).all()

"""What the nets of `training_set_size` learn from and are judged on."""

import torch

from repro.experiments import training_set_size as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(few=50, steps=24)


def rows(examples):
    """Return the set of one seed's signals."""
    return {tuple(row.tolist()) for row in examples.x[0]}


def test_the_few_are_among_the_many_and_the_repeated_are_the_few():
    """Larger sets only add signals, and repeating adds none."""
    few, more, many, repeated = (
        experiment.ARMS[arm].examples(TWO, SMALL) for arm in ("few", "more", "many", "repeated")
    )
    assert len(rows(few)) == 50
    assert rows(few) < rows(more) < rows(many)
    assert rows(repeated) == rows(few)
    assert repeated.x.shape == many.x.shape
    assert torch.equal(repeated.y[:, 50:100], few.y)


def test_no_net_is_judged_on_what_it_learned():
    """No signal of any arm's training set is among those that choose or judge."""
    judging = experiment.judges(TWO, SMALL)
    for arm in experiment.ARMS.values():
        learned = rows(arm.examples(TWO, SMALL))
        assert not any(learned & rows(kind) for kind in judging), arm.description


def test_the_choosing_look_gives_every_number(monkeypatch):
    """Setting and look are those that do best on the choosing signals, whatever the judging ones say."""
    first = [[10.0, 1, 2, 3], [30, 4, 5, 6], [20, 7, 8, 9], [50, 9, 1, 1], [10, 2, 2, 2], [0, 3, 3, 3]]
    last = [[20.0, 9, 9, 9], [10, 9, 9, 9], [40, 60, 50, 70], [20, 9, 9, 9], [10, 9, 9, 9], [0, 9, 9, 9]]
    looks = iter([torch.tensor(first), torch.tensor(last)])
    monkeypatch.setattr(experiment, "LOOKS", 2)
    monkeypatch.setattr(experiment, "shares", lambda *_: next(looks))
    found = experiment.measure("few", TWO, experiment.Scale(few=50, steps=2))
    assert found["accuracy"].tolist() == [60, 9]
    assert found["harder_accuracy"].tolist() == [50, 1]
    assert found["narrow_accuracy"].tolist() == [70, 1]
    assert found["lost_on_harder"].tolist() == [10, 8]
    assert found["accuracy_curve"].tolist() == [[7, 60], [9, 9]]

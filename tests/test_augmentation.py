"""How `augmentation` shifts signals, and from what it chooses and judges."""

import torch

from repro.experiments import augmentation as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SIGNALS = TWO.normal("signals", experiment.BATCH, 40)
IN_ORDER = torch.arange(40).repeat(2, 1)


def shifted(arm, steps=3):
    """Return what an arm makes of the same signals in some steps, (steps, seeds, batch, 40)."""
    labels = torch.zeros(2, experiment.BATCH, dtype=torch.int64)
    examples = iter([(SIGNALS, labels)] * steps)
    made = experiment.copies(TWO, examples, steps, experiment.ARMS[arm])
    return torch.stack([x for x, _ in made])


def test_in_order_a_shift_rolls_a_signal():
    """Points move to the right by the number given, and come back on the left."""
    by = TWO.integers("by", experiment.BATCH, low=-50, high=50)
    found = experiment.rolled(SIGNALS, by, IN_ORDER)
    for seed in range(2):
        for number in (0, 7):
            expected = SIGNALS[seed, number].roll(int(by[seed, number]))
            assert torch.equal(found[seed, number], expected)


def test_in_another_order_a_shift_rolls_the_signal_read_in_that_order():
    """Read in the order given, a shifted signal is the signal that is read and then rolled."""
    order = TWO.permutations("order", 40)
    by = TWO.integers("by", experiment.BATCH, low=-4, high=5)
    found = experiment.rolled(SIGNALS, by, order)
    read = [x.take_along_dim(order.unsqueeze(1), 2) for x in (SIGNALS, found)]
    assert torch.equal(read[1], experiment.rolled(read[0], by, IN_ORDER))


def test_signals_are_shifted_anew_in_each_step_and_not_too_far():
    """Each copy is its signal rolled by at most four points; all nine shifts occur; steps differ."""
    made = shifted("shifted")
    all_shifts = torch.stack([SIGNALS.roll(by, 2) for by in range(-4, 5)])  # (9, seeds, batch, 40)
    is_copy = (made.unsqueeze(1) == all_shifts).all(4)  # (steps, 9, seeds, batch)
    assert (is_copy.sum(1) == 1).all()
    assert is_copy.any(3).any(2).all()
    assert not torch.equal(made[0], made[1])


def test_without_copies_signals_stay_as_they_are():
    """The arm without shifts shows the signals themselves; a random order shows no rolled ones."""
    assert torch.equal(shifted("none"), SIGNALS.expand(3, -1, -1, -1))
    rearranged = shifted("shifted_rearranged", 1)[0]
    assert not any((rearranged == SIGNALS.roll(by, 2)).all(2).all() for by in range(-4, 5))
    assert torch.equal(rearranged.sort(2).values, SIGNALS.sort(2).values)


def test_the_lead_is_that_of_seen_signals_at_the_look_that_counts():
    """A long training on few signals knows them; accuracy and curve agree on the look that was chosen."""
    found = experiment.measure("none", TWO, experiment.Scale(train=2000, units=30, steps=100))
    assert (found["lead_on_seen"] > -5).all()
    for accuracy, curve in zip(found["test_accuracy"], found["accuracy_curve"], strict=True):
        assert accuracy in curve

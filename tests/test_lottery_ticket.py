"""Cutting, locality and masked training of `lottery_ticket`, where the answer is known."""

from itertools import pairwise

import pytest
import torch

from repro.experiments import lottery_ticket as experiment
from repro.lab.batches import batch_order
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.parameters import unflatten
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SHAPES = mlp_shapes(6, 10, 10, 4)
COUNT = 10 * 6 + 10 + 10 * 10 + 10 + 4 * 10 + 4


@pytest.fixture(autouse=True)
def one_thread():
    """Train on one thread, as the worker does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small_task():
    """Return the shapes and first weights of nets of 16 units, and eight steps on 100 signals."""
    shapes = mlp_shapes(40, 16, 16, 10)
    start = initialise(TWO, shapes, "pytorch_default").flat
    data = mnist1d(TWO, train=100, test=100)
    return shapes, start, experiment.Task(shapes, data, batch_order(TWO, 100, 50, 8), 0.01)


def masks(cuts):
    """Return the masks before and after so many cuts, by sizes drawn afresh in each round."""
    found = [torch.ones(len(TWO), COUNT)]
    for step in range(cuts):
        found.append(experiment.cut(found[-1], TWO.uniform(f"size {step}", COUNT), SHAPES))
    return found


def test_cutting_keeps_the_asked_share_of_each_matrix():
    """Half of each matrix goes, a quarter of the last one, and no bias."""
    kept = unflatten(masks(1)[-1], SHAPES)
    counts = {name: mask.flatten(1).sum(1).tolist() for name, mask in kept.items()}
    assert counts == {
        "0.weight": [30, 30], "0.bias": [10, 10], "1.weight": [50, 50], "1.bias": [10, 10],
        "2.weight": [30, 30], "2.bias": [4, 4],
    }  # fmt: skip


@pytest.mark.parametrize("kept", ["random", "found", "numbers", "windows"])
def test_the_arms_keep_what_outcomes_say(kept):
    """After one, two and three cuts a half, a quarter and an eighth of each hidden layer are left."""
    shapes, start, task = small_task()
    found = experiment.kept_masks(kept, TWO, start, task)
    for mask, share in zip(found, (0.5, 0.25, 0.125), strict=True):
        parts = unflatten(mask, shapes)
        for name in ("0.weight", "1.weight"):
            assert parts[name].mean((1, 2)).tolist() == pytest.approx([share] * 2)


def test_cutting_takes_the_smallest():
    """In each matrix every weight that is cut is smaller than every weight that is kept."""
    size = TWO.uniform("size 0", COUNT)
    sizes, kept = unflatten(size, SHAPES), unflatten(masks(1)[-1], SHAPES)
    for name in ("0.weight", "1.weight", "2.weight"):
        for values, mask in zip(sizes[name], kept[name], strict=True):
            assert values[mask == 0].max() < values[mask == 1].min()


def test_masks_are_nested():
    """What was cut once never comes back, whatever the sizes say later."""
    found = masks(3)
    for before, after in pairwise(found):
        assert (after <= before).all()
        assert after.sum() < before.sum()


def test_windows_have_near_points_only():
    """Units that look through windows of 4 of 40 points have 150 near pairs in 780 on their side."""
    windows = torch.zeros(1, 37, 40)
    for unit in range(37):
        windows[0, unit, unit : unit + 4] = 1
    counts = windows.sum(1)[0]
    likely = torch.outer(counts, counts).triu(1)
    chance = sum(likely.diagonal(k).sum() for k in range(1, 5)) / likely.sum()
    assert experiment.locality(windows).item() == pytest.approx(1 / chance)
    assert chance == pytest.approx(150 / 780, abs=0.02)


def test_locality_of_known_masks():
    """All points or the edges alone are at chance; points five apart are never near."""
    everything = torch.ones(1, 8, 40)
    edges = everything.clone()
    edges[:, :, 10:30] = 0
    for mask in (everything, edges):
        assert experiment.locality(mask).item() == pytest.approx(1)
        assert experiment.pair_locality(mask).item() == pytest.approx(1)
    combs = torch.zeros(1, 5, 40)
    for unit in range(5):
        combs[0, unit, unit::5] = 1
    assert experiment.locality(combs).item() == 0
    assert experiment.pair_locality(combs).item() == 0


def test_a_crowded_unit_does_not_outvote_others():
    """Unit by unit one that keeps all of 40 weighs like ten windows of 4; pair by pair it counts far more."""
    windows = torch.zeros(1, 10, 40)
    for unit in range(10):
        windows[0, unit, 4 * unit : 4 * unit + 4] = 1
    both = torch.cat([windows, torch.ones(1, 1, 40)], 1)
    assert experiment.locality(windows).item() == pytest.approx(780 / 150)
    assert experiment.locality(both).item() == pytest.approx((780 / 150 + 1) / 2)
    assert experiment.pair_locality(both).item() == pytest.approx((60 + 150) / (60 + 780) * 780 / 150)


def test_random_masks_are_at_chance():
    """Over many units, a mask drawn point by point has locality one."""
    mask = (TWO.uniform("mask", 20000, 40) < 0.1).float()
    assert torch.allclose(experiment.locality(mask), torch.ones(2), atol=0.02)


def test_the_same_numbers_in_other_places():
    """Every unit and every input keeps as many weights as before, most of them elsewhere."""
    mask = (TWO.uniform("mask", 31, 40) < TWO.uniform("shares", 1, 40)).float()  # inputs differ in numbers
    other = experiment.with_numbers_of(TWO, mask, "other")
    for axis in (1, 2):
        assert torch.equal(other.sum(axis), mask.sum(axis))
    assert (other * mask).sum() < 0.8 * mask.sum()
    assert experiment.locality(other).tolist() == pytest.approx([1, 1], abs=0.05)


def test_every_mask_of_the_same_numbers_is_as_likely():
    """Of the six masks that keep one point of three at each of three units, each comes up about as often."""
    many = Seeds(tuple(range(3000)))
    drawn = experiment.with_numbers_of(many, torch.eye(3).expand(3000, 3, 3), "permutation")
    counts = drawn.flatten(1).unique(dim=0, return_counts=True)[1]
    assert len(counts) == 6
    assert counts.sub(500).abs().max() < 5 * 500**0.5


def test_windows_keep_each_units_number_side_by_side():
    """A unit keeps as many points as before, without a gap, and every place on the signal is as likely."""
    many = Seeds(tuple(range(2000)))
    counts = torch.tensor([0, 1, 5, 40])
    mask = (torch.arange(40) < counts.unsqueeze(1)).float().expand(2000, 4, 40)
    windows = experiment.windows_of(many, mask)
    assert torch.equal(windows.sum(2), counts.float().expand(2000, 4))
    starts = windows.diff(dim=2, prepend=torch.zeros(2000, 4, 1)) == 1
    assert (starts.sum(2) == (counts > 0)).all()
    first = starts[:, 2].float().argmax(1)  # windows of five have 36 places
    assert first.bincount(minlength=36).sub(2000 / 36).abs().max() < 5 * (2000 / 36) ** 0.5


def test_smaller_nets_have_as_many_weights():
    """The smaller full nets keep whole units, and within 4 percent as many hidden weights as a cut leaves."""
    shapes = mlp_shapes(40, 100, 100, 10)
    start = initialise(TWO, shapes, "pytorch_default").flat
    for mask, share in zip(experiment.small_masks(start, shapes), (0.5, 0.25, 0.125), strict=True):
        parts = unflatten(mask, shapes)
        units = parts["0.weight"][0].amax(1)
        assert torch.equal(parts["0.weight"][0], units.unsqueeze(1).expand(100, 40))
        assert torch.equal(parts["1.weight"][0], torch.outer(units, units))
        assert torch.equal(parts["2.weight"][0], units.expand(10, 100))
        left = parts["0.weight"][0].sum() + parts["1.weight"][0].sum()
        assert left.item() == pytest.approx(share * 14000, rel=0.04)


def test_what_is_cut_stays_zero(monkeypatch):
    """What is cut is zero after training; what is kept starts from the first weights in a ticket only."""
    starts, train = [], experiment.train

    def watched(start, mask, *rest):
        starts.append(start)
        for flat in train(start, mask, *rest):
            assert (flat[mask == 0] == 0).all()
            assert (flat != start)[mask == 1].float().mean() > 0.5
            yield flat

    monkeypatch.setattr(experiment, "TEST", 1000)
    monkeypatch.setattr(experiment, "train", watched)
    first = initialise(TWO, mlp_shapes(40, 20, 20, 10), "pytorch_default").flat
    nets = {"dense": 1, "dense_fresh": 1, "ticket": 6, "reinit": 6, "numbers": 6, "windows": 6, "random": 3}
    for arm, count in nets.items():
        starts.clear()
        experiment.measure(arm, TWO, experiment.Scale(units=20, steps=8))
        assert len(starts) == count
        assert torch.equal(starts[-1], first) == (arm in {"dense", "ticket"})


def test_the_rate_falls_evenly_to_nothing(monkeypatch):
    """The first step is taken at the full rate, the last at an eighth of it where there are eight."""
    rates = []
    monkeypatch.setattr(experiment, "adam", lambda *args: rates.append(args[3]))
    _, start, task = small_task()
    list(experiment.train(start, torch.ones_like(start), 0.8, task))
    assert rates == pytest.approx([0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_outcomes_are_points_of_the_curves(monkeypatch):
    """Final accuracies are the curve over shares; early accuracy is the mean of the first four looks."""
    monkeypatch.setattr(experiment, "TEST", 1000)
    values = experiment.measure("ticket", TWO, experiment.Scale(units=20, steps=8))
    finals = torch.stack([values["eighth"], values["quarter"], values["half"]], 1)
    assert torch.equal(values["accuracy_curve"], finals)
    assert torch.allclose(values["early_eighth"], values["training_curve"][:, :4].mean(1))
    assert torch.equal(values["eighth"], values["training_curve"][:, -1])

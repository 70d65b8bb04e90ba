"""Cutting, locality and masked training of `lottery_ticket`, where the answer is known."""

from itertools import pairwise

import pytest
import torch

from repro.experiments import lottery_ticket as experiment
from repro.lab.mlp import mlp_shapes
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


def masks(cuts):
    """Return the masks after each of the cuts, by sizes drawn afresh in each round."""
    found = [torch.ones(len(TWO), COUNT)]
    for step, share in enumerate(cuts):
        found.append(experiment.cut(found[-1], TWO.uniform(f"size {step}", COUNT), share, SHAPES))
    return found


def test_cutting_keeps_the_asked_share_of_each_matrix():
    """A share of each matrix goes, half of it in the last one, and no bias."""
    kept = unflatten(masks([0.4])[-1], SHAPES)
    counts = {name: mask.flatten(1).sum(1).tolist() for name, mask in kept.items()}
    assert counts == {
        "0.weight": [36, 36], "0.bias": [10, 10], "1.weight": [60, 60], "1.bias": [10, 10],
        "2.weight": [32, 32], "2.bias": [4, 4],
    }  # fmt: skip


def test_cutting_takes_the_smallest():
    """In each matrix every weight that is cut is smaller than every weight that is kept."""
    size = TWO.uniform("size 0", COUNT)
    sizes, kept = unflatten(size, SHAPES), unflatten(masks([0.4])[-1], SHAPES)
    for name in ("0.weight", "1.weight", "2.weight"):
        for values, mask in zip(sizes[name], kept[name], strict=True):
            assert values[mask == 0].max() < values[mask == 1].min()


def test_masks_are_nested():
    """What was cut once never comes back, whatever the sizes say later."""
    found = masks([0.4, 0.4, 0.4])
    for before, after in pairwise(found):
        assert (after <= before).all()
        assert after.sum() < before.sum()


def test_the_shares_leave_what_the_arms_say():
    """Cutting in turn leaves a tenth of a matrix, and of a light cut nine tenths."""
    for cuts, left in ((experiment.HARD, 0.1), (experiment.LIGHT, 0.9)):
        share = torch.tensor([1 - cut for cut in cuts]).prod()
        assert share == pytest.approx(left, abs=0.005)


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
    combs = torch.zeros(1, 5, 40)
    for unit in range(5):
        combs[0, unit, unit::5] = 1
    assert experiment.locality(combs).item() == 0


def test_a_crowded_unit_does_not_outvote_others():
    """Each kept point counts once: one unit that keeps all of 40 weighs like ten windows of 4."""
    windows = torch.zeros(1, 10, 40)
    for unit in range(10):
        windows[0, unit, 4 * unit : 4 * unit + 4] = 1
    both = torch.cat([windows, torch.ones(1, 1, 40)], 1)
    assert experiment.locality(windows).item() == pytest.approx(780 / 150)
    assert experiment.locality(both).item() == pytest.approx((780 / 150 + 1) / 2)


def test_random_masks_are_at_chance():
    """Over many units, a mask drawn point by point has locality one."""
    mask = (TWO.uniform("mask", 20000, 40) < 0.1).float()
    assert torch.allclose(experiment.locality(mask), torch.ones(2), atol=0.02)


def test_what_is_cut_stays_zero(monkeypatch):
    """What is cut is zero after training; what is kept starts from the first weights in a ticket only."""
    starts, train = [], experiment.train

    def watched(net, mask, *rest):
        starts.append((net.flat.clone(), mask))
        for flat in train(net, mask, *rest):
            assert (flat[mask == 0] == 0).all()
            assert (flat != starts[-1][0])[mask == 1].float().mean() > 0.5
            yield flat

    monkeypatch.setattr(experiment, "TEST", 1000)
    monkeypatch.setattr(experiment, "train", watched)
    for arm, rounds in (("dense", 0), ("ticket", 4), ("reinit", 4), ("random", 0), ("reinit_light", 1)):
        starts.clear()
        experiment.measure(arm, TWO, experiment.Scale(units=20, steps=4))
        assert len(starts) == rounds + 1
        (first, _), (last, mask) = starts[0], starts[-1]
        assert torch.equal(first * mask, last) == (arm not in {"reinit", "reinit_light"})


def test_halves_are_means_of_the_curve(monkeypatch):
    """Early and late accuracy are the means of four looks each."""
    monkeypatch.setattr(experiment, "TEST", 1000)
    values = experiment.measure("ticket", TWO, experiment.Scale(units=20, steps=4))
    early, late = values["accuracy_curve"].split([4, 4], 1)
    assert torch.allclose(values["early_accuracy"], early.mean(1))
    assert torch.allclose(values["late_accuracy"], late.mean(1))

"""Small data sets, batches, lanes and curves: shapes, pairing and distributions."""

from __future__ import annotations

import pytest
import torch

from repro.lab.batches import batch_order, batches, take
from repro.lab.curves import thin, thinned
from repro.lab.data import digits, linear_regression, teacher_student
from repro.lab.lanes import best, grid, reseeded, spread
from repro.lab.seeds import Seeds
from repro.lab.sequences import adding

SEEDS = Seeds((1, 2, 3))


def test_digits_are_split_at_random_for_each_seed():
    """Every seed has all 1,797 digits, in its own order, with pixels from 0 to 1."""
    data = digits(SEEDS)
    assert data.x.shape == (3, 1437, 64)
    assert data.test_x.shape == (3, 360, 64)
    assert (float(data.x.min()), float(data.x.max())) == (0, 1)
    assert not torch.equal(data.y[0], data.y[1])
    sums = [torch.cat([data.x[s], data.test_x[s]]).sum(1).sort().values for s in range(3)]
    assert torch.equal(sums[0], sums[1])


def test_regression_without_noise_is_linear():
    """Without noise the targets are an exact linear function of the points, of variance about 1."""
    data = linear_regression(SEEDS, train=50, test=500, features=8)
    w = torch.linalg.lstsq(data.x, data.y).solution
    torch.testing.assert_close(data.test_x @ w, data.test_y)
    assert float(w.square().mean()) == pytest.approx(1 / 8, rel=0.6)


def test_label_noise_is_on_the_training_points_alone():
    """Noise of deviation 0.5 changes the training targets and no test target."""
    clean, noisy = (linear_regression(SEEDS, train=2000, test=9, features=4, noise=n) for n in (0.0, 0.5))
    assert float((noisy.y - clean.y).std()) == pytest.approx(0.5, rel=0.03)
    assert torch.equal(noisy.test_y, clean.test_y)


def test_teacher_is_fresh_for_each_seed():
    """Teachers differ between seeds and map points to as many outputs as their last width."""
    data = teacher_student(SEEDS, train=20, test=5, widths=(6, 11, 2))
    assert data.y.shape == (3, 20, 2)
    assert not torch.equal(data.y[0], data.y[1])


def test_adding_problem_marks_one_number_in_either_half():
    """The answer is the sum of the two marked numbers."""
    x, y = adding(SEEDS, 200, 11)
    assert x.shape == (3, 200, 11, 2)
    assert torch.equal(x[..., :5, 1].sum(2), torch.ones(3, 200))
    assert torch.equal(x[..., 5:, 1].sum(2), torch.ones(3, 200))
    torch.testing.assert_close((x[..., 0] * x[..., 1]).sum(2, keepdim=True), y)
    assert float(y.var()) == pytest.approx(1 / 6, rel=0.1)


def test_batches_go_through_whole_epochs():
    """An epoch meets every point once, the next one in another order."""
    order = batch_order(SEEDS, 12, 4, 7)
    assert order.shape == (3, 7, 4)
    epochs = order[:, :6].reshape(3, 2, 12)
    assert torch.equal(epochs.sort(2).values, torch.arange(12).expand(3, 2, 12))
    assert not torch.equal(epochs[:, 0], epochs[:, 1])


def test_longer_training_starts_with_the_same_batches():
    """Drawing more steps changes none of the first ones, so that arms of different length are paired."""
    assert torch.equal(batch_order(SEEDS, 12, 5, 3), batch_order(SEEDS, 12, 5, 9)[:, :3])


@pytest.mark.parametrize("batch", [0, 13])
def test_batch_that_no_epoch_can_fill_is_refused(batch):
    """The message says what was requested and what is possible."""
    with pytest.raises(ValueError, match=f"a batch of {batch} from 12 points; ask for 1 to 12"):
        batch_order(SEEDS, 12, batch, 1)


@pytest.mark.parametrize("start", [0, 1], ids=["whole", "slice"])
def test_lanes_of_a_seed_take_from_its_data(start):
    """With two lanes per seed, neighbouring lanes take from the same seed, even if the data are a slice."""
    data = torch.arange(3 * 10 * 2).view(3, 10, 2)[:, start:]
    index = torch.randint(9, (6, 4), generator=torch.Generator().manual_seed(0))
    expected = torch.stack([data[lane // 2][index[lane]] for lane in range(6)])
    assert torch.equal(take(data, index), expected)


@pytest.mark.parametrize("ahead", [1, 50, 10**6])
def test_batches_are_those_of_each_step_however_many_are_fetched_at_a_time(ahead, monkeypatch):
    """Fetching ahead changes neither points nor labels, also where steps do not divide evenly."""
    monkeypatch.setattr("repro.lab.batches.AHEAD", ahead)
    points, labels = torch.arange(3 * 10 * 2).view(3, 10, 2), torch.arange(3 * 10).view(3, 10)
    order = batch_order(SEEDS, 10, 3, 7)
    found = list(batches(points, labels, order))
    assert len(found) == 7
    for (x, y), index in zip(found, order.unbind(1), strict=True):
        assert torch.equal(x, take(points, index))
        assert torch.equal(y, take(labels, index))


def test_grid_and_best_speak_of_the_same_lanes():
    """The best lane of each seed points into the grid's values."""
    rates = grid(SEEDS, (0.1, 0.2))
    score = torch.tensor([1.0, 2.0, 5.0, 4.0, float("nan"), -9.0])
    assert rates[best(score, 2, "higher")].tolist() == pytest.approx([0.2, 0.1, 0.2])
    assert rates[best(score, 2, "lower")].tolist() == pytest.approx([0.1, 0.2, 0.2])


def test_seed_whose_lanes_all_diverged_stays_diverged():
    """Where every lane is NaN the choice is one of them, so that the result is NaN."""
    score = torch.tensor([float("nan"), float("nan"), 1.0, float("inf")])
    assert score[best(score, 2, "lower")].isnan().tolist() == [True, False]
    assert score[best(score, 2, "lower")][1] == 1


def test_spread_repeats_what_belongs_to_a_seed():
    """Lanes of a seed are neighbours."""
    assert spread(torch.tensor([7, 8]), 3).tolist() == [7, 7, 7, 8, 8, 8]


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 3001])
def test_thin_curve_keeps_first_and_last_point(length):
    """At most 64 positions are kept, in order, without repetition, from the first to the last."""
    kept = thinned(length)
    assert kept == sorted(set(kept))
    assert (kept[0], kept[-1]) == (0, length - 1)
    assert len(kept) == min(length, 64)
    assert torch.equal(thin(torch.arange(length).expand(2, -1))[0], torch.tensor(kept))


def test_reseeded_lanes_share_no_seed():
    """Each lane has a seed of its own, neighbours descend from one seed, and none is another's descendant."""
    lanes = reseeded(Seeds((5, 6)), 3)
    assert len(set(lanes.values)) == 6
    assert lanes.values[3:] == reseeded(Seeds((6,)), 3).values

"""Draws depend on seed and purpose alone, and follow the distributions they name."""

import torch

from repro.lab.seeds import Seeds

SEEDS = Seeds((3, 1, 4, 15, 9))


def test_same_seed_and_purpose_give_the_same_numbers():
    """A draw is a pure function of seed and purpose, which is what pairs the arms."""
    assert torch.equal(SEEDS.normal("data", 7), SEEDS.normal("data", 7))


def test_each_seed_is_independent_of_its_companions():
    """A seed's numbers do not depend on the other seeds of the batch, nor on its place among them."""
    alone = Seeds((15,))
    assert torch.equal(SEEDS.normal("data", 7)[3], alone.normal("data", 7)[0])
    assert torch.equal(SEEDS.permutations("order", 7)[3], alone.permutations("order", 7)[0])


def test_purposes_are_independent():
    """Another purpose gives other numbers, without correlation."""
    one, other = SEEDS.normal("data", 4000), SEEDS.normal("weights", 4000)
    assert (one * other).mean(1).abs().max() < 0.08  # five standard errors


def test_seeds_are_independent():
    """Another seed gives other numbers, without correlation."""
    draws = SEEDS.normal("data", 4000)
    assert (draws[0] * draws[1:]).mean(1).abs().max() < 0.08


def test_longer_draws_begin_like_shorter_ones():
    """Drawing more rows for a purpose leaves the first ones as they were."""
    assert torch.equal(SEEDS.normal("data", 9, 4)[:, :5], SEEDS.normal("data", 5, 4))
    assert torch.equal(SEEDS.uniform("data", 9, 4)[:, :5], SEEDS.uniform("data", 5, 4))


def test_draws_leave_the_global_generators_alone():
    """Neither torch's global generator is used nor its state changed."""
    before = torch.get_rng_state()
    SEEDS.normal("data", 7)
    SEEDS.permutations("order", 7)
    assert torch.equal(before, torch.get_rng_state())


def test_normal_draws_are_standard():
    """Normal draws have mean 0 and variance 1, to five standard errors."""
    draws = SEEDS.normal("data", 20000, dtype=torch.float64)
    assert draws.mean(1).abs().max() < 5 / 20000**0.5
    assert (draws.var(1) - 1).abs().max() < 5 * (2 / 20000) ** 0.5


def test_uniform_draws_fill_their_range():
    """Uniform draws lie in the half-open range and have its mean."""
    draws = SEEDS.uniform("data", 20000, low=-1.0, high=3.0)
    assert draws.min() >= -1
    assert draws.max() < 3
    assert (draws.mean(1) - 1).abs().max() < 5 * (16 / 12 / 20000) ** 0.5


def test_integers_reach_both_ends_of_their_range():
    """Integers run from low to high - 1."""
    assert SEEDS.integers("data", 500, low=2, high=5).unique().tolist() == [2, 3, 4]


def test_permutations_hold_each_index_once():
    """A permutation is an order of all indexes."""
    assert torch.equal(SEEDS.permutations("order", 50).sort(1).values, torch.arange(50).expand(5, -1))


def test_draws_come_in_the_type_asked_for():
    """Normal and uniform draws are float32 unless told otherwise, and integers are int64."""
    assert SEEDS.normal("data", 2).dtype == torch.float32
    assert SEEDS.uniform("data", 2, dtype=torch.float64).dtype == torch.float64
    assert SEEDS.integers("data", 2, high=2).dtype == torch.int64

"""Contests between networks: who wins them, on what, and what of the gain is luck."""

import dataclasses

import pytest
import torch

from repro.experiments.selection import ARMS, MINIMAL, PARTS, TRAINED_ON, measure, right_answers, scored
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
SHORT = dataclasses.replace(MINIMAL, contests=30, candidates=4, steps=60)


def test_parts_share_out_all_digits():
    """Test, validation and fresh digits are what the networks were not trained on, a third each."""
    right = (SEEDS.uniform("right", 4, 1797 - TRAINED_ON) < 0.9).double()
    scores = scored(SEEDS, SHORT, right)
    sizes = {"test": 499, "validation": 499, "fresh": 499}
    assert scores.keys() == sizes.keys() == {*PARTS}
    in_all = sum(sizes[part] * scores[part] for part in PARTS)
    torch.testing.assert_close(in_all, right.sum(-1)[:, None].expand(-1, SHORT.contests, -1))


def test_networks_learn_and_differ():
    """After a little training every network is right on most digits, and no two on the same ones."""
    right = right_answers(SEEDS, SHORT, torch.ones(5, 4))
    assert (right.mean(-1) > 0.8).all()
    assert not torch.equal(right[:, 0], right[:, 1])


def test_a_factor_is_one_on_the_learning_rate():
    """At a millionth of the rate nothing is learned."""
    factors = torch.tensor([1e-6, 1.0]).expand(5, 2)
    unmoved, moved = right_answers(SEEDS, SHORT, factors).mean(-1).unbind(1)
    assert (unmoved < 0.4).all()
    assert (moved > 0.8).all()


def test_luck_alone_is_no_gain_on_fresh_digits():
    """Coins selected on the test digits lead there and not on fresh ones."""
    right = (SEEDS.uniform("coins", 20, 1797 - TRAINED_ON) < 0.9).double()
    scores = scored(SEEDS, dataclasses.replace(SHORT, contests=400), right)
    winner = scores["test"].argmax(-1, keepdim=True)
    lead = {part: (scores[part].gather(-1, winner)[..., 0] - scores[part].mean(-1)).mean() for part in PARTS}
    assert lead["test"] > 0.01
    assert abs(lead["fresh"]) < 0.005


@pytest.mark.parametrize("arm", ARMS)
def test_gains_add_up(arm):
    """What is shown is what is real and what is not."""
    values = measure(arm, SEEDS, SHORT)
    torch.testing.assert_close(values["apparent_gain"], values["fresh_gain"] + values["optimism"])
    torch.testing.assert_close(values["real_share"] * values["apparent_gain"], values["fresh_gain"])

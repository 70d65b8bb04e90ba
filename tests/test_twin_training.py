"""Twins that differ in nothing, in rounding or in more, and the matching of their units."""

import torch

from repro.experiments import twin_training as experiment
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp
from repro.lab.parameters import flatten, unflatten
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SHORT = experiment.Scale(steps=20)


def nets():
    """Return the first weights of a net for each seed."""
    return initialise(TWO, experiment.SHAPES, "he").flat


def test_twins_that_differ_in_nothing_are_alike_to_the_last_bit():
    """Side by side in one batch of nets they see the same numbers in the same order."""
    found = experiment.measure("same", TWO, SHORT)
    assert not found["distance"].any()
    assert found["barrier"].tolist() == [torch.tensor(experiment.LEAST).item()] * 2


def test_another_order_of_sums_has_the_same_signals():
    """Every batch holds what it held before, in another order."""
    plan = experiment.Plan(nets(), experiment.batch_order(TWO, 50, 100 // 2, 3))
    wide = plan._replace(order=torch.cat([plan.order, plan.order + 50], 2))  # a batch of 100
    changed = experiment.sums(wide, TWO)
    assert not torch.equal(changed.order, wide.order)
    assert torch.equal(changed.order.sort(2).values, wide.order.sort(2).values)


def test_rounding_sets_twins_apart_by_very_little_at_first():
    """After some steps they differ, and by less than a thousandth of the way."""
    distance = experiment.measure("sum_order", TWO, SHORT)["distance"]
    assert ((distance > 0) & (distance < 1e-3)).all()


def test_other_batches_begin_at_the_step_that_is_named():
    """Until then both twins see the same."""
    plan = experiment.Plan(nets(), experiment.batch_order(TWO, experiment.TRAIN, experiment.BATCH, 6))
    changed = experiment.batches_from(4)(plan, TWO)
    assert torch.equal(changed.order[:, :4], plan.order[:, :4])
    assert not torch.equal(changed.order[:, 4:], plan.order[:, 4:])


def test_matching_finds_a_net_whose_units_were_shuffled():
    """Put in order, the weights are those of the net before; the answers are the same all along."""
    first = nets() + 0.01 * TWO.normal("noise", nets().shape[1])
    net = unflatten(first, experiment.SHAPES)
    for k, seed in ((0, 1), (1, 2)):
        order = torch.randperm(experiment.WIDTH, generator=torch.Generator().manual_seed(seed))
        net[f"{k}.weight"], net[f"{k}.bias"] = net[f"{k}.weight"][:, order], net[f"{k}.bias"][:, order]
        net[f"{k + 1}.weight"] = net[f"{k + 1}.weight"][:, :, order]
    shuffled = flatten([net[name] for name in experiment.SHAPES])
    x = TWO.normal("x", 200, experiment.FEATURES)
    assert torch.allclose(
        mlp(unflatten(shuffled, experiment.SHAPES), x), mlp(unflatten(first, experiment.SHAPES), x), atol=1e-5
    )
    assert torch.equal(experiment.matched(first, shuffled, x), first)

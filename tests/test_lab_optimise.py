"""Optimisers on stacked weights against torch.optim, one lane at a time."""

from __future__ import annotations

import pytest
import torch

from repro.lab.optimise import adam, adam_state, clip, norms, sgd
from repro.lab.seeds import Seeds

RATES = (0.1, 0.01, 0.3)
SEEDS = Seeds((1, 2, 3))


def normal(purpose: str) -> torch.Tensor:
    """Return normal draws of shape (3, 7)."""
    return SEEDS.normal(purpose, 7, dtype=torch.float64)


def assert_follows(step, make_reference):
    """Take 20 steps with one rate per lane, and compare each lane with torch's optimiser at that rate."""
    flat = normal("start")
    start = flat.clone()
    gradients = [normal(f"gradient {k}") for k in range(20)]
    for slope in gradients:
        step(flat, slope, torch.tensor(RATES, dtype=torch.float64))
    for lane, rate in enumerate(RATES):
        weight = start[lane].clone().requires_grad_()
        reference = make_reference([weight], rate)
        for slope in gradients:
            weight.grad = slope[lane]
            reference.step()
        torch.testing.assert_close(flat[lane], weight.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.9, 0.0), (0.9, 0.1), (0.0, 0.1)])
def test_sgd_follows_torch_at_a_rate_a_lane(momentum, decay):
    """Heavy-ball momentum and weight decay are those of torch.optim.SGD."""
    velocity = torch.zeros(3, 7, dtype=torch.float64)
    assert_follows(
        lambda flat, slope, rate: sgd(flat, slope, velocity, rate, momentum=momentum, decay=decay),
        lambda weights, rate: torch.optim.SGD(weights, rate, momentum=momentum, weight_decay=decay),
    )


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adam_follows_torch_at_a_rate_a_lane(decay):
    """Adam and its decoupled decay are those of torch.optim.AdamW."""
    state = adam_state(torch.zeros(3, 7, dtype=torch.float64))
    assert_follows(
        lambda flat, slope, rate: adam(flat, slope, state, rate, decoupled_decay=decay),
        lambda weights, rate: torch.optim.AdamW(weights, rate, weight_decay=decay),
    )


def test_one_rate_for_all_is_that_rate_in_each_lane():
    """A number and a vector of that number give the same step."""
    ends = []
    for rate in (0.25, torch.full((3,), 0.25, dtype=torch.float64)):
        flat = normal("start")
        adam(flat, normal("gradient"), adam_state(flat), rate)
        ends.append(flat)
    torch.testing.assert_close(ends[0], ends[1], rtol=0, atol=1e-15)


def test_steps_leave_the_gradient_as_it_is():
    """A caller may use the gradient after the step."""
    flat, slope = normal("start"), normal("gradient")
    before = slope.clone()
    sgd(flat, slope, torch.zeros_like(flat), 0.1, momentum=0.9, decay=0.1)
    adam(flat, slope, adam_state(flat), 0.1, decoupled_decay=0.1)
    assert torch.equal(slope, before)


def test_momentum_without_velocity_is_refused():
    """The message says what to pass."""
    with pytest.raises(ValueError, match="momentum needs a velocity; pass"):
        sgd(normal("start"), normal("gradient"), None, 0.1, momentum=0.9)


def test_clipping_is_by_lane():
    """Lanes above the norm are scaled down to it, others are left alone."""
    slope = torch.tensor([[3.0, 4.0], [0.3, 0.4], [float("nan"), 1.0]])
    clipped = clip(slope, 1.0)
    assert norms(clipped)[:2].tolist() == pytest.approx([1.0, 0.5])
    assert torch.equal(clipped[1], slope[1])
    assert clipped[2].isnan().all()

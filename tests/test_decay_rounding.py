"""Rounding, and a step of Adam with and without it."""

import torch

from repro.experiments import decay_rounding as experiment
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))


def test_rounding_makes_one_of_the_decay_rate_and_truncation_does_not():
    """0.999 lies nearer to 1 than to 0.99609375, its other neighbour in the format."""
    rate = torch.tensor([0.999, -0.999])
    assert experiment.to_nearest(rate).tolist() == [1.0, -1.0]
    assert experiment.truncated(rate).tolist() == [0.99609375, -0.99609375]


def test_without_rounding_a_step_is_that_of_torch():
    """Three steps of the textbook's Adam end where torch's do."""
    weights, slopes = TWO.normal("w", 7), TWO.normal("g", 3, 7)
    arm = experiment.ARMS["exact"]
    decays, rate = torch.tensor([experiment.FIRST, experiment.SECOND]), torch.full((2, 1), 0.01)
    zero = torch.zeros_like(weights)
    state = experiment.State(weights, zero, zero, torch.ones(2))
    plain = weights.clone().requires_grad_()
    optimiser = torch.optim.Adam([plain], lr=0.01)
    for k in range(3):
        state = experiment.step_of_adam(state, slopes[:, k], rate, decays, arm)
        plain.grad = slopes[:, k]
        optimiser.step()
    assert torch.allclose(state.weights, plain.detach(), atol=1e-4)


def test_all_that_is_rounded_is_in_the_format():
    """Weights and moments after a step have no bit below those of bfloat16."""
    weights, slope = TWO.normal("w", 7), TWO.normal("g", 7)
    arm = experiment.ARMS["all_truncated"]
    r = arm.numbers
    decays = r(torch.tensor([experiment.FIRST, experiment.SECOND]))
    state = experiment.State(r(weights), torch.zeros(2, 7), torch.zeros(2, 7), torch.ones(2))
    after = experiment.step_of_adam(state, r(slope), torch.full((2, 1), 0.01), decays, arm)
    for part in after:
        assert torch.equal(part, r(part))


def test_only_a_decay_rate_of_one_breaks_weights():
    """After one step all weights are broken where it is rounded to 1, and none elsewhere."""
    short = experiment.Scale(steps=1)
    for name, arm in experiment.ARMS.items():
        broken = experiment.measure(name, TWO, short)["broken_weights"]
        is_one = arm.is_adam and arm.second == experiment.SECOND and arm.decays is experiment.to_nearest
        assert broken.tolist() == [100.0 if is_one else 0.0] * 2, name

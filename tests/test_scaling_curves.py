"""A curve is foretold by the law that it follows, by no other, and never below nothing."""

import torch

from repro.experiments.scaling_curves import SEEN, TEACHER, TIMES, UNITS, fitted
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp_shapes
from repro.lab.seeds import Seeds

SHARE = torch.tensor(TIMES, dtype=torch.float64) / TIMES[SEEN - 1]
POWERS = SHARE ** -torch.tensor([[0.2], [0.5], [1.0]], dtype=torch.float64)
LINE = (SHARE[-1] / SHARE).log().unsqueeze(0)


def test_a_power_with_a_floor_is_foretold():
    """Exactly, where the power is among those that are tried, in each lane its own."""
    losses = torch.stack([0.1 + 0.3 * SHARE**-0.5, 2 * SHARE**-1.0])
    assert torch.allclose(fitted(losses, POWERS), losses)


def test_a_line_in_the_logarithm_is_foretold():
    """By a line, and not by a power."""
    losses = (1 + 0.2 * LINE).clone()
    assert torch.allclose(fitted(losses, LINE), losses)
    assert not torch.allclose(fitted(losses, POWERS), losses, rtol=0.02)


def test_only_sizes_seen_are_looked_at():
    """Whatever the losses beyond them are."""
    losses = torch.stack([0.1 + 0.3 * SHARE**-0.5])
    others = losses.clone()
    others[:, SEEN:] = 7
    assert torch.equal(fitted(losses, POWERS), fitted(others, POWERS))


def test_nothing_is_foretold_below_zero():
    """A line that would get there ends at zero, and a loss that rises is foretold to stay."""
    steep = (0.05 + SHARE[SEEN - 1] - SHARE).clamp_min(0.01).unsqueeze(0)
    assert (fitted(steep, LINE) >= 0).all()
    rising = (1 + 0.1 * SHARE.log2() + 1).unsqueeze(0)
    assert torch.allclose(fitted(rising, POWERS)[:, SEEN:], fitted(rising, POWERS)[:, :1])


def test_nets_grow_as_the_axis_says():
    """The numbers of their weights are such multiples of the smallest, to three percent."""
    shapes = [mlp_shapes(TEACHER[0], units, units, 1) for units in UNITS]
    weights = torch.tensor([initialise(Seeds((1,)), each, "he").flat.shape[1] for each in shapes])
    assert torch.allclose(weights / weights[0], torch.tensor(TIMES), rtol=0.07)

"""What `dropout` leaves out while it trains, and how it measures what a net relies on."""

import torch

from repro.experiments import dropout as experiment
from repro.lab.ensemble import dropout_masks
from repro.lab.initialise import initialise
from repro.lab.losses import accuracy
from repro.lab.mlp import mlp_shapes
from repro.lab.mnist1d import mnist1d
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(few=60, units=12, steps=20)


def test_lanes_of_one_share_leave_out_the_same_units_in_every_step_others():
    """A fifth of hidden units is out in the first two lanes of a seed, half in the others; inputs stay."""
    steps = list(experiment.masks_of_steps(TWO, 60, "units", 30))
    assert len(steps) == 60
    assert all(inputs is None for inputs, *_ in steps)
    first, second = (torch.stack([step[k] for step in steps]) for k in (1, 2))
    assert first.shape == (60, 8, experiment.BATCH, 30)
    for masks in (first, second):
        out = (masks == 0).float().mean((0, 2, 3)).view(2, 4)
        assert torch.allclose(out, torch.tensor([0.2, 0.2, 0.5, 0.5]).expand(2, 4), atol=0.01)
        assert torch.equal(masks[:, 0], masks[:, 1])
        assert not torch.equal(masks[0], masks[50])
    assert not torch.equal(first, second)


def test_only_input_points_are_left_out_where_inputs_are_noisy():
    """The masks of the two hidden layers are none at all, and without dropout so is the first."""
    inputs, *hidden = next(experiment.masks_of_steps(TWO, 1, "inputs", 30))
    assert inputs.shape == (8, experiment.BATCH, 40)
    assert hidden == [None, None]
    assert next(experiment.masks_of_steps(TWO, 1, "nothing", 30)) == [None, None, None]


def test_reliance_is_what_silenced_units_cost():
    """It is the mean loss of accuracy over draws of units, as a plain loop over layers computes it."""
    data = mnist1d(TWO, train=100, test=20)
    net = initialise(TWO, mlp_shapes(40, 30, 30, 10), "he")
    masks = [
        dropout_masks(TWO, experiment.DRAWS, 1, 30, rate=experiment.SILENCED, purpose=f"silenced {layer}")
        for layer in (1, 2)
    ]

    def right(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the share of seed 1's signals that a net with factors on its units has right."""
        w = {name: weight[1] for name, weight in net.weights.items()}
        hidden = (data.x[1] @ w["0.weight"].T + w["0.bias"]).relu() * first
        hidden = (hidden @ w["1.weight"].T + w["1.bias"]).relu() * second
        return accuracy((hidden @ w["2.weight"].T + w["2.bias"])[None], data.y[1:])

    whole = torch.ones(1, 30)
    kept = [right(masks[0][1, draw], masks[1][1, draw]) for draw in range(experiment.DRAWS)]
    lost = right(whole, whole) - torch.stack(kept).mean(0)
    assert torch.allclose(experiment.reliance(TWO, net.weights, data.x, data.y)[1:], lost, atol=1e-5)


def test_a_net_that_does_not_use_its_units_relies_on_none():
    """Where the last layer has only biases, silencing costs nothing."""
    data = mnist1d(TWO, train=100, test=20)
    net = initialise(TWO, mlp_shapes(40, 30, 30, 10), "he")
    with torch.no_grad():
        net.weights["2.weight"].zero_()
    assert torch.equal(experiment.reliance(TWO, net.weights, data.x, data.y), torch.zeros(2))


def test_a_trial_is_chosen_on_other_signals_than_it_is_judged_on():
    """With labels of the judging half replaced, the same weights are judged: only their score changes."""
    data = mnist1d(TWO, train=100, test=2 * experiment.TESTED)
    shapes = mlp_shapes(40, 12, 12, 10)
    nets = [initialise(Seeds((9, 8)), shapes, "he", lanes=2, gain=gain).flat for gain in (1.0, 2.0, 3.0)]
    looks = torch.stack(nets, 1) + torch.linspace(0, 0.5, 4)[:, None, None]
    wrong = data.test_y.clone()
    wrong[:, experiment.TESTED :] = 99
    found = experiment.judged(TWO, shapes, looks, data.test_x, data.test_y)
    missed = experiment.judged(TWO, shapes, looks, data.test_x, wrong)
    assert (found["test_accuracy"] > 0).all()
    assert torch.equal(missed["test_accuracy"], torch.zeros(2))
    assert torch.equal(missed["reliance"], torch.zeros(2))

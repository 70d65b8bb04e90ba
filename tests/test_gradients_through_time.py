"""Gradients through time: Jacobians against PyTorch's cell and against closed forms."""

import pytest
import torch

from repro.experiments import gradients_through_time as experiment
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
ONE = Seeds((7,))
SMALL = experiment.Scale(units=6, steps=20)


def run(cell, rows, units=4):
    """Return weights (rows, units), drives (20, rows) and the Jacobians (20, units, units) of one seed."""
    recurrent = ONE.normal("recurrent", rows, units, dtype=torch.float64)
    drives = ONE.normal("drives", experiment.RECORDS, rows, dtype=torch.float64)
    return recurrent[0], drives[0], experiment.flow(cell, recurrent, drives).memories[0]


def test_the_default_cell_is_that_of_pytorch():
    """With the same weights, PyTorch's own cell has the same Jacobian of its last memory."""
    recurrent, drives, jacobians = run(experiment.lstm, 16)
    theirs = torch.nn.LSTMCell(16, 4, dtype=torch.float64)
    theirs.weight_ih.data, theirs.weight_hh.data = torch.eye(16, dtype=torch.float64), recurrent
    theirs.bias_ih.data.zero_()
    theirs.bias_hh.data.zero_()
    start = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    h, c = torch.zeros(4, dtype=torch.float64), start
    for drive in drives:
        h, c = theirs(drive, (h, c))
    rows = [torch.autograd.grad(unit, start, retain_graph=True)[0] for unit in c]
    assert torch.allclose(jacobians[-1], torch.stack(rows))


def test_the_jacobian_of_a_plain_net_is_a_product():
    """For a tanh net it is the product of diag(1 - h^2) W over the steps."""
    recurrent, drives, jacobians = run(experiment.plain, 4)
    h, product = torch.zeros(4, dtype=torch.float64), torch.eye(4, dtype=torch.float64)
    for drive, found in zip(drives, jacobians, strict=True):
        h = (drive + recurrent @ h).tanh()
        product = torch.diag(1 - h.square()) @ recurrent @ product
        assert torch.allclose(found, product)


def test_a_linear_orthogonal_net_keeps_every_gradient():
    """Its gain is one after any number of steps."""
    values = experiment.measure("linear_orthogonal", SEEDS, SMALL)
    assert values["log10_gain"].abs().max() < 1e-12


@pytest.mark.parametrize(("name", "gate"), [("lstm_1997", 1.0), ("lstm_half", 0.5)])
def test_a_fixed_forget_gate_keeps_its_share_of_memory(name, gate):
    """Without recurrent weights the memory's Jacobian is the gate to the power of the steps."""
    drives = ONE.normal("drives", experiment.RECORDS, 16, dtype=torch.float64)
    none = torch.zeros(1, 16, 4, dtype=torch.float64)
    jacobians = experiment.flow(experiment.ARMS[name].cell, none, drives).memories
    assert torch.allclose(jacobians[0, 4], gate**5 * torch.eye(4, dtype=torch.float64))


def test_a_wider_open_forget_gate_keeps_more():
    """The gain rises from the half-open gate over the default and raised biases."""
    names = ("lstm_default", "lstm_bias_1", "lstm_bias_5")
    gains = [experiment.measure(name, SEEDS, SMALL)["log10_gain"].mean() for name in names]
    assert gains == sorted(gains)


def test_what_is_cut_at_the_gates_flows_through_the_memory_alone():
    """The memory then keeps all influence, whatever the recurrent weights; the output shows a part of it."""
    values = experiment.measure("lstm_cut", SEEDS, SMALL)
    assert values["log10_gain"].abs().max() < 1e-12
    assert values["log10_output_gain"].abs().min() > 0


def test_the_output_of_a_plain_net_is_its_state():
    """Its influence on the last output, over that on the first, is the gain less that of one step."""
    recurrent, drives, jacobians = run(experiment.plain, 4)
    found = experiment.flow(experiment.plain, recurrent[None], drives[None])
    assert torch.equal(found.outputs[0, 0], jacobians[0])
    assert torch.equal(found.outputs[0, 1], jacobians[-1])


def test_an_identity_start_keeps_the_units_that_stay_on():
    """A rectifier net that starts at the identity and is always driven upwards keeps all influence."""
    drives = torch.ones(1, experiment.RECORDS, 4, dtype=torch.float64)
    arm = experiment.ARMS["rnn_identity"]
    recurrent = arm.law(ONE, 4, 4)
    assert torch.equal(experiment.flow(arm.cell, recurrent, drives).memories[0, -1], recurrent[0])


@pytest.mark.parametrize("power", [0, -200])
def test_a_gain_is_found_however_small(power):
    """Squares of small numbers underflow; the gain of a scaled copy is its scale all the same."""
    copy = torch.eye(4, dtype=torch.float64)[None] * 10.0**power
    assert experiment.log10_gain(copy).item() == pytest.approx(power)


def test_a_gain_of_nothing_is_a_number():
    """Where every influence has vanished the gain counts as the floor."""
    assert experiment.log10_gain(torch.zeros(1, 4, 4, dtype=torch.float64)).item() == experiment.FLOOR

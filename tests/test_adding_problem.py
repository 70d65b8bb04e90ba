"""The adding problem: layers against PyTorch's, what arms start from, and what a blind one sees."""

import torch

from repro.experiments import adding_problem as experiment
from repro.lab.initialise import initialise
from repro.lab.recurrent import recurrent_shapes
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2))
LANES = len(experiment.RATES)


def begun(name):
    """Return the weights of an arm before training."""
    arm = experiment.ARMS[name]
    net = initialise(SEEDS, recurrent_shapes(arm.kind, 2, experiment.UNITS), "pytorch_default", lanes=LANES)
    experiment.begin(net, arm, SEEDS)
    return net.weights


def test_the_rectifier_layer_is_that_of_pytorch():
    """With the same weights PyTorch's recurrent net with rectifiers ends in the same state."""
    weights = begun("rnn_identity")
    x = SEEDS.normal("x", 3, 7, 2).repeat_interleave(LANES, 0)  # (lanes, batch, steps, 2)
    theirs = torch.nn.RNN(2, experiment.UNITS, nonlinearity="relu", batch_first=True)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(theirs, f"{name}_l0").data = weights[f"recurrent.{name}"][0].detach()
    _, last = theirs(x[0])
    assert torch.allclose(experiment.rectifier_layer(weights, x)[0], last[0], atol=1e-6)


def test_the_cell_of_1997_keeps_its_memory_and_cannot_learn_to_forget():
    """Its forget gate is one, and has no slope, whatever it is shown."""
    weights = begun("lstm_1997")
    drive = (
        weights["recurrent.bias_ih"][:, experiment.FORGET].detach() + torch.linspace(-5, 5, 11)[:, None, None]
    )
    drive.requires_grad_()
    gate = drive.sigmoid()
    assert (gate == 1).all()
    assert (torch.autograd.grad(gate.sum(), drive)[0] == 0).all()


def test_starts_are_orthogonal_and_the_identity():
    """The recurrent matrix of each lane is what the arm says."""
    eye = torch.eye(experiment.UNITS).expand(len(SEEDS) * LANES, -1, -1)
    matrix = begun("rnn_orthogonal")["recurrent.weight_hh"].detach()
    assert torch.allclose(matrix @ matrix.mT, eye, atol=1e-5)
    assert torch.equal(begun("rnn_identity")["recurrent.weight_hh"].detach(), eye)


def test_a_blind_arm_sees_the_later_mark_alone():
    """Of two marks it is shown the one in the second half, and all numbers."""
    x = experiment.adding(SEEDS, 4, 10).x
    seen = experiment.shown(x, experiment.ARMS["lstm_blind"])
    assert torch.equal(seen[..., 0], x[..., 0])
    assert (seen[:, :, :5, 1] == 0).all()
    assert (seen[..., 1].sum(2) == 1).all()
    assert experiment.shown(x, experiment.ARMS["lstm_default"]) is x

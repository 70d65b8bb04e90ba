"""Teachers, and students' losses to second order, against automatic differentiation."""

import torch

from repro.lab.fullbatch import hessian_product
from repro.lab.initialise import initialise
from repro.lab.losses import squared_error
from repro.lab.mlp import mlp_shapes
from repro.lab.networks import network
from repro.lab.parameters import flatten, gradient, leaves
from repro.lab.seeds import Seeds
from repro.lab.students import bend, expand, lesson, settle

TWO = Seeds((5, 6))
SHAPES = mlp_shapes(3, 4, 1)
LESSON = lesson(TWO, 40, 3)


def student():
    """Return a student of four units for each seed."""
    return initialise(TWO, SHAPES, "he", dtype=torch.float64)


def test_a_teacher_gives_its_own_targets():
    """Its weights fit them exactly, and their mean is 0 and their variance 1."""
    x, y, teacher = LESSON
    assert torch.allclose(network(teacher, x, bend), y)
    assert torch.allclose(y.mean(1), torch.zeros_like(y[:, 0]), atol=1e-12)
    assert torch.allclose(y.var(1), torch.ones_like(y[:, 0]))


def test_the_expansion_is_that_of_automatic_differentiation():
    """Loss, gradient, and the Hessian's product with a vector."""
    net = student()
    found = expand(net.weights, LESSON.x, LESSON.y)
    loss = squared_error(network(net.weights, LESSON.x, bend), LESSON.y) / 2
    vector = TWO.normal("vector", net.flat.shape[1], dtype=torch.float64)
    assert torch.allclose(
        found.hessian @ vector.unsqueeze(2), hessian_product(loss, net)(vector).unsqueeze(2)
    )
    assert torch.allclose(found.loss, loss)
    assert torch.allclose(found.gradient, gradient(loss, net))


def test_newton_steps_lead_down_to_rest():
    """They never raise the loss, and end where there is next to no gradient and no way leads down."""
    net = student()
    rest = settle(net, SHAPES, LESSON.x, LESSON.y, 400)
    assert (rest.losses.diff(dim=1) <= 0).all()
    after = expand(net.weights, LESSON.x, LESSON.y)
    assert torch.allclose(after.loss, rest.losses[:, -1])
    assert after.gradient.abs().max() < 1e-6
    assert rest.least.min() > -1e-3


def test_the_teacher_is_at_rest():
    """Newton's steps leave a student with its teacher's weights where it is."""
    shapes = mlp_shapes(3, 3, 1)
    net = leaves(flatten([LESSON.teacher[name] for name in shapes]), shapes)
    rest = settle(net, shapes, LESSON.x, LESSON.y, 4)
    assert rest.losses.max() < 1e-20

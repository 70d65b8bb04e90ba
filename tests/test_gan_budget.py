"""Gradients by hand against autograd, the score against what it must tell, and the best of some tries."""

import math
from itertools import combinations

import pytest
import torch

from repro.experiments import gan_budget as experiment
from repro.lab.initialise import initialise
from repro.lab.mlp import mlp, mlp_shapes
from repro.lab.parameters import gradient
from repro.lab.seeds import Seeds

TWO = Seeds((5, 6))
SMALL = experiment.Scale(settings=3, steps=5)


@pytest.fixture
def critic():
    """Return a critic of each seed, in double precision."""
    return initialise(TWO, mlp_shapes(2, 7, 6, 1), "pytorch_default", dtype=torch.float64)


@pytest.fixture
def points():
    """Return points for each critic, (seeds, 2, points)."""
    return TWO.normal("points", 2, 9, dtype=torch.float64)


def test_gradients_by_hand_are_those_of_autograd(critic, points):
    """The gradient by weights and the slope by the points are what autograd finds."""
    x = points.clone().requires_grad_()
    loss = mlp(critic.weights, x.mT).square().mean((1, 2))
    (by_points,) = torch.autograd.grad(loss.sum(), x, retain_graph=True)
    with torch.no_grad():
        entered = experiment.layers(critic.weights, points)
        slopes = experiment.passed_back(critic.weights, entered, 2 * entered[-1] / 9)
    assert torch.allclose(experiment.by_weights(entered, slopes), gradient(loss, critic))
    assert torch.allclose(slopes[0], by_points)


def test_penalty_by_hand_is_that_of_two_passes_of_autograd(critic, points):
    """So is the gradient of the penalty; no bias of the last layer changes it."""
    x = points.clone().requires_grad_()
    (slope,) = torch.autograd.grad(mlp(critic.weights, x.mT).sum(), x, create_graph=True)
    penalty = (slope.square().sum(1).sqrt() - 1).square().mean(1)
    pieces = torch.autograd.grad(penalty.sum(), tuple(critic.weights.values()), allow_unused=True)
    expected = [
        torch.zeros_like(weight) if piece is None else piece
        for piece, weight in zip(pieces, critic.weights.values(), strict=True)
    ]
    found = experiment.penalty_by_weights(critic.weights, points)
    assert torch.allclose(found, torch.cat([piece.flatten(1) for piece in expected], 1))


@pytest.mark.parametrize("name", ["non_saturating", "least_squares", "wasserstein"])
def test_slopes_are_those_of_the_losses(name):
    """Each variant goes down the loss that its paper gives."""
    softplus = torch.nn.functional.softplus
    losses = {
        "non_saturating": (lambda t: softplus(-t), softplus, lambda t: softplus(-t)),
        "least_squares": (lambda t: (t - 1).square(), torch.square, lambda t: (t - 1).square()),
        "wasserstein": (lambda t: -t, lambda t: t, lambda t: -t),
    }
    said = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    for loss, slope in zip(losses[name], getattr(experiment, name)(), strict=True):
        (expected,) = torch.autograd.grad(loss(said).sum(), said)
        assert torch.allclose(slope(said.detach()), expected)


def test_adam_is_that_of_torch(critic):
    """With one rate and share for all lanes, steps are torch's."""
    start = critic.flat.clone()
    twin = start.clone().requires_grad_()
    theirs = torch.optim.Adam([twin], 0.01, (0.5, experiment.SQUARES_KEPT))
    rate, kept = (torch.full((2, 1), number, dtype=torch.float64) for number in (0.01, 0.5))
    ours = experiment.Adam(critic, rate, kept)
    for step in range(3):
        twin.grad = start.sin() + step
        with torch.no_grad():
            ours.step(twin.grad.clone())
        theirs.step()
    assert torch.allclose(critic.flat, twin.detach())


def test_distance_tells_the_ring_from_what_is_not_the_ring():
    """Fresh points of the ring are nearest, then half of the ring, then one Gaussian of it."""
    real, fresh = (experiment.ring(TWO, purpose, 500, 8).mT for purpose in ("real", "fresh"))
    half = fresh[fresh[..., 1] > 0].view(1, -1, 2)
    one = torch.tensor([1.0, 0.0]) + experiment.WIDTH * TWO.normal("one", 500, 2)
    same, lacking, collapsed = (
        experiment.distance(made[:1, :200], real[:1, :200]).item() for made in (fresh, half, one)
    )
    assert 3 * same < lacking < collapsed


def test_distance_is_that_of_its_definition():
    """Two pairs of points are 3, 4 and 5 apart, as in a right triangle."""
    x, y = torch.tensor([[[0.0, 0.0], [3.0, 0.0]]]), torch.tensor([[[0.0, 4.0], [3.0, 4.0]]])
    assert torch.isclose(experiment.distance(x, y), torch.tensor(math.sqrt(2 * (4 + 5) / 2 - 3 - 3)))


def test_all_gaussians_are_met_by_the_ring_and_one_by_a_point():
    """Points of the ring meet all eight, a single place its own, the middle none."""
    ring = experiment.ring(TWO, "ring", 500, 8).mT
    assert experiment.gaussians_met(ring, 8).tolist() == [8, 8]
    assert experiment.gaussians_met(torch.tensor([[[1.0, 0.0]] * 9, [[0.0, 0.0]] * 9]), 8).tolist() == [1, 0]


def test_best_of_some_is_the_mean_over_all_choices_of_so_many():
    """Of five settings all sets of three are gone through."""
    known, judged = TWO.normal("known", 5), TWO.normal("judged", 5)
    expected = torch.stack(
        [
            torch.stack([judged[seed, min(chosen, key=known[seed].__getitem__)] for seed in range(2)])
            for chosen in combinations(range(5), 3)
        ]
    )
    assert torch.allclose(experiment.best_of(3, known, judged), expected.mean(0))


def test_a_seed_is_trained_alike_beside_another():
    """Lanes of one seed do not hang on other seeds."""
    both = experiment.trained(experiment.ARMS["penalty"], TWO, SMALL).flat.view(2, 3, -1)
    turned = experiment.trained(experiment.ARMS["penalty"], Seeds((6, 5)), SMALL).flat.view(2, 3, -1)
    assert torch.equal(both, turned.flip(0))

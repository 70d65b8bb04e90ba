"""Machines of features and how far they are from their kernel, against plain algebra."""

import torch

from repro.experiments import feature_closeness as experiment
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2))
SMALL = experiment.Scale(points=90)


def test_the_exact_machine_is_kernel_ridge_regression():
    """Its scores are K(test, train) (K + ridge)^-1 y, and its distance from the kernel is nothing."""
    problem = experiment.cube(SEEDS, SMALL)
    train, test = problem.inputs[:, :60], problem.inputs[:, 60:]
    targets = torch.nn.functional.one_hot(problem.classes[:, :60]).double()
    gram = experiment.kernel(train, train, 1.0)
    wanted = experiment.kernel(test, train, 1.0) @ torch.linalg.solve(gram + torch.eye(60), targets)
    features = experiment.exact(SEEDS, problem, 60)
    assert torch.allclose(experiment.scores(features, targets, 1.0), wanted, atol=1e-8)
    assert (experiment.distance(features.train, gram, 1.0) < 1e-8).all()


def test_distance_is_the_largest_relative_error_in_any_direction():
    """No direction has a larger error over kernel and ridge, and twice a kernel is off by itself."""
    z = SEEDS.normal("features", 12, 5, dtype=torch.float64)
    gram = torch.eye(12, dtype=torch.float64).expand(2, 12, 12)
    directions = SEEDS.normal("directions", 12, 50, dtype=torch.float64)
    errors = (directions * ((z @ z.mT - gram) @ directions)).sum(1)
    relative = errors.abs() / (directions * ((gram + 0.5 * torch.eye(12)) @ directions)).sum(1)
    assert (relative <= experiment.distance(z, gram, 0.5)[:, None] + 1e-12).all()
    doubled = torch.eye(12, dtype=torch.float64).expand(2, 12, 12) * 2**0.5
    assert torch.allclose(experiment.distance(doubled, gram, 1.0), torch.tensor(0.5, dtype=torch.float64))


def test_leading_directions_leave_less_than_any_other_features_could():
    """They are closer to the kernel than as many random features, and never off by the whole of it."""
    problem = experiment.cube(SEEDS, SMALL)
    train = problem.inputs[:, :60]
    gram = experiment.kernel(train, train, problem.gamma)
    near, far = (
        experiment.distance(make(SEEDS, problem, 60, count=20).train, gram, problem.ridge)
        for make in (experiment.leading, experiment.drawn)
    )
    assert (near < 1).all()
    assert (near < far).all()

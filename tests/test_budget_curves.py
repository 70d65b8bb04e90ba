"""What so many trials find, against drawing them, and ridge regression against scikit-learn."""

import torch
from sklearn.kernel_ridge import KernelRidge

from repro.experiments import budget_curves as experiment
from repro.lab.seeds import Seeds

ONE = Seeds((5,))


def test_expected_best_is_what_repeated_searches_find():
    """Searches of seven settings, drawn with replacement, score as much on average."""
    known, judged = torch.rand(2, 30, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    drawn = torch.randint(30, (200_000, 7), generator=torch.Generator().manual_seed(2))
    chosen = drawn.gather(1, known[drawn].argmax(1, keepdim=True))[:, 0]
    found = experiment.expected_best(experiment.Tried(known, judged))
    assert torch.isclose(found[experiment.BUDGETS.index(7)], judged[chosen].mean(), atol=0.003)


def test_kernel_machine_is_that_of_scikit_learn():
    """Width and penalty mean what they mean there."""
    x, y = ONE.normal("x", 40, 3, dtype=torch.float64)[0], ONE.integers("y", 40, high=3)[0]
    test_x = ONE.normal("test x", 600, 3, dtype=torch.float64)[0]
    squares = torch.cdist(x, x).square().mean()
    width = experiment.drawn(ONE, "width", experiment.WIDE).item()
    ridge = experiment.drawn(ONE, "ridge", experiment.LOG10_RIDGES).item()
    machine = KernelRidge(alpha=ridge, kernel="rbf", gamma=(1 / (2 * squares * width**2)).item())
    answers = machine.fit(x, torch.nn.functional.one_hot(y)).predict(test_x).argmax(1)
    found = experiment.wide(experiment.Problem(x, y, test_x, torch.from_numpy(answers)), ONE)
    assert found.judged.item() == 100


def test_a_model_that_meets_itself_draws_other_settings():
    """Its lead is small, and not zero."""
    lead = experiment.measure("digits_equal", ONE, experiment.Scale(train=50, settings=8))["early_lead"]
    assert lead.item() != 0

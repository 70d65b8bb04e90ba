"""The gate errs by the term that its Taylor expansion leaves."""

import math
from pathlib import Path

import pytest
import torch
import yaml

from repro.experiments.multiplication_gate import ARMS, MINIMAL, measure
from repro.lab.seeds import Seeds

SEEDS = Seeds((1, 2, 3, 4, 5))
RECORD = Path(__file__).parents[1] / "claims/approximation/multiplication-gate-four-neurons.yaml"


def derivatives(activation, point):
    """Return the second and the fourth derivative."""
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    value, found = activation(x), []
    for _ in range(4):
        (value,) = torch.autograd.grad(value, x, create_graph=True)
        found.append(value.item())
    return found[1], found[3]


def predicted_error(arm):
    """Return log10 of |s''''/(6 s'')| lambda^2 times the part of uv(u^2 + v^2) across uv.

    With moments 1/3, 1/5 and 1/7 of the square: E[(uv(u^2 + v^2))^2] / E[(uv)^2] = 9 (2/21 + 2/25) and its
    part along uv is 1.2 squared.
    """
    second, fourth = derivatives(ARMS[arm].activation, ARMS[arm].bias)
    across = math.sqrt(9 * (2 / 21 + 2 / 25) - 1.2**2)
    return math.log10(abs(fourth / (6 * second)) * 0.25**MINIMAL.halvings * across)


@pytest.mark.parametrize("arm", ["softplus", "sigmoid_biased", "tanh_biased"])
def test_records_constants_are_the_expansions(arm):
    """The bounds in the record are what the fourth derivative leaves."""
    protocol = yaml.safe_load(RECORD.read_text(encoding="utf-8"))["protocol"]
    (bound,) = (
        p["equals"] for p in protocol["predictions"] if p["of"] == arm and p["name"].endswith("constant")
    )
    assert bound == pytest.approx(predicted_error(arm), abs=1e-3)


def test_gate_needs_curvature():
    """Without a second derivative the best output is zero: the error is that of the product itself."""
    errors = measure("sigmoid_centred", SEEDS, MINIMAL)["log10_relative_error"].tolist()
    assert errors == pytest.approx([0.0] * 5, abs=1e-3)


def test_kink_is_the_same_at_every_scale():
    """The gate of a ReLU does not change with the scale of its inputs."""
    curve = measure("relu", SEEDS, MINIMAL)["log10_relative_error_curve"]
    torch.testing.assert_close(curve, curve[:, :1].expand_as(curve))

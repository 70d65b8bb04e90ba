"""What all tests share: a tiny complete project, measured in milliseconds, and one switch for goldens."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from repro.vcs import is_misleading

for name in filter(is_misleading, [*os.environ]):  # a hook of git sets them, and a test that commits would
    del os.environ[name]  # then commit to the repository of whoever runs the tests

settings.register_profile("assay", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("assay")  # how long an example takes says something of the machine, not of the code

GOLDENS = Path(__file__).parent / "golden"

SOURCE = """\
title: On coins that are not fair
type: article
author:
  - {family: Doe, given: Jane}
issued: "2017-12-05"
URL: https://example.org/coins
verified: text
"""

CLAIM = """\
title: A loaded coin shows heads more often than a fair one
kind: empirical
statement: >-
  A coin that is loaded lands on heads visibly more often than a fair coin does.
stated_in:
  - source: toy-source
    by: Jane Doe
    stance: asserts
    locator: {section: "Results", anchor: ["a loaded coin", "more often"]}
scope: one hundred simulated flips a seed
protocol:
  experiment: coin
  predictions:
    - name: loaded-beats-fair
      says: The loaded coin shows at least a tenth more heads.
      outcome: score
      contrast: [loaded, fair]
      at_least: 0.1
      because: a tenth is what a player would notice in an evening
  controls:
    - name: fair-is-fair
      says: The fair coin shows six heads in ten.
      outcome: score
      of: fair
      at_least: 0.6
      because: nothing loads the fair coin
  deviations:
    - {what: the flips are simulated, leans: neither way}
reported:
  - {what: share of heads of the loaded coin, value: 0.8, from: toy-source}
"""

EXPERIMENT = '''\
"""Does a loaded coin show heads more often than a fair one?

Hypothesis  The load moves the probability of heads from 0.5 to 0.8.
Method      Flip both coins with the same uniform draws.
Arms        fair, loaded
Outcomes    score
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from repro.lab.curves import thin
from repro.lab.outcomes import Axis, Curve, Outcome
from repro.lab.seeds import Seeds

ARMS = {
    "fair": "heads with probability 0.5",
    "loaded": "heads with probability 0.8",
}
OUTCOMES = {
    "score": Outcome("heads", unit="share of heads", better="neither", resolution=0.01),
    "score_curve": Curve(
        "heads so far",
        unit="share of heads",
        better="neither",
        axis=Axis("flip", first=1, last="flips", every=1),
    ),
}
HEADS = {"fair": 0.5, "loaded": 0.8}


@dataclass(frozen=True)
class Scale:
    """Size of the experiment."""

    flips: int = 100


MINIMAL = Scale()
LARGE = Scale(flips=10000)


def measure(arm: str, seeds: Seeds, scale: Scale) -> dict[str, Tensor]:
    """Flip one coin for each seed."""
    heads = (seeds.uniform("flips", scale.flips) < HEADS[arm]).double()  # (seeds, flips)
    so_far = heads.cumsum(1) / torch.arange(1, scale.flips + 1)
    return {"score": heads.mean(1), "score_curve": thin(so_far)}
'''


def write_project(root: Path) -> Path:
    """Write the tiny project into a folder and return it."""
    files = {
        "claims/sources/toy-source.yaml": SOURCE,
        "claims/toys/toy-claim.yaml": CLAIM,
        "repro/experiments/coin.py": EXPERIMENT,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="session", autouse=True)
def _no_repository_around(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep git from finding a repository that the folder of the tests may lie in."""
    os.environ["GIT_CEILING_DIRECTORIES"] = str(tmp_path_factory.getbasetemp().resolve())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the root of a tiny project with experiment `coin` and claim `toy-claim` on it."""
    return write_project(tmp_path / "project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that writes the golden files anew."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write the files in tests/golden anew; read their difference before you commit it",
    )


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    """Say whether golden files are to be written anew."""
    return bool(request.config.getoption("--update-goldens"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check that a text is what its file in tests/golden holds."""

    def check(name: str, text: str) -> None:
        path = GOLDENS / name
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")

    return check

"""Damaged input of every kind is read or refused by its reader, and never raises anything else."""

import random

import pytest

from benchmarks import fuzz
from tests.conftest import write_project
from tests.measured import measure

CASES = {
    "records": 1500,
    "evidence": 1500,
    "links": 300,
    "lines of a worker": 3000,
    "ledgers, read and judged": 100,
    "scripts": 20,
    "command lines": 60,
}


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Return the case of every reader, by its name."""
    project = write_project(tmp_path_factory.mktemp("fuzz"))
    measure(project)
    return {name: case for name, _, case in fuzz.surfaces(0, project)}


def test_every_reader_is_tried(readers):
    """A reader that joins them joins the test."""
    assert readers.keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_damaged_input_is_read_or_refused(readers, name):
    """Of many cases some are taken and most are refused, in the words of the reader."""
    taken = sum(readers[name](random.Random(f"{name} {number}")) for number in range(CASES[name]))
    assert taken < CASES[name]


def test_damage_is_what_it_says():
    """A sealed record lies where its own content says, under its own hash."""
    path, content = fuzz.sealed({"experiment": "coin", "version": "0" * 64, "arm": "fair", "block": 3})
    assert path.startswith("repro/evidence/coin/000000000000/fair-b3-")
    assert path.removesuffix(".json").endswith(content[-67:-3].decode()[:16])
    rng = random.Random(1)
    assert len({fuzz.damaged(content, [content], rng) for _ in range(50)}) > 40

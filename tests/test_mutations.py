"""However a record is damaged, commands answer with records or problems, and never with a traceback."""

import random
from collections import Counter

import pytest

from benchmarks.mutations import DAMAGES, Counts, mutate
from tests.states_project import OTHER_RECORDS, write_states_project

PATHS = ["claims/toys/toy-claim.yaml", "claims/sources/toy-source.yaml"] + [
    f"claims/{name}.yaml" for name in OTHER_RECORDS
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a project with records of every kind."""
    return write_states_project(tmp_path_factory.mktemp("states"))


@pytest.mark.parametrize("path", PATHS)
def test_damaged_records_never_end_in_a_traceback(root, path):
    """Every kind of damage is answered, most with a problem in the file itself."""
    counts = Counts(Counter(), Counter(), Counter())
    mutate(root, path, random.Random(path), 100, counts)
    assert set(counts.kinds) == {damage.__name__ for damage in DAMAGES}
    assert counts.exits["check 2"] > 15
    assert len(counts.codes) >= 5

"""The tool that puts small faults into the judging code puts them where it says."""

import ast
import functools
from collections import Counter

import pytest

from benchmarks import mutants

FILE = "kb/judging/bounds.py"


@pytest.fixture(scope="module")
def made():
    """Return the mutants of one file."""
    return list(mutants.mutants_of(FILE))


def test_each_mutant_is_a_module_of_its_own(made):
    """All differ from the file and from each other's name and line, and all can be compiled."""
    own = ast.unparse(ast.parse((mutants.ROOT / FILE).read_text(encoding="utf-8")))
    assert len(made) > 100
    for each in made:
        assert each.source != own
        compile(each.source, FILE, "exec")
    assert max(Counter((each.name, each.line, each.source) for each in made).values()) == 1


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("a < b", {"a <= b"}),
        ("a and not b", {"a or not b", "a and b"}),
        ("x - 1", {"x + 1", "x - 2"}),
        ("x = min(a)", {"x = max(a)", "x = None"}),
        ("[a for a in b if a]", {"[a for a in b]"}),
        ("'it' if a else -b", {"'itx' if a else -b", "'it' if not a else -b", "'it' if a else b"}),
        ("f'{a}: text'", set()),
    ],
)
def test_each_kind_of_change_is_small(line, mutated):
    """One expression is changed at a time, and texts of messages are left alone."""
    tree = ast.parse(line)
    found = set()
    for path, node in mutants.places(tree):
        for change in mutants.changes(node):
            copied = ast.parse(line)
            *above, step = path
            new = change(functools.reduce(mutants._step, path, copied))
            mutants._put(mutants._at(copied, above), step, new)
            found.add(ast.unparse(copied))
    assert found == mutated


def test_a_mutant_names_its_function(made):
    """Only tests that call it can notice the change."""
    by_function = Counter(each.function for each in made)
    assert by_function["way_of_missing"] > 10
    assert all(each.first_line <= each.line for each in made if each.function)

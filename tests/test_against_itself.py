"""An arm against itself: the halves are those of its seeds, and a planted difference is found."""

import pytest
from scipy.stats import binomtest

from kb.judging.against_itself import comparisons, exact_interval
from kb.reading.load import load_base
from kb.reading.tree import Folder
from tests.conftest import write_project
from tests.evidence_of import evidence_of, ledger_with

QUIET = (0.1, 0.2, 0.3, 0.4, 0.5)


@pytest.fixture
def base(tmp_path):
    """Return the tiny project, read."""
    return load_base(Folder(write_project(tmp_path)))


def found(base, *blocks, arm="fair"):
    """Return the comparisons of one arm with these blocks of values."""
    script = base.scripts["coin"]
    version = script.version()
    pieces = [evidence_of(script, version, arm, k, values) for k, values in enumerate(blocks)]
    return list(comparisons(base, ledger_with(pieces)))


def test_equal_halves_are_not_told_apart(base):
    """The same numbers in a different order."""
    [comparison] = found(base, QUIET, QUIET, QUIET[::-1], QUIET[::-1])
    assert (comparison.arm, comparison.outcome, comparison.pairs) == ("fair", "score", 10)
    assert not comparison.is_false


@pytest.mark.parametrize("shift", [1.0, -1.0])
def test_a_planted_difference_is_found(base, shift):
    """In either direction; so a count of none means something."""
    [comparison] = found(base, QUIET, QUIET, *[tuple(value + shift for value in QUIET[::-1])] * 2)
    assert comparison.is_false


def test_halves_are_whole_blocks(base):
    """Of five blocks the first four are compared: the fifth has no partner."""
    [comparison] = found(base, *[QUIET] * 4, tuple(value + 9 for value in QUIET))
    assert (comparison.pairs, comparison.is_false) == (10, False)


@pytest.mark.parametrize("values", [(0.5,) * 5, (float("nan"), *QUIET[1:])])
def test_what_cannot_be_compared_is_left_out(base, values):
    """One value for every seed, or a seed without a number."""
    assert found(base, *[values] * 4) == []


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_halves_of_fewer_than_ten_seeds_are_not_compared(base, blocks):
    """Nothing can be found in them, so they would only make the share of errors look small."""
    assert found(base, *[QUIET] * blocks) == []


def test_evidence_of_other_code_is_compared_by_itself(base):
    """Each test version has halves of its own: two blocks of each of two versions make none."""
    script = base.scripts["coin"]

    def version(digit, blocks):
        return [evidence_of(script, digit * 64, "fair", k, QUIET) for k in range(blocks)]

    assert list(comparisons(base, ledger_with(version("d", 2) + version("e", 2)))) == []
    compared = comparisons(base, ledger_with(version("d", 4) + version("e", 4)))
    assert [each.version[0] for each in compared] == ["d", "e"]


@pytest.mark.parametrize(("count", "trials"), [(0, 1), (1, 1), (0, 50), (1, 296), (7, 40), (40, 40)])
def test_interval_is_that_of_clopper_and_pearson(count, trials):
    """As scipy has it."""
    theirs = binomtest(count, trials).proportion_ci(0.95, "exact")
    assert exact_interval(count, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("count", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(count, trials):
    """With what was found."""
    with pytest.raises(ValueError, match=f"found {count} of {trials}"):
        exact_interval(count, trials)

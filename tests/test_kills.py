"""Kills of whole runs are counted as they should be: few of them here, hundreds by the command."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.kills import BLOCKS, a_moment

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(sys.platform != "linux", reason="workers are copied on Linux only")
def test_runs_that_are_killed_lose_nothing():
    """Nothing runs on, nothing half is left, and the runs that follow do only the rest, with equal bits."""
    line = (sys.executable, "benchmarks/kills.py", "4", "7")
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    header, row = done.stdout.splitlines()[:2]
    assert header.split()[0] == "kills"
    assert row.split()[0] == "4"


def test_kills_fall_everywhere():
    """Half of them come before a run's first block, the others after any of those that are left."""
    rng = random.Random(1)
    found = Counter(a_moment(rng, BLOCKS, 5.0).new for _ in range(4000))
    assert 1900 < found[0] < 2100
    assert found.keys() == {*range(BLOCKS + 1)}
    assert {a_moment(rng, 0, 5.0).new for _ in range(20)} == {0}


COPIES = """
import time
from benchmarks.kills import Copy

def fails():
    raise SystemExit(3)

print([Copy(work).wait() for work in (lambda: 0, lambda: 7, fails)])
sleeping = Copy(lambda: time.sleep(60))
sleeping.kill()
print(sleeping.wait())
"""


def test_a_copy_ends_with_the_code_of_its_work():
    """Whatever it does, it does not go on as the process that it is a copy of, which has one thread here."""
    line = (sys.executable, "-c", COPIES)
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.stdout.split("\n") == ["[0, 7, 3]", "-9", ""], done.stderr

"""Work in two processes gives what one gives, and no less when the second dies."""

import os
import threading

import pytest

from kb.reading import halves
from kb.reading.halves import in_halves


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Let ten items be many, and threads that other tests left behind be none."""
    monkeypatch.setattr(halves, "MANY", 10)
    count, before = threading.active_count, threading.active_count() - 1
    monkeypatch.setattr(threading, "active_count", lambda: count() - before)


def processes(items):
    """Return the process that each item was worked on by."""
    return [os.getpid() for _ in items]


def squares(items):
    """Return the square of each item."""
    return [item * item for item in items]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1000])
def test_results_are_those_of_one_process_in_order(count):
    """Whether or not the items are many."""
    assert in_halves(squares, range(count)) == squares(range(count))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core does not share")
@pytest.mark.parametrize(("count", "workers"), [(9, 1), (10, 2)])
def test_a_second_process_helps_where_there_are_many(count, workers):
    """Fewer are done before it would have started."""
    assert len({*in_halves(processes, range(count))}) == workers


def test_a_dead_copy_loses_nothing():
    """Its half is worked on here."""
    here = os.getpid()

    def dies_elsewhere(items):
        if os.getpid() != here:
            os._exit(3)
        return squares(items)

    assert in_halves(dies_elsewhere, range(20)) == squares(range(20))


def test_programs_with_threads_stay_one_process():
    """A copy would inherit locks that nobody opens."""
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    assert len({*in_halves(processes, range(20))}) == 1
    done.set()
    other.join()

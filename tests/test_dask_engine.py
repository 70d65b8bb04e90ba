"""The cluster engine: the local engine's events and evidence, on workers that may die."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter, deque
from functools import partial

import pytest
from distributed import LocalCluster

from kb.evidence.ledger import read_ledger
from kb.reading.load import load_base
from kb.reading.tree import Folder
from repro.engines import Failed, Finished, Measured, Started, connect
from repro.engines.dask import Dask
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from repro.plan import Options, asked_base, plan
from repro.run import run
from tests.test_local_engine import WORKER, a_task


@pytest.fixture(scope="module")
def cluster():
    """Return a cluster of two worker processes with one thread each."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started


def measure(root, engine, cluster=None, on_event=lambda _: None):
    """Run the toy claim; return the result."""
    options = Options(jobs=2, cluster=cluster)
    base, ledger = asked_base(load_base(Folder(root)), options), read_ledger(Folder(root))
    due = plan(base, ledger, ("toy-claim",), options)
    return run(base, ledger, due, options, on_event, root=root, interrupts=Interrupts(), engine=engine)


def test_both_engines_give_the_same_bits(project, cluster):
    """Block for block the values are equal; the evidence names its engine."""
    here = measure(project, connect("local"))
    for path in (project / "repro" / "evidence").rglob("*.json"):
        path.unlink()
    address = cluster.scheduler_address
    there = measure(project, connect("dask", address), address)
    values = [
        {(p.arm, p.block): (p.seeds, p.values, p.curves) for p in result.measured} for result in (here, there)
    ]
    assert values[0] == values[1]
    assert len(values[0]) >= 4
    assert [{p.engine for p in result.measured} for result in (here, there)] == [{"local"}, {"dask"}]


def command(task, fd, body, folder):
    """Return a worker command without torch."""
    return sys.executable, "-S", "-c", WORKER + body, str(fd), json.dumps(task.blocks), str(folder)


def events(cluster, tasks, body, folder):
    """Return the engine at work on tasks whose worker is a few lines of Python."""
    fake = partial(command, body=body, folder=folder)
    engine = Dask(cluster.scheduler_address, fake)
    return retrying(engine, deque(tasks), jobs=1, interrupts=Interrupts())


def test_events_are_those_of_the_local_engine(cluster, tmp_path):
    """Tasks start, give each of their blocks, and finish."""
    seen = list(events(cluster, [a_task("a"), a_task("b", (3,))], "say(blocks[0])", tmp_path))
    assert Counter(type(event) for event in seen) == {Started: 2, Measured: 3, Finished: 2}
    found = sorted((e.task.arm, e.measurement.block) for e in seen if isinstance(e, Measured))
    assert found == [("a", 0), ("a", 1), ("b", 3)]


def test_a_lost_block_is_tried_once_more(cluster, tmp_path):
    """The second attempt is a separate task, and both attempts are reported."""
    body = "is_first() and fail('timeout') or say(blocks[0])"
    seen = list(events(cluster, [a_task("a", (0,))], body, tmp_path))
    assert [type(event) for event in seen] == [Started, Failed, Finished, Started, Measured, Finished]
    assert [a.status for a in seen[4].attempts] == ["timeout", "measured"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [("os.kill(os.getpid(), 9)", "killed"), ("sys.exit(3)", "no result"), ("say(7)", "no result")],
)
def test_a_worker_that_makes_no_sense_has_failed(cluster, tmp_path, body, kind):
    """What a worker leaves is judged as on this machine."""
    seen = list(events(cluster, [a_task("a", (0,))], body, tmp_path))
    assert [event.kind for event in seen if isinstance(event, Failed)][-1] == kind
    assert not any(isinstance(event, Measured) for event in seen)


def test_a_machine_that_dies_takes_only_its_running_blocks(cluster, tmp_path):
    """A killed machine's blocks are measured by another one, and nothing is lost or reported twice."""
    victim = next(iter(cluster.workers.values())).pid
    blocks, killed = tuple(range(6)), False
    measured = []
    for event in events(cluster, [a_task("a", blocks)], "time.sleep(0.5); say(blocks[0])", tmp_path):
        if isinstance(event, Measured):
            measured.append(event.measurement.block)
            if not killed:
                os.kill(victim, signal.SIGKILL)
                killed = True
        assert not isinstance(event, Failed)
    assert sorted(measured) == list(blocks)


def test_nothing_new_starts_after_an_interrupt(cluster):
    """Asked to stop before anything runs, the engine says so and ends."""
    interrupts = Interrupts()
    interrupts.count = 1
    engine = Dask(cluster.scheduler_address)
    events = list(engine.run(deque(["never"]), jobs=1, interrupts=interrupts))
    assert [type(event).__name__ for event in events] == ["Interrupted"]

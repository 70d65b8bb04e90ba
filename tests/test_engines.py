"""Engines are found by being there and try each block once; what wraps them adds a second attempt."""

import sys
from collections import deque
from textwrap import dedent

import pytest
from click.testing import CliRunner

import repro.engines
from kb.evidence.ledger import read_ledger
from kb.reading.tree import Folder
from repro.cli import cli
from repro.engines import EngineUnavailableError, Failed, Finished, Measured, Started, connect, engine_names
from repro.engines.parts.interrupts import Interrupts
from repro.engines.parts.retries import retrying
from tests.test_local_engine import a_task, only
from tests.test_run import FakeEngine, coin, measurement

TOY = '''
"""One block after the other, in a worker of its own each; the least that an engine can be."""

import os, subprocess
from dataclasses import replace
from repro.engines import Finished, Measured, Started
from repro.worker.messages import read_line
from repro.worker.task import worker_command

class Toy:
    name = "toy"

    def run(self, queue, *, jobs, interrupts):
        while queue and not interrupts.asks_to_stop:
            task = queue.popleft()
            yield Started(task)
            for block in task.blocks:
                reading, writing = os.pipe()
                subprocess.run(worker_command(replace(task, blocks=(block,)), writing), pass_fds=(writing,))
                os.close(writing)
                with os.fdopen(reading, "rb") as lines:
                    yield Measured(task, read_line(lines.read()))
            yield Finished(task, "")

def connect(address=None):
    return Toy()
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Add a third engine: one file."""
    folder = tmp_path / "engines"
    folder.mkdir()
    (folder / "toy.py").write_text(dedent(TOY), encoding="utf-8")
    monkeypatch.setattr(repro.engines, "__path__", [*repro.engines.__path__, str(folder)])
    yield
    sys.modules.pop("repro.engines.toy", None)


def bits(root, engine):
    """Measure the toy claim with an engine; return its evidence block by block, and take it away."""
    words = ["--root", str(root), "run", "toy-claim", "--engine", engine, "--seeds", "5"]
    CliRunner().invoke(cli, words, catch_exceptions=False)
    found = read_ledger(Folder(root)).evidence
    for path in (root / "repro" / "evidence").rglob("*.json"):
        path.unlink()
    assert {piece.engine for piece in found} == {engine}
    return {(p.arm, p.block): (p.seeds, p.values, p.curves) for p in found}


@pytest.mark.usefixtures("toy")
def test_a_third_engine_is_one_file_and_gives_the_same_bits(project):
    """It is known by its name, chosen on the command line, and its evidence is that of the local engine."""
    assert engine_names() == ["dask", "local", "toy"]
    assert bits(project, "toy") == bits(project, "local") != {}


def test_an_unknown_engine_is_answered_with_the_nearest(project):
    """The name is the user's, so the error is one of usage."""
    result = CliRunner().invoke(cli, ["--root", str(project), "run", "toy-claim", "--engine", "locale"])
    assert result.exit_code == 2
    assert "there is no engine 'locale'. Did you mean local?" in result.output


def test_dask_asks_for_a_scheduler():
    """Without an address there is nothing to connect to."""
    with pytest.raises(EngineUnavailableError, match="name it with --cluster"):
        connect("dask")


def failing(*kinds):
    """Return an engine that loses the first block of each task in these ways, one after the other."""
    left = list(kinds)

    def work(queue, *, jobs, interrupts):
        while queue:
            task = queue.popleft()
            yield Started(task)
            if left:
                block, *not_begun = task.blocks
                yield Failed(task, block, left.pop(0), "why", seconds=2.0, not_begun=tuple(not_begun))
            else:
                for block in task.blocks:
                    yield Measured(task, measurement(block, coin(0.5)(task, block)))
            yield Finished(task, "")

    return FakeEngine(work)


def events_of(*kinds):
    """Return the life of such an engine as a caller sees it."""
    return list(retrying(failing(*kinds), deque([a_task()]), jobs=1, interrupts=Interrupts()))


def test_every_try_at_a_block_is_told():
    """A lost block comes back with those that were to follow; its attempts say what they took."""
    events = events_of("killed")
    assert [event.task.blocks for event in only(events, Started)] == [(0, 1), (0, 1)]
    lost, other = only(events, Measured)
    assert [(a.status, a.seconds) for a in lost.attempts] == [("killed", 2.0), ("measured", 0.25)]
    assert [a.status for a in other.attempts] == ["measured"]


@pytest.mark.parametrize(
    ("kinds", "retried"),
    [(("killed", "timeout"), [True, False]), (("exception",), [False]), (("contract",), [False])],
)
def test_only_what_the_machine_lost_is_tried_once_more(kinds, retried):
    """No block is tried a third time, and a failure of the script not even a second time."""
    events = events_of(*kinds)
    assert [event.will_retry for event in only(events, Failed)] == retried
    assert only(events, Measured) == []

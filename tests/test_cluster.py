"""Several machines: a cluster that loses one, job files that can be used as they are, clones that merge."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from distributed import Client

from kb.evidence.ledger import read_ledger
from kb.reading.tree import Folder
from tests.conftest import CLAIM, EXPERIMENT, write_project
from tests.repository import commit_all, git

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
PATIENCE_SECONDS = 120


def two_experiments(root):
    """Write a project of two experiments, and a claim of each."""
    write_project(root)
    other = EXPERIMENT.replace("flips: int = 100", "flips: int = 40")
    claim = CLAIM.replace("experiment: coin", "experiment: small_coin").replace("lands on", "falls on")
    (root / "repro/experiments/small_coin.py").write_text(other, encoding="utf-8")
    (root / "claims/toys/small-claim.yaml").write_text(claim.replace("On coins", "On few"), encoding="utf-8")
    return root


def repro(root, *words):
    """Return what a command prints; one that fails fails the test."""
    command = (TOOLS / "repro", "--root", root, *words)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def evidence(root):
    """Return all evidence below a folder."""
    return read_ledger(Folder(root)).evidence


def bits(root):
    """Return what was measured, block by block; each block has to be there once."""
    found = evidence(root)
    values = {(p.experiment, p.arm, p.block): (p.seeds, p.values, p.curves) for p in found}
    assert len(values) == len(found)
    return values


def processes_of(root):
    """Return the ids of all processes whose arguments name something in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if os.fsencode(str(root)) in words:
            found.append(int(path.parent.name))
    return found


def wait_for(what, seconds=PATIENCE_SECONDS):
    """Return the first true answer of a function that is asked again and again."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
    return answer


@pytest.fixture
def cluster(tmp_path):
    """Return the address of a scheduler and two workers by their names, each a program of its own."""
    file, started = tmp_path / "scheduler.json", {}

    def start(name, *words):
        command = (sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:], "--no-dashboard")
        with (tmp_path / f"{name}.log").open("wb") as log:
            started[name] = subprocess.Popen(
                (*command, "--scheduler-file", file), stdout=log, stderr=subprocess.STDOUT
            )

    start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0")
    for name in ("one", "two"):
        start(name, "worker", "--name", name, "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")
    wait_for(file.is_file)
    with Client(scheduler_file=str(file), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=PATIENCE_SECONDS)
        yield client, started
    for process in reversed(started.values()):
        process.kill()
        process.wait()


def test_a_cluster_that_loses_a_machine_gives_the_same_evidence(tmp_path, cluster):
    """Killed while it measures: every block is there once, with the same bits, and no process is left."""
    client, started = cluster
    here, there = two_experiments(tmp_path / "here"), two_experiments(tmp_path / "there")
    repro(here, "run", "--all")
    address = client.scheduler.address
    command = (TOOLS / "repro", "--root", there, "run", "--all", "--cluster", address)
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for(lambda: len(evidence(there)) >= 2)
    names = {worker: each["id"] for worker, each in client.scheduler_info()["workers"].items()}
    busy = wait_for(lambda: [names[worker] for worker, keys in client.processing().items() if keys])
    started[busy[0]].send_signal(signal.SIGKILL)
    before = len(evidence(there))
    said, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 0, said
    assert before < len(evidence(there))
    assert bits(there) == bits(here)
    assert Counter(piece.engine for piece in evidence(there)).keys() == {"dask"}
    wait_for(lambda: not processes_of(there), seconds=5)
    assert "Nothing is due" in repro(there, "plan", "--all")


# Evidence of several machines


@pytest.fixture
def clones(tmp_path):
    """Return two clones of a project without evidence, and the repository that they are of."""
    origin = two_experiments(tmp_path / "origin")
    for name in (".gitignore", ".gitattributes"):
        shutil.copy(ROOT / name, origin)
    git(origin, "init", "--quiet", "--initial-branch=main")
    commit_all(origin, "Begin")
    found = [tmp_path / name for name in ("first", "second")]
    for clone in found:
        git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    return (*found, origin)


def measured(clone, *words):
    """Measure in a clone and commit what came of it."""
    repro(clone, "run", *words, "--exit-zero")
    commit_all(clone, f"Measure {' '.join(words)}")


def judged(root):
    """Return what is said of each claim, without the pieces of evidence, which name hours and files."""
    found = {}
    for claim in ("toy-claim", "small-claim"):
        said = json.loads(repro(root, "show", claim, "--json"))
        found[claim] = {key: said[key] for key in ("sentence", "state", "verdict", "findings", "standing")}
    return found


def names(root):
    """Return the names of all files of evidence."""
    return {path.name for path in (root / "repro/evidence").rglob("*.json")}


def test_evidence_of_two_machines_merges_without_a_hand(tmp_path, clones):
    """Some blocks were measured by one, some by both: no conflict, and all is as if one had done it.

    It does not matter which is merged into which: both then hold all files, and the same is due and said.
    """
    here, there, origin = clones
    measured(here, "toy-claim", "--seeds", "15")
    measured(there, "--all")
    alone = tmp_path / "alone"
    git(tmp_path, "clone", "--quiet", str(origin), str(alone))
    measured(alone, "toy-claim", "--seeds", "15")
    measured(alone, "--all")
    every = names(here) | names(there)
    assert len(every) == len(names(here)) + len(names(there)) > len(names(alone))
    assert {clone: bits(clone).keys() <= bits(alone).keys() for clone in (here, there)} == {
        here: True,
        there: True,
    }
    for clone, other in ((here, there), (there, here)):
        git(clone, "pull", "--quiet", "--no-rebase", "--no-edit", str(other), "main")
        assert names(clone) == every
        assert "No problems" in repro(clone, "check")
        assert judged(clone) == judged(alone)
        assert repro(clone, "plan", "--all") == repro(alone, "plan", "--all")

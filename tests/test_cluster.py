"""Several machines: a cluster that loses one, job files that can be used as they are, clones that merge."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml
from distributed import Client

from kb.evidence.ledger import read_ledger
from kb.reading.tree import Folder
from tests.command_lines import refuse_unknown
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


# Job files


PAGE = (ROOT / "site/docs/method/machines.md").read_text(encoding="utf-8")


def file_of(name):
    """Return a file that the page shows under its name."""
    [found] = re.findall(rf'```\w+ title="{re.escape(name)}"\n(.*?)```', PAGE, re.DOTALL)
    return found


SLURM = """\
#!{python}
# Stands in for Slurm: reads the options of a job file as sbatch does, and starts the job on this machine.
import argparse, itertools, os, pathlib, subprocess, sys

script, *words = sys.argv[1:]
parser = argparse.ArgumentParser(allow_abbrev=False)
options = "-J --job-name", "-o --output", "-n --ntasks", "--cpus-per-task", "--mem", "-t --time"
for names in options:
    parser.add_argument(*names.split())
lines = pathlib.Path(script).read_text().splitlines()
head = itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), lines)
asked = parser.parse_args([w for line in head if line.startswith("#SBATCH ") for w in line.split()[1:]])
assert lines[0].startswith("#!") and asked.job_name and asked.time and asked.cpus_per_task
with open("jobs.log", "ab") as log:
    job = subprocess.Popen(
        ["bash", script, *words],
        env={{**os.environ, "SLURM_SUBMIT_DIR": os.getcwd(), "SLURM_JOB_ID": str(os.getpid())}},
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
    )
print("Submitted batch job", job.pid)
"""
CANCEL = '#!/bin/sh\nfor job in "$@"; do kill -9 -- -$job; done; true\n'


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Return a clone whose machine has what stands in for Slurm, with the files of the page."""
    pytest.importorskip("dask_jobqueue") if "CI" not in os.environ else importlib.import_module(
        "dask_jobqueue"
    )
    programs, clone = tmp_path / "bin", two_experiments(tmp_path / "clone")
    programs.mkdir()
    for name, text in {"sbatch": SLURM.format(python=sys.executable), "scancel": CANCEL}.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    (clone / ".venv").symlink_to(TOOLS.parent)
    (clone / "slurm.py").write_text(file_of("slurm.py").replace("CORES = 8", "CORES = 1"), encoding="utf-8")
    (clone / "assay.sbatch").write_text(file_of("assay.sbatch"), encoding="utf-8")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DASK_JOBQUEUE__SLURM__INTERFACE", "lo")
    yield clone
    for process in processes_of(clone):
        os.kill(process, signal.SIGKILL)


def test_the_files_for_slurm_measure_on_workers_that_it_starts(slurm):
    """Submitted as the page says, with what stands in for Slurm; the workers end with the run."""
    [line] = re.findall(r"^sbatch .*", PAGE, re.MULTILINE)
    subprocess.run((*line.split()[:-1], "2"), cwd=slurm, check=True, capture_output=True)
    log = slurm / "jobs.log"

    def workers():
        return [process for process in processes_of("dask_worker") if works_in(process, slurm)]

    wait_for(workers)
    wait_for(lambda: "evidence  repro/evidence/small_coin" in log.read_text(encoding="utf-8"))
    assert Counter(piece.engine for piece in evidence(slurm)).keys() == {"dask"}
    assert "Nothing is due" in repro(slurm, "plan", "--all")
    wait_for(lambda: not workers(), seconds=20)


def works_in(process, folder):
    """Is this the folder in which a process works?"""
    try:
        return Path(f"/proc/{process}/cwd").readlink() == folder
    except OSError:
        return False


def test_blocks_of_a_shell_on_the_page_are_sound():
    """The shell itself reads each block, the job file included, and our commands exist with their options."""
    blocks = re.findall(r"```sh.*?\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        plain = block.replace("<repository>", "repository").replace("<claim>", "claim")
        subprocess.run(("bash", "-n"), input=plain, text=True, check=True)
        for line in re.findall(r"^(?:\.venv/bin/)?(repro .*)", block, re.MULTILINE):
            refuse_unknown(line)
    assert {line.split()[1] for line in re.findall(r"^make .*", PAGE, re.MULTILINE)} == {"cluster"}


CONTAINER = {
    **dict.fromkeys(("name", "image", "workingDir"), str),
    **{key: [str] for key in ("command", "args")},
    "resources": {"requests": {"cpu": str, "memory": str}, "limits": {"cpu": str, "memory": str}},
    "securityContext": {"allowPrivilegeEscalation": bool, "runAsNonRoot": bool},
    "ports": [{"name": str, "containerPort": int, "protocol": str}],
    "readinessProbe": {"httpGet": {"port": str, "path": str}},
}
CLUSTER = {
    **dict.fromkeys(("apiVersion", "kind"), str),
    "metadata": {"name": str},
    "spec": {
        "worker": {"replicas": int, "spec": {"containers": [CONTAINER]}},
        "scheduler": {
            "spec": {"containers": [CONTAINER]},
            "service": {
                "type": str,
                "selector": {"dask.org/cluster-name": str, "dask.org/component": str},
                "ports": [{"name": str, "protocol": str, "port": int, "targetPort": str}],
            },
        },
    },
}
"""Fields of a DaskCluster that the page uses, with their types, as the operator's own definition has them."""


def misfits(value, kind, place="."):
    """Yield the places of a document that are no field of its kind, or of another type."""
    if isinstance(kind, dict) and isinstance(value, dict):
        for key, each in value.items():
            yield from misfits(each, kind.get(key), f"{place}{key}.")
    elif isinstance(kind, list) and isinstance(value, list):
        for each in value:
            yield from misfits(each, kind[0], f"{place}[].")
    elif not isinstance(kind, type) or type(value) is not kind:
        yield place


def test_the_file_for_kubernetes_has_the_fields_of_its_kind():
    """And its parts fit: ports that are named exist, the scheduler is selected, its address is the page's."""
    document = yaml.safe_load(file_of("assay.yaml"))
    assert list(misfits(document, CLUSTER)) == []
    assert (document["apiVersion"], document["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    name, spec = document["metadata"]["name"], document["spec"]
    [worker], [scheduler] = (spec[part]["spec"]["containers"] for part in ("worker", "scheduler"))
    service = spec["scheduler"]["service"]
    assert service["selector"] == {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
    ports = {port["name"]: port["containerPort"] for port in scheduler["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports
    assert scheduler["readinessProbe"]["httpGet"]["port"] in ports
    assert f"service/{name}-scheduler {ports['tcp-comm']}" in PAGE
    assert worker["image"] == scheduler["image"]
    assert worker["args"][worker["args"].index("--nthreads") + 1] == worker["resources"]["limits"]["cpu"]
    for container in (worker, scheduler):
        command = ("-m", f"distributed.cli.dask_{container['command'][1]}", "--help")
        said = subprocess.run((sys.executable, *command), capture_output=True, text=True, check=True).stdout
        assert all(word in said for word in container.get("args", []) if word.startswith("--"))


@pytest.mark.parametrize(
    ("old", "new"), [("replicas: 4", "replicas: four"), ("workingDir", "workdir"), ("containerPort", "port")]
)
def test_a_mistake_in_the_file_for_kubernetes_would_be_noticed(old, new):
    """The test above can fail."""
    assert list(misfits(yaml.safe_load(file_of("assay.yaml").replace(old, new)), CLUSTER))


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

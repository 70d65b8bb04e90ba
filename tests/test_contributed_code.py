"""A script that a pull request brings runs in the confined worker and nowhere else.

It writes a file as soon as it is imported. Whatever is asked of the project around it (its problems, its
tests, which claims it has), that file may never appear; where nothing confines, the script does write it.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repro.worker.task import Task
from tests.conftest import EXPERIMENT
from tests.test_worker import LAB, measured, read_script

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".hypothesis", ".*_cache", "*.egg-info", "build"),
    *("node_modules", "__pycache__", "golden", "evidence"),
)
CLAIM = """\
title: A hostile script writes a file as soon as somebody imports it
kind: empirical
statement: >-
  A script that is imported can write wherever whoever imports it can write.
stated_in:
  - source: {source}
    stance: cites
    locator: {{section: "Results"}}
scope: one file
protocol:
  experiment: hostile
  predictions:
    - name: loaded-beats-fair
      says: The loaded coin shows at least a tenth more heads.
      outcome: score
      contrast: [loaded, fair]
      at_least: 0.1
      because: a tenth is what a player would notice in an evening
"""
LOADERS = {"spec_from_file_location", "SourceFileLoader", "run_path", "run_module", "exec", "execfile"}
"""Names of what runs a file that was found by its path."""
KNOWN_LOADERS = {
    "repro/worker/measure.py": "the worker itself, confined",
    "tests/test_stats.py": "one of our own benchmarks, by its name",
    "tests/test_supply.py": "the script that renews the locks, by its name",
    "benchmarks/mutants.py": "its own hook, which swaps modules of the judging code",
}


def hostile(marker):
    """Return a script that writes a file when it is imported, and keeps the contract otherwise."""
    writes = (
        f"try:\n    torch.ones(1).numpy().tofile({str(marker)!r})\nexcept OSError:\n    pass\n\n\nARMS = {{"
    )
    return EXPERIMENT.replace("ARMS = {", writes, 1)


@pytest.fixture(scope="module")
def brought(tmp_path_factory):
    """Return a copy of this project with a hostile script and its claim, and the file it would write."""
    folder = tmp_path_factory.mktemp("brought")
    root, marker = folder / "project", folder / "marker"
    shutil.copytree(ROOT, root, ignore=LEFT_OUT, symlinks=True)
    (root / "repro/experiments/hostile.py").write_text(hostile(marker), encoding="utf-8")
    source = next((root / "claims/sources").glob("*.yaml")).stem
    (root / "claims/optimisation/hostile.yaml").write_text(CLAIM.format(source=source), encoding="utf-8")
    return root, marker


def ran(root, *command):
    """Return a finished command in a project's folder, in the surroundings of continuous integration."""
    environment = {**os.environ, "CI": "true", "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    line = (sys.executable, *command)
    return subprocess.run(line, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_what_is_asked_of_the_marker_is_fair(tmp_path):
    """At S0 the script writes it, so that a marker that is missing elsewhere means something."""
    marker = tmp_path / "marker"
    (tmp_path / "toy.py").write_text(hostile(marker), encoding="utf-8")
    script = read_script("toy", hostile(marker), LAB)
    version = script.version(script.scales["minimal"])
    (found,) = measured(Task(tmp_path / "toy.py", "fair", (0,), version, sandbox="S0"))
    assert found.values
    assert marker.exists()


def test_collecting_the_tests_runs_no_script(brought):
    """Every file of tests is imported, and with them whatever those import."""
    root, marker = brought
    done = ran(root, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider")
    assert "hostile" in done.stdout, done.stdout[-2000:] + done.stderr
    assert done.returncode == 0, done.stdout[-2000:]
    assert not marker.exists()


def test_the_tests_of_every_experiment_run_it_in_the_worker_only(brought):
    """They go through all scripts, and try whether each keeps the contract; as a text, this one does."""
    root, marker = brought
    files = ("tests/test_experiments.py", "tests/test_render.py", "tests/test_version.py")
    words = ("-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", "hostile or experiments_are_followed")
    done = ran(root, *words, *files)
    tried = "tests/test_experiments.py::test_an_experiment_keeps_the_contract[hostile]"
    assert tried in done.stdout, done.stdout[-4000:]
    assert not marker.exists()


@pytest.mark.parametrize("words", ["check", "list", "show hostile", "plan hostile", "site build"])
def test_commands_that_only_read_run_no_script(brought, words):
    """They find the script and its claim by their texts."""
    root, marker = brought
    line = ("-c", "from repro.cli import main; main()", "--root", str(root), *words.split())
    done = ran(root, *line)
    assert "Traceback" not in done.stderr, done.stderr
    assert not marker.exists()


def test_a_run_of_a_stranger_runs_it_confined(brought):
    """It is measured at S2 or above, or not at all."""
    root, marker = brought
    line = ("-c", "from repro.cli import main; main()", "--root", str(root), "run", "hostile", "--explore")
    done = ran(root, *line, "--untrusted")
    assert (done.returncode, "measured  hostile" in done.stdout) in ((0, True), (4, False)), done.stdout
    assert not marker.exists()


def test_nothing_else_loads_files_that_it_finds():
    """A loader by path could be a second way in; each that loads no script is listed with its reason."""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("kb", "repro", "tests", "benchmarks")
        for path in ROOT.glob(f"{folder}/**/*.py")
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in LOADERS
    }
    assert found == KNOWN_LOADERS.keys()

"""The wheel that is built of this checkout works where nothing of the checkout is."""

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import write_project

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-claims")


def run(*words, **options):
    """Return what a command prints; one that fails fails the test."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the wheel of this checkout, built in a copy, so that nothing is written into it."""
    folder = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copy(ROOT / name, folder)
    for name in ("kb", "repro"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*-b*.json"))
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder))
    run(sys.executable, "-m", "pip", "wheel", *options, str(folder))
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the folder of programs of a fresh environment with the wheel, and with our libraries beside it.

    Paths in a file of paths are not searched for further such files, so that the checkout, which is installed
    beside these libraries by such a file, is not found.
    """
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    options = ("--quiet", "--no-deps", "--no-index", "--no-warn-script-location")
    run(sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel))
    return folder / "bin"


def test_the_wheel_holds_every_module_and_what_they_read(wheel):
    """Nothing that is imported or read at run time stays behind, and no evidence comes along."""
    held = {
        name for name in zipfile.ZipFile(wheel).namelist() if not name.split("/")[0].endswith("dist-info")
    }
    expected = {
        path.relative_to(ROOT).as_posix()
        for folder in ("kb", "repro")
        for pattern in ("**/*.py", "py.typed", "schemas/*.json")
        for path in (ROOT / folder).glob(pattern)
    }
    assert held == expected


def test_the_installed_program_reads_a_folder_of_claims(installed, tmp_path):
    """Its own modules answer, not those of the checkout."""
    root = write_project(tmp_path / "project")
    where = run(
        installed / "python", "-c", "import kb, repro; print(kb.__file__, repro.__file__)", cwd=tmp_path
    )
    assert all(Path(path).is_relative_to(installed.parent) for path in where.split())
    assert "toy-claim" in run(installed / "repro", "list", cwd=root)
    assert run(installed / "repro", "check", cwd=root).startswith("No problems: 1 claim")
    assert json.loads(run(installed / "repro", "show", "toy-claim", "--json", cwd=root))["state"] == "not run"
    assert "Commands:" in run(installed / "repro", "--help", cwd=tmp_path)


def test_the_installed_program_measures(installed, tmp_path):
    """Workers start from the installed modules, too."""
    root = write_project(tmp_path / "project")
    found = json.loads(run(installed / "repro", "run", "toy-claim", "--exit-zero", "--json", cwd=root))
    assert (found["failures"], found["claims"][0]["state"]) == ([], "reproduced")

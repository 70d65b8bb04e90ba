"""One module says where numbers come from, and says so truthfully even if little is known."""

import hashlib
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from repro import provenance
from repro.provenance import Commit, commit, lock, machine, monotonic, now, runner_version, versions
from tests.repository import commit_all, git


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout with one commit."""
    (tmp_path / "README.md").write_text("one\n")
    git(tmp_path, "init")
    commit_all(tmp_path, "Begin")
    return tmp_path


def test_now_is_universal_time_to_the_second():
    """The text has the form that evidence requires, and is the present time."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now())
    assert abs((datetime.now(UTC) - datetime.fromisoformat(now())).total_seconds()) < 5


def test_monotonic_counts_seconds():
    """Differences are seconds."""
    start = monotonic()
    time.sleep(0.01)
    assert 0.01 <= monotonic() - start < 5


def test_commit_and_changes_are_told(checkout):
    """A clean checkout is clean, until a file changes."""
    clean = commit(checkout)
    assert re.fullmatch("[0-9a-f]{40}", clean.sha or "")
    assert clean.is_dirty is False
    (checkout / "README.md").write_text("two\n")
    assert commit(checkout) == Commit(clean.sha, is_dirty=True)


def test_new_evidence_makes_no_checkout_dirty(checkout):
    """A run writes evidence while it goes on; the code that measures is unchanged by that."""
    (checkout / "repro/evidence/coin").mkdir(parents=True)
    (checkout / "repro/evidence/coin/new.json").write_text("{}\n")
    assert commit(checkout).is_dirty is False


def test_folder_without_commits_has_no_commit(tmp_path):
    """A fresh repository is not an error."""
    git(tmp_path, "init")
    assert commit(tmp_path) == Commit(None, None)


def test_folder_without_repository_has_no_commit(tmp_path):
    """A downloaded archive is not an error."""
    assert commit(tmp_path) == Commit(None, None)


def test_machine_without_git_has_no_commit(checkout, monkeypatch):
    """Neither is a machine on which git is missing."""
    monkeypatch.setenv("PATH", str(checkout))
    assert commit(checkout) == Commit(None, None)


def test_lock_is_the_hash_of_the_constraints(tmp_path):
    """A missing file counts as an empty one."""
    assert lock(tmp_path) == hashlib.sha256(b"").hexdigest()
    (tmp_path / "constraints.txt").write_bytes(b"torch==2.13.0\n")
    assert lock(tmp_path) == hashlib.sha256(b"torch==2.13.0\n").hexdigest()


def test_versions_are_those_that_compute():
    """They are what the modules themselves say."""
    import numpy as np
    import torch

    assert versions() == (sys.version.split()[0], torch.__version__, np.__version__)
    assert runner_version()


def test_machine_says_what_bits_depend_on():
    """The same machine with the same threads has the same fingerprint; other threads give another."""
    found = machine(1)
    assert found.cpu
    assert found.capability
    assert found.blas != "unknown"
    assert found.gpu is None
    assert found.fingerprint == machine(1).fingerprint != machine(2).fingerprint


def test_library_of_linear_algebra_is_read_from_the_build():
    """Its version is given if the build states it; a build that says nothing is unknown."""
    mkl = "  - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 2024"
    assert provenance._blas(f"{mkl}\n  - BLAS_INFO=mkl, X=1") == "mkl 2024.2-Product"
    assert provenance._blas("  - Build settings: BLAS_INFO=open, USE_CUDA=0") == "open"
    assert provenance._blas("") == "unknown"


@pytest.mark.parametrize(
    ("utc", "day"), [((2026, 1, 31, 9, 59), "2026-01-31"), ((2026, 1, 31, 10, 0), "2026-02-01")]
)
def test_a_day_begins_where_the_sun_is_first(monkeypatch, utc, day):
    """Fourteen hours before it begins in UTC."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(*utc, tzinfo=tz)

    monkeypatch.setattr(provenance, "datetime", Clock)
    assert provenance.latest_day() == day


def test_provenance_and_ledger_do_not_import_torch():
    """The parent process stays small: only the worker computes."""
    code = "import sys, repro.provenance as p, repro.ledger; p.versions(); sys.exit('torch' in sys.modules)"
    assert subprocess.run((sys.executable, "-c", code), check=False).returncode == 0

"""A project under git, for tests of what compares commits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from repro.vcs import clean_environment

_SETTINGS = (
    *("-c", "user.name=Jane Doe"),
    *("-c", "user.email=jane@example.org"),
    *("-c", "commit.gpgsign=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.file.allow=always"),
)


def git(root: Path, *arguments: str) -> str:
    """Return what git prints for a command in a folder; a failing command fails the test."""
    command = ("git", *_SETTINGS, "-C", str(root), *arguments)
    environment = clean_environment()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit_all(root: Path, message: str) -> None:
    """Commit everything in a folder."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)

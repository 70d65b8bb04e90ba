"""Former states of the project: any commit's files in a folder of their own, for as long as they are needed.

The checkout itself is only read, so nothing that is being written there can get lost.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RevisionError(Exception):
    """A commit cannot be read; the message says which, and what to do."""


def fork_point(root: Path, revision: str) -> str:
    """Return the commit from which HEAD and a revision went different ways, as forty hexadecimal digits.

    Raises:
        RevisionError: There is no such revision, or the two have no commit in common.
    """
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found is None:
        raise RevisionError(f"there is no commit {revision!r}; name a branch, tag or commit, such as main.")
    shared = _git(root, "merge-base", found.decode().strip(), "HEAD")
    if shared is None:
        raise RevisionError(
            f"{revision} and HEAD have no commit in common; fetch the whole history: git fetch --unshallow."
        )
    return shared.decode().strip()


@contextmanager
def checked_out(root: Path, revision: str) -> Iterator[Path]:
    """Give the files of a commit in a temporary folder, which is gone afterwards.

    Args:
        root: The project's folder, in a git repository.
        revision: A branch, tag or commit.

    Raises:
        RevisionError: There is no such commit, or no git.
    """
    with tempfile.TemporaryDirectory(prefix="assay-") as name:
        folder = Path(name)
        archive = folder / "archive.tar"
        if _git(root, "archive", f"--output={archive}", "--end-of-options", revision) is None:
            raise RevisionError(f"the files of {revision!r} cannot be read; name a branch, tag or commit.")
        with tarfile.open(archive) as files:
            for member in files:
                _write(files, member, folder / "files")
        archive.unlink()
        yield folder / "files"


def _write(files: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a regular file of an archive; links are left out, as no record may be one.

    Tarfile's own filters came with Python 3.11.4.

    Raises:
        RevisionError: The file would lie outside of the folder.
    """
    path = folder / member.name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RevisionError(f"the commit holds {member.name!r}, a file that leads out of it")
    content = files.extractfile(member) if member.isreg() else None
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read())


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return what git answers, or nothing when it fails or is missing."""
    command = ("git", "--no-optional-locks", "-C", str(root), *arguments)
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None

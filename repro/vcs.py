"""What git keeps of a project's files: commits, trees and contents.

Whole former states come from `repro.revisions`.
Commits are followed along first parents, so that a merged branch is one step, as those saw it who read the
main line. Paths are relative to the project's root, which may be a folder inside a repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

_FIELD = "\x1f"
_SETTINGS = ("-c", "core.quotePath=off", "-c", "log.showRoot=true", "-c", "log.showSignature=false")


class HistoryError(Exception):
    """Git cannot tell: it is not installed, there is no repository, or no such revision."""


class NoRevisionError(HistoryError):
    """The repository is there, and the revision is not."""


class Change(NamedTuple):
    """A file that a commit wrote or deleted.

    Attributes:
        blob: Name of the new content, or nothing where the file was deleted.
    """

    path: str
    blob: str | None


class Commit(NamedTuple):
    """One commit.

    Attributes:
        time: When it was made, in universal time to the second.
        changes: Against its first parent.
    """

    sha: str
    time: str
    subject: str
    changes: tuple[Change, ...]


def _command(root: Path, *arguments: str) -> tuple[str, ...]:
    return ("git", "--no-optional-locks", "-C", str(root), *_SETTINGS, *arguments)


def _git(root: Path, *arguments: str) -> bytes:
    """Return what git answers.

    Raises:
        HistoryError: There is no git, or it refuses; the message is git's own.
    """
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
    command = _command(root, *arguments)
    try:
        return subprocess.run(command, capture_output=True, check=True, env=environment, timeout=60).stdout
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise HistoryError(said.removeprefix("fatal: ") or "git does not say why it failed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HistoryError(f"git cannot be run: {error}") from error


def resolve(root: Path, revision: str) -> str:
    """Return the full name of a commit.

    Args:
        root: The project's folder.
        revision: A branch, a tag, a commit or anything else that git takes for one.

    Raises:
        NoRevisionError: There is none.
        HistoryError: There is no git or no repository.
    """
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except HistoryError as error:
        _git(root, "rev-parse", "--git-dir")  # no repository is another matter than no such revision
        raise NoRevisionError(f"there is no revision {revision!r}") from error
    return found.decode().strip()


def commits(root: Path, *paths: str) -> list[Commit]:
    """Return the commits that changed files at or below some paths, the oldest first, without renames.

    Raises:
        HistoryError: There is no git, no repository or no commit.
    """
    form = f"--format={_FIELD}%H{_FIELD}%cd{_FIELD}%s"
    date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ"
    walk = ("log", "--first-parent", "-m", "--reverse", "--no-color", "--no-renames")
    text = _git(root, *walk, "--raw", "--no-abbrev", "--relative", form, date, "--", *paths)
    found: list[Commit] = []
    changes: list[Change] = []
    for line in text.decode(errors="replace").split("\n"):
        if line.startswith(_FIELD):
            _, sha, time, subject = line.split(_FIELD, 3)
            changes = []
            found.append(Commit(sha, time, subject, ()))
        elif line.startswith(":"):
            facts, _, path = line.partition("\t")
            _, _, _, blob, status = facts.split(" ")
            changes.append(Change(path, None if status == "D" else blob))
            found[-1] = found[-1]._replace(changes=tuple(changes))
    return found


def tree(root: Path, revision: str, *paths: str) -> dict[str, str]:
    """Return the names of the contents of all files at or below some paths at a revision, by path.

    Raises:
        HistoryError: There is no such revision, or no git.
    """
    answer = _git(root, "ls-tree", "-r", "-z", resolve(root, revision), "--", *paths)
    lines = answer.decode(errors="replace").split("\0")
    entries = (line.partition("\t") for line in lines if line)
    return {path: facts.split(" ")[2] for facts, _, path in entries if facts.split(" ")[1] == "blob"}


class Contents:
    """The contents of files by their names in git, from one process that answers as they are asked for."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._stdin, self._stdout = stdin, stdout
        self._known: dict[str, bytes] = {}

    def read(self, blob: str) -> bytes:
        """Return a content.

        Raises:
            HistoryError: Git has none of that name, as in a partial clone without its server.
        """
        if blob not in self._known:
            self._stdin.write(f"{blob}\n".encode())
            self._stdin.flush()
            head = self._stdout.readline().split()
            if len(head) != 3:
                raise HistoryError(f"the content {blob} is missing from the repository")
            self._known[blob] = self._stdout.read(int(head[2]))
            self._stdout.read(1)
        return self._known[blob]


@contextmanager
def contents(root: Path) -> Iterator[Contents]:
    """Give the contents of files while the process that knows them runs.

    Raises:
        HistoryError: Git cannot be started.
    """
    command = _command(root, "cat-file", "--batch")
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise HistoryError(f"git cannot be run: {error}") from error
    with process:
        if process.stdin is None or process.stdout is None:
            raise HistoryError("git was started without pipes")
        yield Contents(process.stdin, process.stdout)

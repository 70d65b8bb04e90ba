"""The only module that calls git: commits, former states of the project as trees, and file contents.

Git runs without locks, in English, and without inherited variables: a `GIT_DIR` that some hook or shell has
set refers to another repository. When git refuses, its own message is passed on.
Commits are followed along first parents, so that a merged branch is one step, as it appears on the
main line. Paths are relative to the project's root, which may be a folder inside a repository.
"""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from kb.reading.tree import Entry, TreeError, is_passed_over

_FIELD = "\x1f"
_SETTINGS = (
    *("-c", "core.quotePath=off"),
    *("-c", "log.showRoot=true"),
    *("-c", "log.showSignature=false"),
    *("-c", "i18n.logOutputEncoding=UTF-8"),
)
_OWN_SETTINGS = frozenset(
    {
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
        *("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"),
    }
)
"""Variables that say where a user's settings lie and where to look for repositories, and name none."""
_LINK, _MODULE = "120000", "160000"
"""The modes of a symbolic link and of another repository inside this one."""


class HistoryError(Exception):
    """Git cannot answer: it is not installed, it refuses, or there is no repository; the message is git's."""


class NoRevisionError(HistoryError):
    """The repository exists, but the revision does not."""


class Change(NamedTuple):
    """A file that a commit wrote or deleted.

    Attributes:
        blob: Name of the new content, or None if the file was deleted.
    """

    path: str
    blob: str | None


class Commit(NamedTuple):
    """One commit.

    Attributes:
        time: When it was made, in UTC to the second.
        changes: What it changed against its first parent.
    """

    sha: str
    time: str
    subject: str
    changes: tuple[Change, ...]


class Repository:
    """What git has stored of the project in a folder.

    One process reads all contents; it starts with the first and ends with the `with` statement.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._known: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.__exit__(kind, error, traceback)
            self._process = None

    def head(self) -> str:
        """Return the full hash of the commit that is checked out.

        Raises:
            HistoryError: There is no git, no repository or no commit.
        """
        return self.resolve("HEAD")

    def is_changed(self, *, but: str) -> bool:
        """Do files differ from the commit that is checked out?

        Args:
            but: A folder in which they may differ.

        Raises:
            HistoryError: There is no git or no repository.
        """
        asked = ("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=none")
        return bool(self._ask(*asked, "--", ".", f":(exclude){but}").strip())

    def require_history(self) -> None:
        """Do nothing if all commits that led to the one that is checked out are here.

        Raises:
            HistoryError: They are not, as in a clone of the last commits alone; or there is no git, no
                repository or no commit.
        """
        self.head()
        if self._ask("rev-parse", "--is-shallow-repository").strip() == b"true":
            raise HistoryError("the clone is shallow; fetch the whole history: git fetch --unshallow")

    def ancestry(self) -> frozenset[str]:
        """Return the full names of all commits that led to the one that is checked out, and its own.

        Raises:
            HistoryError: There is no git, no repository or no commit.
        """
        return frozenset(self._ask("rev-list", "HEAD").decode().split())

    def resolve(self, revision: str) -> str:
        """Return the full hash of a commit.

        Args:
            revision: A branch, a tag, a commit or anything else that git accepts as a revision.

        Raises:
            NoRevisionError: There is none.
            HistoryError: There is no git, no repository or no commit.
        """
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        try:
            found = self._ask(*asked)
        except HistoryError as error:
            self._ask("rev-parse", "--git-dir")  # tells a missing repository from a missing revision
            if revision == "HEAD" or not self._ask("rev-list", "--all", "--max-count=1"):
                raise HistoryError("there is no commit yet") from error
            raise NoRevisionError(f"there is no revision {revision!r}") from error
        return found.decode().strip()

    def fork_point(self, revision: str) -> str:
        """Return the full hash of the commit at which HEAD and a revision diverged.

        Raises:
            NoRevisionError: There is no such revision.
            HistoryError: There is no git or no repository, or the two have no commit in common.
        """
        other = self.resolve(revision)
        try:
            return self._ask("merge-base", other, self.head()).decode().strip()
        except HistoryError as error:
            advice = "fetch the whole history: git fetch --unshallow"
            raise HistoryError(f"{revision} and HEAD have no commit in common; {advice}") from error

    def commits(self, *paths: str) -> list[Commit]:
        """Return the commits that changed files at or below some paths, oldest first, without renames.

        Raises:
            HistoryError: There is no git, no repository or no commit, or a part of the history is missing.
        """
        self.require_history()
        form = f"--format={_FIELD}%H{_FIELD}%cd{_FIELD}%s"
        date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ"
        walk = (
            "log",
            "--first-parent",
            "--diff-merges=first-parent",
            "--reverse",
            "--no-color",
            "--no-renames",
        )
        text = self._ask(*walk, "--raw", "--no-abbrev", "--relative", form, date, "--", *paths)
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

    def files(self, revision: str) -> dict[str, tuple[str, str]]:
        """Return the mode and the content's name for every file at a revision, by path.

        Raises:
            NoRevisionError: There is no such revision.
            HistoryError: There is no git or no repository.
        """
        answer = self._ask("ls-tree", "-r", "-z", self.resolve(revision))
        entries = (line.partition("\t") for line in os.fsdecode(answer).split("\0") if line)
        found = ((path, facts.split(" ")) for facts, _, path in entries)
        return {path: (mode, blob) for path, (mode, _, blob) in found}

    def read(self, blob: str) -> bytes:
        """Return the content that has a name.

        Raises:
            HistoryError: Git has no content of that name, as in a partial clone without its server.
        """
        if blob not in self._known:
            self._known[blob] = self._asked_for(blob)
        return self._known[blob]

    def _asked_for(self, blob: str) -> bytes:
        process = self._answering()
        if process.stdin is None or process.stdout is None:
            raise HistoryError("git was started without pipes")
        try:
            process.stdin.write(f"{blob}\n".encode())
            process.stdin.flush()
            head = process.stdout.readline().split()
        except OSError as error:
            raise HistoryError(f"git no longer answers: {error}") from error
        if len(head) != 3:
            raise HistoryError(f"the content {blob} is missing from the repository")
        content = process.stdout.read(int(head[2]))
        process.stdout.read(1)
        return content

    def _answering(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            pipe = subprocess.PIPE
            try:
                self._process = subprocess.Popen(
                    self._command("cat-file", "--batch"),
                    stdin=pipe,
                    stdout=pipe,
                    stderr=subprocess.DEVNULL,
                    env=clean_environment(),
                )
            except OSError as error:
                raise HistoryError(f"git cannot be run: {error}") from error
        return self._process

    def _ask(self, *arguments: str) -> bytes:
        """Return what git answers.

        Raises:
            HistoryError: There is no git, or it refuses.
        """
        try:
            return subprocess.run(
                self._command(*arguments),
                capture_output=True,
                check=True,
                env=clean_environment(),
                timeout=60,
            ).stdout
        except subprocess.CalledProcessError as error:
            said = " ".join(error.stderr.decode(errors="replace").split())
            raise HistoryError(said.removeprefix("fatal: ") or "git does not say why it failed") from error
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise HistoryError(f"git cannot be run: {error}") from error

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return ("git", "--no-optional-locks", "-C", str(self.root), *_SETTINGS, *arguments)


def clean_environment() -> dict[str, str]:
    """Return our environment without the variables that would point git to another repository."""
    kept = {name: value for name, value in os.environ.items() if not is_misleading(name)}
    return {**kept, "TZ": "UTC", "LC_ALL": "C"}


def is_misleading(name: str) -> bool:
    """May an environment variable of this name say which repository is meant, or what is done in it?"""
    return name.startswith("GIT_") and name not in _OWN_SETTINGS


class Revision:
    """The project's files at a commit, as a tree; usable only while the repository is open."""

    def __init__(self, repository: Repository, revision: str) -> None:
        """Find the commit.

        Raises:
            NoRevisionError: There is no such revision.
            HistoryError: There is no git or no repository.
        """
        self._repository = repository
        self._files = repository.files(revision)

    @cached_property
    def _folders(self) -> dict[str, list[Entry]]:
        found: defaultdict[str, set[Entry]] = defaultdict(set)
        for path, (mode, _) in self._files.items():
            folder, _, name = path.rpartition("/")
            found[folder].add(Entry(name, mode == _MODULE))
            while folder:
                folder, _, name = folder.rpartition("/")
                found[folder].add(Entry(name, is_folder=True))
        return {
            folder: sorted(entry for entry in entries if not is_passed_over(entry))
            for folder, entries in found.items()
        }

    def list(self, folder: str) -> Sequence[Entry]:
        """Return the entries of a folder, as every tree does."""
        return self._folders.get(folder, [])

    def read(self, path: str, *, limit: int) -> bytes:
        """Return the bytes of a file, as every tree does.

        Raises:
            TreeError: It was not there, was not a regular file, or has too many bytes.
            HistoryError: Git lacks the content, as in a partial clone without its server.
        """
        if path not in self._files:
            if path in self._folders:
                raise TreeError("folder", "a folder")
            raise TreeError("unreadable", "a file that is not in the commit")
        mode, blob = self._files[path]
        if mode == _LINK:
            raise TreeError("link", "a symbolic link")
        if mode == _MODULE:
            raise TreeError("folder", "another repository")
        content = self._repository.read(blob)
        if len(content) > limit:
            raise TreeError("size", f"{len(content)} bytes")
        return content

"""What git knows about the project, and how the command line reports that it knows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from repro.cli.parts.errors import EnvironmentProblem, UsageProblem
from repro.vcs import HistoryError, NoRevisionError, Repository


def say_unknown_past(root: Path) -> None:
    """Say on standard error why nobody can tell what changed since evidence was taken, if that is so."""
    try:
        Repository(root).require_history()
    except HistoryError as error:
        what = "what changed since evidence was taken is unknown"
        click.echo(f"note: {what}, as the history cannot be read: {str(error).rstrip('.')}.", err=True)


@contextmanager
def reading_history(root: Path) -> Iterator[Repository]:
    """Open what git has stored of a project.

    Args:
        root: The project's folder.

    Raises:
        UsageProblem: Git has no such revision.
        EnvironmentProblem: There is no git or no repository, or git refuses.
    """
    try:
        with Repository(root) as repository:
            yield repository
    except NoRevisionError as error:
        raise UsageProblem(f"{error}; name a commit, a tag or a branch.") from error
    except HistoryError as error:
        raise EnvironmentProblem(f"the history cannot be read: {str(error).rstrip('.')}.") from error

"""What is published: the project, with the address that the site's configuration gives it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.text.problems import render_terminal
from repro.cli import Context
from repro.cli.parts.alone import alone
from repro.cli.parts.errors import USAGE, EnvironmentProblem

if TYPE_CHECKING:
    from kb.exports.published import Site
    from kb.site.settings import Settings


class SiteProblem(click.ClickException):
    """The site was not built; exit code 2, as for any faulty record."""

    exit_code = USAGE


def published(context: Context) -> Site:
    """Return the project as it is published, with the histories of its claims.

    Raises:
        SiteProblem: Records or evidence have problems, which an export would hide.
        EnvironmentProblem: The site's configuration or its tools are missing.
    """
    config_file = configuration(context.root)
    from kb.exports.published import Site
    from kb.site.written import linked
    from repro.histories import histories_of

    project = context.project()
    linked_pages = linked(context.root, context.root / "site" / "docs")
    if problems := (project.problems or project.contradictions or tuple(linked_pages)):
        raise SiteProblem(f"{render_terminal(problems)}\nNothing is exported while records have problems.")
    where, told = _settings(config_file), histories_of(context.root)
    say_missing(told.missing)
    return Site(
        project,
        context.root,
        where.address,
        where.repository,
        histories=told.events,
        knows_history=not told.missing,
    )


def say_missing(reason: str) -> None:
    """Say on standard error why what is published tells nothing of what changed, if it does not."""
    from kb.site.mkdocs import without_history

    if reason:
        click.echo(without_history(reason), err=True)


@contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Keep a second build out of a folder until this one has ended, however it ends.

    Raises:
        EnvironmentProblem: Another build is writing there.
    """
    refusal = f"another build is writing {folder}; wait until it has ended, and build again."
    with alone(folder.with_name(f".{folder.name}.lock"), refusal):
        yield


def configuration(root: Path) -> Path:
    """Return the configuration file of the site, after checking that it and MkDocs are there.

    Raises:
        EnvironmentProblem: One of them is missing.
    """
    os.environ["NO_MKDOCS_2_WARNING"] = "1"  # read when the theme is imported
    config_file = root / "mkdocs.yml"
    for needed in (config_file, root / "site" / "templates"):
        if not needed.exists():
            raise EnvironmentProblem(f"{needed} is missing; the site is built from a clone of the project.")
    if find_spec("material") is None:  # the theme; it brings MkDocs
        raise EnvironmentProblem("the site's tools are missing; install them: `pip install -e '.[site]'`.")
    return config_file


def _settings(config_file: Path) -> Settings:
    """Return where the site is published, according to its configuration."""
    from mkdocs.utils.yaml import yaml_load

    from kb.site.settings import SettingError, settings

    try:
        with config_file.open(encoding="utf-8") as file:
            return settings(yaml_load(file) or {})
    except SettingError as error:
        raise EnvironmentProblem(str(error)) from error

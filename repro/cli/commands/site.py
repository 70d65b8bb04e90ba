"""`repro site build`: build or serve the website."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from pathlib import Path

import click

from kb.text.problems import render_terminal
from repro.cli import Context
from repro.cli.parts.errors import USAGE, EnvironmentProblem

PLACE = 170


class SiteProblem(click.ClickException):
    """The site was not built; exit code 2, as for any wrong record."""

    exit_code = USAGE


@click.group()
def command() -> None:
    """Build, serve or export the website."""


@command.command()
@click.option("--quiet", is_flag=True, help="Say nothing when all is well.")
@click.pass_obj
def build(context: Context, *, quiet: bool) -> None:
    """Build the website into build/site."""
    config_file = _prepared(context.root)
    from mkdocs.commands.build import build as build_site
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    messages = _Messages()
    logging.getLogger("mkdocs").addHandler(messages)
    try:
        config = load_config(str(config_file), strict=True)
        build_site(config)
    except MkDocsException as error:
        said = [*messages.texts, str(error)]
        raise SiteProblem("the site was not built.\n" + "\n".join(dict.fromkeys(said))) from error
    finally:
        logging.getLogger("mkdocs").removeHandler(messages)
    if not quiet:
        click.echo(f"The site is in {Path(config.site_dir).resolve()}; open index.html there.")


@command.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="On this machine."
)
@click.pass_obj
def serve(context: Context, *, port: int) -> None:
    """Serve the website on this machine and rebuild it on every change."""
    config_file = _prepared(context.root)
    from mkdocs.commands.serve import serve as serve_site
    from mkdocs.exceptions import MkDocsException

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        serve_site(str(config_file), dev_addr=f"127.0.0.1:{port}", strict=False)
    except MkDocsException as error:
        raise SiteProblem(f"the site was not built.\n{error}") from error
    except OSError as error:
        raise EnvironmentProblem(
            f"port {port} cannot be used: {error.strerror}; give another --port."
        ) from error


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export(context: Context, folder: Path) -> None:
    """Write the website as plain Markdown into FOLDER, for any generator that reads a mkdocs.yml.

    FOLDER must be new or empty, so that nothing else is overwritten or left behind in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SiteProblem(f"{folder} is not empty; name a new folder.")
    config_file = _prepared(context.root)
    from kb.exports.published import Site
    from kb.site.export import tree
    from repro.histories import histories_of

    project = context.project()
    if project.problems:
        raise SiteProblem(
            f"{render_terminal(project.problems)}\nNothing is exported while records have problems."
        )
    site = Site(project, context.root, address=_address(config_file), histories=histories_of(context.root))
    count = 0
    for path, content in tree(site):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        count += 1
    click.echo(
        f"{count} files are in {folder.resolve()}; build them with any generator that reads mkdocs.yml."
    )


class _Messages(logging.Handler):
    """Keeps what MkDocs warns about, so that it can be told in one piece."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.texts.append(record.getMessage())


def _address(config_file: Path) -> str:
    """Return where the site is published, as its configuration says."""
    from mkdocs.utils.yaml import yaml_load

    with config_file.open(encoding="utf-8") as file:
        return str(yaml_load(file)["site_url"])


def _prepared(root: Path) -> Path:
    """Return the configuration file of the site, after checking that it and MkDocs are there."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"  # read when the theme is imported
    config_file = root / "mkdocs.yml"
    if not config_file.is_file():
        raise EnvironmentProblem(f"{config_file} is missing; the site is built from a clone of the project.")
    if find_spec("material") is None:  # the theme; it brings MkDocs
        raise EnvironmentProblem("the site's tools are missing; install them: `pip install -e '.[site]'`.")
    return config_file

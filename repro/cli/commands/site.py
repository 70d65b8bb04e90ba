"""`repro site build`: build or serve the website."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from repro.cli import Context
from repro.cli.parts.errors import EnvironmentProblem
from repro.cli.parts.paths import PathWord
from repro.cli.parts.publishing import (
    SiteProblem,
    configuration,
    published,
    say_missing,
    writing_alone,
)

PLACE = 170


@click.group()
def command() -> None:
    """Build, serve or export the website."""


@command.command()
@click.option("--quiet", is_flag=True, help="Print nothing if all is well.")
@click.option("--offline", is_flag=True, help="Build a copy to open from disk, into build/offline.")
@click.pass_obj
def build(context: Context, *, quiet: bool, offline: bool) -> None:
    """Build the website into build/site, for a server; `repro site serve` is one."""
    config_file = configuration(context.root)
    from mkdocs.commands.build import build as build_site
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    messages = _Messages()
    logging.getLogger("mkdocs").addHandler(messages)
    try:
        config = load_config(str(config_file), strict=True)
        if offline:
            config.extra["offline"] = True
            config.site_dir = str(Path(config.site_dir).with_name("offline"))
        with writing_alone(Path(config.site_dir)):
            build_site(config)
    except MkDocsException as error:
        said = [*messages.texts, str(error)]
        raise SiteProblem("the site was not built.\n" + "\n".join(dict.fromkeys(said))) from error
    finally:
        logging.getLogger("mkdocs").removeHandler(messages)
    say_missing(getattr(config.plugins["assay"], "missing_history", ""))
    if not quiet:
        folder = Path(config.site_dir).resolve()
        click.echo(
            f"The site is in {folder}; open index.html there."
            if offline
            else f"The site is in {folder}; look at it with `repro site serve`, "
            "or build a copy to open from disk with `repro site build --offline`."
        )


@command.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="On this machine."
)
@click.pass_obj
def serve(context: Context, *, port: int) -> None:
    """Serve the website on this machine and rebuild it on every change."""
    config_file = configuration(context.root)
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
@click.argument("folder", type=PathWord(is_folder=True))
@click.pass_obj
def export(context: Context, folder: Path) -> None:
    """Write the website as plain Markdown into FOLDER, for any site generator that reads a mkdocs.yml.

    FOLDER must be new or empty, so that nothing in it is overwritten or left over.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SiteProblem(f"{folder} is not empty; name a new folder.")
    from kb.site.export import tree

    site = published(context)
    count = 0
    for path, content in tree(site):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        count += 1
    click.echo(
        f"{count} files are in {click.format_filename(folder.resolve())}; "
        "build them with any generator that reads mkdocs.yml."
    )


class _Messages(logging.Handler):
    """Keeps MkDocs's warnings, so that they can be reported together."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.texts.append(record.getMessage())

"""`repro export`: records in other formats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro.cli import Context
from repro.cli.parts.errors import USAGE, unknown
from repro.cli.parts.paths import PathWord

if TYPE_CHECKING:
    from kb.exports.formats import Format

PLACE = 180


class Formats(click.Group):
    """A group that has a subcommand for every format."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # signature of the base class
        """Return the names of all formats."""
        return sorted(_formats())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002  # as above
        """Return the subcommand that writes a format."""
        found = _formats()
        if cmd_name not in found:
            raise unknown("format", cmd_name, found)
        return _kept(found[cmd_name]) if found[cmd_name].is_kept else _published(found[cmd_name])


@click.group(cls=Formats)
def command() -> None:
    """Write records, or what describes them, in other formats."""


def _formats() -> Mapping[str, Format]:
    """Return all formats, and the generated blocks of pages, one of which lists the commands."""
    from kb.exports.docs import docs_format
    from kb.exports.formats import formats
    from repro.cli.parts.lab_table import lab_table
    from repro.cli.parts.overview import table

    docs = docs_format({"commands": table(), "lab": lab_table()})
    return {**formats(), docs.name: docs}


def _kept(chosen: Format) -> click.Command:
    """Return the subcommand for files in the repository, which must be kept current."""

    @click.command(chosen.name, help=chosen.summary)
    @click.option("--check", is_flag=True, help="Write nothing; exit with 2 if a file is not current.")
    @click.pass_obj
    def kept(context: Context, *, check: bool) -> None:
        from kb.exports.published import Site

        site = Site(context.project(), context.root)
        _update(context.root, chosen, chosen.files(site), check=check)

    return kept


def _published(chosen: Format) -> click.Command:
    """Return the subcommand for files of the site, which are written to a folder."""

    @click.command(chosen.name, help=chosen.summary)
    @click.option(
        "--to",
        "folder",
        type=PathWord(is_folder=True),
        help=f"Folder for the files; default: build/export/{chosen.name}.",
    )
    @click.pass_obj
    def published(context: Context, *, folder: Path | None) -> None:
        from repro.cli.parts.publishing import published as site_of

        target = folder or context.root / "build" / "export" / chosen.name
        files = chosen.files(site_of(context))
        for path, text in files.items():
            _write(target / path, text)
        click.echo(f"{len(files)} files are in {click.format_filename(target.resolve())}.")

    return published


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _update(root: Path, chosen: Format, files: Mapping[str, str], *, check: bool) -> None:
    """Write the files whose text has changed; with `check`, only name them and fail."""
    stale = [path for path, text in files.items() if not _is_current(root / path, text)]
    for path in stale:
        if check:
            advice = f"run `repro export {chosen.name}` without --check"
            click.echo(f"{path} is not current: {advice}.", err=True)
        else:
            _write(root / path, files[path])
            click.echo(f"wrote {path}")
    if stale and check:
        raise SystemExit(USAGE)
    if not stale:
        click.echo(f"{len(files)} files are current.")


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text

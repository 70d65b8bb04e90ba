"""`repro export`: records in other formats, one subcommand a format."""

from __future__ import annotations

import click

from kb.exports.schema import MODELS, schema_text
from repro.cli import Context
from repro.cli.errors import USAGE


@click.group()
def command() -> None:
    """Write records, or what describes them, in other formats."""


@command.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 where a file is not current.")
@click.pass_obj
def schema(context: Context, *, check: bool) -> None:
    """Write the JSON Schemas of claims and sources to kb/schemas/, for editors."""
    folder = context.root / "kb" / "schemas"
    texts = {folder / f"{name}.json": schema_text(name) for name in MODELS}
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        if check:
            click.echo(
                f"{path.relative_to(context.root)} is not current: run `repro export schema`.", err=True
            )
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8", newline="\n")
        click.echo(f"wrote {path.relative_to(context.root)}")
    if stale and check:
        raise SystemExit(USAGE)
    if not stale:
        click.echo(f"{len(texts)} schemas are current.")

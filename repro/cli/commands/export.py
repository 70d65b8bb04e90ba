"""`repro export`: records in other formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from repro.cli import Context
from repro.cli.parts.errors import USAGE

PLACE = 180

check_option: Callable[[Any], Any] = click.option(
    "--check", is_flag=True, help="Write nothing; exit with 2 where a file is not current."
)


@click.group()
def command() -> None:
    """Write records, or what describes them, in other formats."""


@command.command()
@check_option
@click.pass_obj
def schema(context: Context, *, check: bool) -> None:
    """Write the JSON Schemas of records to kb/schemas/, and settings that let an editor use them."""
    from kb.exports.editor import PATH, settings_text
    from kb.exports.schema import MODELS, schema_text
    from kb.reading.files import record_files

    folder = context.root / "kb" / "schemas"
    texts = {folder / f"{name}.json": schema_text(name) for name in MODELS}
    files, _ = record_files(context.tree)
    texts[context.root / PATH] = settings_text(file.folder for file in files)
    _update(context.root, texts, check=check)


@command.command()
@check_option
@click.pass_obj
def docs(context: Context, *, check: bool) -> None:
    """Fill the generated blocks of README.md and claims/README.md."""
    from kb.exports.docs import PAGES, filled
    from repro.cli.parts.overview import table

    project = context.project()
    pages = [context.root / name for name in PAGES]
    others = {"commands": table()}
    texts = {page: filled(page.read_text(encoding="utf-8"), project, others) for page in pages}
    _update(context.root, texts, check=check)


def _update(root: Path, texts: dict[Path, str], *, check: bool) -> None:
    """Write the files whose text has changed, or with `check` only name them and fail."""
    stale = [
        path for path, text in texts.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        name = path.relative_to(root).as_posix()
        if check:
            click.echo(f"{name} is not current: run `repro export` without --check.", err=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8", newline="\n")
        click.echo(f"wrote {name}")
    if stale and check:
        raise SystemExit(USAGE)
    if not stale:
        click.echo(f"{len(texts)} files are current.")

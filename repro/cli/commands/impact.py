"""`repro impact BASE`: what a branch changes, for its review."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from kb.evidence.ledger import EVIDENCE_FOLDER, read_ledger
from kb.judging.judgement import judge_base
from kb.reading.load import load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import standings
from kb.time.changes import Whole
from kb.time.impact import Impact, Snapshot, impact
from repro.cli import Context
from repro.cli.parts.errors import USAGE, UsageProblem
from repro.cli.parts.impact_page import as_data, as_markdown
from repro.pasts import suspect_links
from repro.revisions import RevisionError, checked_out, fork_point

PLACE = 160


@click.command()
@click.argument("base", metavar="BASE")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, base: str, *, as_json: bool) -> None:
    """Say what the files here change since they left BASE, a branch such as main.

    Records that are new or others, standings that change and why, links to look at again, conflicts that
    come up, runs that fall due with their cost. In Markdown, for a pull request's summary.

    Exits with 2 where evidence was changed or deleted: it may only be added.
    """
    found = _impact(context.root, base)
    if as_json:
        click.echo(json.dumps({"schema": "assay/impact/1", "base": base, **as_data(found)}))
    else:
        click.echo(as_markdown(found, base), nl=False)
    if found.is_breach:
        raise SystemExit(USAGE)


def _impact(root: Path, revision: str) -> Impact:
    try:
        with checked_out(root, fork_point(root, revision)) as folder:
            return impact(_snapshot(folder, root), _snapshot(root, root))
    except RevisionError as error:
        raise UsageProblem(str(error)) from error


def _snapshot(folder: Path, repository: Path) -> Snapshot:
    """Return what lies in a folder.

    Args:
        folder: The files.
        repository: Where git tells what the records were when evidence was taken.
    """
    base, ledger = load_base(Folder(folder)), read_ledger(Folder(folder))
    judgements = judge_base(base, ledger)
    whole = Whole(base, judgements, standings(base, judgements))
    links = suspect_links(replace(base, root=repository), ledger, judgements)
    return Snapshot(whole, ledger, links, dict(_hashes(folder)))


def _hashes(root: Path) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of every file of evidence; a name with a dot in front is an unfinished one."""
    for path in sorted((root / EVIDENCE_FOLDER).rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()

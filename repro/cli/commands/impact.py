"""`repro impact BASE`: what a branch changes, for its review."""

from __future__ import annotations

import json

import click

from kb.project import read_former
from kb.time.impact import Impact, Snapshot, impact
from repro.cli import Context
from repro.cli.parts.errors import USAGE
from repro.cli.parts.impact_page import as_data, as_markdown
from repro.cli.parts.past import reading_history, say_unknown_past
from repro.evidence_history import order_of
from repro.former_records import suspect_links
from repro.provenance import commit
from repro.vcs import Revision

PLACE = 160


@click.command()
@click.argument("base", metavar="BASE")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, base: str, *, as_json: bool) -> None:
    """Say what the files here change since they left BASE, a branch such as main.

    New and changed records, standings that change and why, links to look at again, new conflicts, and runs
    that become due, with their cost. In Markdown, for a pull request's summary.

    Exits with 2 if evidence was changed or deleted: it may only be added.
    """
    found = _impact(context, base)
    if commit(context.root).is_dirty:
        click.echo("note: files here differ from the last commit; commit them before you measure.", err=True)
    if as_json:
        click.echo(json.dumps({"schema": "assay/impact/1", "base": base, **as_data(found)}))
    else:
        click.echo(as_markdown(found, base), nl=False)
    if found.is_breach:
        raise SystemExit(USAGE)


def _impact(context: Context, revision: str) -> Impact:
    with reading_history(context.root) as repository:
        order = order_of(context.root)
        former = read_former(Revision(repository, repository.fork_point(revision)), order=order)
        say_unknown_past(context.root)
        now = context.project(order=order)
        before, after = (Snapshot(each, suspect_links(each, context.root)) for each in (former, now))
        return impact(before, after)

"""`repro log <claim>`: what became of a claim, commit by commit."""

from __future__ import annotations

import json

import click

from kb.reading.files import KINDS, record_files
from kb.time.history import Event
from kb.words.numbers import count
from repro.cli import Context
from repro.cli.commands.show import earlier_tests
from repro.cli.parts import completion
from repro.cli.parts.errors import unknown
from repro.cli.parts.labels import state_label
from repro.cli.parts.past import reading_history
from repro.cli.parts.reasoned import hanging
from repro.histories import histories

PLACE = 140

UNCOMMITTED = "not committed"


@click.command()
@click.argument("claim_id", metavar="CLAIM", shell_complete=completion.claims)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, claim_id: str, *, as_json: bool) -> None:
    """Say what became of a claim: statement, protocol, code, evidence and verdict, one line per event.

    Versions come from git, along the main line; what is not committed comes
    last. Each is judged by today's rule, with the evidence of its time.
    """
    with reading_history(context.root) as repository:
        events = histories(repository, context.tree, [claim_id]).get(claim_id, ())
    if not events:
        files, _ = record_files(context.tree)
        raise unknown("claim", claim_id, [file.id for file in files if file.folder not in KINDS])
    judgement = context.project().judgements.get(claim_id)
    if as_json:
        from kb.exports.claim_document import earlier_test_data

        found = judgement.tests if judgement else ()
        document = {
            "schema": "assay/log/1",
            "id": claim_id,
            "events": [each._asdict() for each in events],
            "tests": [earlier_test_data(test).model_dump(mode="json") for test in found],
        }
        click.echo(json.dumps(document))
        return
    for event in events:
        for line in _lines(event):
            click.echo(line)
    if judgement and judgement.tests:
        click.echo("\n".join(["", "Earlier tests", *earlier_tests(judgement)]))


def _lines(event: Event) -> list[str]:
    """Return an event in lines, with the state that it led to if that differs."""
    head = f"{event.time[:10]} {event.commit[:7]}" if event.commit else UNCOMMITTED
    lines = hanging(f"{head:18}  ", event.words, indent=0, style="bright_black")
    if event.is_turn and event.state:
        seeds = f" on {count(event.seeds, 'seed')}" if event.seeds else ""
        lines.append(f"{'':18}  -> {state_label(event.state)}{seeds}")
    return lines

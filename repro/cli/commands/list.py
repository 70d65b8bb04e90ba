"""`repro list`: claims with their verdicts."""

from __future__ import annotations

import json

import click

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.words.numbers import count
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.errors import unknown
from repro.cli.parts.labels import state_label
from repro.cli.parts.terminal import columns

PLACE = 10
IS_REMEMBERED = True


@click.command()
@click.argument("topic", required=False, shell_complete=completion.topics)
@click.option("--state", help="Only claims in this state, such as contradicted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, topic: str | None, state: str | None, *, as_json: bool) -> None:
    """List the claims, by topic, with the state of their evidence."""
    project = context.project()
    base = project.base
    topic = topic.rstrip("/") if topic else None
    if topic and topic not in base.topics.values():
        raise unknown("topic", topic, set(base.topics.values()))
    judgements = [
        judgement
        for claim_id, judgement in project.judgements.items()
        if topic in (None, base.topics[claim_id]) and state in (None, judgement.state)
    ]
    if as_json:
        from kb.exports.claim_document import claim_list

        click.echo(json.dumps(claim_list(project, judgements).as_json()))
    else:
        _print(base, judgements)


def _print(base: Base, judgements: list[Judgement]) -> None:
    room = min(46, columns(80) - 25)  # what the state and the number of seeds leave
    for topic in sorted({base.topics[j.claim_id] for j in judgements}):
        click.secho(topic, bold=True)
        for judgement in judgements:
            if base.topics[judgement.claim_id] != topic:
                continue
            seeds = count(judgement.verdict.seeds, "seed") if judgement.verdict else ""
            click.echo(f"  {state_label(judgement.state, 13)} {judgement.claim_id:<{room}} {seeds}".rstrip())
    tested = sum(judgement.verdict is not None for judgement in judgements)
    click.echo(f"{count(len(judgements), 'claim')}, {tested} with current evidence")

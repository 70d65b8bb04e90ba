"""`repro list`: claims with their verdicts."""

from __future__ import annotations

import json

import click

from kb.evidence.ledger import read_ledger
from kb.exports.values import claim_row
from kb.judging.judgement import Judgement, judge_base
from kb.reading.load import Base, load_base
from kb.reading.tree import Folder
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.errors import unknown

PLACE = 10
IS_REMEMBERED = True

COLOURS = {
    "reproduced": "green",
    "contradicted": "red",
    "split": "magenta",
    "invalid": "red",
    "inconclusive": "yellow",
    "stale": "yellow",
}


def state_label(state: str, width: int = 0) -> str:
    """Return a state, padded to a width, coloured where the terminal has colours."""
    return click.style(state.ljust(width), fg=COLOURS.get(state, "bright_black"))


@click.command()
@click.argument("topic", required=False, shell_complete=completion.topics)
@click.option("--state", help="Only claims in this state, such as contradicted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, topic: str | None, state: str | None, *, as_json: bool) -> None:
    """List the claims, by topic, with the state of their evidence."""
    base = load_base(Folder(context.root))
    topic = topic.rstrip("/") if topic else None
    if topic and topic not in base.topics.values():
        raise unknown("topic", topic, set(base.topics.values()))
    judgements = [
        judgement
        for claim_id, judgement in judge_base(base, read_ledger(Folder(context.root))).items()
        if topic in (None, base.topics[claim_id]) and state in (None, judgement.state)
    ]
    if as_json:
        click.echo(json.dumps({"schema": "assay/list/1", "claims": [claim_row(base, j) for j in judgements]}))
    else:
        _print(base, judgements)


def _print(base: Base, judgements: list[Judgement]) -> None:
    for topic in sorted({base.topics[j.claim_id] for j in judgements}):
        click.secho(topic, bold=True)
        for judgement in judgements:
            if base.topics[judgement.claim_id] != topic:
                continue
            seeds = f"{judgement.verdict.seeds} seeds" if judgement.verdict else ""
            click.echo(f"  {state_label(judgement.state, 13)} {judgement.claim_id:<46} {seeds}".rstrip())
    tested = sum(judgement.verdict is not None for judgement in judgements)
    click.echo(f"{len(judgements)} claims, {tested} with current evidence")

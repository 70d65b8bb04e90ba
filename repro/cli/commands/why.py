"""`repro why <claim>`: how a claim comes to its standing, step by step."""

from __future__ import annotations

import json

import click

from kb.reasoning.why import derivation, missing_evidence, shortest
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.labels import standing_label
from repro.cli.parts.reasoned import account_lines, hanging, wrapped
from repro.cli.parts.targets import claim_named

PLACE = 60
IS_REMEMBERED = True


@click.command()
@click.argument("claim_id", metavar="CLAIM", shell_complete=completion.claims)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, claim_id: str, *, as_json: bool) -> None:
    """Say why a claim stands as it does: the runs, findings, relations and rules that lead there.

    For a claim without a verdict it says what speaks for and against it, and how each of these came out.
    """
    project = context.project()
    claim_id = claim_named(project.base, claim_id)
    base, judgements, standing = project.base, project.judgements, project.standings.get(claim_id)
    if standing is None:
        steps = missing_evidence(base, judgements[claim_id])
    else:
        standing = shortest(base, judgements, standing)
        steps = derivation(base, judgements, standing)
    account = project.accounts.get(claim_id, ())
    if as_json:
        document = {
            "schema": "assay/why/1",
            "id": claim_id,
            "state": judgements[claim_id].state,
            "standing": standing.standing if standing else None,
            "rule": standing.rule if standing else None,
            "route": list(standing.route) if standing else [],
            "steps": [step.as_data() for step in steps],
            "account": [entry.as_data() for entry in account],
        }
        click.echo(json.dumps(document))
        return
    for line in wrapped(base.claims[claim_id].title):
        click.echo(click.style(line, bold=True))
    click.echo(f"{claim_id}: {standing_label(standing.standing if standing else None)}")
    for number, step in enumerate(steps, start=1):
        for line in hanging(f"{number:>2} {step.kind.ljust(9)}", step.words, indent=0, style="bright_black"):
            click.echo(line)
    for line in account_lines(account):
        click.echo(line)

"""`repro status`: what is current, stale, undecided or missing."""

from __future__ import annotations

import json
from collections import Counter

import click

from kb.words.states import STATES
from repro.cli import Context
from repro.cli.parts.labels import state_label

PLACE = 50
IS_REMEMBERED = True


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, *, as_json: bool) -> None:
    """Count the claims by state and name those that need something."""
    project = context.project()
    base, ledger, judgements = project.base, project.ledger, project.judgements
    counts = Counter(judgement.state for judgement in judgements.values())
    open_claims = {claim_id: j.state for claim_id, j in judgements.items() if STATES[j.state].asks}
    further = [
        (claim_id, found)
        for claim_id, judgement in judgements.items()
        for found in judgement.settings[1:]
        if STATES[found.state].asks
    ]
    counting = {id(piece) for judgement in judgements.values() for piece in judgement.evidence}
    problems = len(project.problems)
    if as_json:
        data = {"states": counts, "open": open_claims, "blocks": len(ledger.evidence), "problems": problems}
        data["settings"] = [
            {"claim": claim_id, "setting": found.name, "state": found.state} for claim_id, found in further
        ]
        click.echo(json.dumps({"schema": "assay/status/1", **data}))
        return
    for state, count in counts.most_common():
        click.echo(f"{count:>5}  {state_label(state)}")
    click.echo(f"{len(ledger.evidence):>5}  blocks of evidence, of which {len(counting)} count today")
    click.echo(f"{problems:>5}  problems{', see repro check' if problems else ''}")
    for claim_id, state in open_claims.items():
        protocol = base.claims[claim_id].protocol
        asks = STATES[state].asks.format(experiment=protocol.experiment if protocol else "")
        click.echo(f"{state_label(state, 13)} {claim_id}: {asks}")
    for claim_id, found in further:
        gpu = ", which needs a GPU" if found.setting.needs == "cuda" else ""
        asks = STATES[found.state].asks
        click.echo(f"{state_label(found.state, 13)} {claim_id}, setting {found.name}{gpu}: {asks}")

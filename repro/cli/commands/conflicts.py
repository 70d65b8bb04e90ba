"""`repro conflicts`: claims that cannot all stand, and what would decide."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.conflicts import Conflict, conflicts, voices
from kb.reasoning.cost import Run
from kb.words.numbers import count
from kb.words.relations import relation_clause
from repro.cli import Context
from repro.cli.parts.labels import standing_label
from repro.cli.parts.reasoned import cost_data, cost_text, hanging

PLACE = 80
IS_REMEMBERED = True

KINDS = {
    "exclusion": "Only one of the two can hold",
    "evidence": "One stands against what was measured for the other",
    "circular": "It rests on claims that contradict it or one another",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, *, as_json: bool) -> None:
    """List the smallest sets of claims that cannot all stand, with the cheapest run that would decide.

    A set is listed if a contradiction is strict, if one of its sides was reproduced, or if a claim rests on
    both sides. Claims that are already refuted or undermined are settled, and left out.
    """
    project = context.project()
    found = conflicts(project.base, project.ledger, project.judgements)
    if as_json:
        sets = [_as_data(project, conflict) for conflict in found]
        click.echo(json.dumps({"schema": "assay/conflicts/1", "conflicts": sets}))
        return
    click.echo(count(len(found), "conflict"))
    for number, conflict in enumerate(found, start=1):
        click.echo("")
        for line in _lines(project, number, conflict):
            click.echo(line)


def _lines(project: Project, number: int, conflict: Conflict) -> Iterator[str]:
    yield click.style(f"{number}. {KINDS[conflict.kind]}", bold=True)
    for claim_id in conflict.claims:
        yield f"  {claim_id} ({standing_label(project.standings[claim_id].standing)})"
        yield from hanging("held by ", _names(project.base, claim_id), indent=4)
    for link in conflict.contradictions:
        yield from hanging("because ", relation_clause(link.claim_id, link.relation))
    yield from hanging("decide  ", _decision(conflict))


def _names(base: Base, claim_id: str) -> str:
    claim = base.claims[claim_id]
    held = ", ".join(voices(base, claim, "asserts")) or "nobody on record"
    disputed = ", ".join(voices(base, claim, "disputes"))
    return f"{held}; disputed by {disputed}" if disputed else held


def _decision(conflict: Conflict) -> str:
    if conflict.deciders:
        return _run_text(conflict.deciders[0])
    if conflict.telling:
        return f"{_run_text(conflict.telling[0])}, named by the debate {conflict.debates[0]}"
    if conflict.debates:
        return f"no run that is due; the debate {conflict.debates[0]} says what else could"
    return "no run that is due; the statements or their scopes need another look"


def _run_text(run: Run) -> str:
    if run.is_written:
        return f"repro run {run.claims[0]}{run.options} ({cost_text(run.cost)})"
    return f"write the experiment {run.experiment} for {run.claims[0]} ({cost_text(run.cost)})"


def _as_data(project: Project, conflict: Conflict) -> dict[str, object]:
    base = project.base
    return {
        "claims": [
            {
                "id": claim_id,
                "standing": project.standings[claim_id].standing,
                "held_by": list(voices(base, base.claims[claim_id], "asserts")),
                "disputed_by": list(voices(base, base.claims[claim_id], "disputes")),
            }
            for claim_id in conflict.claims
        ],
        "kind": conflict.kind,
        "contradictions": [
            {"from": link.claim_id, "to": link.target, "strict": link.relation.strict}
            | {"because": link.relation.because}
            for link in conflict.contradictions
        ],
        "debates": list(conflict.debates),
        "deciders": [*map(_run_data, conflict.deciders)],
        "telling": [*map(_run_data, conflict.telling)],
    }


def _run_data(run: Run) -> dict[str, object]:
    return {
        "experiment": run.experiment,
        "setting": run.setting,
        "claims": list(run.claims),
        "written": run.is_written,
        "cost": cost_data(run.cost),
    }

"""`repro next`: runs and unwritten experiments, the most telling first."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from kb.reasoning.next import Candidate, candidates, prior
from kb.words.numbers import number
from repro.cli import Context
from repro.cli.parts.reasoned import cost_data, cost_text, hanging

PLACE = 90


@click.command()
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many to list.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document with all of them.")
@click.pass_obj
def command(context: Context, limit: int, *, as_json: bool) -> None:
    """Rank what could be run or written by the standings it would change per second of processor time.

    Changes are averaged over the verdicts that a claim could have. Each verdict is taken to be as probable as
    its share so far, counted once more. Runs of unknown cost come last.
    """
    project = context.project()
    found = candidates(project.base, project.ledger, project.judgements)
    weights = prior(project.judgements)
    if as_json:
        document = {"schema": "assay/next/1", "prior": weights, "candidates": [*map(_as_data, found)]}
        click.echo(json.dumps(document))
        return
    if not found:
        click.echo("Nothing is due, and no experiment waits to be written.")
        return
    shares = ", ".join(f"{state} {100 * share:.0f} %" for state, share in weights.items())
    for line in hanging("Assumed ", f"{shares}.", indent=0):
        click.echo(line)
    for place, candidate in enumerate(found[:limit], start=1):
        for line in _lines(place, candidate):
            click.echo(line)
    if len(found) > limit:
        click.echo(f"and {len(found) - limit} more; --limit {len(found)} lists them")


def _lines(place: int, candidate: Candidate) -> Iterator[str]:
    run = candidate.run
    verb = "run" if run.is_written else "write"
    per_second = candidate.per_second
    rate = "" if per_second is None else f", {per_second:.2g} a second"
    where = "" if run.is_main else f" at setting {run.setting}"
    gpu = ", which needs a GPU" if run.needs_gpu else ""
    yield click.style(f"{place:>2}. {verb} {run.experiment}{where}{gpu}", bold=True)
    yield from hanging(
        "",
        f"{number(candidate.expected_changes, 2)} standings likely to change; {cost_text(run.cost)}{rate}",
        indent=4,
    )
    yield from hanging("for ", ", ".join(run.claims), indent=4)


def _as_data(candidate: Candidate) -> dict[str, object]:
    run = candidate.run
    return {
        "experiment": run.experiment,
        "setting": run.setting,
        "needs_gpu": run.needs_gpu,
        "written": run.is_written,
        "claims": list(run.claims),
        "expected_changes": candidate.expected_changes,
        "cost": cost_data(run.cost),
        "per_second": candidate.per_second,
    }

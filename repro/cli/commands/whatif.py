"""`repro whatif <claim>=<verdict>`: standings that would change under other verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from kb.judging.judgement import State
from kb.reading.base import Base
from kb.reasoning.standing import Standing, standings
from kb.reasoning.whatif import Change, changes, suppose
from kb.words.numbers import count
from kb.words.states import SUPPOSABLE
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.errors import UsageProblem, unknown
from repro.cli.parts.labels import standing_label, state_label
from repro.cli.parts.reasoned import hanging
from repro.cli.parts.targets import claim_named

PLACE = 70


@click.command()
@click.argument(
    "suppositions", metavar="CLAIM=VERDICT...", nargs=-1, required=True, shell_complete=completion.claims
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, suppositions: tuple[str, ...], *, as_json: bool) -> None:
    """Say which standings would change, and why, if claims had other verdicts.

    VERDICT is reproduced, contradicted, split, varies, inconclusive, invalid or
    not-run. Nothing is recorded.
    """
    project = context.project()
    supposed = _supposed(project.base, suppositions)
    after = standings(project.base, suppose(project.judgements, supposed))
    changed = changes(project.standings, after)
    if as_json:
        asked = [
            {"claim": i, "from": project.judgements[i].state, "to": state} for i, state in supposed.items()
        ]
        document = {"schema": "assay/whatif/1", "supposed": asked, "changes": [*map(_as_data, changed)]}
        click.echo(json.dumps(document))
        return
    for claim_id, state in supposed.items():
        now = project.judgements[claim_id].state
        is_so = "as it is" if now == state else f"now {state_label(now)}"
        click.echo(f"Suppose {claim_id} were {state_label(state)} ({is_so})")
    click.echo(f"\n{_count(len(changed))}")
    for line in _lines(changed):
        click.echo(line)


def _supposed(base: Base, suppositions: Iterable[str]) -> dict[str, State]:
    found: dict[str, State] = {}
    for text in suppositions:
        name, separator, verdict = text.partition("=")
        if not separator:
            raise UsageProblem(
                f"{text!r} supposes nothing; write claim=verdict, such as {text}=contradicted."
            )
        claim_id = claim_named(base, name)
        if base.claims[claim_id].not_testable:
            raise UsageProblem(f"no measurement could decide {claim_id!r}, so it cannot have a verdict.")
        if verdict not in SUPPOSABLE:
            raise unknown("verdict", verdict, SUPPOSABLE)
        if found.get(claim_id, SUPPOSABLE[verdict]) != SUPPOSABLE[verdict]:
            raise UsageProblem(f"claim {claim_id!r} cannot have two verdicts; suppose one.")
        found[claim_id] = SUPPOSABLE[verdict]
    return found


def _count(number: int) -> str:
    if not number:
        return "No standing would change."
    return f"{count(number, 'standing')} would change:"


def _lines(changed: Iterable[Change]) -> Iterable[str]:
    for change in changed:
        before, after = standing_label(_name(change.before)), standing_label(_name(change.after))
        yield f"  {change.claim_id}: {before} -> {after}"
        yield from hanging("because ", "; ".join(_because(change)), indent=4)


def _name(standing: Standing | None) -> str | None:
    return standing.standing if standing else None


def _because(change: Change) -> tuple[str, ...]:
    return change.after.because if change.after else ("no protocol tests it",)


def _as_data(change: Change) -> dict[str, object]:
    return {
        "claim": change.claim_id,
        "from": _name(change.before),
        "to": _name(change.after),
        "because": list(_because(change)),
        "route": list(change.after.route) if change.after else [],
    }

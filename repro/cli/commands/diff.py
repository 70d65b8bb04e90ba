"""`repro diff REV1 [REV2]`: what changed between two revisions."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from kb.project import read_former
from kb.time.changes import Difference, compare
from repro.cli import Context
from repro.cli.parts.labels import standing_label, state_label
from repro.cli.parts.links import in_words
from repro.cli.parts.past import reading_history
from repro.cli.parts.reasoned import hanging
from repro.evidence_history import order_of
from repro.vcs import Revision

PLACE = 150

NONE = "-"
"""Shown in place of the state of a claim that does not exist."""


@click.command()
@click.argument("before", metavar="REV1")
@click.argument("after", metavar="[REV2]", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, before: str, after: str | None, *, as_json: bool) -> None:
    """Say which claims, relations, verdicts and standings changed from REV1 to REV2.

    A revision is a commit, a tag, a branch or anything else that git accepts as
    one; without REV2, REV1 is compared with the files in the folder. Both are
    judged by today's rules, each with its own records, scripts and evidence.
    """
    difference = _difference(context, before, after)
    if as_json:
        document = {"schema": "assay/diff/1", "before": before, "after": after, **as_data(difference)}
        click.echo(json.dumps(document))
        return
    lines = _lines(difference)
    click.echo("\n".join(lines) if lines else "No claim, relation, verdict or standing changed.")


def _difference(context: Context, before: str, after: str | None) -> Difference:
    """Return what differs between one revision and another, or the files in the folder.

    Raises:
        UsageProblem: There is no such revision.
        EnvironmentProblem: There is no git, or no repository.
    """
    with reading_history(context.root) as repository:
        order = order_of(context.root)
        former = read_former(Revision(repository, before), order=order)
        now = read_former(Revision(repository, after), order=order) if after else context.project(order=order)
        return compare(former, now)


def as_data(difference: Difference) -> dict[str, list[dict[str, object]]]:
    """Return a difference as plain JSON data."""
    return {
        name: [each._asdict() for each in getattr(difference, name)]
        for name in ("claims", "relations", "verdicts", "standings")
    }


def _lines(difference: Difference) -> list[str]:
    claims = [line for each in difference.claims for line in _claim(each.claim_id, each.done, each.what)]
    relations = [
        line
        for link in difference.relations
        for line in hanging(f"{link.done:8} ", f"{link.claim_id} {link.type} {link.target}")
    ]
    verdicts = [
        f"  {each.claim_id}: {state_label(each.before or NONE)} -> {state_label(each.after or NONE)}"
        for each in difference.verdicts
    ]
    moved: list[str] = []
    for each in difference.standings:
        change = f"{standing_label(each.before or NONE)} -> {standing_label(each.after or NONE)}"
        moved += [f"  {each.claim_id}: {change}", *hanging("", "; ".join(each.because), indent=6)]
    groups = {"Claims": claims, "Relations": relations, "Verdicts": verdicts, "Standings": moved}
    titled = [[click.style(title, bold=True), *lines] for title, lines in groups.items() if lines]
    return [line for i, group in enumerate(titled) for line in ([""] if i else []) + group]


def _claim(claim_id: str, done: str, what: Sequence[str]) -> list[str]:
    if not what:
        text = claim_id
    elif done == "removed":
        text = f"{claim_id}; {in_words(tuple(what))} took its place"
    else:
        text = f"{claim_id}: {', '.join(what)}"
    return hanging(f"{done:8} ", text)

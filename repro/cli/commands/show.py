"""`repro show <claim>`: one claim: who says it, what is predicted, what came out."""

from __future__ import annotations

import json
import textwrap

import click

from kb.evidence.ledger import read_ledger
from kb.exports.values import claim_data
from kb.judging.judgement import Judgement, judge_base
from kb.reading.load import Base, load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import Standing, standings
from kb.words.findings import finding_bound, finding_decision, verdict_sentence
from repro.cli import Context
from repro.cli.commands.list import state_label
from repro.cli.parts import completion
from repro.cli.parts.targets import claim_named

PLACE = 20
IS_REMEMBERED = True

STATES = {
    "not run": "No evidence yet: `repro run {id}` measures it.",
    "to be written": "To be written: {planned}",
    "stale": "The code has changed since the evidence was taken: `repro run {id}` measures it again.",
    "not testable": "Not testable: {not_testable}",
    "untested": "Untested; it would take: {untested}",
}


@click.command()
@click.argument("claim_id", metavar="CLAIM", shell_complete=completion.claims)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, claim_id: str, *, as_json: bool) -> None:
    """Show one claim: who says it, what is predicted, what came out."""
    base = load_base(Folder(context.root))
    claim_id = claim_named(base, claim_id)
    judgements = judge_base(base, read_ledger(Folder(context.root)))
    judgement, standing = judgements[claim_id], standings(base, judgements)[claim_id]
    if as_json:
        sentence = state_sentence(base, judgement)
        click.echo(json.dumps(claim_data(base, judgement, standing, sentence)))
    else:
        click.echo("\n".join(_lines(base, judgement, standing)))


def state_sentence(base: Base, judgement: Judgement) -> str:
    """Return one sentence on the state of a claim, the verdict's own where there is one."""
    claim = base.claims[judgement.claim_id]
    if judgement.verdict is not None and claim.protocol is not None:
        outcomes = base.scripts[claim.protocol.experiment].outcomes
        return verdict_sentence(claim, judgement.verdict, outcomes)
    text = STATES[judgement.state].format(
        id=judgement.claim_id,
        not_testable=claim.not_testable,
        untested=claim.untested,
        planned=claim.protocol and claim.protocol.planned,
    )
    return " ".join(text.split())


def _lines(base: Base, judgement: Judgement, standing: Standing) -> list[str]:
    claim = base.claims[judgement.claim_id]
    lines = [click.style(claim.title, bold=True), judgement.claim_id, ""]
    lines += textwrap.wrap(claim.statement, 78)
    lines += ["", f"{state_label(judgement.state)}  {standing.standing}: {'; '.join(standing.because)}"]
    lines += textwrap.wrap(state_sentence(base, judgement), 78)
    lines += ["", click.style("Stated in", bold=True)]
    for appearance in claim.stated_in:
        who = f"{appearance.by} " if appearance.by else ""
        source = base.sources.get(appearance.source)
        lines += [f"  {who}{appearance.stance}: {source.title if source else appearance.source}"]
    if claim.protocol is not None:
        lines += ["", click.style("Predicted", bold=True), *_predictions(base, judgement)]
        if claim.protocol.experiment in base.scripts:
            lines += ["", f"Run it: repro run {judgement.claim_id}"]
    return lines


def _predictions(base: Base, judgement: Judgement) -> list[str]:
    protocol = base.claims[judgement.claim_id].protocol
    if protocol is None:
        return []
    script = base.scripts.get(protocol.experiment)
    outcomes = script.outcomes if script else {}
    decisions = {
        f.prediction.name: finding_decision(f)
        for f in (judgement.verdict.findings if judgement.verdict else ())
    }
    lines = []
    for prediction in protocol.predictions:
        lines += textwrap.wrap(prediction.says, 76, initial_indent="  ", subsequent_indent="  ")
        decided = decisions.get(prediction.name, "not measured")
        lines += [f"    {finding_bound(prediction, outcomes.get(prediction.outcome))}: {decided}"]
    return lines

"""`repro show <claim>`: one claim: who says it, what is predicted, what came out."""

from __future__ import annotations

import json
import textwrap

import click

from kb.evidence.ledger import read_ledger
from kb.judging.judgement import Judgement, judge_base
from kb.reading.load import Base, load_base
from kb.reading.tree import Folder
from kb.reasoning.standing import Standing, standings
from kb.words.bounds import bound_text
from kb.words.findings import finding_decision, state_sentence
from kb.words.measured import measured
from kb.words.states import record_reason
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.labels import state_label
from repro.cli.parts.targets import claim_named

PLACE = 20
IS_REMEMBERED = True


@click.command()
@click.argument("claim_id", metavar="CLAIM", shell_complete=completion.claims)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, claim_id: str, *, as_json: bool) -> None:
    """Show one claim: who says it, what is predicted, what came out."""
    base = load_base(Folder(context.root))
    claim_id = claim_named(base, claim_id)
    ledger = read_ledger(Folder(context.root))
    judgements = judge_base(base, ledger)
    judgement, standing = judgements[claim_id], standings(base, judgements)[claim_id]
    if as_json:
        from kb.exports.claim_document import claim_document

        click.echo(json.dumps(claim_document(base, ledger, judgement, standing).as_json()))
    else:
        click.echo("\n".join(_lines(base, judgement, standing)))


def _lines(base: Base, judgement: Judgement, standing: Standing) -> list[str]:
    claim = base.claims[judgement.claim_id]
    lines = [click.style(claim.title, bold=True), judgement.claim_id, ""]
    lines += textwrap.wrap(claim.statement, 78)
    lines += ["", f"{state_label(judgement.state)}  {standing.standing}: {'; '.join(standing.because)}"]
    lines += textwrap.wrap(state_sentence(claim, judgement), 78)
    if reason := record_reason(claim):
        lines += textwrap.wrap(reason, 78)
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
    findings = judgement.verdict.findings if judgement.verdict else ()
    found = {f.prediction.name: f"{measured(f).text}; {finding_decision(f)}" for f in findings}
    lines = []
    for prediction in protocol.predictions:
        lines += textwrap.wrap(prediction.says, 76, initial_indent="  ", subsequent_indent="  ")
        bound = bound_text(prediction, outcomes.get(prediction.outcome))
        told = f"{bound}: {found.get(prediction.name, 'not measured')}"
        lines += textwrap.wrap(told, 76, initial_indent="    ", subsequent_indent="      ")
    return lines

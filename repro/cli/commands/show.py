"""`repro show <claim>`: one claim: who says it, what is predicted, what came out."""

from __future__ import annotations

import json
import textwrap

import click

from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reasoning.standing import Standing
from kb.words.bounds import bound_text
from kb.words.findings import finding_decision, state_sentence
from kb.words.measured import measured
from kb.words.states import record_reason
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.labels import state_label
from repro.cli.parts.reasoned import WIDTH
from repro.cli.parts.targets import claim_named

PLACE = 20
IS_REMEMBERED = True


@click.command()
@click.argument("claim_id", metavar="CLAIM", shell_complete=completion.claims)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, claim_id: str, *, as_json: bool) -> None:
    """Show one claim: who says it, what is predicted, what came out."""
    project = context.project()
    base = project.base
    claim_id = claim_named(base, claim_id)
    judgement, standing = project.judgements[claim_id], project.standings[claim_id]
    if as_json:
        from kb.exports.claim_document import claim_document

        click.echo(json.dumps(claim_document(project, judgement).as_json()))
    else:
        click.echo("\n".join(lines(base, judgement, standing)))


def lines(base: Base, judgement: Judgement, standing: Standing) -> list[str]:
    """Return one claim as it is printed, line by line."""
    claim = base.claims[judgement.claim_id]
    found = [click.style(claim.title, bold=True), judgement.claim_id, ""]
    found += _wrapped(claim.statement)
    found += ["", f"{state_label(judgement.state)}  {standing.standing}: {'; '.join(standing.because)}"]
    found += _wrapped(state_sentence(claim, judgement))
    if reason := record_reason(claim):
        found += _wrapped(reason)
    found += ["", click.style("Stated in", bold=True)]
    for appearance in claim.stated_in:
        who = f"{appearance.taken_by} " if appearance.taken_by else ""
        whom = f", quoting {appearance.by}" if appearance.quoted_by else ""
        source = base.sources.get(appearance.source)
        found += [f"  {who}{appearance.stance}: {source.title if source else appearance.source}{whom}"]
    if claim.protocol is not None:
        found += ["", click.style("Predicted", bold=True), *_predictions(base, judgement)]
        if claim.protocol.experiment in base.scripts:
            found += ["", f"Run it: repro run {judgement.claim_id}"]
    return found


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
        lines += _wrapped(prediction.says, "  ", "  ")
        bound = bound_text(prediction, outcomes.get(prediction.outcome))
        told = f"{bound}: {found.get(prediction.name, 'not measured')}"
        lines += _wrapped(told, "    ", "      ")
    return lines


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Return text in lines that break only between words, after these indents."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)

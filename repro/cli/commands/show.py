"""`repro show <claim>`: one claim: who says it, what is predicted, what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from kb.judging.certainty import certainty
from kb.judging.judgement import Judgement
from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.answers import spoken_answers
from kb.words.bounds import bound_text
from kb.words.certainty import certainty_sentence, robustness_sentences
from kb.words.earlier_tests import before_sentence, came_out, earlier_test_clause, level_text
from kb.words.findings import finding_decision, state_sentence
from kb.words.measured import measured
from kb.words.numbers import count
from kb.words.replays import replays_sentence
from kb.words.settings import replication_clause, scale_text, waits_for
from kb.words.standings import NO_STANDING
from kb.words.states import record_reason
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.labels import state_label
from repro.cli.parts.reasoned import account_lines, wrapped
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
    judgement = project.judgements[claim_id]
    if as_json:
        from kb.exports.claim_document import claim_document

        click.echo(json.dumps(claim_document(project, judgement).as_json()))
    else:
        click.echo("\n".join(lines(project, claim_id)))


def lines(project: Project, claim_id: str) -> list[str]:
    """Return one claim as it is shown, line by line."""
    base, judgement, standing = project.base, project.judgements[claim_id], project.standings.get(claim_id)
    claim = base.claims[claim_id]
    found = [*(click.style(line, bold=True) for line in wrapped(claim.title)), judgement.claim_id, ""]
    found += wrapped(claim.statement)
    answer = spoken_answers(base, project.judgements).get(claim_id)
    if answer is not None:
        doubt = f" (Suspect: {answer.suspicion}.)" if answer.is_suspect else ""
        found += ["", *wrapped(f"Answer: {answer.says}{doubt}")]
    stands = f"{standing.standing}: {'; '.join(standing.because)}" if standing else NO_STANDING
    first, *more = wrapped(f"{judgement.state}  {stands}")
    found += ["", first.replace(judgement.state, state_label(judgement.state), 1), *more]
    found += wrapped(state_sentence(claim, judgement))
    if (sure := certainty(base, project.ledger, judgement)) and judgement.verdict:
        found += wrapped(certainty_sentence(sure))
        for sentence in robustness_sentences(sure, judgement.verdict):
            found += wrapped(sentence)
    if before := before_sentence(judgement):
        found += wrapped(before)
    if reason := record_reason(claim):
        found += wrapped(reason)
    found += account_lines(project.accounts.get(claim_id, ()))
    found += ["", click.style("Stated in", bold=True)]
    for appearance in claim.stated_in:
        who = f"{appearance.taken_by} " if appearance.taken_by else ""
        whom = f", quoting {appearance.by}" if appearance.quoted_by else ""
        source = base.sources.get(appearance.source)
        said = f"{who}{appearance.stance}: {source.title if source else appearance.source}{whom}"
        found += wrapped(said, "  ", "    ")
    if claim.protocol is not None:
        found += ["", click.style("Predicted", bold=True), *_predictions(base, judgement)]
        found += [*_others(judgement)]
        if judgement.tests:
            found += ["", click.style("Earlier tests", bold=True), *earlier_tests(judgement)]
        if claim.protocol.experiment in base.scripts:
            found += ["", f"Run it: repro run {judgement.claim_id}"]
    return found


def _others(judgement: Judgement) -> Iterator[str]:
    """Yield how the settings and the replications came out, where there are several."""
    if len(judgement.settings) > 1:
        yield ""
        yield click.style("Settings", bold=True)
        for found in judgement.settings:
            scale = f" ({scale_text(found)})" if found.setting.overrides else ""
            seeds = f", {count(found.verdict.seeds, 'seed')}" if found.verdict else ""
            yield from wrapped(f"{found.name}{scale}: {waits_for(found)}{seeds}", "  ", "    ")
    for found in judgement.settings:
        if found.replays:
            where = f"{found.name}: " if len(judgement.settings) > 1 else ""
            yield from wrapped(f"{where}{replays_sentence(found.replays)}")
    replications = [(found, each) for found in judgement.settings for each in found.replications]
    if replications:
        yield ""
        yield click.style("Replications", bold=True)
        for found, each in replications:
            where = f"{found.name}, " if len(judgement.settings) > 1 else ""
            yield from wrapped(f"{where}{replication_clause(each)}", "  ", "    ")


def earlier_tests(judgement: Judgement) -> Iterator[str]:
    """Yield the earlier tests of a claim with what changed and how they come out, and what they cost."""
    for test in judgement.tests:
        yield from wrapped(f"{came_out(test)}: {earlier_test_clause(test)}", "  ", "    ")
    yield from wrapped(level_text(judgement), "  ", "  ")


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
        lines += wrapped(prediction.says, "  ", "  ")
        bound = bound_text(prediction, outcomes.get(prediction.outcome))
        told = f"{bound}: {found.get(prediction.name, 'not measured')}"
        lines += wrapped(told, "    ", "      ")
    return lines

"""`repro review <claim|debate|text>`: links, answers and sentences to look at again after a change."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from kb.project import Project
from kb.reading.base import Base
from kb.reasoning.answers import Spoken, spoken_answers, spoken_statements, suspect_answers
from kb.records.claims import Review
from kb.records.fields import LINE
from kb.text.guarded_text import flaw_in
from kb.time.suspects import Suspect
from kb.words.numbers import count
from kb.writing.edit import EditError
from kb.writing.review import reviewed, with_digest, with_marked_digest, with_review
from repro.cli import Context
from repro.cli.parts import completion, spoken
from repro.cli.parts.errors import UsageProblem
from repro.cli.parts.links import as_data, paragraphs, placed
from repro.cli.parts.past import say_unknown_past
from repro.cli.parts.targets import claim_named
from repro.former_records import suspect_links
from repro.provenance import now

PLACE = 130


@click.command()
@click.argument("target", metavar="[CLAIM|DEBATE|TEXT]", required=False, shell_complete=completion.claims)
@click.option("--note", metavar="TEXT", help="Clear the links: what you looked at, and why they stand.")
@click.option("--answers", "confirms", is_flag=True, help="Confirm the answer as one of today's verdicts.")
@click.option("--all", "is_all", is_flag=True, help="With --answers: every answer that is suspect.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    context: Context, target: str | None, *, note: str | None, confirms: bool, is_all: bool, as_json: bool
) -> None:
    """Show the suspect links of a claim, and its answer beside the verdicts that it speaks of.

    A link is suspect when something that it rests on changed after the last
    review, or, without one, after the latest evidence. Read both ends, change
    what is no longer true, and then clear them with --note. Evidence for other
    code is not cleared by a note: run it again.

    The answer of a claim or debate is suspect when it was confirmed for other
    verdicts, or never. Read it beside them, change it, and then confirm it with
    --answers, which writes into the record what it speaks of. The sentences of a
    text in claims/overviews/, named by its file's stem, are confirmed in the same way.
    """
    if is_all:
        if not confirms or target is not None or note is not None:
            raise UsageProblem("--all goes with --answers, and with neither a target nor a note.")
        _confirm_all(context, as_json=as_json)
    elif target is None:
        raise UsageProblem("nothing to review: name a claim or a debate, or give --answers --all.")
    else:
        _review(context, target, note, confirms=confirms, as_json=as_json)


def _review(context: Context, target: str, note: str | None, *, confirms: bool, as_json: bool) -> None:
    """Show what there is to review in one record, and write what was requested."""
    project = context.project()
    base = project.base
    if target in base.overviews:
        _review_overview(context.root, project, target, note, confirms=confirms, as_json=as_json)
        return
    is_debate = target in base.debates
    if is_debate and note is not None:
        raise UsageProblem("--note clears the links of a claim, and a debate has none.")
    record_id = target if is_debate else claim_named(base, target)
    if not is_debate:
        say_unknown_past(context.root)
    links = () if is_debate else suspect_links(project, context.root).get(record_id, ())
    answer = spoken_answers(base, project.judgements).get(record_id)
    review = None if note is None else _reviewed(base, record_id, note)
    confirmed = _confirmed(record_id, answer) if confirms else answer
    digest = confirmed.of if confirmed and confirms else None
    _write(context.root, base, record_id, review=review, digest=digest)
    if as_json:
        click.echo(json.dumps(_document(base, record_id, links, review, confirmed)))
        return
    for paragraph in paragraphs(placed(base, {record_id: links})) if review is None else ():
        click.echo(paragraph)
    if answer is not None and review is None:
        click.echo("\n".join(spoken.lines(project, answer)))
        click.echo(f"Suspect: {answer.suspicion}.\n" if answer.is_suspect else "")
    if confirms:
        click.echo(f"Confirmed in {base.paths[record_id]}.")
    elif is_debate:
        click.echo("No answer." if answer is None else f"{count(int(answer.is_suspect), 'suspect answer')}.")
    if not is_debate:
        click.echo(_closing(base, record_id, links, review))


def _document(
    base: Base, record_id: str, links: tuple[Suspect, ...], review: Review | None, answer: Spoken | None
) -> dict[str, object]:
    return {
        "schema": "assay/review/1",
        "id": record_id,
        "suspects": as_data(placed(base, {record_id: links})),
        "review": review and review.model_dump(exclude_none=True),
        "answer": spoken.as_data(spoken.placed(base, [answer]))[0] if answer else None,
    }


def _confirm_all(context: Context, *, as_json: bool) -> None:
    """Confirm every suspect answer that has a verdict to speak of, each shown beside it."""
    project = context.project()
    found = suspect_answers(project.base, project.judgements)
    done = [_confirmed(each.record_id, each) for each in found if each.now]
    _keep(context.root, project.base, done)
    left = [each for each in found if not each.now]
    if as_json:
        _echo_answers(project.base, done, left)
        return
    for each in done:
        click.echo("\n".join([*spoken.lines(project, each), ""]))
    for paragraph in spoken.paragraphs(spoken.placed(project.base, left)):
        click.echo(paragraph)
    click.echo(f"{count(len(done), 'answer')} confirmed; read them beside the verdicts above.")


def _review_overview(
    root: Path, project: Project, overview_id: str, note: str | None, *, confirms: bool, as_json: bool
) -> None:
    """Show the suspect sentences of an overview beside the verdicts, and confirm them if requested."""
    if note is not None:
        raise UsageProblem("--note clears the links of a claim, and a text has none.")
    base = project.base
    suspect = [each for each in spoken_statements(base, project.judgements)[overview_id] if each.is_suspect]
    done = [_confirmed(overview_id, each) for each in suspect if each.now] if confirms else []
    _keep(root, base, done)
    left = [each for each in suspect if not (confirms and each.now)]
    if as_json:
        _echo_answers(base, done, left)
        return
    for each in suspect:
        click.echo("\n".join([*spoken.lines(project, each), f"Suspect: {each.suspicion}.", ""]))
    if done:
        click.echo(f"{count(len(done), 'sentence')} confirmed in {base.overviews[overview_id].path}.")
    click.echo(f"{count(len(left), 'suspect sentence')}.")


def _echo_answers(base: Base, done: list[Spoken], left: list[Spoken]) -> None:
    document = {"confirmed": spoken.as_data(spoken.placed(base, done))}
    rest = {"suspect": spoken.as_data(spoken.placed(base, left))}
    click.echo(json.dumps({"schema": "assay/answers/1", **document, **rest}))


def _keep(root: Path, base: Base, confirmed: list[Spoken]) -> None:
    """Write the digests of confirmed answers and sentences into their files."""
    texts = {overview.path: overview.text for overview in base.overviews.values()}
    changed = set()
    for each in confirmed:
        if each.place is None:
            _write(root, base, each.record_id, review=None, digest=each.of)
        else:
            path = each.place.path
            texts[path] = with_marked_digest(texts[path], each.place.line, each.of)
            changed.add(path)
    for path in changed:
        (root / path).write_text(texts[path], encoding="utf-8", newline="\n")


def _confirmed(record_id: str, answer: Spoken | None) -> Spoken:
    """Return an answer with the digest of what it speaks of today.

    Raises:
        UsageProblem: There is no answer, or no verdict.
    """
    if answer is None:
        raise UsageProblem(f"{record_id} has no answer; write one under `answer: {{says: ...}}` first.")
    if not answer.now:
        raise UsageProblem(f"nothing was confirmed: the answer of {record_id} has no verdict to speak of.")
    return answer._replace(of=answer.now)


def _closing(base: Base, claim_id: str, links: tuple[Suspect, ...], review: Review | None) -> str:
    """Return the last line: what was done, or what remains to be done."""
    if review is not None:
        rest = sum(link.remedy == "run" for link in links)
        left = f" For {count(rest, 'suspect link')} a run is due." if rest else ""
        cleared = count(len(links) - rest, "suspect link")
        return f"Reviewed in {base.paths[claim_id]}: {cleared} cleared.{left}"
    return f"{count(len(links), 'suspect link')}." if links else "No suspect links."


def _reviewed(base: Base, claim_id: str, note: str) -> Review:
    """Return the review of a claim's links with a note.

    Raises:
        UsageProblem: The note is not one line.
    """
    note = " ".join(note.split())
    if not re.fullmatch(LINE, note) or len(note) > 300 or flaw_in(note):
        raise UsageProblem("--note takes one line of 1 to 300 visible characters: what you looked at.")
    return reviewed(base, claim_id, day=now()[:10], note=note)


def _write(root: Path, base: Base, record_id: str, *, review: Review | None, digest: str | None) -> None:
    """Write into a record a review of its links, the digest of its answer, or both.

    Raises:
        UsageProblem: The record cannot be changed without altering the rest.
    """
    document = base.documents[record_id]
    text = document.text
    try:
        text = text if review is None else with_review(text, review)
        text = text if digest is None else with_digest(text, digest)
    except EditError as error:
        raise UsageProblem(f"nothing was written into {document.path}: {error}.") from error
    if text != document.text:
        (root / document.path).write_text(text, encoding="utf-8", newline="\n")

"""`repro review <claim>`: links of a claim to look at again after a change."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from kb.reading.base import Base
from kb.records.claims import Review
from kb.records.fields import LINE
from kb.time.suspects import Suspect
from kb.words.numbers import count
from kb.writing.edit import EditError
from kb.writing.review import reviewed, with_review
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.errors import UsageProblem
from repro.cli.parts.links import as_data, paragraphs, placed
from repro.cli.parts.targets import claim_named
from repro.former_records import suspect_links
from repro.provenance import now

PLACE = 130


@click.command()
@click.argument("claim_id", metavar="CLAIM", shell_complete=completion.claims)
@click.option("--note", metavar="TEXT", help="Clear them: what you looked at, and why the links stand.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, claim_id: str, *, note: str | None, as_json: bool) -> None:
    """Show the suspect links of a claim; with --note write into its record that they were looked at.

    A link is suspect when something that it rests on changed after the last
    review, or, without one, after the latest evidence. Read both ends, change
    what is no longer true, and then clear them. Evidence for other code is not
    cleared by a note: run it again.
    """
    project = context.project()
    base = project.base
    claim_id = claim_named(base, claim_id)
    links = suspect_links(project, context.root).get(claim_id, ())
    review = None
    if note is not None:
        review = _write(context.root, base, claim_id, note)
    shown = placed(base, {claim_id: links})
    if as_json:
        document = {"schema": "assay/review/1", "id": claim_id, "suspects": as_data(shown)}
        click.echo(json.dumps({**document, "review": review and review.model_dump(exclude_none=True)}))
        return
    for paragraph in paragraphs(shown) if review is None else ():
        click.echo(paragraph)
    click.echo(_closing(base, claim_id, links, review))


def _closing(base: Base, claim_id: str, links: tuple[Suspect, ...], review: Review | None) -> str:
    """Return the last line: what was done, or what there is to do."""
    if review is not None:
        rest = sum(link.remedy == "run" for link in links)
        left = f" For {count(rest, 'suspect link')} a run is due." if rest else ""
        cleared = count(len(links) - rest, "suspect link")
        return f"Reviewed in {base.paths[claim_id]}: {cleared} cleared.{left}"
    return f"{count(len(links), 'suspect link')}." if links else "No suspect links."


def _write(root: Path, base: Base, claim_id: str, note: str) -> Review:
    """Write a review into a claim's record and return it.

    Raises:
        UsageProblem: The note is not one line, or the record cannot be changed without touching the rest.
    """
    note = " ".join(note.split())
    if not re.fullmatch(LINE, note) or len(note) > 300:
        raise UsageProblem("--note takes one line of 1 to 300 characters: what you looked at.")
    document = base.documents[claim_id]
    review = reviewed(base, claim_id, day=now()[:10], note=note)
    try:
        text = with_review(document.text, review)
    except EditError as error:
        raise UsageProblem(f"nothing was written into {document.path}: {error}.") from error
    (root / document.path).write_text(text, encoding="utf-8", newline="\n")
    return review

"""`repro check`: problems in records, scripts and evidence."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence, Sized
from pathlib import Path

import click

from kb.evidence.codes import evidence_codes
from kb.exports.annotations import note_of, render_github, render_sarif
from kb.judging import judgement
from kb.project import Project
from kb.reading.base import Base
from kb.reading.codes import codes
from kb.reading.coverage import Asserted, Coverage, Row, coverage
from kb.reasoning.answers import suspect_answers
from kb.text.problems import WIDTH, Place, Problem, in_order, render_json, render_terminal
from kb.time.suspects import Suspect
from kb.words.numbers import count
from kb.writing.mend import mend
from repro.cli import Context
from repro.cli.parts import spoken
from repro.cli.parts.errors import USAGE, EnvironmentProblem, UsageProblem
from repro.cli.parts.links import as_data, notes, paragraphs, placed
from repro.cli.parts.paths import PathWord
from repro.cli.parts.terminal import columns
from repro.evidence_history import CODES, EvidenceHistory
from repro.former_records import suspect_links
from repro.provenance import latest_day, now, runner_version
from repro.vcs import HistoryError

PLACE = 120


@click.command()
@click.argument("paths", nargs=-1, type=PathWord())
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json", "github", "sarif"]),
    default="terminal",
    show_default=True,
    help="For people, programs, annotations of a pull request, or other tools.",
)
@click.option("--fix", "is_fixing", is_flag=True, help="First mend what can be mended without asking.")
@click.option("--coverage", "is_coverage", is_flag=True, help="Paragraphs of the essays with their claims.")
@click.pass_obj
def command(
    context: Context,
    paths: tuple[Path, ...],
    *,
    as_json: bool,
    form: str,
    is_fixing: bool,
    is_coverage: bool,
) -> None:
    """Check records, scripts and evidence; with PATHS show only the problems of those files and folders.

    With --coverage show instead which paragraph of which essay makes which claims.
    Warns of links that have not been reviewed since something they rest on changed, and of answers that do
    not speak of today's verdicts; see `repro review`.
    With --fix first mend, in records and scripts and never in evidence: line ends, spaces at ends of lines,
    byte order marks and decomposed characters; ids of claims that have moved; plans, and notes that a script
    is a template, once it is written; paragraphs that do not list a claim which names them.
    Exits with 2 if there is a problem, or a paragraph that asserts something without a claim.
    """
    chosen = [_relative(path, context.root) for path in paths]
    if is_fixing:
        _mend(context.root, chosen)
    history = EvidenceHistory(context.root)
    project = context.project(today=latest_day(), order=history.order)
    base = project.base
    if is_coverage:
        _show_coverage(coverage(base), as_json=as_json)
        return
    unhistorical = _unhistorical(history, project)
    everything = in_order([*project.problems, *project.contradictions, *unhistorical])
    problems = tuple(problem for problem in everything if _is_within(problem.place, chosen))
    links = placed(base, suspect_links(project, context.root))
    links = [(place, link) for place, link in links if _is_within(place, chosen)]
    answers = spoken.placed(base, suspect_answers(base, project.judgements))
    answers = [(place, answer) for place, answer in answers if _is_within(place, chosen)]
    _show(base, problems, links, answers, "json" if as_json else form)
    if problems:
        raise SystemExit(USAGE)


def _mend(root: Path, chosen: list[str]) -> None:
    """Mend what can be mended in the chosen files, and say so on standard error."""
    try:
        mended = mend(root, today=now()[:10], is_wanted=lambda path: _is_within(Place(path, 1, 1), chosen))
    except OSError as error:
        raise EnvironmentProblem(f"cannot mend {error.filename}: {error.strerror}.") from error
    for path, what in mended.done:
        click.echo(f"mended  {path}: {what}", err=True)
    for path, what in mended.refused:
        click.echo(f"left    {path}: {what} would cause another problem", err=True)


def _unhistorical(history: EvidenceHistory, project: Project) -> list[Problem]:
    """Return what contradicts the history; if it cannot be read, say so on standard error."""
    if not project.ledger.pieces:
        return []
    try:
        return list(history.problems(project.ledger, now=now()))
    except HistoryError as error:
        click.echo(f"Evidence was not compared with the history of the repository: {error}.", err=True)
        return []


def _show(
    base: Base,
    problems: Sequence[Problem],
    links: Sequence[tuple[Place, Suspect]],
    answers: Sequence[spoken.Placed],
    form: str,
) -> None:
    """Print problems, suspect links and suspect answers in one of the forms."""
    noted = [*map(note_of, problems), *notes(links), *spoken.notes(answers)]
    warned = {"suspect link": len(links), "suspect answer": len(answers)}
    if form == "json":
        found = {"problems": render_json(problems), "suspects": as_data(links)}
        found["answers"] = spoken.as_data(answers)
        click.echo(json.dumps({"schema": "assay/check/1", "counts": _counts(base), **found}))
    elif form == "sarif":
        meanings = codes() | evidence_codes() | judgement.CODES | CODES
        click.echo(render_sarif(noted, meanings, version=runner_version()), nl=False)
    elif form == "github":
        click.echo(render_github(noted) + _summary(base, problems, warned))
    else:
        for paragraph in (*paragraphs(links), *spoken.paragraphs(answers)):
            click.echo(paragraph)
        if problems:
            click.echo(render_terminal(problems, columns(WIDTH)))
        click.echo(_summary(base, problems, warned))


def _show_coverage(covered: tuple[Coverage, ...], *, as_json: bool) -> None:
    """Print what every essay asserts and exit with 2 if an assertion has neither claim nor reason."""
    if as_json:
        document = {"schema": "assay/coverage/1", "sources": [_coverage_data(source) for source in covered]}
        click.echo(json.dumps(document))
    else:
        for source in covered:
            said = f"{len(source.asserting)} of {count(len(source.rows), 'paragraph')} assert something"
            uncovered = sum(bool(asserted.none) for asserted in source.assertions)
            left = f", {count(uncovered, 'assertion')} without" if uncovered else ""
            held = f"{count(len(source.claims), 'claim')}{left}"
            click.secho(f"{source.source_id}: {said}, {held}", bold=True)
            for row in source.rows:
                click.echo("\n".join(_row_lines(row)))
        if not covered:
            click.echo("No source lists its paragraphs.")
    if any(row.is_missing for source in covered for row in source.rows):
        raise SystemExit(USAGE)


def _row_lines(row: Row) -> list[str]:
    texts = [f"none: {row.none}"] if row.none else [_asserted_text(asserted) for asserted in row.assertions]
    lines = []
    for text, head in zip(texts, [f"{row.number:>4}  ", *[" " * 6] * len(texts)], strict=False):
        lines += textwrap.wrap(
            text, columns(WIDTH), initial_indent=head, subsequent_indent=" " * 8, break_on_hyphens=False
        )
    return lines


def _asserted_text(asserted: Asserted) -> str:
    held = ", ".join(asserted.claims) or (
        f"none: {asserted.none}" if asserted.none else "no claim that could be read"
    )
    return f"{asserted.says}: {held}" if asserted.says else held


def _coverage_data(source: Coverage) -> dict[str, object]:
    rows = [
        {
            "number": row.number,
            "anchor": row.anchor,
            "claims": row.claims,
            "assertions": [
                {"says": asserted.says or None, "claims": asserted.claims, "none": asserted.none or None}
                for asserted in row.assertions
            ],
            "none": row.none or None,
        }
        for row in source.rows
    ]
    return {
        "source": source.source_id,
        "title": source.title,
        "asserting": len(source.asserting),
        "paragraphs": rows,
    }


def _relative(path: Path, root: Path) -> str:
    absolute = Path.cwd() / path
    if not absolute.exists() and not absolute.is_symlink():
        raise UsageProblem(f"there is no file or folder {path}; name one inside {root}.")
    # Only the folder is resolved: the path itself may be a link, which is what is wrong with it.
    resolved = absolute.parent.resolve() / absolute.name if absolute.name else absolute.resolve()
    if not resolved.is_relative_to(root):
        raise UsageProblem(f"{path} is outside of {root}; name a file or folder inside it.")
    return resolved.relative_to(root).as_posix()


def _is_within(place: Place, paths: list[str]) -> bool:
    """Is a place in one of the requested files and folders?"""
    if not paths or "." in paths:
        return True
    return place.path in paths or place.path.startswith(tuple(f"{path}/" for path in paths))


def _counts(base: Base) -> dict[str, int]:
    return {f"{noun}s": len(records) for noun, records in _records(base).items()}


def _records(base: Base) -> dict[str, Sized]:
    return {"claim": base.claims, "source": base.sources, "experiment": base.scripts}


def _summary(base: Base, problems: Sequence[Problem], suspects: Mapping[str, int]) -> str:
    read = ", ".join(count(len(records), noun) for noun, records in _records(base).items())
    warned = "".join(f" {count(number, noun)} to review." for noun, number in suspects.items() if number)
    if not problems:
        return f"No problems: {read}.{warned}"
    files = len({problem.place.path for problem in problems})
    found = f"{count(len(problems), 'problem')} in {count(files, 'file')}"
    return f"{found}. Read without problems: {read}.{warned}"

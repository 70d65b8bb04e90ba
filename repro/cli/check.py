"""`repro check`: every problem of every record, script and piece of evidence, in one run."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kb.evidence import read_ledger
from kb.judgement import judge_base, undeclared_revisions
from kb.load import Base, load_base
from kb.problems import Problem, in_order, render_json, render_terminal
from repro.cli import Context
from repro.cli.errors import USAGE, UsageProblem
from repro.provenance import now


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(context: Context, paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Check records, scripts and evidence; with PATHS show only the problems of those files and folders.

    Exits with 2 where there is a problem.
    """
    base = load_base(context.root, today=now()[:10])
    ledger = read_ledger(context.root)
    hidden = undeclared_revisions(base, judge_base(base, ledger))
    everything = in_order([*base.problems, *ledger.problems, *hidden])
    problems = _within(everything, [_relative(path, context.root) for path in paths])
    if as_json:
        document = {"schema": "assay/check/1", "counts": _counts(base), "problems": render_json(problems)}
        click.echo(json.dumps(document))
    else:
        if problems:
            click.echo(render_terminal(problems))
        click.echo(_summary(base, problems))
    if problems:
        raise SystemExit(USAGE)


def _relative(path: Path, root: Path) -> str:
    absolute = Path.cwd() / path
    if not absolute.exists() and not absolute.is_symlink():
        raise UsageProblem(f"there is no file or folder {path}; name one inside {root}.")
    # Only the folder is resolved: the path itself may be a link, which is what is wrong with it.
    resolved = absolute.parent.resolve() / absolute.name if absolute.name else absolute.resolve()
    if not resolved.is_relative_to(root):
        raise UsageProblem(f"{path} is outside of {root}; name a file or folder inside it.")
    return resolved.relative_to(root).as_posix()


def _within(problems: tuple[Problem, ...], paths: list[str]) -> tuple[Problem, ...]:
    if not paths or "." in paths:
        return problems
    folders = tuple(f"{path}/" for path in paths)
    return tuple(p for p in problems if p.place.path in paths or p.place.path.startswith(folders))


def _counts(base: Base) -> dict[str, int]:
    return {"claims": len(base.claims), "sources": len(base.sources), "experiments": len(base.scripts)}


def _summary(base: Base, problems: tuple[Problem, ...]) -> str:
    read = ", ".join(_count(number, name.removesuffix("s")) for name, number in _counts(base).items())
    if not problems:
        return f"No problems: {read}."
    files = len({problem.place.path for problem in problems})
    return f"{_count(len(problems), 'problem')} in {_count(files, 'file')}. Read without problems: {read}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

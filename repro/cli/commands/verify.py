"""`repro verify`: check all evidence, measure blocks again, test experiments, link versions of one test."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.evidence.ledger import Ledger
from kb.evidence.record import EVIDENCE_FOLDER
from kb.evidence.replays import replays
from kb.project import Project
from kb.reading.experiment import Script
from kb.reading.load import load_base
from kb.text.problems import render_terminal
from kb.words.numbers import count
from kb.words.settings import listed
from repro.cli import Context
from repro.cli.commands.run import ended
from repro.cli.parts import completion
from repro.cli.parts.controlling import controlled
from repro.cli.parts.errors import (
    DIFFERENT,
    ENVIRONMENT,
    INTERRUPTED,
    SOME_FAILED,
    USAGE,
    EnvironmentProblem,
    UsageProblem,
    unknown,
)
from repro.cli.parts.past import reading_history
from repro.cli.parts.replaying import replayed
from repro.cli.parts.request import takes_limits
from repro.cores import available_cores
from repro.vcs import Revision

if TYPE_CHECKING:
    from repro.verify import Comparison, Difference, Options, Outcome

PLACE = 125
LATEST = "latest"
"""What `--same` means if no version follows it."""
SHORTEST = 6
"""The fewest digits that may name a version."""


@click.command()
@click.argument("experiments", metavar="[EXPERIMENT]...", nargs=-1, shell_complete=completion.targets)
@click.option(
    "--same",
    metavar="[OLD]",
    is_flag=False,
    flag_value=LATEST,
    help="Link today's versions to OLD: first digits of a version, or a commit; default: the last measured.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    metavar="REL",
    help="Let values differ by this share of the larger one; default: not by a bit. The link records it.",
)
@click.option(
    "--blocks", type=click.IntRange(1), default=1, metavar="N", help="Blocks per arm for --same; default: 1."
)
@click.option(
    "--rerun",
    type=click.IntRange(1),
    metavar="N",
    help="Measure N random blocks again, and keep them.",
)
@click.option(
    "--controls",
    is_flag=True,
    help="Test the experiments themselves, on seeds that never count, and keep what comes out.",
)
@click.option(
    "--sets",
    type=click.IntRange(0),
    metavar="N",
    help="Sets of 20 seeds per arm for --controls; default: 1 where evidence has fewer than 20 seeds.",
)
@takes_limits
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def command(
    context: Context,
    /,
    *,
    experiments: tuple[str, ...],
    same: str | None,
    rerun: int | None,
    controls: bool,
    sets: int | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Check all evidence: digests, names, seeds, code, gaps, plausibility, history; judge it anew.

    With --rerun, N blocks that count are measured again and stored as replays, which never
    count. On the machine that measured them they must give the same bits, elsewhere values
    inside the 99.9 % prediction interval of the arm.

    With --controls, each arm is tried: its values must depend on each seed and on nothing else, and
    faults that are imitated with them must be refused. An arm must not differ from itself, a claim
    without its effect must not hold, and an effect put in must be found. Where data have labels, they
    are shuffled for the arm that must do well, which must then do badly. What failed here leaves every
    claim of the experiment without a verdict.

    With --same, today's code measures a block of every arm that has evidence under the
    version OLD, on its seeds. Where all values are equal, a link is stored, and evidence
    and seeds of OLD go on under today's version. Where they differ, nothing is stored.

    Exit codes: 0 all is well, the same, or linked already; 10 values differ or a control fails. 2 usage,
    record or evidence, 4 environment or a checkout with changes, 5 some blocks failed or a link
    could not be saved, 130 interrupted, 141 closed pipe.
    """
    if sum((same is not None, rerun is not None, controls)) > 1:
        raise UsageProblem("--same, --rerun and --controls are different things; give one of them.")
    if sets is not None and not controls:
        raise UsageProblem("--sets belongs to --controls.")
    if same is not None:
        sys.exit(ended(lambda: _same(context, experiments, same, as_json=as_json, **words)))
    if rerun is not None:
        sys.exit(ended(lambda: replayed(context, experiments, rerun, as_json=as_json, **words)))
    if controls:
        sys.exit(ended(lambda: controlled(context, experiments, sets, as_json=as_json, **words)))
    sys.exit(_checked(context, experiments, as_json=as_json))


def _checked(context: Context, experiments: tuple[str, ...], *, as_json: bool) -> int:
    """Check what is stored without measuring, print what was looked at, and return the exit code.

    Raises:
        UsageProblem: There is no such experiment.
    """
    project = context.project()
    base, ledger = project.base, project.ledger
    for name in experiments:
        if name not in base.scripts:
            raise unknown("experiment", name, base.scripts)
    names = experiments or tuple({*base.scripts} | {piece.experiment for piece in ledger.evidence})
    folders = tuple(f"{EVIDENCE_FOLDER}/{name}/" for name in names)
    problems = [p for p in project.problems if not experiments or p.place.path.startswith(folders)]
    tests = [(name, base.scripts[name].version_at(s)) for name in names for s in base.settings(name)]
    looked_at = {
        "blocks": sum(len(ledger.of_experiment(name)) for name in names),
        "links": sum(each.path.startswith(folders) for each in ledger.links),
        "replays": sum(len(replays(ledger, *test)) for test in tests),
        "control_files": sum(each.path.startswith(folders) for each in ledger.controls),
        "verdicts": sum(
            len(project.judgements[claim_id].judged)
            for claim_id, protocol, _ in base.protocols()
            if protocol.experiment in names
        ),
    }
    if as_json:
        told = [f"{each.place.path}: {each.code}" for each in problems]
        click.echo(json.dumps({"schema": "assay/verified/1", **looked_at, "problems": told}))
    elif problems:
        click.echo(render_terminal(problems), err=True)
    else:
        told = [count(number, what.removesuffix("s").replace("_", " ")) for what, number in looked_at.items()]
        click.echo(f"No problems in {listed(told[:-1])}; {told[-1]} computed anew.")
    return USAGE if problems else 0


def _same(
    context: Context,
    experiments: tuple[str, ...],
    same: str,
    *,
    as_json: bool,
    jobs: int | None,
    **words: Any,
) -> int:
    from repro.verify import Options

    project = context.project()
    base, ledger = project.base, project.ledger
    if same in base.scripts:  # `repro verify --same lottery_ticket`
        experiments, same = (same, *experiments), LATEST
    options = Options(jobs=jobs or available_cores(), **words)
    asked = list(_asked(context.root, project, experiments, same, options.blocks))
    if not asked and not as_json:
        click.echo("Nothing to link: today's versions have that evidence.")
    outcomes = []
    for outcome in _outcomes(context.root, ledger, asked, options):
        path, unsaved = _kept(context.root, outcome)
        outcomes.append((outcome, path, _code(outcome, is_saved=not unsaved)))
        if not as_json:
            click.echo("\n".join([*_lines(outcome, path), *unsaved]))
    code = max((code for _, _, code in outcomes), default=0)
    if as_json:
        data = [_data(outcome, path) for outcome, path, _ in outcomes]
        click.echo(json.dumps({"schema": "assay/verify/1", "compared": data, "exit_code": code}))
    return code


def _asked(
    root: Path, project: Project, experiments: tuple[str, ...], same: str, blocks: int
) -> Iterator[Comparison]:
    """Yield the comparisons to make.

    Raises:
        UsageProblem: There is no such experiment, or no evidence of that version.
    """
    from repro.verify import AmbiguousVersionError, NothingToCompareError, comparisons

    base, ledger = project.base, project.ledger
    for name in experiments:
        if name not in base.scripts:
            raise unknown("experiment", name, base.scripts)
    earlier_of = _versions(root, ledger, same)
    is_found, refusal = False, ""
    for name in experiments or sorted({piece.experiment for piece in ledger.evidence} & base.scripts.keys()):
        try:
            yield from comparisons(base, ledger, name, earlier=earlier_of(name), blocks=blocks)
            is_found = True
        except NothingToCompareError as error:
            if experiments or isinstance(error, AmbiguousVersionError):
                raise UsageProblem(f"{error}.") from None
            refusal = f"{error}."
    if refusal and not is_found:
        raise UsageProblem(refusal)


def _versions(root: Path, ledger: Ledger, same: str) -> Callable[[str], Collection[str] | None]:
    """Return the function that finds the earlier versions of an experiment, or None for the last one."""
    if same == LATEST:
        return lambda _: None
    if any(len(same) >= SHORTEST and piece.version.startswith(same) for piece in ledger.evidence):
        return lambda _: (same,)
    former = _scripts_at(root, same)

    def of_revision(name: str) -> Collection[str]:
        scripts = [former[name]] if name in former else []
        return {
            version
            for script in scripts
            for scale, fields in script.scales.items()
            for version in (script.version(fields), script.first_version(scale))
        }

    return of_revision


def _scripts_at(root: Path, revision: str) -> Mapping[str, Script]:
    """Return the scripts as they were at a revision.

    Raises:
        UsageProblem: No evidence and no commit goes by that name.
        EnvironmentProblem: Git cannot tell.
    """
    try:
        with reading_history(root) as repository:
            return load_base(Revision(repository, revision)).scripts
    except UsageProblem:
        raise UsageProblem(f"no evidence has a version {revision}, and there is no such commit.") from None


def _outcomes(root: Path, ledger: Ledger, asked: Sequence[Comparison], options: Options) -> Iterator[Outcome]:
    """Make comparisons one after another, from a clean checkout.

    Raises:
        EnvironmentProblem: The checkout differs from its commit, or there is none.
    """
    from repro import provenance
    from repro.engines import connect
    from repro.engines.parts.interrupts import Interrupts
    from repro.verify import compare
    from repro.worker.sandbox import without_survivors

    if not asked:
        return
    commit = provenance.commit(root)
    if commit.sha is None:
        raise EnvironmentProblem("a link names the commit that it was made at, and git knows none here.")
    if commit.is_dirty is not False:
        raise EnvironmentProblem("links are made from a clean checkout; commit or stash your changes first.")
    engine = connect("local")
    with without_survivors(), Interrupts() as interrupts:
        for comparison in asked:
            words = (root, ledger, comparison, options)
            outcome = compare(*words, commit=commit.sha, engine=engine, interrupts=interrupts)
            yield outcome
            if outcome.is_cut_off or interrupts.stopped_by:
                return


def _kept(root: Path, outcome: Outcome) -> tuple[str, list[str]]:
    """Store the link, if there is one, and return its path, or why it could not be stored."""
    from repro.ledger import LedgerError, append_link

    if outcome.link is None:
        return "", []
    try:
        return append_link(root, outcome.link).path, []
    except LedgerError as error:
        return "", [f"  {error}"]


def _code(outcome: Outcome, *, is_saved: bool) -> int:
    """Return the exit code of one comparison; of several, the largest counts."""
    if outcome.is_cut_off:
        return INTERRUPTED
    if any(failed.kind == "environment" for failed in outcome.failures):
        return ENVIRONMENT
    if outcome.failures or not is_saved:
        return SOME_FAILED
    return 0 if outcome.link else DIFFERENT


def _lines(outcome: Outcome, path: str) -> Iterator[str]:
    comparison = outcome.comparison
    versions = f"{comparison.same_as[:12]} -> {comparison.version[:12]}"
    scale = "" if comparison.scale_name == "minimal" else f" at setting {comparison.scale_name}"
    head = f"{comparison.script.name}{scale}  {versions}"
    blocks = count(len(comparison.pieces), "block")
    if outcome.link:
        how = "within the tolerance" if outcome.differences else "equal to the bit"
        yield f"{head}  {blocks}, {how}"
        yield f"  linked: {path}" if path else "  the link was not saved"
    elif outcome.failures:
        yield f"{head}  {len(outcome.failures)} of {blocks} failed; nothing was stored"
    elif outcome.is_cut_off:
        yield f"{head}  interrupted; nothing was stored"
    else:
        yield f"{head}  different; nothing was stored"
    for failed in outcome.failures:
        yield f"  arm {failed.task.arm}, block {failed.block}: {failed.message}"
    for each in outcome.differences:
        yield f"  {_difference(each)}"
    if comparison.left_out:
        yield f"  not compared, as the script no longer has them: {', '.join(comparison.left_out)}"


def _difference(each: Difference) -> str:
    where = f"arm {each.arm}, block {each.block}, {each.outcome}"
    if math.isnan(each.before) and math.isnan(each.now) and math.isinf(each.relative):
        return f"{where}: not measured by both"
    return f"{where}: {each.before!r} became {each.now!r}, a relative difference of {each.relative:.2g}"


def _data(outcome: Outcome, path: str) -> dict[str, object]:
    comparison = outcome.comparison
    return {
        "experiment": comparison.script.name,
        "scale": comparison.scale_name,
        "version": comparison.version,
        "same_as": comparison.same_as,
        "blocks": [{"arm": piece.arm, "block": piece.block} for piece in comparison.pieces],
        "left_out": list(comparison.left_out),
        "link": path or None,
        "differences": [
            {
                "arm": each.arm,
                "block": each.block,
                "outcome": each.outcome,
                "relative": each.relative if math.isfinite(each.relative) else None,
            }
            for each in outcome.differences
        ],
        "failures": [
            {"arm": failed.task.arm, "block": failed.block, "kind": failed.kind, "message": failed.message}
            for failed in outcome.failures
        ],
    }

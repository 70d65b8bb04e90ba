"""What `repro verify --controls` does: experiments tested one after another, told, and an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kb.judging.against_itself import exact_interval
from kb.judging.controls import Summary, summaries
from kb.words.controls import controls_sentences, failures
from kb.words.numbers import count, duration
from repro.cli import Context
from repro.cli.parts.errors import (
    DIFFERENT,
    ENVIRONMENT,
    INTERRUPTED,
    SOME_FAILED,
    EnvironmentProblem,
    unknown,
)
from repro.cores import available_cores

if TYPE_CHECKING:
    from kb.evidence.record import Tier
    from repro.controls import Sitting
    from repro.worker.task import Choice


def controlled(
    context: Context,
    experiments: Sequence[str],
    sets: int | None,
    *,
    as_json: bool,
    jobs: int | None,
    timeout_seconds: float,
    memory_bytes: int,
    sandbox: Choice,
    least: Tier,
    **_: Any,
) -> int:
    """Measure what controls need, store it, print what all controls say, and return the exit code.

    Raises:
        UsageProblem: There is no such experiment.
        EnvironmentProblem: The checkout differs from its commit, or there is none.
    """
    from repro import provenance
    from repro.controls import due, sit
    from repro.engines import connect
    from repro.engines.parts.interrupts import Interrupts
    from repro.ledger import LedgerError, append_controls
    from repro.plan import Options
    from repro.worker.sandbox import without_survivors

    project = context.project()
    base, ledger = project.base, project.ledger
    for name in experiments:
        if name not in base.scripts:
            raise unknown("experiment", name, base.scripts)
    names = experiments or tuple(base.scripts)
    wanted = [each for name in names for each in due(base, ledger, name, sets)]
    commit = provenance.commit(context.root)
    if commit.sha is None or commit.is_dirty is not False:
        raise EnvironmentProblem(
            "controls are measured from a clean checkout; commit or stash your changes first."
        )
    options = Options(
        jobs=jobs or available_cores(),
        timeout_seconds=timeout_seconds,
        memory_bytes=memory_bytes,
        sandbox=sandbox,
        least=least,
    )
    run = partial(
        sit, base, ledger, options=options, root=context.root, commit=commit.sha, engine=connect("local")
    )
    sittings: list[Sitting] = []
    unsaved: list[str] = []
    with without_survivors(), Interrupts() as interrupts:
        for each in wanted:
            sittings.append(run(each, interrupts=interrupts))
            try:
                path = _kept(append_controls, context, sittings[-1])
            except LedgerError as error:
                unsaved.append(str(error))
                path = ""
            if not as_json:
                click.echo("\n".join(_measured(sittings[-1], path)))
            if interrupts.stopped_by:
                break
        is_cut_off = interrupts.stopped_by is not None
    project = context.project()
    every = summaries(project.base, project.ledger, project.judgements)
    found = [every[name] for name in names]
    code = INTERRUPTED if is_cut_off else _code(found, sittings, unsaved)
    if as_json:
        told = [_data(each) for each in found]
        click.echo(json.dumps({"schema": "assay/controls/1", "experiments": told, "exit_code": code}))
    else:
        click.echo("\n".join([*unsaved, *(line for each in found for line in _lines(each)), _overall(found)]))
    return code


def _kept(append: Any, context: Context, sitting: Sitting) -> str:
    return "" if sitting.controls is None else append(context.root, sitting.controls).path


def _code(found: Sequence[Summary], sittings: Sequence[Sitting], unsaved: Sequence[str]) -> int:
    failed = [failure for sitting in sittings for failure in sitting.failures]
    if any(failure.kind == "environment" for failure in failed):
        return ENVIRONMENT
    if failed or unsaved:
        return SOME_FAILED
    return DIFFERENT if any(each.is_failed for each in found) else 0


def _measured(sitting: Sitting, path: str) -> Iterator[str]:
    where = f"{sitting.due.script.name} at setting {sitting.due.setting.name}"
    controls = sitting.controls
    if controls is None:
        yield f"{where}: nothing new to measure"
    else:
        blocks, arms = count(len(controls.blocks), "block"), count(len(controls.tried), "arm")
        again = f", {len(controls.shuffled)} with shuffled labels" if controls.shuffled else ""
        yield f"{where}: {arms} tried and {blocks} measured{again} in {duration(controls.seconds)}"
        yield f"  kept: {path}" if path else "  not saved"
    for failed in sitting.failures:
        yield f"  arm {failed.task.arm}, block {failed.block}: {failed.message}"


def _lines(found: Summary) -> Iterator[str]:
    yield found.experiment
    yield from (f"  {sentence}" for sentence in controls_sentences(found))
    yield from (f"  {sentence}" for sentence in failures(found))


def _overall(found: Sequence[Summary]) -> str:
    total, false = sum(len(each.compared) for each in found), sum(each.false for each in found)
    if not total:
        return "No arm has the seeds to be compared with itself."
    lower, upper = exact_interval(false, total)
    return (
        f"Arms against themselves: {false} of {count(total, 'comparison')} found a difference, "
        f"{100 * false / total:.2g} % ({100 * lower:.2g} to {100 * upper:.2g} %, Clopper and Pearson, 95 %)."
    )


def _data(found: Summary) -> dict[str, object]:
    return {
        "experiment": found.experiment,
        "files": [each.path for each in found.files],
        "arms_tried": len(found.tried),
        "faults_imitated": len(found.imitated),
        "compared": len(found.compared),
        "found_different": found.false,
        "judged_again": len(found.checked),
        "judged_with_shuffled_labels": len(found.relabelled),
        "is_failed": found.is_failed,
        "failures": [*failures(found)],
    }

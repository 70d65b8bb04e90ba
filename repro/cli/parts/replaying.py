"""What `repro verify --rerun` does: blocks measured again, told one by one, and an exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from kb.evidence.replays import Agreement
from kb.words.numbers import count
from kb.words.replays import AGREEMENT
from kb.words.settings import listed
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
    from repro.engines import Failed
    from repro.rerun import Replayed
    from repro.worker.task import Choice


def replayed(
    context: Context,
    experiments: Sequence[str],
    wanted: int,
    *,
    as_json: bool,
    jobs: int | None,
    timeout_seconds: float,
    memory_bytes: int,
    sandbox: Choice,
    least: Tier,
    **_: Any,
) -> int:
    """Measure blocks again, print how each agrees, and return the exit code.

    Raises:
        UsageProblem: There is no such experiment.
        EnvironmentProblem: The checkout differs from its commit, or there is none.
    """
    from repro import provenance
    from repro.engines import Failed, connect
    from repro.engines.parts.interrupts import Interrupts
    from repro.rerun import choose, rerun
    from repro.worker.sandbox import without_survivors

    project = context.project()
    base = project.base
    for name in experiments:
        if name not in base.scripts:
            raise unknown("experiment", name, base.scripts)
    commit = provenance.commit(context.root)
    if commit.sha is None or commit.is_dirty is not False:
        raise EnvironmentProblem(
            "replays are made from a clean checkout; commit or stash your changes first."
        )
    chosen = choose(base, project.ledger, experiments or base.scripts, wanted)
    again: list[Replayed] = []
    failed: list[Failed] = []
    with without_survivors(), Interrupts() as interrupts:
        for each in rerun(
            base,
            project.ledger,
            chosen,
            root=context.root,
            commit=commit,
            engine=connect("local"),
            interrupts=interrupts,
            jobs=jobs or available_cores(),
            timeout_seconds=timeout_seconds,
            memory_bytes=memory_bytes,
            sandbox=sandbox,
            least=least,
        ):
            failed += [each] if isinstance(each, Failed) else []
            again += [] if isinstance(each, Failed) else [each]
            if not as_json:
                click.echo(_failure(each) if isinstance(each, Failed) else _line(each))
        is_cut_off = interrupts.stopped_by is not None
    counts = Counter(each.agreement for each in again)
    code = INTERRUPTED if is_cut_off else _code(counts, again, failed)
    if as_json:
        blocks = [_data(each) for each in again]
        click.echo(json.dumps({"schema": "assay/rerun/1", "blocks": blocks, "exit_code": code}))
    else:
        how = [f"{counts[name]} {words}" for name, words in AGREEMENT.items() if counts[name]]
        click.echo(f"{count(len(again), 'block')} measured again: {listed(how) if how else 'none'}.")
    return code


def _code(counts: Mapping[Agreement, int], again: Sequence[Replayed], failed: Sequence[Failed]) -> int:
    if any(each.kind == "environment" for each in failed):
        return ENVIRONMENT
    if failed or any(each.unsaved for each in again):
        return SOME_FAILED
    return DIFFERENT if counts["different"] else 0


def _line(each: Replayed) -> str:
    piece = each.piece
    where = f"{piece.experiment}, {piece.scale_name}, arm {piece.arm}, block {piece.block}"
    return f"{where}: {AGREEMENT[each.agreement]}{f'; {each.unsaved}' if each.unsaved else ''}"


def _failure(each: Failed) -> str:
    return f"{each.task.experiment}, arm {each.task.arm}, block {each.block}: {each.message}"


def _data(each: Replayed) -> dict[str, object]:
    piece = each.piece
    place = {"experiment": piece.experiment, "setting": piece.scale_name, "arm": piece.arm}
    return {**place, "block": piece.block, "agreement": each.agreement, "file": each.path or None}

"""`repro run`: measure what is due and judge."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kb.judging.judgement import Judgement, judge_claim, judge_claims
from kb.words.earlier_tests import next_test_sentence
from kb.words.numbers import count
from kb.words.states import STATES
from repro.cli import Context
from repro.cli.parts.alone import alone, lock_of
from repro.cli.parts.errors import ENVIRONMENT, INTERRUPTED, SOME_FAILED, EnvironmentProblem, unknown
from repro.cli.parts.request import Request, request, takes_request
from repro.cli.parts.terminal import is_plain
from repro.plan import EVERY, claims_protocol
from repro.provenance import commit

if TYPE_CHECKING:
    from rich.console import Console

    from kb.project import Project
    from repro.contract import Trial
    from repro.engines import Engine
    from repro.engines.parts.interrupts import Interrupts
    from repro.plan import Options, Plan
    from repro.run import RunResult

PLACE = 30

VERDICT_CODES = {state: row.exit_code for state, row in STATES.items() if row.exit_code is not None}
WIDTH = 80
"""The most columns to use, so that lines stay readable."""


@click.command()
@takes_request
@click.option("--dry-run", is_flag=True, help="Print what would be measured, and why; same as `repro plan`.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever the verdict; errors keep their codes.")
@click.pass_obj
def command(context: Context, /, *, as_json: bool, dry_run: bool, exit_zero: bool, **words: Any) -> None:
    """Measure what is due for claims, then judge them.

    A claim is measured at its main setting, unless --setting names another or all of them.
    Settings that need a GPU wait for --device cuda.

    Exit codes for one claim: 0 reproduced, 10 contradicted, split or varies, 11 inconclusive,
    12 invalid (a control came out wrong), also when nothing was due. They tell the verdict of
    the setting that --setting names, or else of all settings together. For several claims:
    0 when every block ran. 2 usage or record, 4 environment, such as a GPU that is needed,
    5 some blocks failed or could not be saved, 130 interrupted, 141 closed pipe.
    """
    work = dry if dry_run else measure
    code = ended(lambda: work(request(context, **words), as_json=as_json))
    sys.exit(0 if exit_zero and code in VERDICT_CODES.values() else code)


def ended(work: Callable[[], int]) -> int:
    """Return the exit code of some work, even if the user interrupts it."""
    try:
        return work()
    except KeyboardInterrupt:
        return INTERRUPTED


def dry(asked: Request, *, as_json: bool) -> int:
    """Print what is due and return the exit code."""
    due = asked.plan()
    from repro.cli.parts.report import print_plan, step_data, waiting_data
    from repro.overheads import NONE, remembered, wall_seconds

    if as_json:
        steps = [step_data(step) for step in due.steps]
        seconds = wall_seconds(due, asked.options.jobs, remembered(asked.root) or NONE)
        found: dict[str, object] = {"claims": list(due.claims), "expected_seconds": seconds, "steps": steps}
        found |= {"waiting": waiting_data(due), "warnings": warnings(asked, due)}
        click.echo(json.dumps({"schema": "assay/plan/1", **found}))
        return 0
    console = _console()
    print_plan(console, due, asked.options, asked.root)
    for warning in warnings(asked, due):
        console.print(warning, style="yellow", highlight=False)
    if not due.steps and not due.waiting:
        console.print("Nothing is due: the evidence is current and decided, or all seeds are spent.")
    return 0


def measure(asked: Request, *, as_json: bool) -> int:
    """Measure what is due, print the results and return the exit code."""
    from repro.cli.parts.report import claims_data, print_claim, print_failures, print_plan, run_data

    due, console = asked.plan(), _console()
    told = warnings(asked, due)
    if not as_json:
        print_plan(console, due, asked.options, asked.root)
        for warning in told:
            console.print(warning, style="yellow", highlight=False)
    result = _run(asked, due, console, as_json=as_json) if due.steps else None
    if result is not None:
        project = replace(asked.project, ledger=result.ledger)
    else:
        project = asked.whole() if as_json else asked.project  # a standing follows from all claims
    judgements = _judgements(project, asked)
    code = exit_code(asked, result, judgements)
    if as_json:
        data = run_data(due, result, asked.options)
        recorded = asked.project if asked.options.is_exploring else project
        claims = claims_data(project, judgements, recorded=recorded)
        click.echo(json.dumps({**data, "warnings": told, "claims": claims, "exit_code": code}))
        return code
    if result is not None:
        print_failures(console, result)
    elif not due.waiting:
        console.print(_nothing_measured(asked, project), style="dim", soft_wrap=True)
    for judgement in judgements:
        print_claim(console, project, judgement, is_exploring=asked.options.is_exploring)
    return code


def warnings(asked: Request, due: Plan) -> list[str]:
    """Return what to know before anything is recorded: what it costs in level, and what is uncommitted."""
    if asked.options.is_exploring or asked.options.replication or not due.steps:
        return []
    project = asked.project
    claims = dict.fromkeys(claim_id for step in due.steps for claim_id in step.claims)
    found = [sentence for claim_id in claims if (sentence := _next_test(project, claim_id))]
    if any("the code of" in sentence for sentence in found):
        name = due.steps[0].arm.experiment
        found.append(
            "If the change of code computes the same, commit it and type "
            f"`repro verify --same {name}` instead: that keeps evidence and level."
        )
    found += _orphans(project, claims)
    if commit(asked.root).is_dirty:
        found.append(
            "Files here differ from the last commit. Commit what you predict, and the script, before you "
            "measure: `repro check` refuses evidence from a checkout with changes."
        )
    return found


def _orphans(project: Project, claims: Container[str]) -> list[str]:
    """Return a sentence for each experiment that measured a claim and has no script of its name today."""
    gone = {
        (piece.experiment, claim_id)
        for piece in project.ledger.evidence
        if piece.experiment not in project.base.scripts
        for claim_id in piece.predictions
        if claim_id in claims
    }
    return [
        f"{claim_id} has evidence of the experiment {name}, of which there is no script. An experiment that "
        "has evidence keeps its name: give it back."
        for name, claim_id in sorted(gone)
    ]


def _next_test(project: Project, claim_id: str) -> str:
    digest = claims_protocol(project.base, claim_id).digest
    return next_test_sentence(judge_claim(project.base, project.ledger, claim_id), digest)


def _nothing_measured(asked: Request, project: Project) -> str:
    """Return that the evidence was there already, and how to measure anew."""
    names = {claims_protocol(project.base, claim_id).experiment for claim_id in asked.claims}
    last = max(
        (piece.replication for name in names for piece in project.ledger.of_experiment(name)), default=0
    )
    targets = asked.claims[0] if asked.is_one else "CLAIM"
    return (
        "Nothing is due, and nothing was measured: this is judged from evidence that is there already. To "
        f"measure anew, on other seeds: repro run {targets} --replication {last + 1}"
    )


def _run(asked: Request, due: Plan, console: Console, *, as_json: bool) -> RunResult:
    from repro.cli.parts.progress import observing
    from repro.contract import remember
    from repro.engines.parts.interrupts import Interrupts
    from repro.ledger import sweep
    from repro.run import run
    from repro.worker.sandbox import without_survivors

    engine, project = _engine(asked.options), asked.project
    with _measuring_alone(asked, due), without_survivors(), Interrupts() as interrupts:
        sweep(asked.root)
        trial = _trial(asked, due, console, interrupts, engine, as_json=as_json)
        words = (project.base, project.ledger, trial.without_broken(due), asked.options)
        if as_json:
            result = run(*words, lambda _: None, root=asked.root, interrupts=interrupts, engine=engine)
        else:
            with observing(console) as observer:
                result = run(*words, observer, root=asked.root, interrupts=interrupts, engine=engine)
    remember(asked.root, trial)
    failures, notes = (*trial.breaches, *result.failures), dict.fromkeys((*trial.notes, *result.notes))
    return replace(result, failures=failures, notes=tuple(notes))


@contextmanager
def _measuring_alone(asked: Request, due: Plan) -> Iterator[None]:
    """Keep a second run here from measuring the same blocks once more, for as long as this one goes on.

    Raises:
        EnvironmentProblem: Another run is measuring one of the experiments.
    """
    names = set() if asked.options.is_exploring else {step.arm.experiment for step in due.steps}
    with ExitStack() as held:
        for name in sorted(names):
            refusal = f"another run is measuring {name} here; wait until it has ended, and run again."
            held.enter_context(alone(lock_of(asked.root, name), refusal))
        yield


def _trial(
    asked: Request, due: Plan, console: Console, interrupts: Interrupts, engine: Engine, *, as_json: bool
) -> Trial:
    """Try the contract of what is due and was never tried; say so, since it takes a while."""
    from repro.contract import Trial, tried, untried

    steps = untried(asked.project.base, asked.project.ledger, due, asked.root)
    if not steps:
        return Trial()
    if not as_json:
        arms = count(len(steps), "arm")
        console.print(f"First, on seeds that never count: whether {arms} keep the contract of experiments.")
    words = (asked.project.base, steps, asked.options)
    return tried(*words, root=asked.root, interrupts=interrupts, engine=engine)


def _engine(options: Options) -> Engine:
    """Return the engine that launches the workers.

    Raises:
        UsageProblem: There is no engine of that name.
        EnvironmentProblem: The engine cannot work here.
    """
    from repro.engines import EngineUnavailableError, connect, engine_names

    name = options.engine or ("local" if options.cluster is None else "dask")
    if name not in engine_names():
        raise unknown("engine", name, engine_names())
    try:
        return connect(name, options.cluster)
    except EngineUnavailableError as why:
        raise EnvironmentProblem(str(why)) from None


def _judgements(project: Project, asked: Request) -> list[Judgement]:
    replication = asked.options.replication
    return [*judge_claims(project.base, project.ledger, asked.claims, replication=replication).values()]


def exit_code(asked: Request, result: RunResult | None, judgements: Iterable[Judgement]) -> int:
    """Return the exit code of a run, as documented for `repro run`."""
    if result is not None:
        if result.signal is not None:
            return 128 + result.signal
        if any(failed.kind == "environment" for failed in result.failures):
            return ENVIRONMENT
        if result.failures or result.unsaved:
            return SOME_FAILED
    if not asked.is_one or asked.options.is_exploring:
        return 0
    (judgement,) = judgements
    named = asked.options.setting
    state = judgement.state if named in (None, EVERY) else judgement.at(named).state
    return VERDICT_CODES.get(state, ENVIRONMENT)  # no verdict: the rest waits for a GPU


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False, color_system=None if is_plain() else "auto")
    console.width = min(console.width, WIDTH)
    return console

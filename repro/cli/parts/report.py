"""The report of a run, for people and as data: the plan, a row per prediction, the verdict, and paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kb.judging.judgement import Judgement, SettingJudgement, judge_claim
from kb.judging.verdict import Verdict
from kb.project import Project
from kb.text.problems import printable
from kb.words.bounds import bound_text
from kb.words.earlier_tests import before_sentence, level_text
from kb.words.findings import control_text, finding_decision_in_short, is_good, state_sentence
from kb.words.measured import measured
from kb.words.numbers import count as counted
from kb.words.settings import replication_clause, scale_text, waits_for
from kb.words.states import STATES
from repro.overheads import NONE, remembered, wall_seconds
from repro.plan import DueBlocks, Options, Plan

if TYPE_CHECKING:
    from repro.engines import Failed
    from repro.run import RunResult

TINTS = {True: "green", False: "red", None: "yellow"}
"""Colours of what came out as the claim needs it, or not, or is open."""
FEWEST = 20
"""The fewest columns for bound and decision beside the numbers; with fewer they stand below these."""
EXPLORING = "Exploring: other seeds are used, nothing is recorded, and no verdict below counts."


class Cells(NamedTuple):
    """A row of the table of findings."""

    bound: str
    estimate: str
    interval: str
    seeds: str
    decision: Text


def block_range(blocks: tuple[int, ...]) -> str:
    """Return block numbers as people write them: `block 2`, `blocks 0-1`, `blocks 0, 3`."""
    if len(blocks) == 1:
        return f"block {blocks[0]}"
    is_run = blocks == tuple(range(blocks[0], blocks[-1] + 1))
    return f"blocks {blocks[0]}-{blocks[-1]}" if is_run else f"blocks {', '.join(map(str, blocks))}"


def failure_text(failed: Failed) -> str:
    """Return one line on a failed block."""
    again = "; tried once more" if failed.will_retry else ""
    where = f"{failed.task.experiment}, arm {failed.task.arm}"
    message = printable(failed.message)
    return f"{where}, block {failed.block}: {failed.kind}: {message}{again}"


def judged_text(judgement: Judgement) -> str:
    """Return one line on a claim's verdict so far."""
    verdict = judgement.verdict
    seeds = f" after {counted(verdict.seeds, 'seed')}" if verdict is not None else ""
    return f"{judgement.claim_id}: {judgement.state}{seeds}"


def print_plan(console: Console, due: Plan, options: Options, root: Path) -> None:
    """Print what is due and why."""
    if options.is_exploring:
        console.print(EXPLORING, style="bold yellow")
    for claim_id, setting in due.waiting:
        words = f"{claim_id} at setting {setting} needs a GPU: give --device cuda on a machine with one"
        console.print(words, style="yellow", soft_wrap=True)
    if not due.steps:
        return
    groups: dict[tuple[str, str, str], list[DueBlocks]] = {}
    for step in due.steps:
        key = (step.arm.experiment, step.setting.name, step.arm.version)
        groups.setdefault(key, []).append(step)
    console.print(plan_headline(due, options, root), style="bold")
    for (experiment, setting, _), steps in sorted(groups.items(), key=lambda item: item[0]):
        console.print(Text(f"  {experiment} ").append(f"({setting})", style="dim"))
        for line in _grouped(steps):
            console.print(Padding(line, (0, 0, 0, 4)))


def _grouped(steps: Iterable[DueBlocks]) -> Iterator[Text]:
    """Yield one line for all arms of which the same blocks are due for the same reason."""
    groups: dict[str, list[str]] = {}
    for step in steps:
        groups.setdefault(f"{block_range(step.blocks)}, {step.reason}:", []).append(step.arm.name)
    for head, arms in groups.items():
        yield Text.assemble((head, "dim"), " ", ", ".join(arms))


def plan_headline(due: Plan, options: Options, root: Path) -> str:
    """Return one line on how much is due, and how long it is likely to take on this machine."""
    taken = remembered(root)
    seconds = wall_seconds(due, options.jobs, taken or NONE)
    cost = "at unknown cost" if seconds is None else f"about {seconds:.0f} s"
    if seconds is not None and taken is None:
        cost += " and what workers need besides"
    claims = counted(len(due.claims), "claim")
    return f"Due for {claims}: {counted(due.blocks, 'block')} of {counted(len(due.steps), 'arm')}, {cost}"


def print_failures(console: Console, result: RunResult) -> None:
    """Print what failed, what could not be saved and what was unusual."""
    for failed in result.failures:
        console.print(f"failed  {failure_text(failed)}", style="red", markup=False, highlight=False)
        if failed.traceback_tail:
            console.print(Padding(Text(printable_block(failed.traceback_tail), style="dim"), (0, 0, 0, 4)))
    for message in result.unsaved:
        console.print(f"not saved  {message}", style="red", markup=False, highlight=False)
    for note in result.notes:
        console.print(f"note  {printable(note)}", style="yellow", markup=False, highlight=False)
    if result.retries:
        console.print(f"{counted(result.retries, 'block')} tried again after a failure of the machine")


def print_claim(console: Console, project: Project, judgement: Judgement, *, is_exploring: bool) -> None:
    """Print a row per prediction and control of each setting, the verdict, and paths of evidence and page.

    Args:
        console: The console to print on.
        project: The project with the evidence that the judgement was made from.
        judgement: The judgement of a claim, on the seeds of any replication.
        is_exploring: Are other seeds used, so that nothing counts?
    """
    claim = project.base.claims[judgement.claim_id]
    console.print()
    console.print(Text(claim.title, style="bold"))
    if judgement.replication and not is_exploring:
        console.print(Text(_beside(project, judgement), style="bold"))
    for found in judgement.settings:
        _print_setting(console, judgement, found)
    if judgement.judged:
        console.print()
    state = STATES[judgement.state]
    sentence = Text(state_sentence(claim, judgement))
    sentence.highlight_words([state.word], f"bold {state.colour}")
    console.print(sentence)
    if not is_exploring:
        for line in filter(None, (before_sentence(judgement), level_text(judgement))):
            console.print(line, highlight=False)
        for line in _places(judgement):
            console.print(line, style="dim", highlight=False, soft_wrap=True)


def _print_setting(console: Console, judgement: Judgement, found: SettingJudgement) -> None:
    """Print what came out at a setting, with its name if there are several."""
    if len(judgement.settings) > 1:
        scale = f" ({scale_text(found)})" if found.setting.overrides else ""
        console.print(Text(f"At setting {found.name}{scale}: {waits_for(found)}", style="bold"))
    if found.verdict is not None:
        _print_findings(console, found.verdict)
    for replication in found.replications:
        console.print(replication_clause(replication).capitalize(), highlight=False)


def _beside(project: Project, judgement: Judgement) -> str:
    """Return which replication is shown, and whether it agrees with the verdict."""
    own = judge_claim(project.base, project.ledger, judgement.claim_id)
    head = f"Replication {judgement.replication}, whose seeds never count for the verdict"
    if judgement.verdict is None:
        return f"{head}."
    if own.verdict is None:
        return f"{head}; there is no verdict to agree with."
    agrees = "agrees with" if own.state == judgement.state else "does not agree with"
    return f"{head}: it {agrees} the verdict, {own.state}."


def _print_findings(console: Console, verdict: Verdict) -> None:
    """Print each finding as what it says, and below it the numbers in columns."""
    findings = (*verdict.findings, *verdict.controls)
    pieces = [measured(finding) for finding in findings]
    header = Cells("limit", "estimate", "interval", "seeds", Text("decision"))
    rows = [
        Cells(
            bound_text(finding.prediction, finding.outcome),
            found.in_short,
            found.interval,
            str(finding.seeds),
            Text(finding_decision_in_short(finding), style=TINTS[is_good(finding)]),
        )
        for finding, found in zip(findings, pieces, strict=True)
    ]
    numbers = [max(len(row[column]) for row in (header, *rows)) for column in (1, 2, 3)]
    is_narrow = console.width - sum(numbers) - len(header) < FEWEST
    if not is_narrow:
        console.print(_row(header, numbers), style="dim")
    for finding, row in zip(findings, rows, strict=True):
        control = finding.control
        console.print(
            Text(
                f"control: {control_text(control, finding.prediction)}"
                if control
                else finding.prediction.says
            )
        )
        console.print(_stacked(row) if is_narrow else _row(row, numbers))


def _stacked(cells: Cells) -> Padding:
    """Return one row for a narrow terminal: the numbers in a line, and below it what they decide."""
    numbers = f"{cells.estimate} {cells.interval}, {cells.seeds} seeds\n"
    return Padding(Text.assemble(numbers, f"{cells.bound}: ", cells.decision), (0, 0, 0, 2))


def _row(cells: Cells, numbers: Sequence[int]) -> Table:
    """Return one row, its numbers to the right in columns of the given widths, which all rows share."""
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=5)
    for width in numbers:
        table.add_column(width=width, justify="right")
    table.add_column(ratio=4)
    table.add_row("", *cells)
    return table


def _places(judgement: Judgement) -> list[str]:
    folders = {piece.folder for piece in judgement.evidence}
    blocks = counted(len(judgement.evidence), "block")
    lines = [f"evidence  {folder}/ ({blocks})" for folder in sorted(folders)]
    return [*lines, f"page      build/site/claims/{judgement.claim_id}/index.html (repro site build)"]


def run_data(due: Plan, result: RunResult | None, options: Options) -> dict[str, object]:
    """Return a run as plain JSON data, without the claims."""
    return {
        "schema": "assay/run/1",
        "exploring": options.is_exploring,
        "replication": options.replication,
        "plan": [step_data(step) for step in due.steps],
        "waiting": waiting_data(due),
        "measured_blocks": len(result.measured) if result else 0,
        "retries": result.retries if result else 0,
        "failures": [failure_text(failed) for failed in result.failures] if result else [],
        "unsaved": list(result.unsaved) if result else [],
        "notes": list(result.notes) if result else [],
    }


def claims_data(
    project: Project, judgements: Iterable[Judgement], *, recorded: Project
) -> list[dict[str, object]]:
    """Return claims as plain JSON data, each as the document that `repro show --json` gives.

    Args:
        project: The project with the evidence that the judgements were made from; when exploring, only that
            of the exploration.
        judgements: The judgements of the claims.
        recorded: The project that standings follow from.
    """
    from kb.exports.claim_document import claim_document

    stands = recorded.standings
    return [
        claim_document(project, each, standing=stands.get(each.claim_id)).as_json() for each in judgements
    ]


def step_data(step: DueBlocks) -> dict[str, object]:
    """Return a step as plain JSON data."""
    return {
        "experiment": step.arm.experiment,
        "version": step.arm.version,
        "arm": step.arm.name,
        "setting": step.setting.name,
        "scale": step.setting.base,
        "blocks": list(step.blocks),
        "reason": step.reason,
        "expected_seconds": step.expected_seconds,
        "claims": list(step.claims),
    }


def waiting_data(due: Plan) -> list[dict[str, str]]:
    """Return what would be due if there were a GPU, as plain JSON data."""
    return [{"claim": claim_id, "setting": name, "needs": "cuda"} for claim_id, name in due.waiting]


def printable_block(text: str) -> str:
    """Return a script's text with its line ends, all else that could steer a terminal escaped."""
    return "\n".join(printable(line) for line in text.splitlines())

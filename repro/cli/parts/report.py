"""What a run came to, for people and as data: the plan, a row a prediction, the verdict, where things lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kb.evidence.ledger import Ledger
from kb.exports.values import finding_data
from kb.judging.judgement import Judgement
from kb.judging.verdict import Finding, Verdict
from kb.reading.experiment import Outcome
from kb.reading.load import Base
from kb.text.problems import printable
from kb.words.findings import finding_bound, number
from repro.cli.commands.list import COLOURS
from repro.cli.commands.show import state_sentence
from repro.costs import NONE, overheads, wall_seconds
from repro.plan import Options, Plan, Step, claims_protocol

if TYPE_CHECKING:
    from repro.engines import Failed
    from repro.run import RunResult

EXPLORING = "Exploring: the seeds are others, nothing is recorded, and no verdict below counts."


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
    message = printable(failed.message.removeprefix(f"{where}: "))
    return f"{where}, block {failed.block}: {failed.kind}: {message}{again}"


def judged_text(judgement: Judgement) -> str:
    """Return one line on a claim's verdict so far."""
    verdict = judgement.verdict
    seeds = f" after {verdict.seeds} seeds" if verdict is not None else ""
    return f"{judgement.claim_id}: {judgement.state}{seeds}"


def print_plan(console: Console, due: Plan, options: Options, root: Path) -> None:
    """Print what is due and why."""
    if options.is_exploring:
        console.print(EXPLORING, style="bold yellow")
    if not due.steps:
        return
    experiments = {(step.arm.experiment, step.scale) for step in due.steps}
    console.print(plan_headline(due, options, root), style="bold")
    for experiment, scale in sorted(experiments):
        steps = [step for step in due.steps if (step.arm.experiment, step.scale) == (experiment, scale)]
        console.print(Text(f"  {experiment} ").append(f"({scale})", style="dim"))
        for line in _grouped(steps):
            console.print(Padding(line, (0, 0, 0, 4)))


def _grouped(steps: Iterable[Step]) -> Iterator[Text]:
    """Yield a line for all arms of which the same blocks are due for the same reason."""
    groups: dict[str, list[str]] = {}
    for step in steps:
        groups.setdefault(f"{block_range(step.blocks)}, {step.reason}:", []).append(step.arm.name)
    for head, arms in groups.items():
        yield Text.assemble((head, "dim"), " ", ", ".join(arms))


def plan_headline(due: Plan, options: Options, root: Path) -> str:
    """Return one line on how much is due, and how long it is likely to take on this machine."""
    taken = overheads(root)
    seconds = wall_seconds(due, options.jobs, taken or NONE)
    cost = "at unknown cost" if seconds is None else f"about {seconds:.0f} s"
    if seconds is not None and taken is None:
        cost += " and what workers need besides"
    claims = _counted(len(due.claims), "claim")
    return f"Due for {claims}: {_counted(due.blocks, 'block')} of {_counted(len(due.steps), 'arm')}, {cost}"


def print_failures(console: Console, result: RunResult) -> None:
    """Print what failed, what could not be saved and what was strange."""
    for failed in result.failures:
        console.print(f"failed  {failure_text(failed)}", style="red", markup=False, highlight=False)
        if failed.traceback_tail:
            console.print(Padding(Text(printable_block(failed.traceback_tail), style="dim"), (0, 0, 0, 4)))
    for message in result.unsaved:
        console.print(f"not saved  {message}", style="red", markup=False, highlight=False)
    for note in result.notes:
        console.print(f"note  {note}", style="yellow", markup=False, highlight=False)
    if result.retries:
        console.print(f"{_counted(result.retries, 'block')} tried again after a failure of the machine")


def print_claim(
    console: Console, base: Base, ledger: Ledger, judgement: Judgement, *, is_exploring: bool
) -> None:
    """Print a row a prediction and control, the verdict sentence, and where evidence and page lie."""
    claim = base.claims[judgement.claim_id]
    console.print()
    console.print(Text(claim.title, style="bold"))
    if judgement.verdict is not None:
        protocol = claims_protocol(base, judgement.claim_id)
        outcomes = base.scripts[protocol.experiment].outcomes
        _print_findings(console, judgement.verdict, outcomes)
        console.print()
    sentence = Text(state_sentence(base, judgement))
    sentence.highlight_words(
        [judgement.state.capitalize()], f"bold {COLOURS.get(judgement.state, 'default')}"
    )
    console.print(sentence)
    if not is_exploring:
        for line in _places(ledger, judgement):
            console.print(line, style="dim", highlight=False, soft_wrap=True)


def _print_findings(console: Console, verdict: Verdict, outcomes: Mapping[str, Outcome]) -> None:
    """Print each finding as what it says, and below it the numbers in columns."""
    header = ("", "bound", "estimate", "interval", "seeds", "decision")
    console.print(_row(*header), style="dim")
    for finding in (*verdict.findings, *verdict.controls):
        control = finding.control
        says = f"control: {control.because}" if control is not None else finding.prediction.says
        console.print(Text(says))
        bound = finding_bound(finding.prediction, outcomes[finding.prediction.outcome])
        interval = f"{number(finding.interval.lower)} to {number(finding.interval.upper)}"
        decision = Text(_decision(finding), style=_colour(finding))
        console.print(_row("", bound, number(finding.estimate), interval, str(finding.seeds), decision))


def _row(*cells: str | Text) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(width=24)
    table.add_column(width=8, justify="right")
    table.add_column(width=17, justify="right")
    table.add_column(width=5, justify="right")
    table.add_column(ratio=1)
    table.add_row(*cells)
    return table


def _decision(finding: Finding) -> str:
    """Return the decision in a few words; the sentence below the table says the rest."""
    if finding.is_control:
        return {"reproduced": "bound holds", "contradicted": "bound fails"}.get(finding.decision, "open")
    if finding.seeds_needed is not None:
        return f"{finding.decision}, needs about {finding.seeds_needed} seeds"
    return f"{finding.decision}, {finding.detail}" if finding.detail else finding.decision


def _colour(finding: Finding) -> str:
    """A control is well when its bound does not hold."""
    good, bad = ("contradicted", "reproduced") if finding.is_control else ("reproduced", "contradicted")
    return {good: "green", bad: "red"}.get(finding.decision, "yellow")


def _places(ledger: Ledger, judgement: Judgement) -> list[str]:
    folders = {ledger.path(piece).rpartition("/")[0] for piece in judgement.evidence}
    count = _counted(len(judgement.evidence), "block")
    lines = [f"evidence  {folder}/ ({count})" for folder in sorted(folders)]
    return [*lines, f"page      build/site/claims/{judgement.claim_id}/index.html (repro site build)"]


def run_data(
    base: Base, due: Plan, judgements: Iterable[Judgement], result: RunResult | None, options: Options
) -> dict[str, object]:
    """Return a run as plain JSON data."""
    return {
        "schema": "assay/run/1",
        "exploring": options.is_exploring,
        "plan": [step_data(step) for step in due.steps],
        "measured_blocks": len(result.measured) if result else 0,
        "retries": result.retries if result else 0,
        "failures": [failure_text(failed) for failed in result.failures] if result else [],
        "unsaved": list(result.unsaved) if result else [],
        "notes": list(result.notes) if result else [],
        "claims": [claim_data(base, judgement) for judgement in judgements],
    }


def claim_data(base: Base, judgement: Judgement) -> dict[str, object]:
    """Return a claim's judgement as plain JSON data."""
    verdict = judgement.verdict
    return {
        "id": judgement.claim_id,
        "state": judgement.state,
        "sentence": state_sentence(base, judgement),
        "version": judgement.version,
        "seeds": verdict.seeds if verdict else 0,
        "findings": [finding_data(f) for f in (*verdict.findings, *verdict.controls)] if verdict else [],
    }


def step_data(step: Step) -> dict[str, object]:
    """Return a step as plain JSON data."""
    return {
        "experiment": step.arm.experiment,
        "version": step.arm.version,
        "arm": step.arm.name,
        "scale": step.scale,
        "blocks": list(step.blocks),
        "reason": step.reason,
        "expected_seconds": step.expected_seconds,
        "claims": list(step.claims),
    }


def printable_block(text: str) -> str:
    """Return a script's text with its line ends, all else that could steer a terminal escaped."""
    return "\n".join(printable(line) for line in text.splitlines())


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

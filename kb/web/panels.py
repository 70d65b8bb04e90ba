"""Findings as panels of a figure: one panel a prediction, its controls beneath it on the same axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kb.bounds import rate_target, target
from kb.experiment import Outcome
from kb.records import Prediction
from kb.sentences import count, finding_decision, finding_measured, unit
from kb.verdict import Finding, Verdict
from kb.web.figures import Panel, Strip


def panels(verdict: Verdict, outcomes: Mapping[str, Outcome]) -> Iterator[Panel]:
    """Yield the panels of a verdict's figure; an estimand that is a rate has a second one, from 0 to 1."""
    for finding in verdict.findings:
        rows = (finding, *controls_of(finding.prediction, verdict))
        prediction = finding.prediction
        is_rate = prediction.estimand != "mean"
        step = axis_unit(prediction, outcomes[prediction.outcome])
        yield Panel(step, target(prediction), tuple(_strip(row, with_interval=not is_rate) for row in rows))
        if is_rate:
            strips = tuple(_strip(row, with_values=False) for row in rows)
            yield Panel("share of seeds that meet the bound", rate_target(prediction), strips)


def controls_of(prediction: Prediction, verdict: Verdict) -> tuple[Finding, ...]:
    """Return the findings of a prediction's controls."""
    return tuple(row for row in verdict.controls if row.prediction.name == prediction.name)


def axis_unit(prediction: Prediction, outcome: Outcome) -> str:
    """Return what one step on the axis means."""
    return f"{unit(prediction, outcome)}{', first arm minus second' if prediction.contrast else ''}"


def compared(arms: tuple[str, ...]) -> str:
    """Return the arms as a row is labelled: one arm, or first minus second."""
    return " \u2212 ".join(arms)


def in_words(finding: Finding, outcome: Outcome) -> str:
    """Return one sentence on a finding, for those who do not see the figure."""
    role = "Control" if finding.is_control else "Prediction"
    measured = f"{finding_measured(finding, outcome)} over {count(finding.seeds, 'seed')}"
    return f"{role} {compared(finding.arms)}: {measured}; {finding_decision(finding)}."


def _strip(row: Finding, *, with_values: bool = True, with_interval: bool = True) -> Strip:
    return Strip(
        label=("Control: " if row.is_control else "Prediction: ") + compared(row.arms),
        values=row.values if with_values else (),
        interval=row.interval if with_interval and row.seeds else None,
        estimate=row.estimate if with_interval and row.seeds else None,
        is_control=row.is_control,
    )

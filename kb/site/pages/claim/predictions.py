"""What was predicted beside what was measured, as rows of a table and as columns of raw values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from markupsafe import Markup

from kb.judging.finding import Finding, Values
from kb.judging.stats import is_finite
from kb.judging.verdict import Verdict
from kb.reading.outcomes import Outcome
from kb.records.claims import Claim, Control, Prediction
from kb.site.figures.findings import axis_unit
from kb.site.figures.strip import strip_of
from kb.words.arms import Texts, arm_text, compared
from kb.words.bounds import bound_text
from kb.words.findings import control_text, finding_decision, finding_notes
from kb.words.measured import measured
from kb.words.numbers import number, unit_after
from kb.words.units import alone

NOTHING = "\u2013"
"""A dash where there is no number yet."""


class Row(NamedTuple):
    """A prediction or a control beside what was measured, in words; before the first run there are dashes."""

    prediction: Prediction
    control: Control | None
    arms: str
    bound: str
    estimate: str = NOTHING
    interval: str = NOTHING
    seeds: int = 0
    decision: str = "not measured"
    notes: tuple[str, ...] = ()
    drawn: Markup | None = None

    @property
    def control_text(self) -> str:
        """Return what the control requires and why; empty for a prediction."""
        return control_text(self.control, self.prediction) if self.control else ""


class Column(NamedTuple):
    """A column of the table of raw values."""

    label: str
    unit: str
    values: tuple[float, ...]


def rows(
    claim: Claim,
    verdict: Verdict | None,
    outcomes: Mapping[str, Outcome],
    texts: Texts,
    values: Values,
) -> Iterator[Row]:
    """Yield every prediction, each followed by its controls, and then the controls with their own bound."""
    protocol = claim.protocol
    if protocol is None:
        return
    found = {row.prediction.name: row for row in verdict.findings} if verdict else {}
    checks = {row.control: row for row in verdict.controls} if verdict else {}
    for prediction in protocol.predictions:
        outcome = outcomes.get(prediction.outcome)
        yield _row(prediction, None, found.get(prediction.name), outcome, texts, values)
        for control in protocol.controls:
            if control.prediction == prediction.name:
                yield _row(prediction, control, checks.get(control), outcome, texts, values)
    for control in protocol.controls:
        if control.prediction is None:
            prediction = control.applied({})
            own = outcomes.get(prediction.outcome)
            yield _row(prediction, control, checks.get(control), own, texts, values)


def _row(  # noqa: PLR0917 # one row is made of all of these
    prediction: Prediction,
    control: Control | None,
    finding: Finding | None,
    outcome: Outcome | None,
    texts: Texts,
    values: Values,
) -> Row:
    names = (control or prediction).arms
    arms = compared(names, texts)
    if outcome is not None and len(names) > 1 and finding is not None:
        arms = "; ".join(absolute(arm, outcome, values, finding.seeds, texts) for arm in names)
    row = Row(prediction, control, arms, bound_text(prediction, outcome))
    if finding is None:
        return row
    found = measured(finding)
    return row._replace(
        estimate=found.effect,
        interval=found.interval,
        seeds=finding.seeds,
        decision=finding_decision(finding),
        notes=finding_notes(finding),
        drawn=None if control else strip_of(finding),
    )


def absolute(arm: str, outcome: Outcome, values: Values, seeds: int, texts: Texts) -> str:
    """Return what one arm of a comparison reached, such as `full network: 64.1 % of test signals`.

    It is the mean over the seeds that were compared, of logarithms the geometric one; only the text of the
    arm where one of them gave no number.
    """
    found = values.get(arm, {}).get(outcome.name, ())[:seeds]
    if not found or not all(map(is_finite, found)):
        return arm_text(arm, texts)
    as_told = alone(outcome)
    mean = number(as_told.number(math.fsum(found) / len(found)), 3)
    return f"{arm_text(arm, texts)}: {mean} {unit_after(mean, as_told.unit)}".rstrip()


def columns(verdict: Verdict, texts: Texts) -> Iterator[Column]:
    """Yield the raw values of each prediction, one number per seed."""
    for row in verdict.findings:
        yield Column(compared(row.arms, texts), axis_unit(row), row.values)

"""Findings as a figure of their seeds: each prediction with its controls beneath it, on the same axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from markupsafe import Markup

from kb.judging.stats import Interval
from kb.judging.verdict import Finding, Verdict
from kb.records.claims import Prediction
from kb.site.figures.seeds import Panel, Strip, seeds_figure
from kb.words.arms import Texts, compared
from kb.words.bounds import unit
from kb.words.findings import finding_decision
from kb.words.measured import measured
from kb.words.numbers import count


def verdict_figure(
    verdict: Verdict,
    title: str,
    *,
    figure_id: str,
    texts: Texts,
    only: Finding | None = None,
) -> Markup:
    """Return what each seed contributed to a verdict, as one line of SVG.

    Args:
        verdict: A verdict with at least one seed.
        title: The claim's title.
        figure_id: Prefix of the ids inside the figure.
        texts: What each arm is.
        only: The one prediction to show; by default all, with their controls.
    """
    shown = verdict if only is None else replace(verdict, findings=(only,), controls=())
    return seeds_figure(
        tuple(panels(shown, texts)),
        figure_id=figure_id,
        title=f"What each seed gave: {title}",
        description=" ".join(in_words(row, texts) for row in shown.findings),
    )


def panels(verdict: Verdict, texts: Texts) -> Iterator[Panel]:
    """Yield the panels of a verdict's figure: consecutive predictions of the same quantity share one."""
    for unit_of_axis, strips in groupby(_labelled(verdict, texts), key=lambda pair: pair[0]):
        yield Panel(unit_of_axis, tuple(strip for _, strip in strips))


def _labelled(verdict: Verdict, texts: Texts) -> Iterator[tuple[str, Strip]]:
    """Yield every strip with its axis; an estimand that is a rate has its own strip besides the seeds'."""
    own = [(control,) for control in controls_of(None, verdict)]
    for rows in (*((row, *controls_of(row.prediction, verdict)) for row in verdict.findings), *own):
        finding = rows[0]
        is_share = finding.estimand.is_share
        step = f"{finding.outcome.label}, {axis_unit(finding)}"
        for row in rows:
            yield step, _strip(row, texts, row.bound, with_interval=not is_share)
        for row in rows if is_share else ():
            yield "share of seeds that meet the bound", _strip(row, texts, row.goal, with_values=False)


def controls_of(prediction: Prediction | None, verdict: Verdict) -> tuple[Finding, ...]:
    """Return the findings of a prediction's controls; of none, those with a bound of their own."""
    name = prediction and prediction.name
    return tuple(row for row in verdict.controls if row.control and row.control.prediction == name)


def axis_unit(finding: Finding) -> str:
    """Return what one step on the axis means."""
    if finding.prediction.units == "ratio":
        return "ratio in powers of ten"
    name = unit(finding.prediction, finding.outcome)
    said = "in powers of ten" if name == "decades" else name.replace("decades", "powers of ten")
    return f"difference {said}" if len(finding.arms) > 1 else said


def in_words(finding: Finding, texts: Texts) -> str:
    """Return one sentence on a finding, for readers who cannot see the figure."""
    role = "Control" if finding.is_control else "Prediction"
    found = f"{measured(finding).text} over {count(finding.seeds, 'seed')}"
    return f"{role}, {compared(finding.arms, texts)}: {found}; {finding_decision(finding)}."


def _strip(
    row: Finding, texts: Texts, bound: Interval, *, with_values: bool = True, with_interval: bool = True
) -> Strip:
    return Strip(
        label=f"{'Control: ' if row.is_control else ''}{compared(row.arms, texts)}",
        bound=bound,
        values=row.values if with_values else (),
        interval=row.interval if with_interval and row.seeds else None,
        estimate=row.estimate if with_interval and row.seeds else None,
        is_control=row.is_control,
    )

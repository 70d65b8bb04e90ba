"""The one figure that shows what a claim is about: its curves, its doses, or the seeds of one prediction."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from kb.exports.published import Site
from kb.judging.verdict import Verdict
from kb.reading.outcomes import Outcome
from kb.site.figures.curves import Curve, curves_figure, curves_of
from kb.site.figures.doses import doses_of
from kb.site.figures.findings import verdict_figure
from kb.words.arms import Texts

LEAST_POINTS = 3
"""The fewest points of a curve; a line through two suggests what nobody measured."""


class Headline(NamedTuple):
    """A figure with the words around it.

    Attributes:
        title: What is drawn.
        keys: The texts of its lines, in order; none if it has no lines.
        note: How to read it.
    """

    figure: Markup
    title: str
    keys: tuple[str, ...]
    note: str


def headline(site: Site, claim_id: str, *, figure_id: str) -> Headline | None:
    """Return the figure of a claim at its main setting, or None before anything was measured.

    Args:
        site: Whose claim.
        claim_id: The claim.
        figure_id: Prefix of the ids inside the figure.
    """
    claim, judgement = site.base.claims[claim_id], site.judgements[claim_id]
    protocol, verdict, main = claim.protocol, judgement.verdict, judgement.main
    if protocol is None or main is None or verdict is None or not verdict.seeds:
        return None
    script = site.base.scripts[protocol.experiment]
    named = {arm for prediction in protocol.predictions for arm in prediction.arms}
    pieces = [piece for piece in main.evidence if piece.arm in named]
    curves = [(curve, script.outcomes[curve.name]) for curve in curves_of(pieces, script)]
    if found := next((pair for pair in curves if len(pair[0].at) >= LEAST_POINTS), None):
        return _of_curve(
            *found,
            figure_id,
            "A line is the median of the runs, its band goes from the lowest to the highest.",
        )
    values = site.ledger.values(script.name, main.version, script.arms)
    bounded = {prediction.outcome for prediction in protocol.predictions}
    doses = (pair for pair in doses_of(values, script) if pair[0].name in bounded)
    if found := next(doses, None):
        return _of_curve(
            *found, figure_id, "A line joins means of the runs, its band is their 95 % interval."
        )
    return _of_seeds(script.arms, verdict, claim.title, figure_id)


def _of_curve(curve: Curve, outcome: Outcome, figure_id: str, note: str) -> Headline:
    drawn = curves_figure(curve, outcome, figure_id=figure_id)
    title = f"{outcome.label[:1].upper()}{outcome.label[1:]}, by {curve.along}"
    left_out = " Further variants are on the page of the experiment." if curve.left_out else ""
    return Headline(drawn, title, tuple(band.arm for band in curve.bands), f"{note}{left_out}")


def _of_seeds(texts: Texts, verdict: Verdict, title: str, figure_id: str) -> Headline:
    chosen = verdict.findings[0]
    drawn = verdict_figure(verdict, title, figure_id=figure_id, texts=texts, only=chosen)
    note = "A dot is one run, the bar the interval of their mean; shaded is what was predicted."
    return Headline(drawn, chosen.prediction.says.strip(), (), note)

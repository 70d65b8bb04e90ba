"""What would flip a verdict: the distance to the bound, since when it is decided, and what would follow.

Everything is computed from interval and bound. Numbers are rounded outwards, so that no sentence says more
than the interval does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from kb.evidence.seeds import BLOCK_SIZE
from kb.exports.published import Site
from kb.judging.bounds import decide
from kb.judging.certainty import Nearness, nearest
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Finding
from kb.judging.judgement import State
from kb.reasoning.relations import relations_of
from kb.reasoning.standing import Known, known_of, standings_of
from kb.words.arms import Texts, compared
from kb.words.certainty import robustness_sentences
from kb.words.measured import measured
from kb.words.numbers import count, number

OPPOSITE: dict[State, State] = {"reproduced": "contradicted", "contradicted": "reproduced"}
DISTANCES = ((0.1, "a hair"), (0.5, "closely"), (2.0, "clearly"))
"""How far from a limit an interval ends, by how many of its half-widths that is less than."""
MOST = 8
"""The most changed standings that a page lists."""


class Sensitivity(NamedTuple):
    """What a page says of a verdict's sensitivity.

    Attributes:
        sentences: In the order of the page.
        supposed: The state whose consequences are listed; empty if none are.
        changes: Claim, standing now and standing then.
        more: The number of changes that are not listed.
    """

    sentences: tuple[str, ...]
    supposed: str
    changes: tuple[tuple[str, str, str], ...]
    more: int


def sensitivity(site: Site, claim_id: str) -> Sensitivity | None:
    """Return what would flip a claim's verdict, or None if there is no verdict."""
    verdict = site.judgements[claim_id].verdict
    if verdict is None or verdict.seeds == 0:
        return None
    supposed = OPPOSITE.get(verdict.state)
    changes = [*_changes(site, claim_id, supposed)] if supposed else []
    sure = site.project.certainties.get(claim_id)
    robust = robustness_sentences(sure, verdict) if sure else ()
    protocol = site.base.claims[claim_id].protocol
    texts = site.base.scripts[protocol.experiment].arms if protocol else {}
    said = (*_sentences(verdict.findings, verdict.controls, texts), *robust, *_among_all(site, claim_id))
    return Sensitivity(said, supposed or "", tuple(changes[:MOST]), max(0, len(changes) - MOST))


def _among_all(site: Site, claim_id: str) -> Iterator[str]:
    """Say whether a decided verdict is sure enough to hold among all that were reached."""
    judged = count(sum(judgement.verdict is not None for judgement in site.judgements.values()), "verdict")
    if claim_id in site.surviving:
        yield f"It survives correction for all {judged}, with at most 5 % of them wrong on average."
    elif claim_id in site.decided:
        yield f"It does not survive correction for all {judged}, with at most 5 % of them wrong on average."


def _sentences(findings: tuple[Finding, ...], controls: tuple[Finding, ...], texts: Texts) -> Iterator[str]:
    near = nearest(findings)
    if near is not None:
        first = "Closest call: " if len(findings) > 1 else ""
        yield f"{first}{_says(near.finding)}: {_distance(near)}"
        if moved := _moved(near.finding):
            yield moved
        yield from _decided(near.finding)
    for finding in findings:
        if finding.decision == "inconclusive":
            needed = finding.seeds_needed
            likely = (
                f"about {count(needed, 'seed')} in all would likely"
                if needed
                else "no number of seeds is known to"
            )
            yield f"Open: {_says(finding)}, with {measured(finding).interval}: {likely} decide it."
    control = nearest(controls)
    if control is not None:
        yield (
            f"Closest control, {compared(control.finding.arms, texts)}: {_distance(control)}"
            f" Were the bound to {'fail' if control.finding.must_hold else 'hold'} there,"
            " no verdict would be given."
        )


def _says(finding: Finding) -> str:
    return finding.prediction.says.strip().removesuffix(".")


def _distance(near: Nearness) -> str:
    side = "inside" if near.finding.decision == "reproduced" else "outside"
    far = next((words for most, words in DISTANCES if near.widths < most), "far")
    where = f"its interval {measured(near.finding).interval} ends {far} {side} the limit"
    if math.isinf(near.widths):
        return f"{where}, and has no width."
    return f"{where}, at {number(near.widths, 2)} times its own half-width."


def _moved(finding: Finding) -> str:
    """Say which other bounds would give the same decision; nothing for bounds with two ends."""
    goal = finding.goal
    if finding.estimand.is_share or finding.nonfinite or math.inf not in (goal.upper, -goal.lower):
        return ""
    shown = measured(finding)
    is_least, held = goal.upper == math.inf, finding.decision == "reproduced"
    stays, turns = (shown.lower, shown.upper) if is_least == held else (shown.upper, shown.lower)
    side, beyond = ("up to", "above") if is_least == held else ("down to", "below")
    other = "fail" if held else "hold"
    same = f"The decision would be the same for any bound {side} {stays}"
    return f"{same}, and the prediction would {other} for any {beyond} {turns}."


def _decided(finding: Finding) -> Iterator[str]:
    goal = finding.goal
    since = len(finding.trail)
    while since and decide(finding.trail[since - 1], goal) == finding.decision:
        since -= 1
    seeds = min(LEAST_SEEDS + since * BLOCK_SIZE, finding.seeds)
    if finding.nonfinite == 0:
        yield f"It has been decided since seed {seeds} of {finding.seeds}."


def _changes(site: Site, claim_id: str, supposed: State) -> Iterator[tuple[str, str, str]]:
    known = {**known_of(site.judgements), claim_id: Known(supposed)}
    after = standings_of(relations_of(site.base), known)
    for i, now in site.standings.items():
        if after[i].standing != now.standing:
            yield i, now.standing, after[i].standing

"""What the template of a claim's page is given: rows, links and figures, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from kb.evidence.ledger import Evidence
from kb.judging.judgement import Judgement
from kb.judging.verdict import Finding, Verdict
from kb.reading.experiment import Outcome
from kb.reading.load import Base
from kb.records.claims import Appearance, Claim, Control, Locator, Prediction, Source
from kb.site.figures.figures import seeds_figure
from kb.site.figures.forest import strip_of
from kb.site.figures.panels import axis_unit, compared, controls_of, in_words, panels
from kb.site.pages.plain import in_plain_words
from kb.site.templates import authors
from kb.words.findings import (
    finding_bound,
    finding_decision,
    finding_interval,
    finding_measured,
    finding_notes,
    verdict_sentence,
)
from kb.words.states import STATES

RELATION_WORDS = {
    "depends_on": ("Rests on", "Carries"),
    "supports": ("Supports", "Is supported by"),
    "contradicts": ("Contradicts", "Is contradicted by"),
    "refines": ("Refines", "Is refined by"),
    "explains": ("Explains", "Is explained by"),
}
"""For each relation what the claim that states it says, and what its target says."""
STANCE_WORDS = {
    "asserts": "Asserted by",
    "disputes": "Disputed by",
    "qualifies": "Qualified by",
    "reports": "Reported by",
}
"""In the passive, so that one author and several read well."""
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


class Said(NamedTuple):
    """One appearance of a claim in a source: what was done by whom, and where to read it."""

    appearance: Appearance
    source: Source
    by: str
    where: str
    passage: str | None


class Neighbour(NamedTuple):
    """The other end of a relation."""

    claim_id: str
    because: str


class Series(NamedTuple):
    """A column of the table of raw values."""

    label: str
    unit: str
    values: tuple[float, ...]


def summary(base: Base, judgement: Judgement) -> str:
    """Return a claim's state in one sentence."""
    claim = base.claims[judgement.claim_id]
    if judgement.verdict is None or claim.protocol is None:
        return STATES[judgement.state].means
    return verdict_sentence(claim, judgement.verdict, base.scripts[claim.protocol.experiment].outcomes)


def context(base: Base, judgement: Judgement) -> dict[str, Any]:
    """Return everything that the page of one claim shows, but for the standing."""
    claim_id = judgement.claim_id
    claim = base.claims[claim_id]
    outcomes = _outcomes(base, claim)
    verdict = judgement.verdict
    return {
        "claim_id": claim_id,
        "claim": claim,
        "topic": base.topics[claim_id],
        "judgement": judgement,
        "sentence": summary(base, judgement),
        "plain": in_plain_words(judgement),
        "said": [
            _said(base, appearance) for appearance in claim.stated_in if appearance.source in base.sources
        ],
        "rows": list(_rows(claim, verdict, outcomes)),
        "figure": figure(base, judgement, f"seeds-{claim_id}"),
        "series": list(_series(verdict, outcomes)),
        "relations": relations(base, claim_id),
        "debates": debates_of(base, claim_id),
        "seconds": sum(piece.seconds for piece in judgement.evidence),
        "machines": _machines(judgement.evidence),
        "measured_arms": _measured_arms(judgement.evidence),
        "revisions": _revisions(claim, judgement),
        "reported": [item for item in claim.reported if item.from_ in base.sources],
    }


def figure(
    base: Base,
    judgement: Judgement,
    figure_id: str,
    *,
    predictions: int | None = None,
    controls: bool = True,
) -> Markup | None:
    """Return the seeds figure of a claim as SVG, or nothing before the first run.

    Args:
        base: All records.
        judgement: Of the claim.
        figure_id: Prefix of the ids inside.
        predictions: Show only so many, from the first.
        controls: Show the controls too?
    """
    verdict = judgement.verdict
    claim = base.claims[judgement.claim_id]
    if verdict is None or verdict.seeds == 0:
        return None
    outcomes = _outcomes(base, claim)
    checks = verdict.controls if controls else ()
    shown = replace(verdict, findings=verdict.findings[:predictions], controls=checks)
    drawn = seeds_figure(
        tuple(panels(shown, outcomes)),
        figure_id=figure_id,
        title=f"What each seed gave: {claim.title}",
        description=" ".join(in_words(row, outcomes[row.prediction.outcome]) for row in shown.findings),
    )
    return Markup(drawn)  # noqa: S704 # the writer escapes every text that it is given


def _outcomes(base: Base, claim: Claim) -> Mapping[str, Outcome]:
    script = base.scripts.get(claim.protocol.experiment) if claim.protocol else None
    return script.outcomes if script else {}


def _said(base: Base, appearance: Appearance) -> Said:
    source = base.sources[appearance.source]
    by = f"{STANCE_WORDS[appearance.stance]} {appearance.by or authors(source)}"
    locator = appearance.locator
    where = place_in(locator)
    return Said(appearance, source, by, where, passage(source, locator.anchor))


def place_in(locator: Locator) -> str:
    """Return a locator in words; empty where only an anchor is given."""
    parts = {
        "section": locator.section and f"section “{locator.section}”",
        "paragraph": locator.paragraph and f"paragraph {locator.paragraph}",
        "page": locator.page and f"page {locator.page}",
        "time": locator.time and f"at {locator.time}",
    }
    return ", ".join(str(part) for part in parts.values() if part)


def passage(source: Source, anchor: tuple[str, str] | None) -> str | None:
    """Return the link that opens a source at a passage, where the source is a page on the web."""
    if source.URL is None or anchor is None:
        return None
    start, end = (quote(words, safe="").replace("-", "%2D") for words in anchor)
    return f"{source.URL}{':' if '#' in source.URL else '#:'}~:text={start},{end}"


def _rows(claim: Claim, verdict: Verdict | None, outcomes: Mapping[str, Outcome]) -> Iterator[Row]:
    """Yield every prediction, each followed by its controls."""
    protocol = claim.protocol
    if protocol is None:
        return
    found = {row.prediction.name: row for row in verdict.findings} if verdict else {}
    for prediction in protocol.predictions:
        outcome = outcomes.get(prediction.outcome)
        yield _row(prediction, None, found.get(prediction.name), outcome)
        measured = {row.control: row for row in controls_of(prediction, verdict)} if verdict else {}
        for control in protocol.controls:
            if control.prediction == prediction.name:
                yield _row(prediction, control, measured.get(control), outcome)


def _row(
    prediction: Prediction, control: Control | None, finding: Finding | None, outcome: Outcome | None
) -> Row:
    arms = compared((control or prediction).arms)
    row = Row(prediction, control, arms, finding_bound(prediction, outcome))
    if finding is None or outcome is None:
        return row
    interval = finding_interval(finding)
    return row._replace(
        estimate=finding_measured(finding, outcome).removesuffix(interval).rstrip(" ,"),
        interval=interval,
        seeds=finding.seeds,
        decision=finding_decision(finding),
        notes=finding_notes(finding),
        drawn=None if control else strip_of(finding),
    )


def _series(verdict: Verdict | None, outcomes: Mapping[str, Outcome]) -> Iterator[Series]:
    if verdict is None:
        return
    for row in verdict.findings:
        unit = axis_unit(row.prediction, outcomes[row.prediction.outcome])
        yield Series(compared(row.arms), unit, row.values)


def relations(base: Base, claim_id: str) -> list[tuple[str, list[Neighbour]]]:
    """Return a claim's neighbours under the words for their relation, in both directions."""
    grouped: dict[str, list[Neighbour]] = {word: [] for pair in RELATION_WORDS.values() for word in pair}
    for relation in base.claims[claim_id].relations:
        if relation.claim in base.claims:
            grouped[RELATION_WORDS[relation.type][0]].append(Neighbour(relation.claim, relation.because))
    for other_id, other in base.claims.items():
        for relation in other.relations:
            if relation.claim == claim_id:
                grouped[RELATION_WORDS[relation.type][1]].append(Neighbour(other_id, relation.because))
    return [(word, neighbours) for word, neighbours in grouped.items() if neighbours]


def debates_of(base: Base, claim_id: str) -> list[tuple[str, str]]:
    """Return (id, side) of every debate in which a claim stands on a side."""
    return [
        (debate_id, side.name)
        for debate_id, debate in base.debates.items()
        for side in debate.sides
        if claim_id in side.claims
    ]


def _machines(evidence: tuple[Evidence, ...]) -> list[tuple[str, str]]:
    """Return (fingerprint, description) of every machine that measured, each once."""
    found = {
        piece.machine.fingerprint: f"{piece.machine.gpu or piece.machine.cpu}, {piece.machine.system}"
        for piece in evidence
    }
    return sorted(found.items())


def _measured_arms(evidence: tuple[Evidence, ...]) -> list[tuple[str, int, float, str, str]]:
    """Return for each arm its blocks, their seconds, the last day and the machines, in order of names."""
    found: dict[str, list[Evidence]] = {}
    for piece in evidence:
        found.setdefault(piece.arm, []).append(piece)
    return [
        (
            arm,
            len(pieces),
            sum(piece.seconds for piece in pieces),
            max(piece.started for piece in pieces)[:10],
            ", ".join(sorted({piece.machine.fingerprint for piece in pieces})),
        )
        for arm, pieces in sorted(found.items())
    ]


def _revisions(claim: Claim, judgement: Judgement) -> list[tuple[int, str, Verdict]]:
    """Return (number, why it was changed, verdict) of the predictions that stood before."""
    former = claim.protocol.revisions if claim.protocol else ()
    return [
        (n, old.because, verdict)
        for n, (old, verdict) in enumerate(zip(former, judgement.earlier, strict=False))
        if verdict is not None
    ]

"""Why a claim stands as it does: the shortest derivation, each step a run, a finding, a relation or a rule.

Steps go from what was measured to the standing. Every claim has a derivation; where nothing is known of it,
the steps say what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from kb.judging.judgement import Judgement
from kb.judging.verdict import Finding, Verdict
from kb.reading.base import Base
from kb.reasoning.relations import Link
from kb.reasoning.standing import OWN, Standing, standings
from kb.words.findings import count, finding_bound, finding_decision, finding_measured

Kind = Literal["run", "finding", "relation", "rule"]
WORDS = {
    "depends_on": "{} depends on {}",
    "supports": "{} supports {}",
    "contradicts": "{} contradicts {}",
}
MISSING = {
    "not run": "nothing has been measured",
    "to be written": "nothing has been measured: the experiment is still to be written",
    "stale": "the code has changed since the evidence was taken, so it does not count",
    "not testable": "no experiment could tell: {not_testable}",
    "untested": "there is no experiment; it would take: {untested}",
}
"""States without a verdict, as what is missing."""
OWN_RULES = {
    "reproduced": "all predictions hold and no control does, so the claim is reproduced",
    "contradicted": "all predictions fail, so the claim is contradicted",
    "split": "some predictions hold and some fail, so the claim is split",
    "inconclusive": "a prediction or control is still open, so there is no verdict",
    "invalid": "the bound holds in a control, where it must fail, so there is no verdict",
}
"""What findings make of a claim."""
RULES = {
    "verdict": "its own verdict gives the standing, and nothing that bears on the claim outweighs it",
    "exclusion": "of a strict contradiction only one side can hold, and this side has no verdict of its own",
    "base": "what rests on a refuted claim is undermined",
    "contradiction": "what a reproduced claim contradicts is contested",
    "support": "an established claim supports it, and it has no verdict of its own",
    "none": "it has no verdict of its own, and nothing established bears on it",
}
"""The rules of `kb.reasoning.standing.standings` in words."""


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes:
        claim_id: The claim that the step says something about.
        words: The step as a clause without a full stop.
        facts: The same for programs, beside kind, claim and words.
    """

    kind: Kind
    claim_id: str
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return the step as plain JSON data."""
        return {"step": self.kind, "claim": self.claim_id, "words": self.words, **self.facts}


def why(base: Base, judgements: Mapping[str, Judgement], claim_id: str) -> tuple[Step, ...]:
    """Return the shortest derivation of a claim's standing: the fewest relations, then the fewest steps.

    Raises:
        KeyError: There is no such claim.
    """
    standing = standings(base, judgements)[claim_id]
    return derivation(base, judgements, shortest(base, judgements, standing))


def shortest(base: Base, judgements: Mapping[str, Judgement], standing: Standing) -> Standing:
    """Return a standing by that one of its relations behind which the fewest steps lie.

    Where claims rest on one another the relations are as few as can be already, and stay.
    """
    if not standing.also:
        return standing
    links = (*standing.links, *standing.also)
    ways = [replace(standing, links=(link,), also=links[:i] + links[i + 1 :]) for i, link in enumerate(links)]
    return min(ways, key=lambda way: len(derivation(base, judgements, way)))


def derivation(base: Base, judgements: Mapping[str, Judgement], standing: Standing) -> tuple[Step, ...]:
    """Return the steps to a standing that `standings` gave under the same judgements."""
    return tuple(_steps(base, judgements, standing))


def _steps(base: Base, judgements: Mapping[str, Judgement], standing: Standing) -> Iterator[Step]:
    yield from _evidence(base, judgements[standing.premise])
    ends = standing.route
    for i, link in reversed([*enumerate(standing.links)]):
        yield _relation(link, ends[i])
        if i and link.relation.type == "contradicts":
            yield _rule(ends[i], "exclusion", "refuted")
    yield _rule(standing.claim_id, standing.rule, standing.standing)


def _evidence(base: Base, judgement: Judgement) -> Iterator[Step]:
    """Yield what was measured for a claim, what came out, and the verdict."""
    claim_id, verdict, state = judgement.claim_id, judgement.verdict, judgement.state
    claim = base.claims[claim_id]
    if verdict is None or claim.protocol is None:
        text = f"supposed to be {state}"
        if state in MISSING:
            text = MISSING[state].format(not_testable=claim.not_testable, untested=claim.untested)
        yield Step("run", claim_id, " ".join(text.split()).removesuffix("."), {"state": state})
        return
    blocks = count(len(judgement.evidence), "block")
    yield Step(
        "run",
        claim_id,
        f"{claim.protocol.experiment} was run: {count(verdict.seeds, 'seed')}, {blocks}",
        {
            "state": state,
            "experiment": claim.protocol.experiment,
            "version": judgement.version,
            "seeds": verdict.seeds,
            "blocks": len(judgement.evidence),
        },
    )
    outcomes = base.scripts[claim.protocol.experiment].outcomes
    for finding in _deciding(verdict):
        outcome = outcomes[finding.prediction.outcome]
        measured = finding_measured(finding, outcome)
        bound = finding_bound(finding.prediction, outcome)
        name = f"control of {finding.prediction.name}" if finding.is_control else finding.prediction.name
        words = f"{name}: {measured}; bound: {bound}; {finding_decision(finding)}"
        facts = {"prediction": finding.prediction.name, "control": finding.is_control}
        yield Step("finding", claim_id, words, {**facts, "decision": finding.decision})
    yield Step("rule", claim_id, OWN_RULES[state], {"rule": "judging", "gives": state})


def _deciding(verdict: Verdict) -> list[Finding]:
    """Return the fewest findings that give the verdict."""
    if verdict.state == "invalid":
        return [next(control for control in verdict.controls if control.decision == "reproduced")]
    if verdict.state == "inconclusive":
        parts = (*verdict.findings, *verdict.controls)
        return [next(part for part in parts if part.decision == "inconclusive")]
    if verdict.state == "contradicted":
        return [*verdict.findings]
    return [*verdict.findings, *verdict.controls]


def _relation(link: Link, about: str) -> Step:
    relation = link.relation
    words = WORDS[relation.type].format(link.claim_id, relation.claim)
    if relation.strict:
        words += ", and only one of the two can hold"
    facts = {
        "type": relation.type,
        "from": link.claim_id,
        "to": relation.claim,
        "strict": relation.strict,
        "because": relation.because,
    }
    return Step("relation", about, f"{words}: {relation.because}", facts)


def _rule(claim_id: str, rule: str, gives: str) -> Step:
    article = "stands" if gives in OWN.values() else "is"
    return Step(
        "rule", claim_id, f"{RULES[rule]}, so {claim_id} {article} {gives}", {"rule": rule, "gives": gives}
    )

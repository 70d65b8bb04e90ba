"""Why a claim stands as it does: the shortest derivation, each step a run, a finding, a relation or a rule.

Steps go from what was measured to the standing. Every claim has a derivation; where nothing is known of it,
or no protocol tests it, the steps say what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from kb.judging.judgement import Judgement, SettingJudgement
from kb.judging.verdict import Finding, Verdict
from kb.reading.base import Base
from kb.reasoning.relations import Link
from kb.reasoning.standing import Standing, standings
from kb.records.relations import RELATIONS
from kb.words.failed import failed_clause
from kb.words.findings import finding_clause, run_clause
from kb.words.relations import relation_clause
from kb.words.settings import at_settings
from kb.words.standings import Rule, StandingName, rule_clause
from kb.words.states import STATES, missing, supposed

StepKind = Literal["run", "finding", "relation", "rule"]


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes:
        claim_id: The claim that the step says something about.
        words: The step as a clause without a full stop.
        facts: The same for programs, beside kind, claim and words.
    """

    kind: StepKind
    claim_id: str
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return the step as plain JSON data."""
        return {"step": self.kind, "claim": self.claim_id, "words": self.words, **self.facts}


def why(base: Base, judgements: Mapping[str, Judgement], claim_id: str) -> tuple[Step, ...]:
    """Return the shortest derivation of a claim's standing: the fewest relations, then the fewest steps.

    If the claim has no standing, the only step says what is missing.

    Raises:
        KeyError: There is no such claim.
    """
    judgement, standing = judgements[claim_id], standings(base, judgements).get(claim_id)
    if standing is None:
        return missing_evidence(base, judgement)
    return derivation(base, judgements, shortest(base, judgements, standing))


def missing_evidence(base: Base, judgement: Judgement) -> tuple[Step, ...]:
    """Return the step that says why a claim without a protocol has no standing."""
    return tuple(_evidence(base, judgement))


def shortest(base: Base, judgements: Mapping[str, Judgement], standing: Standing) -> Standing:
    """Return a standing that is derived through the relation with the fewest steps behind it.

    If claims rest on one another, the relations are already as few as possible, and stay.
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
        if i and RELATIONS[link.relation.type].effect == "against":
            yield _rule(ends[i], "exclusion", "refuted")
    yield _rule(standing.claim_id, standing.rule, standing.standing)


def _evidence(base: Base, judgement: Judgement) -> Iterator[Step]:
    """Yield what was measured for a claim, what came out, and the verdict."""
    claim_id, state = judgement.claim_id, judgement.state
    claim = base.claims[claim_id]
    if not judgement.judged or claim.protocol is None:
        words = supposed(state) if STATES[state].rule else missing(claim, state)
        yield Step("run", claim_id, words, {"state": state})
        return
    has_several = len(judgement.judged) > 1
    for setting in judgement.judged:
        where = at_settings([setting]) if has_several else ""
        yield from _of_setting(claim_id, claim.protocol.experiment, setting, where)
    if has_several:
        rule = STATES[state].rule if state == "varies" else f"all settings agree: {STATES[state].rule}"
        yield Step("rule", claim_id, rule, {"rule": "judging", "gives": state})


def _of_setting(claim_id: str, experiment: str, found: SettingJudgement, where: str) -> Iterator[Step]:
    """Yield what was measured at one setting, what came out, and its verdict."""
    verdict, state = found.verdict, found.state
    if verdict is None:
        return
    yield Step(
        "run",
        claim_id,
        run_clause(experiment, verdict.seeds, len(found.evidence), where),
        {
            "state": state,
            "experiment": experiment,
            "setting": found.name,
            "version": found.version,
            "seeds": verdict.seeds,
            "blocks": len(found.evidence),
        },
    )
    for failed in verdict.failing:
        what = {"control": True, "failed": failed.kind, "experiment": failed.experiment, "arm": failed.arm}
        yield Step("finding", claim_id, failed_clause(failed), what)
    for finding in _deciding(verdict):
        facts = {"prediction": finding.prediction.name, "control": finding.is_control}
        words = finding_clause(finding)
        yield Step("finding", claim_id, words, {**facts, "decision": finding.decision})
    yield Step("rule", claim_id, STATES[state].rule, {"rule": "judging", "gives": state})


def _deciding(verdict: Verdict) -> list[Finding]:
    """Return the fewest findings that give the verdict; none where the experiment itself failed a control."""
    if verdict.failing:
        return []
    if verdict.state == "invalid":
        return [next(control for control in verdict.controls if control.is_wrong)]
    if verdict.state == "inconclusive":
        parts = (*verdict.findings, *verdict.controls)
        return [next(part for part in parts if part.decision == "inconclusive")]
    if verdict.state == "contradicted":
        return [*verdict.findings]
    return [*verdict.findings, *verdict.controls]


def _relation(link: Link, about: str) -> Step:
    relation = link.relation
    facts = {
        "type": relation.type,
        "from": link.claim_id,
        "to": relation.claim,
        "strict": relation.strict,
        "because": relation.because,
    }
    return Step("relation", about, relation_clause(link.claim_id, relation), facts)


def _rule(claim_id: str, rule: Rule, gives: StandingName) -> Step:
    return Step("rule", claim_id, rule_clause(claim_id, rule, gives), {"rule": rule, "gives": gives})

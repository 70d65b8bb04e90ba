"""A claim with all that evidence and graph make of it: one document for command line and API."""

from __future__ import annotations

import math
from collections.abc import Iterable
from urllib.parse import quote

from kb.evidence.file import Filed
from kb.exports.claim_models import (
    LICENCE,
    AccountEntry,
    AnswerData,
    CertaintyData,
    ClaimDocument,
    ClaimLinks,
    ClaimList,
    ClaimRow,
    EarlierTestData,
    EvidenceData,
    FindingData,
    ReplayData,
    ReplicationData,
    SettingData,
    VerdictData,
)
from kb.judging.certainty import Certainty, certainty
from kb.judging.finding import Finding
from kb.judging.judgement import Judgement, SettingJudgement
from kb.judging.superseded import Superseded
from kb.judging.verdict import Verdict
from kb.project import Project
from kb.reading.experiment import Script
from kb.reasoning.accounts import Entry
from kb.reasoning.answers import Spoken, spoken_answer
from kb.reasoning.standing import Standing
from kb.words.bounds import bound_text, unit
from kb.words.certainty import certainty_sentence
from kb.words.earlier_tests import earlier_test_clause
from kb.words.failed import failed_clause
from kb.words.findings import control_text, finding_decision, finding_notes, state_sentence
from kb.words.measured import in_unit, measured

LOCAL = "http://127.0.0.1:8000/"
"""Where the site is served at home; `site_url` in `mkdocs.yml` says where it is published."""


def claim_document(
    project: Project,
    judgement: Judgement,
    *,
    standing: Standing | None = None,
    address: str = LOCAL,
    has_history: bool = False,
) -> ClaimDocument:
    """Return a claim with its verdict, findings, standing and evidence.

    Args:
        project: Whose claim.
        judgement: Of the claim, on any replication's evidence.
        standing: Of the claim, where it follows from other evidence than the project's, as while exploring.
        address: Where the site is published, ending in a slash.
        has_history: Does the site have a page on what became of the claim?
    """
    claim_id, verdict = judgement.claim_id, judgement.verdict
    base, ledger, standing = project.base, project.ledger, standing or project.standings.get(claim_id)
    claim = base.claims[claim_id]
    files = (ledger.file_of(piece) for piece in judgement.evidence)
    script = base.scripts.get(claim.protocol.experiment) if claim.protocol else None
    experiment = claim.protocol.experiment if claim.protocol else ""
    is_measured = experiment in base.scripts and bool(ledger.of_experiment(experiment))
    return ClaimDocument(
        licence=LICENCE,
        schema_="assay/claim/1",
        id=claim_id,
        url=absolute(address, f"claims/{claim_id}/"),
        record=claim,
        topic=base.topics[claim_id],
        state=judgement.state,
        sentence=state_sentence(claim, judgement),
        answer=answer_data(spoken_answer(claim_id, claim, base, {claim_id: judgement})),
        standing=standing.standing if standing else None,
        because=standing.because if standing else (),
        account=tuple(map(_entry, project.accounts.get(claim_id, ()))),
        version=judgement.version,
        verdict=verdict and verdict_data(verdict),
        certainty=certainty_data(certainty(base, ledger, judgement)),
        findings=findings_data(verdict),
        settings=tuple(setting_data(script, each) for each in judgement.settings) if script else (),
        tests=tuple(map(earlier_test_data, judgement.tests)),
        evidence=tuple(_evidence(file) for file in files if file.path),
        stale=len(judgement.stale),
        links=_links(address, claim_id, experiment if is_measured else None, has_history=has_history),
    )


def claim_row(project: Project, judgement: Judgement, *, address: str = LOCAL) -> ClaimRow:
    """Return a claim in short, as a list shows it; the arguments are those of `claim_document`."""
    claim_id = judgement.claim_id
    claim, standing = project.base.claims[claim_id], project.standings.get(claim_id)
    return ClaimRow(
        id=claim_id,
        topic=project.base.topics[claim_id],
        title=claim.title,
        kind=claim.kind,
        state=judgement.state,
        seeds=judgement.verdict.seeds if judgement.verdict else 0,
        standing=standing.standing if standing else None,
        sentence=state_sentence(claim, judgement),
        scope=" ".join(claim.scope.split()) if claim.scope else None,
        url=absolute(address, f"claims/{claim_id}/"),
        api=absolute(address, f"api/v1/claims/{claim_id}.json"),
    )


def claim_list(project: Project, judgements: Iterable[Judgement], *, address: str = LOCAL) -> ClaimList:
    """Return claims in short, in the order of the judgements."""
    rows = (claim_row(project, each, address=address) for each in judgements)
    return ClaimList(licence=LICENCE, schema_="assay/list/1", claims=tuple(rows))


def absolute(address: str, target: str) -> str:
    """Return the whole address of something that is named relative to the site's root."""
    return f"{address}{quote(target, safe='/#')}"


def answer_data(answer: Spoken | None) -> AnswerData | None:
    """Return the answer of a claim or debate, where it has one."""
    return AnswerData(says=answer.says, suspect=answer.is_suspect) if answer else None


def verdict_data(verdict: Verdict) -> VerdictData:
    """Return a verdict without its findings."""
    return VerdictData(
        seeds=verdict.seeds,
        alpha=verdict.alpha,
        revision=verdict.superseded,
        failing=tuple(map(failed_clause, verdict.failing)),
    )


def certainty_data(found: Certainty | None) -> CertaintyData | None:
    """Return how sure a verdict is, where something is decided."""
    if found is None:
        return None
    return CertaintyData(
        level=found.level,
        doubts=found.doubts,
        turning=tuple(seed for seed, _ in found.turning),
        further_tests=found.further_tests,
        words=certainty_sentence(found),
    )


def findings_data(verdict: Verdict | None) -> tuple[FindingData, ...]:
    """Return every prediction judged, then every control; nothing where there is no verdict."""
    return tuple(map(finding_data, (*verdict.findings, *verdict.controls))) if verdict else ()


def setting_data(script: Script, found: SettingJudgement) -> SettingData:
    """Return a claim at one of its settings.

    Args:
        script: Of the claim's experiment.
        found: What the evidence makes of the claim there.
    """
    return SettingData(
        name=found.name,
        scale=script.scale_of(found.setting),
        needs=found.setting.needs,
        version=found.version,
        state=found.state,
        verdict=found.verdict and verdict_data(found.verdict),
        findings=findings_data(found.verdict),
        stale=len(found.stale),
        replications=tuple(
            ReplicationData(
                number=each.number,
                state=each.verdict.state,
                agrees=each.agrees,
                verdict=verdict_data(each.verdict),
                findings=findings_data(each.verdict),
            )
            for each in found.replications
        ),
        replays=tuple(
            ReplayData(
                arm=each.again.arm,
                block=each.again.block,
                agreement=each.agreement,
                machine=each.again.machine.fingerprint,
                started=each.again.started,
            )
            for each in found.replays
        ),
    )


def earlier_test_data(test: Superseded) -> EarlierTestData:
    """Return an earlier test of a claim."""
    return EarlierTestData(
        version=test.version,
        predictions=test.digest,
        setting=test.setting,
        first=test.first,
        last=test.last,
        blocks=len(test.pieces),
        changed_code=test.changed_code,
        changed_scale=test.changed_scale,
        changed_predictions=test.has_other_predictions,
        state=test.verdict.state if test.verdict else None,
        seeds=test.verdict.seeds if test.verdict else 0,
        words=earlier_test_clause(test),
    )


def finding_data(finding: Finding) -> FindingData:
    """Return one prediction, or one control, judged."""
    prediction, control = finding.prediction, finding.control
    return FindingData(
        prediction=prediction.name,
        control=finding.is_control,
        arms=finding.arms,
        must=finding.must,
        says=control_text(control, prediction) if control else prediction.says,
        bound=bound_text(prediction, finding.outcome),
        range=_ends(in_unit(finding, finding.bound)),
        goal=_ends(in_unit(finding, finding.goal)),
        unit=unit(prediction, finding.outcome),
        estimand=prediction.estimand,
        estimate=None if math.isnan(finding.estimate) else in_unit(finding, [finding.estimate])[0],
        interval=_ends(in_unit(finding, finding.interval)),
        trail=tuple(_ends(in_unit(finding, interval)) for interval in finding.trail),
        measured=measured(finding).text,
        seeds=finding.seeds,
        decision=finding.decision,
        detail=finding.detail,
        words=finding_decision(finding),
        seeds_needed=finding.seeds_needed,
        nonfinite=finding.nonfinite,
        notes=finding_notes(finding),
    )


def _ends(interval: Iterable[float]) -> tuple[float | None, float | None]:
    """Return both ends of a range; null where it is open."""
    lower, upper = (None if math.isinf(end) else end for end in interval)
    return lower, upper


def _entry(entry: Entry) -> AccountEntry:
    return AccountEntry.model_validate(entry.as_data())


def _evidence(file: Filed) -> EvidenceData:
    piece = file.evidence
    return EvidenceData(
        sha256=file.sha256,
        path=file.path,
        setting=piece.scale_name,
        arm=piece.arm,
        block=piece.block,
        started=piece.started,
        machine=piece.machine.fingerprint,
    )


def _links(address: str, claim_id: str, measured_by: str | None, *, has_history: bool) -> ClaimLinks:
    claim, badge = absolute(address, f"claims/{claim_id}"), absolute(address, f"badge/{claim_id}")
    values = absolute(address, f"experiments/{measured_by}") if measured_by else None
    return ClaimLinks(
        record=f"{claim}.yaml",
        history=f"{claim}/history/" if has_history else None,
        badge=f"{badge}.svg",
        badge_data=f"{badge}.json",
        bibtex=f"{claim}.bib",
        csl=f"{claim}.json",
        oembed=absolute(address, f"oembed/claims/{claim_id}.json"),
        values_csv=values and f"{values}.csv",
        values_json=values and f"{values}.json",
    )

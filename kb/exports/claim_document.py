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
    ClaimDocument,
    ClaimLinks,
    ClaimList,
    ClaimRow,
    EvidenceData,
    FindingData,
    VerdictData,
)
from kb.judging.finding import Finding
from kb.judging.judgement import Judgement
from kb.project import Project
from kb.reasoning.accounts import Entry
from kb.reasoning.answers import Spoken, spoken_answer
from kb.reasoning.standing import Standing
from kb.words.bounds import bound_text, unit
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
    findings = (*verdict.findings, *verdict.controls) if verdict else ()
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
        verdict=verdict and VerdictData(seeds=verdict.seeds, alpha=verdict.alpha, revision=verdict.revision),
        findings=tuple(map(finding_data, findings)),
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

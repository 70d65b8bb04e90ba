"""A claim with its judgement as plain data: the one form that the command line and the site's API share."""

from __future__ import annotations

import math

from kb.judging.finding import Finding
from kb.judging.judgement import Judgement
from kb.reading.base import Base
from kb.reasoning.standing import Standing


def claim_data(base: Base, judgement: Judgement, standing: Standing, sentence: str) -> dict[str, object]:
    """Return a claim with its judgement and standing as plain JSON data.

    Args:
        base: All records.
        judgement: Of the claim.
        standing: Of the claim.
        sentence: Its state in one sentence.
    """
    verdict = judgement.verdict
    findings = (*verdict.findings, *verdict.controls) if verdict else ()
    return {
        "schema": "assay/claim/1",
        "id": judgement.claim_id,
        "record": base.claims[judgement.claim_id].model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        ),
        "state": judgement.state,
        "sentence": sentence,
        "standing": standing.standing,
        "because": list(standing.because),
        "version": judgement.version,
        "findings": [finding_data(finding) for finding in findings],
    }


def finding_data(finding: Finding) -> dict[str, object]:
    """Return a finding as plain JSON data; infinities become null."""
    return {
        "prediction": finding.prediction.name,
        "control": finding.is_control,
        "arms": list(finding.arms),
        "estimate": None if math.isnan(finding.estimate) else finding.estimate,
        "interval": ends(finding.interval),
        "seeds": finding.seeds,
        "decision": finding.decision,
        "detail": finding.detail,
        "seeds_needed": finding.seeds_needed,
    }


def claim_row(base: Base, judgement: Judgement) -> dict[str, object]:
    """Return a claim in short, as a list shows it."""
    claim = base.claims[judgement.claim_id]
    return {
        "id": judgement.claim_id,
        "topic": base.topics[judgement.claim_id],
        "title": claim.title,
        "kind": claim.kind,
        "state": judgement.state,
        "seeds": judgement.verdict.seeds if judgement.verdict else 0,
    }


def ends(interval: tuple[float, float]) -> list[float | None]:
    """Return both ends of a range; null where it is open."""
    return [None if math.isinf(end) else end for end in interval]

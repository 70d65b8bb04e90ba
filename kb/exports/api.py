"""The answers of the JSON API: what `repro show --json` and its like say, with addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from kb.evidence.ledger import Evidence
from kb.exports import claim_models, models, schemas
from kb.exports.graph import as_json
from kb.exports.values import claim_data, claim_row, ends, finding_data
from kb.judging.bounds import target
from kb.judging.finding import Finding
from kb.reading.experiment import Outcome, Script
from kb.reasoning.graph import build
from kb.site.page import Site
from kb.words.findings import finding_bound, finding_notes, unit

if TYPE_CHECKING:
    from kb.judging.judgement import Judgement

FOLDER = "api/v1"
VERSION = "1.0"
"""Raise the second number with every field that is added."""
LICENCE = "CC-BY-4.0"
WHAT = {
    "index": ("index.json", "what there is"),
    "claims": ("claims.json", "every claim in short"),
    "claim": ("claims/{id}.json", "one claim with verdict, findings, standing and evidence"),
    "sources": ("sources.json", "every source with its claims"),
    "debates": ("debates.json", "every debate"),
    "experiments": ("experiments.json", "every script with its test versions"),
    "graph": ("graph.json", "everything as one graph, in the node-link form of networkx"),
}
"""For each answer its file and what it is."""


def files(site: Site) -> dict[str, str]:
    """Return every answer and every schema of one as JSON, by path."""
    answers = {f"{FOLDER}/{name}.json": answer for name, answer in _answers(site)}
    found = {path: _text(answer.model_dump(mode="json", by_alias=True)) for path, answer in answers.items()}
    found[f"{FOLDER}/graph.json"] = _text(_graph(site).model_dump(by_alias=True, exclude_unset=True))
    for name in models.RESPONSES:
        path = f"{FOLDER}/schemas/{name}.json"
        found[path] = _text(schemas.schema(name, site.absolute(path)))
    return found


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _answers(site: Site) -> Iterator[tuple[str, claim_models.Response]]:
    yield "index", _index(site)
    rows = tuple(_row(site, judgement) for judgement in site.judgements.values())
    yield "claims", claim_models.ClaimList(licence=LICENCE, schema_="assay/list/1", claims=rows)
    for judgement in site.judgements.values():
        yield f"claims/{judgement.claim_id}", _claim(site, judgement)
    yield "sources", _sources(site)
    debates = tuple(
        models.DebateData(id=i, url=site.absolute(f"debates/{i}/"), record=record)
        for i, record in site.base.debates.items()
    )
    yield "debates", models.DebateList(licence=LICENCE, schema_="assay/debates/1", debates=debates)
    scripts = tuple(_experiment(site, script) for script in site.base.scripts.values())
    yield (
        "experiments",
        models.ExperimentList(licence=LICENCE, schema_="assay/experiments/1", experiments=scripts),
    )


def _index(site: Site) -> models.Index:
    def entry(name: str, file: str, what: str) -> models.Entry:
        form = site.absolute(f"{FOLDER}/schemas/{name}.json")
        return models.Entry(url=f"{site.address}{FOLDER}/{file}", form=form, what=what)

    return models.Index(
        schema_="assay/index/1",
        licence=LICENCE,
        version=VERSION,
        software=version("assay-kb"),
        home=site.address,
        entries={name: entry(name, *about) for name, about in WHAT.items()},
    )


def _row(site: Site, judgement: Judgement) -> claim_models.ClaimRow:
    claim_id = judgement.claim_id
    facts: dict[str, Any] = claim_row(site.base, judgement)
    return claim_models.ClaimRow(
        **facts,
        standing=site.standings[claim_id].standing,
        sentence=site.sentences[claim_id],
        url=site.absolute(f"claims/{claim_id}/"),
        api=site.absolute(f"{FOLDER}/claims/{claim_id}.json"),
    )


def _claim(site: Site, judgement: Judgement) -> claim_models.ClaimDocument:
    claim_id, verdict = judgement.claim_id, judgement.verdict
    claim = site.base.claims[claim_id]
    script = site.base.scripts.get(claim.protocol.experiment) if claim.protocol else None
    findings = (*verdict.findings, *verdict.controls) if verdict else ()
    outcomes = script.outcomes if script else {}
    judged = verdict and claim_models.VerdictData(
        seeds=verdict.seeds, alpha=verdict.alpha, revision=verdict.revision
    )
    data: dict[str, Any] = claim_data(
        site.base, judgement, site.standings[claim_id], site.sentences[claim_id]
    )
    data |= {
        "licence": LICENCE,
        "record": claim,
        "url": site.absolute(f"claims/{claim_id}/"),
        "topic": site.base.topics[claim_id],
        "verdict": judged,
        "findings": [_finding(finding, outcomes) for finding in findings],
        "evidence": [_evidence(site, piece) for piece in judgement.evidence],
        "stale": len(judgement.stale),
        "links": _links(site, claim_id, script),
    }
    return claim_models.ClaimDocument(**data)


def _finding(finding: Finding, outcomes: Mapping[str, Outcome]) -> claim_models.FindingData:
    prediction = finding.prediction
    outcome = outcomes[prediction.outcome]
    data: dict[str, Any] = finding_data(finding)
    return claim_models.FindingData(
        **data,
        says=finding.control.because if finding.control else prediction.says,
        bound=finding_bound(prediction, outcome),
        range=ends(target(prediction)),
        unit=unit(prediction, outcome),
        estimand=prediction.estimand,
        nonfinite=finding.nonfinite,
        notes=finding_notes(finding),
    )


def _evidence(site: Site, piece: Evidence) -> claim_models.EvidenceData:
    return claim_models.EvidenceData(
        sha256=site.ledger.digest(piece),
        path=site.ledger.path(piece),
        arm=piece.arm,
        block=piece.block,
        started=piece.started,
        machine=piece.machine.fingerprint,
    )


def _links(site: Site, claim_id: str, script: Script | None) -> claim_models.ClaimLinks:
    claim, badge = site.absolute(f"claims/{claim_id}"), site.absolute(f"badge/{claim_id}")
    values_csv, values_json = _values(site, script)
    return claim_models.ClaimLinks(
        record=f"{claim}.yaml",
        history=f"{claim}/history/" if claim_id in site.histories else None,
        badge=f"{badge}.svg",
        badge_data=f"{badge}.json",
        bibtex=f"{claim}.bib",
        csl=f"{claim}.json",
        oembed=site.absolute(f"oembed/claims/{claim_id}.json"),
        values_csv=values_csv,
        values_json=values_json,
    )


def _values(site: Site, script: Script | None) -> tuple[str, str] | tuple[None, None]:
    if script is None or not site.ledger.of_experiment(script.name):
        return None, None
    file = site.absolute(f"experiments/{script.name}")
    return f"{file}.csv", f"{file}.json"


def _sources(site: Site) -> models.SourceList:
    said: dict[str, list[models.Said]] = {source_id: [] for source_id in site.base.sources}
    for claim_id, claim in site.base.claims.items():
        for appearance in claim.stated_in:
            if appearance.source in said:
                said[appearance.source].append(models.Said(id=claim_id, stance=appearance.stance))
    sources = tuple(
        models.SourceData(
            id=source_id,
            url=site.absolute(f"sources/{source_id}/"),
            record=source,
            claims=tuple(said[source_id]),
            bibtex=site.absolute(f"sources/{source_id}.bib"),
            csl=site.absolute(f"sources/{source_id}.json"),
        )
        for source_id, source in site.base.sources.items()
    )
    return models.SourceList(licence=LICENCE, schema_="assay/sources/1", sources=sources)


def _experiment(site: Site, script: Script) -> models.ExperimentData:
    pieces = site.ledger.of_experiment(script.name)
    values_csv, values_json = _values(site, script)
    return models.ExperimentData(
        name=script.name,
        url=site.absolute(f"experiments/{script.name}/"),
        question=script.question,
        arms=script.arms,
        outcomes={
            name: models.OutcomeData(
                unit=outcome.unit, direction=outcome.direction, resolution=outcome.resolution
            )
            for name, outcome in script.outcomes.items()
        },
        versions={scale: script.version(scale) for scale in script.scales},
        claims=tuple(i for i, _, used in site.base.protocols() if used.name == script.name),
        blocks=len(pieces),
        seconds=sum(piece.seconds for piece in pieces),
        last=max((piece.started[:10] for piece in pieces), default=None),
        values_csv=values_csv,
        values_json=values_json,
    )


def _graph(site: Site) -> models.Graph:
    """Return what `repro graph --json` writes, with the state and standing of each claim."""
    data = json.loads(as_json(build(site.base, site.ledger)))
    for node in data["nodes"]:
        if node["type"] == "claim":
            claim_id = node["id"].removeprefix("claim:")
            node["state"] = site.judgements[claim_id].state
            node["standing"] = site.standings[claim_id].standing
    return models.Graph(licence=LICENCE, **data)

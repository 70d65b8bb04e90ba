"""The answers of the JSON API: what `repro show --json` and its like say, with addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version

from kb.exports import claim_models, models, schemas
from kb.exports.claim_document import answer_data, claim_document, claim_list
from kb.exports.claim_models import LICENCE
from kb.exports.formats import Format
from kb.exports.graph import as_data
from kb.exports.published import Site
from kb.reading.experiment import Script
from kb.reasoning.graph import build, node
from kb.reasoning.readings import obtained

FOLDER = "api/v1"
VERSION = "1.2"
"""Raise the second number with every field that is added."""
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
    found = {path: _text(answer.as_json()) for path, answer in answers.items()}
    found[f"{FOLDER}/graph.json"] = _text(_graph(site).model_dump(by_alias=True, exclude_unset=True))
    for name in models.RESPONSES:
        path = f"{FOLDER}/schemas/{name}.json"
        found[path] = _text(schemas.schema(name, site.absolute(path)))
    return found


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _answers(site: Site) -> Iterator[tuple[str, claim_models.Response]]:
    yield "index", _index(site)
    yield "claims", claim_list(site.project, site.judgements.values(), address=site.address)
    for name, claim_ids in site.named.items():
        is_one = len(claim_ids) == 1
        yield f"claims/{name}", _claim(site, claim_ids[0]) if is_one else _split(site, name, claim_ids)
    yield "sources", _sources(site)
    debates = tuple(_debate(site, debate_id) for debate_id in site.base.debates)
    yield "debates", models.DebateList(licence=LICENCE, schema_="assay/debates/1", debates=debates)
    scripts = tuple(_experiment(site, script) for script in site.base.scripts.values())
    yield (
        "experiments",
        models.ExperimentList(licence=LICENCE, schema_="assay/experiments/1", experiments=scripts),
    )


def _debate(site: Site, debate_id: str) -> models.DebateData:
    record = site.base.debates[debate_id]
    readings = (
        models.ReadingData(if_=each.if_, then=each.then, obtained=obtained(each, site.judgements))
        for each in record.readings
    )
    return models.DebateData(
        id=debate_id,
        url=site.absolute(f"debates/{debate_id}/"),
        record=record,
        answer=answer_data(site.answers.get(debate_id)),
        readings=tuple(readings),
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


def _split(site: Site, name: str, claim_ids: tuple[str, ...]) -> models.SplitClaim:
    return models.SplitClaim(
        schema_="assay/split/1",
        licence=LICENCE,
        id=name,
        split_into=tuple(
            models.SplitPart(id=i, url=site.absolute(f"claims/{i}/"), title=site.base.claims[i].title)
            for i in claim_ids
        ),
    )


def _claim(site: Site, claim_id: str) -> claim_models.ClaimDocument:
    return claim_document(
        site.project,
        site.judgements[claim_id],
        address=site.address,
        has_history=claim_id in site.histories,
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
                label=outcome.label,
                unit=outcome.unit,
                direction=outcome.better,
                resolution=outcome.resolution,
            )
            for name, outcome in script.outcomes.items()
        },
        versions={each.name: script.version_at(each) for each in site.base.settings(script.name)},
        claims=tuple(i for i, _, used in site.base.protocols() if used.name == script.name),
        blocks=len(pieces),
        seconds=sum(piece.seconds for piece in pieces),
        last=max((piece.started[:10] for piece in pieces), default=None),
        values_csv=values_csv,
        values_json=values_json,
    )


def _graph(site: Site) -> models.Graph:
    """Return what `repro graph --json` writes, with the state and standing of each claim."""
    graph = build(site.base, site.ledger)
    for claim_id, judgement in site.judgements.items():
        facts = graph.nodes[node("claim", claim_id)]
        standing = site.standings.get(claim_id)
        facts["state"], facts["standing"] = judgement.state, standing.standing if standing else None
    return models.Graph(licence=LICENCE, **as_data(graph))


FORMAT = Format("api", "Write the answers of the JSON API and their schemas.", files)

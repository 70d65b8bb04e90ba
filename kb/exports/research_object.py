"""The whole as an RO-Crate: what the files are, who made them, and under which licence.

The form is https://www.researchobject.org/ro-crate/1.1/; the folder that holds the file is the built site.
"""

from __future__ import annotations

import json
from typing import Any

from kb.exports import described_tables, raw_values
from kb.exports.formats import Format
from kb.exports.published import Site

FILE = "ro-crate-metadata.json"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
MAKER = "#the-assay-authors"
SUMMARY = (
    "Claims of the debate on whether deep learning is alchemy, the experiments that test them, "
    "the raw values of every seed, and the verdicts that follow."
)
Node = dict[str, Any]


def files(site: Site) -> dict[str, str]:
    """Return the description of all records and raw values, by its path."""
    parts = [*_records(site), *_tables(site)]
    days = [piece.started[:10] for piece in site.ledger.evidence]
    root: Node = {
        "@id": "./",
        "@type": "Dataset",
        "name": "Assay",
        "description": SUMMARY,
        "datePublished": max(days, default="1970-01-01"),
        "license": {"@id": LICENCE},
        "author": {"@id": MAKER},
        "url": site.address,
        "hasPart": [{"@id": each["@id"]} for each in parts],
    }
    about: Node = {
        "@id": FILE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    others: list[Node] = [
        {"@id": MAKER, "@type": "Organization", "name": "The Assay authors"},
        {"@id": LICENCE, "@type": "CreativeWork", "name": "CC BY 4.0"},
    ]
    document = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [about, root, *others, *parts]}
    return {FILE: json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"}


def _records(site: Site) -> list[Node]:
    """Return the record of each claim, source and debate, named by its title."""
    base = site.base
    titled: dict[str, dict[str, str]] = {
        "claims": {i: claim.title for i, claim in base.claims.items()},
        "sources": {i: source.title for i, source in base.sources.items()},
        "debates": {i: debate.title for i, debate in base.debates.items()},
    }
    return [
        _file(f"{folder}/{i}.yaml", title, "application/yaml")
        for folder, titles in titled.items()
        for i, title in titles.items()
    ]


def _tables(site: Site) -> list[Node]:
    """Return each file of raw values, and what describes their columns."""
    kinds = {"csv": "text/csv", "json": "application/json"}
    found = []
    for path in raw_values.files(site):
        name, _, ending = path.rpartition("/")[2].rpartition(".")
        question = site.base.scripts[name.removesuffix("-curves")].question
        found.append(_file(path, question, kinds[ending]))
    return [*found, _file(described_tables.FILE, "Columns of the tables", "application/json")]


def _file(path: str, name: str, kind: str) -> Node:
    return {"@id": path, "@type": "File", "name": name, "encodingFormat": kind, "license": {"@id": LICENCE}}


FORMAT = Format("ro-crate", "Describe all records and raw values as an RO-Crate.", files)

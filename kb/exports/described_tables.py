"""The tables of raw values described as a Data Package, so that any reader of those knows each column.

The form is that of the Frictionless Data Package, https://specs.frictionlessdata.io/data-package/.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from kb.exports import raw_values
from kb.exports.formats import Format
from kb.exports.published import Site

FILE = "datapackage.json"
NOT_A_NUMBER = ["", "nan"]
"""How tables say that a value is missing: a curve with fewer points, or a run without a number."""
COLUMNS = {
    "experiment": ("string", "the script that measured"),
    "version": ("string", "the first 12 digits of the test version: a hash of the code that measures"),
    "scale": ("string", "the setting that was measured"),
    "replication": ("integer", "0 for the first set of seeds, 1 for the next"),
    "arm": ("string", "the condition that was measured"),
    "seed_index": ("integer", "the position of the seed, from 0"),
    "seed": ("string", "the seed, a number above what many programs read exactly"),
    "outcome": ("string", "what was measured"),
    "curve": ("string", "which curve was measured"),
    "value": ("number", "what came out; INF and -INF are written inf and -inf"),
    "machine": ("string", "a fingerprint of the machine that measured"),
}
"""Each column of the tables, with its type and what it holds."""


def files(site: Site) -> dict[str, str]:
    """Return the one description of all tables, by its path."""
    tables = {path: text for path, text in raw_values.files(site).items() if path.endswith(".csv")}
    document = {
        "profile": "tabular-data-package",
        "name": "assay",
        "title": "Raw values of every experiment",
        "homepage": site.absolute("data/"),
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [_table(site, path, text) for path, text in sorted(tables.items())],
    }
    return {FILE: json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"}


def _table(site: Site, path: str, text: str) -> dict[str, Any]:
    """Return the description of one table: where it is, what it is, and its columns."""
    data, name = text.encode(), path.removeprefix("experiments/").removesuffix(".csv")
    script = site.base.scripts[name.removesuffix("-curves")]
    return {
        "profile": "tabular-data-resource",
        "name": name.replace("_", "-"),
        "title": script.question,
        "path": path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": {
            "fields": [_column(each) for each in text.partition("\n")[0].split(",")],
            "missingValues": NOT_A_NUMBER,
        },
    }


def _column(name: str) -> dict[str, str]:
    kind, about = COLUMNS.get(name, ("number", "one point of the curve"))
    return {"name": name, "type": kind, "description": about}


FORMAT = Format("data-package", "Describe the tables of raw values as a Frictionless Data Package.", files)

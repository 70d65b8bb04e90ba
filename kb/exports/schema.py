"""JSON Schemas of claims, sources and debates, generated from the models, for editors to check."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from kb.exports.editor import PATH as SETTINGS
from kb.exports.editor import settings_text
from kb.exports.fields import field_texts, models_in
from kb.exports.formats import Format
from kb.exports.published import Site
from kb.reading.files import record_files
from kb.records.claims import TOMBSTONE, Claim, Source, Tombstone
from kb.records.debates import Debate
from kb.records.fields import Record

MODELS: dict[str, type[Record]] = {"claim": Claim, "source": Source, "debate": Debate}
"""The schema files in `kb/schemas/` by stem, with their models."""


class Untitled(GenerateJsonSchema):
    """Pydantic's generator without a title on every field, which editors would show twice."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # signature of the base class
        """Say no."""
        return False


def files(site: Site) -> dict[str, str]:
    """Return the schemas, and settings that let an editor use them, by path in the repository."""
    records, _ = record_files(site.project.tree)
    schemas = {f"kb/schemas/{name}.json": schema_text(name) for name in MODELS}
    return {**schemas, SETTINGS: settings_text(record.folder for record in records)}


def schema_text(name: str) -> str:
    """Return a schema as the text of its file.

    Args:
        name: `claim`, `source` or `debate`.
    """
    model = MODELS[name]
    models: list[type[Record]] = [model, Tombstone] if model is Claim else [model]
    _, schema = models_json_schema(
        [(each, "validation") for each in models], by_alias=True, schema_generator=Untitled
    )
    for inner in (part for each in models for part in models_in(each)):
        properties = schema["$defs"][inner.__name__]["properties"]
        for field, text in field_texts(inner).items():
            properties[inner.model_fields[field].alias or field]["description"] = text
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Generated from the models of kb/ by `repro export schema`; do not edit.",
        **_choice(model),
        **_without_null(schema),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _choice(model: type[Record]) -> dict[str, Any]:
    """Return what a file must be: a tombstone if it has one of its fields, else the model."""
    own = {"$ref": f"#/$defs/{model.__name__}"}
    if model is not Claim:
        return own
    is_tombstone = {"anyOf": [{"required": [field]} for field in TOMBSTONE]}
    return {"if": is_tombstone, "then": {"$ref": f"#/$defs/{Tombstone.__name__}"}, "else": own}


def _without_null(node: Any) -> Any:
    """Return a schema in which a missing value is a missing key, as in our records."""
    if isinstance(node, list):
        return [_without_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _without_null(value) for key, value in node.items()}
    if plain.get("default", ...) is None:
        del plain["default"]
    choices = [choice for choice in plain.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del plain["anyOf"]
        plain = {**choices[0], **plain}
    return plain


FORMAT = Format(
    "schema",
    "Write the JSON Schemas of records to kb/schemas/, and settings that let an editor use them.",
    files,
    is_kept=True,
)

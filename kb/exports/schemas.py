"""JSON Schemas of the API's answers, generated from their models."""

from __future__ import annotations

from typing import Any

from kb.exports.models import RESPONSES
from kb.exports.schema import Untitled


def schema(name: str, address: str) -> dict[str, Any]:
    """Return the schema of an answer; it allows unknown fields, since some may be added later.

    Args:
        name: Name of the answer, as in `RESPONSES`.
        address: Where the schema is published.
    """
    found = RESPONSES[name].model_json_schema(schema_generator=Untitled)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address}
    return {**head, **_opened(found)}


def _opened(node: Any) -> Any:
    if isinstance(node, list):
        return [_opened(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _opened(value)
        for key, value in node.items()
        if not (key == "additionalProperties" and value is False)
    }

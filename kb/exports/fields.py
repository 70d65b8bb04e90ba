"""What each field of a record is for: read from the models, for schemas and for the field guide."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from kb.reading.diagnosis import model_in
from kb.records.claims import Claim, Source, Tombstone
from kb.records.debates import Debate
from kb.records.fields import FORMS, Record

RECORDS: tuple[type[Record], ...] = (Claim, Tombstone, Source, Debate)
"""What a file of `claims/` may hold."""


def field_texts(model: type[Record]) -> dict[str, str]:
    """Return the docstring below each field of a model or what it extends, by the field's name in Python."""
    extended = [base for base in model.__bases__ if issubclass(base, Record) and base is not Record]
    return {name: text for each in (*extended, model) for name, text in _own_texts(each).items()}


def _own_texts(model: type[Record]) -> dict[str, str]:
    (node,) = ast.parse(inspect.getsource(model)).body
    body = node.body if isinstance(node, ast.ClassDef) else []
    return {
        field.target.id: str(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def field_table() -> str:
    """Return the fields of all records as Markdown: a table for each model, claims first."""
    models = dict.fromkeys(model for record in RECORDS for model in models_in(record))
    return "\n".join(_section(model) for model in models)


def models_in(model: type[Record]) -> Iterator[type[Record]]:
    """Return a model and those inside it, in order of appearance."""
    yield model
    for info in model.model_fields.values():
        inner = model_in(info.annotation)
        if inner:
            yield from models_in(inner)


def _section(model: type[Record]) -> str:
    texts = field_texts(model)
    rows = [_row(info, info.alias or name, texts[name]) for name, info in model.model_fields.items()]
    summary = inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    head = ["| field | needed | value | what for |", "|---|---|---|---|"]
    return "\n".join([f"### {model.__name__}", "", summary, "", *head, *rows, ""])


def _row(info: FieldInfo, name: str, text: str) -> str:
    needed = "yes" if info.is_required() else ""
    return f"| `{name}` | {needed} | {_kind(info.annotation, info.metadata)} | {text} |"


def _kind(annotation: Any, metadata: list[Any]) -> str:
    """Return what a field holds, in words."""
    pattern = next((item.pattern for item in metadata if getattr(item, "pattern", None)), None)
    if pattern:
        return FORMS[pattern].allowed
    parts = [part for part in get_args(annotation) if part is not type(None)]
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        return f"list of {_kind(parts[0], [])}" if parts[-1] is ... else f"list of two: {_kind(parts[0], [])}"
    if hasattr(annotation, "__metadata__"):
        return _kind(parts[0], list(annotation.__metadata__))
    if parts:
        return " or ".join(_kind(part, []) for part in parts)
    inner = model_in(annotation)
    return inner.__name__ if inner else _WORDS[annotation]


_WORDS = {str: "text", float: "number", int: "whole number", bool: "`true` or `false`"}

"""Validates a document: gives the record, or each fault at its place with the nearest spelling.

Pydantic says what is wrong; this module says where, what is allowed and what to do, and leaves out errors
that only follow from another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kb.records.fields import FORMS, Record
from kb.text.guarded_text import Fault
from kb.text.problems import Keys
from kb.text.spelling import nearest
from kb.text.yaml_guard import Composed, Position

CODES = {
    "not-a-mapping": "The file is a list or a single value.",
    "unknown-field": "A key is not one of the fields.",
    "missing-field": "A required field is missing.",
    "wrong-type": "A value has the wrong type.",
    "unknown-value": "A value is not one of the few that are allowed.",
    "bad-format": "A text does not have the required form.",
    "unsafe-url": "An address is not a plain http or https address.",
    "wrong-length": "A text or list is too short or too long.",
    "out-of-range": "A number is too small or too large.",
}

_RecordT = TypeVar("_RecordT", bound=Record)

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping with fields",
}
_LIMITS = {
    "greater_than": ("gt", "a number above"),
    "greater_than_equal": ("ge", "a number not below"),
    "less_than": ("lt", "a number below"),
    "less_than_equal": ("le", "a number not above"),
    "multiple_of": ("multiple_of", "a multiple of"),
}
_LENGTHS = {
    "string_too_short": ("min_length", "at least {} characters", "write more"),
    "string_too_long": ("max_length", "at most {} characters", "shorten it"),
    "too_short": ("min_length", "a list of at least {}", "add what is missing, or remove the key"),
    "too_long": ("max_length", "a list of at most {}", "remove some"),
}


def validate(model: type[_RecordT], composed: Composed) -> tuple[_RecordT | None, list[Fault]]:
    """Return the record of a document and no faults, or faults and no record."""
    if not isinstance(composed.value, dict):
        return None, [*composed.faults, _not_a_mapping(composed)]
    try:
        record = model.model_validate(composed.value)
    except ValidationError as error:
        return None, [*composed.faults, *_Diagnosis(model, composed).faults(error.errors(include_url=False))]
    return (None, composed.faults) if composed.faults else (record, [])


def _not_a_mapping(composed: Composed) -> Fault:
    place = composed.values[()]
    found = f"{shown(composed.value)} at the top of the file"
    return Fault(
        "not-a-mapping", *place, found, "a mapping: lines of `key: value`", "start with `title: ...`"
    )


def shown(value: Any) -> str:
    """Return a value as a reader of the file would name it."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return f'the text "{value if len(value) <= 60 else value[:57] + "..."}"'
    if isinstance(value, bool):
        return json.dumps(value)
    return f"the number {value}"


class _Diagnosis:
    """The faults of one document."""

    def __init__(self, model: type[Record], composed: Composed) -> None:
        self.model = model
        self.composed = composed

    def faults(self, errors: Sequence[ErrorDetails]) -> list[Fault]:
        kept: dict[Keys, ErrorDetails] = {}
        for error in errors:
            first = kept.setdefault(self.path(error), error)
            if first is not error and error["type"] in _TYPES:  # another branch of a union
                first.setdefault("ctx", {})["or"] = _TYPES[error["type"]]
        self.misspelt = self.corrections(kept)
        relevant = [(path, error) for path, error in kept.items() if not self.follows(path, error, kept)]
        return [fault for path, error in relevant for fault in self.faults_of(path, error)]

    def path(self, error: ErrorDetails) -> Keys:
        """Return an error's path without the branches of a union that pydantic appends."""
        path: Keys = error["loc"]
        end = len(path) - 1 if error["type"] in ("missing", "extra_forbidden") else len(path)
        while end and path[:end] not in self.composed.values:
            end -= 1
        tail = path[-1:] if error["type"] in ("missing", "extra_forbidden") else ()
        return path[:end] + tail

    def corrections(self, errors: dict[Keys, ErrorDetails]) -> dict[Keys, str]:
        """Return the likely field for each unknown key that is similar to one."""
        unknown = [path for path, error in errors.items() if error["type"] == "extra_forbidden"]
        guesses = {path: nearest(str(path[-1]), self.free_fields(path[:-1])) for path in unknown}
        return {path: guess for path, guess in guesses.items() if guess}

    def fields(self, path: Keys) -> list[str]:
        return field_names(model_at(self.model, path))

    def free_fields(self, path: Keys) -> list[str]:
        """Return the fields that a mapping does not have yet."""
        return [name for name in self.fields(path) if (*path, name) not in self.composed.keys]

    def follows(self, path: Keys, error: ErrorDetails, errors: dict[Keys, ErrorDetails]) -> bool:
        """Is the error only a consequence of another fault, or of one already reported?"""
        faulty = self.composed.faulty
        if any(path[:length] in faulty for length in range(len(path) + 1)):
            return True
        if error["type"] == "flaws":
            return any(p[: len(path)] == path for p in faulty)
        if error["type"] == "missing":
            return any(p[:-1] == path[:-1] and name == path[-1] for p, name in self.misspelt.items())
        is_length = error["type"] in ("too_short", "too_long")
        return is_length and any(len(p) > len(path) and p[: len(path)] == path for p in errors)

    def faults_of(self, path: Keys, error: ErrorDetails) -> Iterator[Fault]:
        kind, context = error["type"], error.get("ctx", {})
        if kind == "flaws":
            for flaw in context["flaws"]:
                place = self.position((*path, *flaw.at))
                yield Fault(flaw.code, *place, flaw.found, flaw.allowed, flaw.advice, flaw.nearest)
        elif kind == "extra_forbidden":
            yield self.unknown_field(path)
        elif kind == "missing":
            yield self.missing_field(path)
        else:
            yield self.bad_value(kind, self.position(path), error["input"], context)

    def position(self, path: Keys) -> Position:
        while path not in self.composed.values:
            path = path[:-1]
        return self.composed.values[path]

    def unknown_field(self, path: Keys) -> Fault:
        known = self.fields(path[:-1])
        guess = self.misspelt.get(path) or nearest(str(path[-1]), known)
        return Fault(
            "unknown-field",
            *self.composed.keys[path],
            f"the field {path[-1]}, which {self.owner(path[:-1])} does not have",
            ", ".join(known),
            "correct the spelling" if guess else "remove it, or move it to where it belongs",
            guess,
        )

    def missing_field(self, path: Keys) -> Fault:
        if isinstance(path[-1], int):
            place = self.position(path[:-1])
            return Fault(
                "wrong-length", *place, f"a list of {path[-1]}", "a list of two", "add the other one"
            )
        owner = self.owner(path[:-1])
        return Fault(
            "missing-field",
            *self.position(path[:-1]),
            f"{owner} without {path[-1]}",
            f"{owner} with {path[-1]}",
            f"add a line `{path[-1]}: ...`",
        )

    def owner(self, path: Keys) -> str:
        name = model_at(self.model, path).__name__.lower()
        return f"an {name}" if name[0] in "aeiou" else f"a {name}"

    def bad_value(self, kind: str, place: Position, value: Any, context: dict[str, Any]) -> Fault:
        found = shown(value)
        if kind == "literal_error":
            return _unknown_value(place, value, context)
        if kind == "string_pattern_mismatch":
            form = FORMS[context["pattern"]]
            return Fault(form.code, *place, found, form.allowed, form.advice)
        if kind in _LIMITS:
            key, allowed = _LIMITS[kind]
            return Fault("out-of-range", *place, found, f"{allowed} {context[key]}", "correct the number")
        if kind in _LENGTHS:
            key, allowed, advice = _LENGTHS[kind]
            length = f"{found}, of length {len(value)}"
            return Fault("wrong-length", *place, length, allowed.format(context[key]), advice)
        allowed = _TYPES[kind]
        return Fault("wrong-type", *place, found, allowed, _type_advice(kind, value))


def _unknown_value(place: Position, value: Any, context: dict[str, Any]) -> Fault:
    known = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    guess = nearest(value, known) if isinstance(value, str) else None
    allowed = ", ".join([*known, context["or"]] if "or" in context else known)
    return Fault("unknown-value", *place, shown(value), allowed, "write one of these", guess)


def _type_advice(kind: str, value: Any) -> str:
    if value is None:
        return "write the value, or remove the key"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'put it in quotes: "{json.dumps(value)}"'
    if kind in ("int_type", "float_type", "bool_type") and isinstance(value, str):
        return "write it without quotes"
    if kind == "tuple_type":
        return "write a list: [a, b], or one line with a dash for each item"
    return "write a value of the required type"


def field_names(model: type[Record]) -> list[str]:
    """Return a model's fields as they are written in a file."""
    return [info.alias or name for name, info in model.model_fields.items()]


def model_at(model: type[Record], path: Keys) -> type[Record]:
    """Return the model of the mapping at a path; indexes of lists are passed over."""
    for key in path:
        if isinstance(key, str):
            info = next(i for name, i in model.model_fields.items() if key in (name, i.alias))
            model = model_in(info.annotation) or model
    return model


def model_in(annotation: Any) -> type[Record] | None:
    """Return the first model inside a type, such as that of a list's items."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)

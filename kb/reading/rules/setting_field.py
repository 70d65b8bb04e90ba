"""Settings set fields that the scale of their experiment has, to values of the same type."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading.base import Base
from kb.reading.experiment import is_whole
from kb.reading.script_syntax import Value
from kb.text.problems import Problem
from kb.text.spelling import nearest

CODES = {
    "setting-field": "A setting names a field that the scale of the experiment does not have.",
    "setting-type": "A setting gives a field of the scale a value of the wrong type.",
}
TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
"""The types of a scale's fields in words."""


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each field of a setting that the script's Scale does not take."""
    for claim_id, protocol, script in base.protocols():
        for i, setting in enumerate(protocol.settings):
            declared = script.scales[setting.base]
            for name, value in setting.overrides.items():
                keys = ("protocol", "settings", i, "scale", name)
                if name not in declared:
                    yield base.problem(
                        "setting-field",
                        claim_id,
                        keys,
                        found=f"the field {name}, which the Scale of {script.name} does not have",
                        allowed=", ".join(declared),
                        advice=f"correct it, or give it to the Scale of repro/experiments/{script.name}.py",
                        nearest=nearest(name, declared),
                    )
                elif not _fits(value, declared[name]):
                    yield base.problem(
                        "setting-type",
                        claim_id,
                        keys,
                        found=f"{value!r} for the field {name}",
                        allowed=f"{TYPES[type(declared[name])]}, such as {declared[name]!r}",
                        advice="write a value of the type that the field has in the script",
                    )


def _fits(value: Value, declared: Value) -> bool:
    """Is a value of the type of a field? A whole number fits a field of decimals."""
    return type(value) is type(declared) or (isinstance(declared, float) and is_whole(value))

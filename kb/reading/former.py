"""Former records and scripts, translated to the names and forms that fields have today.

Only former states of a project are read through this; in today's files an old name or form is a problem.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from kb.reading.outcomes import Axis, Better, Outcome, read_outcome
from kb.reading.script_syntax import ScriptError, Value, table


def in_todays_names(value: Any) -> Any:
    """Return a former record's plain data with the names that its fields have today.

    A prediction's `units` was `scale`, a debate's `readings` were its `outcomes`, and a protocol had one
    setting, the name of its `scale`.
    """
    if not isinstance(value, dict):
        return value
    if "sides" in value and "outcomes" in value:
        value = {"readings" if key == "outcomes" else key: part for key, part in value.items()}
    if isinstance(value.get("protocol"), dict):
        value = {**value, "protocol": _protocol(value["protocol"])}
    return value


def _protocol(protocol: dict[Any, Any]) -> dict[Any, Any]:
    renamed = {**protocol, "predictions": _predictions(protocol.get("predictions"))}
    scale = renamed.pop("scale", None)
    if scale == "large":
        renamed["settings"] = ({"name": "large", "scale": "large"},)
    if isinstance(protocol.get("revisions"), tuple):
        renamed["revisions"] = tuple(
            {**each, "predictions": _predictions(each.get("predictions"))} if isinstance(each, dict) else each
            for each in protocol["revisions"]
        )
    return renamed


def _predictions(predictions: Any) -> Any:
    if not isinstance(predictions, tuple):
        return predictions
    return tuple(
        {"units" if key == "scale" else key: part for key, part in each.items()}
        if isinstance(each, dict)
        else each
        for each in predictions
    )


def former_outcomes(tree: ast.Module, scales: Mapping[str, Mapping[str, Value]]) -> dict[str, Outcome]:
    """Return the outcomes of a former script, which had strings where there are calls today.

    Args:
        tree: The script.
        scales: The fields of each scale.

    Raises:
        ScriptError: An entry of OUTCOMES has neither form.
    """
    return {
        name: _described(name, node.value, node.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        else read_outcome(tree, name, node, scales)
        for name, node in table(tree, "OUTCOMES").items()
    }


def _described(name: str, text: str, line: int) -> Outcome:
    """Read `unit; lower is better; resolution 0.01`, or for a curve `unit; lower is better; over steps`."""
    try:
        unit, direction, rest = (part.strip() for part in text.split(";"))
        better = _BETTER[direction]
        resolution = 0.0 if name.endswith("_curve") else float(rest.removeprefix("resolution "))
    except (ValueError, KeyError) as error:
        raise ScriptError(f"outcome {name} is described as {text!r}", line) from error
    axis = Axis(rest.removeprefix("over ")) if name.endswith("_curve") else None
    return Outcome(name, name.replace("_", " "), unit, better, resolution, axis)


_BETTER: Mapping[str, Better] = {
    "higher is better": "higher",
    "lower is better": "lower",
    "neither is better": "neither",
}

"""Records as they were written before fields got other names, in the names of today.

Only former states of a project are read through this; in today's records an old name is a problem.
"""

from __future__ import annotations

from typing import Any


def in_todays_names(value: Any) -> Any:
    """Return a former record's plain data with the names that its fields have today.

    A prediction's `units` was `scale`, and a debate's `readings` were its `outcomes`.
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

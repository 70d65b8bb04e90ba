"""The outcomes that a script declares: named numbers and curves, read from its text without importing torch.

The same words as `repro.lab.outcomes`, in which scripts write them. Faults are named by line.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from kb.reading.script_syntax import ScriptError, Value, arguments, assigned, literal, table

MAX_POINTS = 64
"""The most points of a curve: enough for a figure, few enough to store."""
Better = Literal["higher", "lower", "neither"]
"""Which way is better."""
_NUMBER = {"label": True, "unit": True, "better": True, "resolution": True}
_CURVE = {"label": True, "unit": True, "better": True, "axis": True}
_AXIS = {
    "label": True,
    "values": False,
    "first": False,
    "last": False,
    "points": False,
    "every": False,
    "is_logarithmic": False,
}
_WAYS = "values=(...), or first=, last= and points=, or first=, last= and every="


class Axis(NamedTuple):
    """The quantity along which a curve runs, and the places of its points.

    Either `values`; or `points` evenly spaced ones from `first` to `last`; or one `every` so much
    between them, evenly thinned to 64. An end is a number or the name of a field of the scale.

    Attributes:
        label: What a reader calls it, with its unit.
        is_logarithmic: Are equal ratios shown as equal distances?
    """

    label: str
    values: tuple[float, ...] = ()
    first: float | str = 0.0
    last: float | str = 0.0
    points: int = 0
    every: float = 0.0
    is_logarithmic: bool = False

    def places(self, scale: Mapping[str, Value]) -> tuple[float, ...]:
        """Return where the points of a curve measured at a scale lie; none if the script does not say."""
        if self.values:
            return self.values
        first, last = _end(self.first, scale), _end(self.last, scale)
        if self.points:
            return tuple(first + (last - first) * k / (self.points - 1) for k in range(self.points))
        if not self.every:
            return ()
        steps = max(0, math.floor((last - first) / self.every + 1e-9))
        kept = min(steps + 1, MAX_POINTS)
        return tuple(first + self.every * round(k * steps / max(1, kept - 1)) for k in range(kept))


class Outcome(NamedTuple):
    """A named number, or a curve, that an experiment measures once per seed.

    Attributes:
        name: Its key in scripts and records; people are shown the label.
        label: What a reader calls it, without its unit.
        unit: What one step of the number means, such as `decades` or `share of test points`.
        better: Which way is better.
        resolution: The smallest difference that the measurement can tell; for a curve 0.
        axis: For a curve, what runs along it.
    """

    name: str
    label: str
    unit: str
    better: Better
    resolution: float
    axis: Axis | None = None

    @property
    def is_curve(self) -> bool:
        """Is it a curve for a figure, rather than a number that a prediction may bound?"""
        return self.axis is not None


def read_outcomes(tree: ast.Module, scales: Mapping[str, Mapping[str, Value]]) -> dict[str, Outcome]:
    """Return the outcomes that a script declares, by name.

    Args:
        tree: The script.
        scales: The fields of each scale, which ends of axes may name.

    Raises:
        ScriptError: An entry of OUTCOMES is not an `Outcome` or a `Curve` of literals.
    """
    return {name: read_outcome(tree, name, node, scales) for name, node in table(tree, "OUTCOMES").items()}


def read_outcome(
    tree: ast.Module, name: str, node: ast.expr, scales: Mapping[str, Mapping[str, Value]]
) -> Outcome:
    """Return one outcome of a script.

    Args:
        tree: The script, whose constants an axis may name.
        name: The outcome's key.
        node: The call that declares it.
        scales: The fields of each scale.

    Raises:
        ScriptError: The call is not an `Outcome` or a `Curve` of literals.
    """
    what = f"outcome {name}"
    is_curve = name.endswith("_curve")
    call, fields = ("Curve", _CURVE) if is_curve else ("Outcome", _NUMBER)
    given = arguments(node, call, fields, what)
    return Outcome(
        name,
        _text(given["label"], f"the label of {what}"),
        _text(given["unit"], f"the unit of {what}"),
        _better(given["better"], what),
        0.0 if is_curve else _positive(given["resolution"], f"the resolution of {what}"),
        _axis(tree, given["axis"], what, scales) if is_curve else None,
    )


def _text(node: ast.expr, what: str) -> str:
    found = literal(node, what, "a literal string")
    if not isinstance(found, str) or not found.strip():
        raise ScriptError(f"{what} is {found!r}; write some words", node.lineno)
    return found


def _better(node: ast.expr, what: str) -> Better:
    found = literal(node, f"better of {what}", "a literal string")
    for known in get_args(Better):
        if found == known:
            return known  # type: ignore[no-any-return] # one of the three
    allowed = " or ".join(repr(known) for known in get_args(Better))
    raise ScriptError(f"better of {what} is {found!r}; write {allowed}", node.lineno)


def _number(node: ast.expr, what: str) -> float:
    found = literal(node, what, "a literal number")
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ScriptError(f"{what} is {found!r}; write a finite number", node.lineno)
    return float(found)


def _positive(node: ast.expr, what: str) -> float:
    found = _number(node, what)
    if found <= 0:
        raise ScriptError(f"{what} is {found:g}; write a number above 0", node.lineno)
    return found


def _axis(tree: ast.Module, node: ast.expr, what: str, scales: Mapping[str, Mapping[str, Value]]) -> Axis:
    what = f"the axis of {what}"
    given = arguments(node, "Axis", _AXIS, what)
    label = _text(given.pop("label"), f"the label of {what}")
    is_logarithmic = "is_logarithmic" in given and _flag(given.pop("is_logarithmic"), what)
    if set(given) == {"values"}:
        axis = Axis(label, values=_values(tree, given["values"], what), is_logarithmic=is_logarithmic)
    elif set(given) in ({"first", "last", "points"}, {"first", "last", "every"}):
        axis = _between(label, given, what, scales)._replace(is_logarithmic=is_logarithmic)
    else:
        found = f"{what} gives {', '.join(given) or 'no places'}"
        raise ScriptError(f"{found}; write {_WAYS}", node.lineno)
    for scale in scales.values():
        _check_places(axis, axis.places(scale), what, node.lineno)
    return axis


def _between(
    label: str, given: Mapping[str, ast.expr], what: str, scales: Mapping[str, Mapping[str, Value]]
) -> Axis:
    first, last = (_named_end(given[name], f"{name} of {what}", scales) for name in ("first", "last"))
    if "every" in given:
        return Axis(label, first=first, last=last, every=_positive(given["every"], f"every of {what}"))
    points = _number(given["points"], f"points of {what}")
    if points not in range(2, MAX_POINTS + 1):
        found = f"points of {what} is {points:g}"
        raise ScriptError(f"{found}; write a whole number from 2 to {MAX_POINTS}", given["points"].lineno)
    return Axis(label, first=first, last=last, points=int(points))


def _named_end(node: ast.expr, what: str, scales: Mapping[str, Mapping[str, Value]]) -> float | str:
    found = literal(node, what, "a literal number or the name of a field of Scale")
    if not isinstance(found, str):
        return _number(node, what)
    numbers = [
        name
        for name, value in next(iter(scales.values())).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if found not in numbers:
        allowed = f"Scale has the numbers {', '.join(numbers)}" if numbers else "Scale has no numbers"
        raise ScriptError(f"{what} is {found!r}; {allowed}", node.lineno)
    return found


def _values(tree: ast.Module, node: ast.expr, what: str) -> tuple[float, ...]:
    """Read a literal tuple of numbers, or the name of a constant that is one."""
    source = assigned(tree, node.id) if isinstance(node, ast.Name) else node
    found = literal(source, f"values of {what}", "a literal tuple of numbers, or the name of one")
    if not isinstance(found, tuple | list) or not all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in found
    ):
        raise ScriptError(f"values of {what} is {found!r}; write a tuple of finite numbers", node.lineno)
    return tuple(float(value) for value in found)


def _flag(node: ast.expr, what: str) -> bool:
    found = literal(node, f"is_logarithmic of {what}", "True or False")
    if not isinstance(found, bool):
        raise ScriptError(f"is_logarithmic of {what} is {found!r}; write True or False", node.lineno)
    return found


def _check_places(axis: Axis, places: tuple[float, ...], what: str, line: int) -> None:
    if not 2 <= len(places) <= MAX_POINTS:
        raise ScriptError(f"{what} has {len(places)} points; a curve has from 2 to {MAX_POINTS}", line)
    if any(right <= left for left, right in itertools.pairwise(places)):
        raise ScriptError(f"{what} does not rise from point to point; order its places", line)
    if axis.is_logarithmic and places[0] <= 0:
        raise ScriptError(f"{what} is logarithmic and begins at {places[0]:g}; begin above 0", line)


def _end(end: float | str, scale: Mapping[str, Value]) -> float:
    return float(scale[end]) if isinstance(end, str) else end

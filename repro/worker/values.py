"""Read what `measure` returned: one real number for each seed and outcome, and curves for the figures.

Everything else is refused, with the outcome, what was found and what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kb.reading.outcomes import Outcome
from kb.reading.script_syntax import Value
from kb.text.spelling import nearest


class ContractError(Exception):
    """The script breaks the contract of an experiment; the message says how."""


class Outcomes(NamedTuple):
    """What one block gave.

    Attributes:
        values: For each outcome, one number per seed.
        curves: For each curve, one sequence per seed.
        notes: What a reader should know about them.
    """

    values: dict[str, tuple[float, ...]]
    curves: dict[str, tuple[tuple[float, ...], ...]]
    notes: tuple[str, ...]


def read_outcomes(
    result: Any, outcomes: Mapping[str, Outcome], seeds: int, scale: Mapping[str, Value]
) -> Outcomes:
    """Return the numbers that `measure` gave.

    Args:
        result: What it returned: a tensor of shape (seeds,) for each outcome, (seeds, points) for each curve.
        outcomes: What the script says it measures.
        seeds: How many seeds the block has.
        scale: The scale's fields, which say how many points a curve has.

    Raises:
        ContractError: Something is missing, unknown, or not of that shape and a real floating type.
    """
    if not isinstance(result, dict):
        raise ContractError(f"measure returned {_kind(result)}; return a dictionary of outcomes")
    _check_names(result, outcomes)
    for name, outcome in outcomes.items():
        _check_tensor(result[name], outcome, seeds, scale)
    numbers = {name: result[name].detach().to("cpu", torch.float64) for name in outcomes}
    values = {name: tuple(numbers[name].tolist()) for name, o in outcomes.items() if not o.is_curve}
    curves = {
        name: tuple(tuple(row) for row in numbers[name].tolist())
        for name, o in outcomes.items()
        if o.is_curve
    }
    return Outcomes(values, curves, _notes(values))


def _check_names(result: dict[Any, Any], outcomes: Mapping[str, Outcome]) -> None:
    missing = [name for name in outcomes if name not in result]
    extra = [name for name in result if name not in outcomes]
    if missing:
        raise ContractError(
            f"measure returned no outcome {missing[0]}, which OUTCOMES names; it returned {_listed(result)}"
        )
    if extra:
        meant = nearest(str(extra[0]), outcomes)
        hint = f"; did you mean {meant}?" if meant else f"; OUTCOMES names {_listed(outcomes)}"
        raise ContractError(f"measure returned {extra[0]!r}, which OUTCOMES does not name{hint}")


def _check_tensor(found: Any, outcome: Outcome, seeds: int, scale: Mapping[str, Value]) -> None:
    shape = (seeds, len(outcome.axis.places(scale))) if outcome.axis else (seeds,)
    means = f"one number per seed and {outcome.axis.label}" if outcome.axis else "one number per seed"
    asked = f"expected is a tensor of a real floating type and shape {shape}, {means}"
    if not isinstance(found, Tensor) or not found.is_floating_point():
        raise ContractError(f"outcome {outcome.name} is {_kind(found)}; {asked}")
    if found.shape != shape:
        raise ContractError(f"outcome {outcome.name} has shape {tuple(found.shape)}; {asked}")


def _kind(found: Any) -> str:
    if isinstance(found, Tensor):
        return f"a tensor of type {str(found.dtype).removeprefix('torch.')}"
    return f"of type {type(found).__name__}"


def _listed(names: Mapping[Any, Any]) -> str:
    return ", ".join(str(name) for name in names) or "nothing"


def _notes(values: dict[str, tuple[float, ...]]) -> tuple[str, ...]:
    has_one_value = all(len({repr(number) for number in numbers}) == 1 for numbers in values.values())
    if values and has_one_value:
        return ("every outcome has one value for all seeds: it is deterministic, or the seeds are not used",)
    return ()

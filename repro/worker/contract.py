"""Tries whether an arm keeps the contract: its values depend on each seed, and on nothing else.

The seeds are those for exploring, so nothing that counts is seen. Five seeds are measured twice, the second
time at other places and beside other seeds. Only if something differs, or nothing at all does, more follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite

import numpy as np
import torch

from kb.reading.experiment import CONSTANT, Script
from repro.worker.values import ContractError, Outcomes

MOVED = ((4, 0), (0, 1), (3, 0), (1, 1), (2, 0))
"""Which seed of which of two blocks stands where when seeds are measured in other company."""
SHARE_OF_SPREAD = 0.01
"""How far rounding may move a value in other company, as a share of the range over seeds."""
Measure = Callable[[tuple[int, ...]], Outcomes]


def refuse_breach(
    arm: str, script: Script, blocks: tuple[tuple[int, ...], ...], measure: Measure
) -> Outcomes:
    """Return the values of the first block, provided that the arm keeps the contract.

    Args:
        arm: The arm that is measured.
        script: What the experiment declares.
        blocks: The seeds of two blocks of five, all different.
        measure: Returns the arm's values for some seeds.

    Raises:
        ContractError: The arm breaks the contract; the message says how, and what to write instead.
    """
    before = _process()
    first = measure(blocks[0])
    _refuse_changes(arm, before, _process())
    moved = measure(tuple(blocks[block][place] for place, block in MOVED))
    pairs = [(place, at) for at, (place, block) in enumerate(MOVED) if block == 0]
    if any(_row(first, place) != _row(moved, at) for place, at in pairs):
        _refuse_other_bits(arm, first, measure(blocks[0]))
        _refuse_company(arm, script, first, moved, pairs)
    row = _values if arm in script.constant else _row  # a curve may tell seeds apart where no value does
    rows = {row(first, place) for place in range(len(blocks[0]))} | {
        row(moved, at) for at in range(len(MOVED))
    }
    if len(rows) == 1:
        rest = measure(blocks[1])
        rows |= {row(rest, place) for place in range(len(blocks[1]))}
    _refuse_constant(arm, script, is_constant=len(rows) == 1)
    known = () if arm in script.constant else first.notes
    return first._replace(notes=(*known, *_without_values(first)))


def _row(found: Outcomes, place: int) -> str:
    """Return all that one seed gave, as text that is equal only for equal bits."""
    return _values(found, place) + repr([rows[place] for rows in found.curves.values()])


def _values(found: Outcomes, place: int) -> str:
    """Return what one seed gave but for its curves, as text that is equal only for equal bits."""
    return repr([rows[place] for rows in found.values.values()])


def _refuse_other_bits(arm: str, first: Outcomes, again: Outcomes) -> None:
    for name, values in first.values.items():
        for one, other in zip(values, again.values[name], strict=True):
            if repr(one) != repr(other):
                raise ContractError(
                    f"arm {arm} gave {one:g} and then {other:g} as {name} of the same seed; something "
                    "besides the seeds enters: a generator without a seed, the clock or the order of a set"
                )
    if repr(first.curves) != repr(again.curves):
        raise ContractError(f"arm {arm} gave other curves when the same seeds were measured again")


def _refuse_company(
    arm: str, script: Script, first: Outcomes, moved: Outcomes, pairs: list[tuple[int, int]]
) -> None:
    for name, values in first.values.items():
        finite = [value for value in values if isfinite(value)]
        spread = max(finite) - min(finite) if finite else 0.0
        allowed = max(script.outcomes[name].resolution, SHARE_OF_SPREAD * spread)
        for place, at in pairs:
            one, other = values[place], moved.values[name][at]
            is_same = repr(one) == repr(other) or abs(one - other) <= allowed
            if not is_same:
                raise ContractError(
                    f"arm {arm} gave {one:g} as {name} of one seed, and {other:g} when that seed was "
                    "measured beside other seeds; draw one data set per seed, never one per block, and let "
                    "nothing average over seeds"
                )


def _refuse_constant(arm: str, script: Script, *, is_constant: bool) -> None:
    if is_constant and arm not in script.constant:
        raise ContractError(
            f"arm {arm} gave the same values for each of ten seeds; use the seeds, or, if it is right that "
            f'they make no difference, say so in the script: {CONSTANT} = {{"{arm}": "why"}}'
        )
    if not is_constant and arm in script.constant:
        raise ContractError(
            f"arm {arm} differs between seeds, although {CONSTANT} names it; take it out there"
        )


def _without_values(found: Outcomes) -> Iterator[str]:
    for name, values in found.values.items():
        if not any(map(isfinite, values)):
            yield f"no seed had a finite {name}"


def _process() -> dict[str, object]:
    """Return what measuring must leave as it found it, each under its name."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  # the legacy generator must not be touched
    return {
        "torch's global generator": torch.get_rng_state().tolist(),
        "numpy's global generator": (kind, np.asarray(keys).tolist(), rest),
        "the number of threads": torch.get_num_threads(),
        "the default type of tensors": torch.get_default_dtype(),
        "whether gradients are recorded": torch.is_grad_enabled(),
    }


def _refuse_changes(arm: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    for name, state in before.items():
        if after[name] != state:
            raise ContractError(
                f"measuring arm {arm} changed {name}; draw with the methods of seeds, or with "
                "seeds.generators(purpose), and see repro.lab.modules for a torch.nn.Module"
            )

"""Scripts measure and do nothing else, as far as their text and that of the lab they reach shows it."""

from __future__ import annotations

from collections.abc import Iterator

from kb.reading import contract
from kb.reading.base import Base
from kb.reading.lab import FOLDER
from kb.reading.reach import LAB
from kb.text.guarded_text import Fault
from kb.text.problems import Place, Problem

CODES = contract.CODES


def check(base: Base) -> Iterator[Problem]:
    """Return a problem for each breach in a script, or in a module of the lab that some script reaches."""
    reached: dict[str, str] = {}
    for script in base.scripts.values():
        is_seeded = not script.is_same_for_every_seed
        for fault in contract.contract_faults(script.source, is_seeded=is_seeded):
            yield _problem(script.path, script.source, fault)
        reached.update((name, script.lab[name]) for name in script.code if name.startswith(f"{LAB}."))
    for name, source in reached.items():
        for fault in contract.contract_faults(source, is_lab=True):
            yield _problem(f"{FOLDER}/{name.removeprefix(f'{LAB}.')}.py", source, fault)


def _problem(path: str, source: str, fault: Fault) -> Problem:
    place = Place(path, fault.line, fault.column)
    line = source.split("\n")[fault.line - 1]
    return Problem(fault.code, place, fault.found, fault.allowed, fault.advice, source_line=line)

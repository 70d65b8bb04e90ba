"""Rules over several records, one per file of this folder: each has `CODES` and `check(base)`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Protocol, cast

from kb.reading.base import Base
from kb.text.problems import Problem


class Rule(Protocol):
    """The interface of a module of this folder."""

    CODES: Mapping[str, str]

    def check(self, base: Base) -> Iterable[Problem]:
        """Return every breach of the rule."""


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules in order of their file names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(cast("Rule", importlib.import_module(f"{__name__}.{name}")) for name in names)

"""The code part of test versions in the first schema of evidence: whole modules, whether used or not.

Evidence of that schema keeps the version that it was measured under. What it was compared with, and when it
went stale, can only be told by the formula that it was measured by.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache

from kb.reading.reach import LAB
from kb.reading.statements import canonical_tree


def first_code_of(name: str, source: str, lab: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of the script and of each lab module that it imports, directly or through another.

    Args:
        name: The experiment's name.
        source: The script, which parses.
        lab: The source of each module of the lab by the module's name.
    """
    tree = ast.parse(source)
    found: dict[str, str] = {name: _digest(tree)}
    waiting = list(_lab_modules(tree))
    while waiting:
        module = waiting.pop()
        if module not in found and module in lab:
            found[module], imported = _lab_module(lab[module])
            waiting.extend(imported)
    return found


@cache
def _lab_module(source: str) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(source)
    return _digest(tree), tuple(_lab_modules(tree))


def _digest(tree: ast.Module) -> str:
    return hashlib.sha256(canonical_tree(tree, keeps_texts=True).encode()).hexdigest()


def _lab_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(LAB):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith(LAB)]
        else:
            continue
        yield from (name for name in names if name != LAB)

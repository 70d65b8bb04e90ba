"""The code part of a test version: a digest of what `measure` reaches, for the script and each lab module.

Left out are docstrings, comments, positions, the texts of arms, and what outcomes are called and measured in.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from kb.reading.reach import LAB, Module, Reached, reach
from kb.reading.statements import Statement, canonical_tree

TEMPLATE_MODULE = f"{LAB}.template"
"""The module of the lab that stands in for a measurement: what reaches it is a template."""
READERS = {"dict.fromkeys", "enumerate", "iter", "len", "list", "set", "sorted", "tuple", "zip"}
"""Functions that see only the keys of a table passed to them."""


def code_of(name: str, source: str, lab: Mapping[str, str], tree: ast.Module | None = None) -> dict[str, str]:
    """Return the SHA-256 of what counts in the script and in each module of the lab, by module.

    Args:
        name: The experiment's name.
        source: The script, which parses.
        lab: The source of each module of the lab by the module's name.
        tree: The script's syntax tree, if it was parsed already.

    Raises:
        UnfollowedError: Something that `measure` reaches cannot be followed.
    """
    script = Module(name, tree or ast.parse(source))
    found = reach(script, _Modules(lab))
    if found.is_all:
        counting = {
            each: text for each, text in lab.items() if each != TEMPLATE_MODULE or each in found.modules
        }
        return {each: _sha256(text) for each, text in {name: source, **counting}.items()}
    order = [each for each in found.order if each != LAB]
    records = {
        each: _record(_Modules(lab)[each] if each != name else script, reached)
        for each, reached in found.modules.items()
    }
    if len(order) > 1:
        records[name]["order"] = order
    return {each: _sha256(_canonical_json(record)) for each, record in sorted(records.items())}


def version_of(code: Mapping[str, str], scale: Mapping[str, Any]) -> str:
    """Return a test version: the SHA-256 of the canonical JSON of digests of code and fields of the scale."""
    return _sha256(_canonical_json({"code": dict(code), "scale": dict(scale)}))


def _canonical_json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _Modules(Mapping[str, Module]):
    """The modules of a lab, parsed on first use; scripts share most of them."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def __getitem__(self, name: str) -> Module:
        return _module(name, self._sources[name])

    def __contains__(self, name: object) -> bool:
        return name in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


@cache
def _module(name: str, source: str) -> Module:
    return Module(name, ast.parse(source))


def _record(module: Module, reached: Reached) -> dict[str, Any]:
    """Return the parts of a module that count as plain data: functions by name, all else in file order."""
    counting = [module.statements[at] for at in sorted(reached.statements)]
    functions: dict[str, str] = {}
    others: list[str] = []
    for statement in counting:
        (name, *_) = [*statement.binds, ""]
        if statement.is_plain_function and len(module.bindings[name]) == 1:
            functions[name] = statement.tree
        else:
            others.append(_tree(statement, counting))
    imports = {name: sorted(targets) for name, targets in reached.imports.items()}
    return {"functions": functions, "statements": others, "imports": imports}


def _tree(statement: Statement, counting: Iterable[Statement]) -> str:
    if statement.binds == {"ARMS"}:
        return canonical_tree(without_texts(statement.node))
    if statement.binds == {"OUTCOMES"} and all(_asks_only_names(each.node) for each in counting):
        value = getattr(statement.node, "value", None)
        if isinstance(value, ast.Dict):
            return "OUTCOMES:" + _canonical_json([canonical_tree(key) if key else None for key in value.keys])
    return statement.tree


def without_texts(node: ast.stmt) -> ast.stmt:
    """Return a statement of a script, without the texts of arms if it is the one that defines the arms.

    The runner runs scripts in this form, so no number can depend on a text.
    """
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Dict):
        return node
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not any(isinstance(target, ast.Name) and target.id == "ARMS" for target in targets):
        return node
    made, table = copy.copy(node), copy.copy(node.value)
    table.values = [_without_text(entry) for entry in table.values]
    made.value = table
    return made


def _without_text(entry: ast.expr) -> ast.expr:
    if isinstance(entry, ast.Call) and entry.args:
        made = copy.copy(entry)
        made.args = [_without_text(entry.args[0]), *entry.args[1:]]
        return made
    is_text = isinstance(entry, ast.Constant) and isinstance(entry.value, str)
    return ast.copy_location(ast.Constant(""), entry) if is_text else entry


def _asks_only_names(node: ast.AST) -> bool:
    """Does a statement use only the names in OUTCOMES?"""
    everywhere = sum(isinstance(each, ast.Name) and each.id == "OUTCOMES" for each in ast.walk(node))
    allowed = sum(_is_outcomes(part) for each in ast.walk(node) for part in _reads_names(each))
    defined = sum(_is_outcomes(part) for part in getattr(node, "targets", [getattr(node, "target", None)]))
    return everywhere == allowed + defined


def _is_outcomes(node: object) -> bool:
    return isinstance(node, ast.Name) and node.id == "OUTCOMES"


def _reads_names(node: ast.AST) -> list[ast.expr]:
    """Return the parts of a node of which only the keys are read if they are tables."""
    match node:
        case ast.Call() if ast.unparse(node.func) in READERS:
            return node.args
        case ast.For() | ast.comprehension():
            return [node.iter]
        case ast.Compare() if all(isinstance(each, ast.In | ast.NotIn) for each in node.ops):
            return node.comparators
    return []

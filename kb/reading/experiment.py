"""What an experiment's script says, read without running it: arms, outcomes, scales, test version.

Nothing here imports torch: the script is parsed, its literals are evaluated, its syntax tree is hashed.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from kb.reading.outcomes import Outcome, read_outcomes
from kb.reading.script_syntax import ScriptError, Value, assigned, literal, table

LAB = "repro.lab"
SCRIPTS = "repro/experiments"
"""Where scripts lie, relative to the project's root."""


ReadOutcomes = Callable[[ast.Module, Mapping[str, Mapping[str, Value]]], dict[str, Outcome]]
_FIELD = "a literal number, string or boolean"


@dataclass(frozen=True)
class Script:
    """An experiment as its file states it."""

    name: str
    source: str
    docstring: str
    arms: dict[str, str]
    outcomes: dict[str, Outcome]
    scales: dict[str, dict[str, Value]]
    tree: str = field(repr=False)
    """Canonical syntax tree of the script itself."""
    lab: dict[str, str] = field(repr=False)
    """Canonical syntax tree of each imported module of the lab, by module name."""

    @property
    def path(self) -> str:
        """Return where the file lies, relative to the project's root."""
        return script_path(self.name)

    @property
    def question(self) -> str:
        """Return the docstring's first line."""
        return self.docstring.split("\n", 1)[0].strip()

    @cached_property
    def code(self) -> dict[str, str]:
        """Return the SHA-256 of the script and of each lab module it uses, by name, to tell what changed."""
        trees = {self.name: self.tree, **self.lab}
        return {name: hashlib.sha256(tree.encode()).hexdigest() for name, tree in trees.items()}

    def version(self, scale: str = "minimal", overrides: dict[str, Value] | None = None) -> str:
        """Return the test version: hexadecimal SHA-256 over script, lab modules used and scale."""
        content = {"code": self.code, "scale": {**self.scales[scale], **(overrides or {})}}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def script_path(experiment: str) -> str:
    """Return where the script of an experiment lies, relative to the project's root."""
    return f"{SCRIPTS}/{experiment}.py"


def canonical_tree(tree: ast.AST) -> str:
    """Return a syntax tree as text without docstrings, positions and empty fields.

    Empty fields are left out because newer Pythons add some: the hash must not depend on the interpreter.
    """
    parts: list[str] = []
    _write(tree, parts)
    return "".join(parts)


def _write(node: object, parts: list[str]) -> None:
    if isinstance(node, ast.AST):
        parts.append(f"{type(node).__name__}(")
        for name in _in_order(node._fields):
            value = getattr(node, name, None)
            if value is not None and value != []:
                parts.append(f"{name}=")
                _write(_code(value) if name == "body" else value, parts)
        parts.append(")")
    elif isinstance(node, list):
        parts.append("[")
        for item in node:
            _write(item, parts)
        parts.append("]")
    else:
        parts.append(f"{type(node).__name__}:{node!r};")


@cache
def _in_order(fields: tuple[str, ...]) -> list[str]:
    return sorted(fields)


def _code(body: Any) -> Any:
    """Return a body without the string that opens it: a docstring measures nothing."""
    is_documented = (
        isinstance(body, list)
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    return body[1:] if is_documented else body


def read_script(
    name: str, source: str, lab: Mapping[str, str], *, outcomes: ReadOutcomes = read_outcomes
) -> Script:
    """Read an experiment's source without running it.

    Args:
        name: Of the experiment.
        source: The script.
        lab: The source of each module of the lab by the module's name, such as `repro.lab.data`; those that
            the script imports, directly or through another, enter the test version.
        outcomes: How its outcomes are read; former scripts declare them in another form.

    Raises:
        ScriptError: The source does not parse or does not keep the contract.
    """
    try:
        tree = ast.parse(source, filename=f"{name}.py")
    except SyntaxError as error:
        message = f"the script does not parse: {error.msg}; make `python {name}.py` run first"
        raise ScriptError(message, error.lineno or 1) from error
    docstring = ast.get_docstring(tree)
    if not docstring:
        raise ScriptError("the script has no docstring; open it with the question it answers")
    scales = _scales(tree)
    return Script(
        name=name,
        source=source,
        docstring=docstring,
        arms={key: _description(node) for key, node in table(tree, "ARMS").items()},
        outcomes=outcomes(tree, scales),
        scales=scales,
        tree=canonical_tree(tree),
        lab=_imported_lab(tree, lab),
    )


def _description(node: ast.expr) -> str:
    """Return an arm's text: the value itself, or the first argument of the call that makes it."""
    inner = node.args[0] if isinstance(node, ast.Call) and node.args else node
    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
        return inner.value
    raise ScriptError(
        "an arm must be a literal string, or a call whose first argument describes it", node.lineno
    )


def _scales(tree: ast.Module) -> dict[str, dict[str, Value]]:
    defaults = _scale_defaults(tree)
    return {name.lower(): defaults | _scale_call(tree, name) for name in ("MINIMAL", "LARGE")}


def _scale_defaults(tree: ast.Module) -> dict[str, Value]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Scale":
            fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            return {
                f.target.id: _field(f.value) for f in fields if isinstance(f.target, ast.Name) and f.value
            }
    raise ScriptError("the script does not define the class Scale")


def _scale_call(tree: ast.Module, name: str) -> dict[str, Value]:
    node = assigned(tree, name)
    if not isinstance(node, ast.Call) or node.args:
        raise ScriptError(f"{name} must be a call Scale(field=value, ...)", node.lineno)
    return {keyword.arg: _field(keyword.value) for keyword in node.keywords if keyword.arg}


def _field(node: ast.expr) -> Value:
    found = literal(node, "a field of a scale", _FIELD)
    if isinstance(found, bool | int | float | str):
        return found
    raise ScriptError(f"a field of a scale is {found!r}; write {_FIELD}", node.lineno)


def _imported_lab(tree: ast.Module, lab: Mapping[str, str]) -> dict[str, str]:
    """Return the canonical trees of all lab modules that a script imports, directly or through another."""
    found: dict[str, str] = {}
    waiting = list(_lab_modules(tree))
    while waiting:
        module = waiting.pop()
        if module not in found and module in lab:
            found[module], imported = _lab_module(lab[module])
            waiting.extend(imported)
    return found


@cache
def _lab_module(source: str) -> tuple[str, tuple[str, ...]]:
    """Return a lab module's canonical tree and the lab modules it imports; scripts share most of them."""
    tree = ast.parse(source)
    return canonical_tree(tree), tuple(_lab_modules(tree))


def _lab_modules(tree: ast.Module) -> list[str]:
    names: list[str] = []
    for node in _statements(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(LAB):
            names += [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names if alias.name.startswith(LAB)]
    return [name for name in names if name != LAB]


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every statement at any depth; expressions, which hold most nodes, hold none."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, name, ())

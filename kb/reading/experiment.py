"""What an experiment's script says, read without running it: arms, outcomes, scales, test version.

Nothing here imports torch: the script is parsed, its literals are evaluated, its syntax tree is hashed.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal, NamedTuple

Value = int | float | str | bool
"""A field of a scale."""
LAB = "repro.lab"
SCRIPTS = "repro/experiments"
"""Where scripts lie, relative to the project's root."""


class ScriptError(Exception):
    """A script does not keep the contract; the message says what was found and what is asked for.

    Attributes:
        line: Line in the script, from 1.
    """

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class Outcome(NamedTuple):
    """A named number that an experiment measures once a seed.

    Attributes:
        unit: What one step of the number means, such as `decades` or `share of test points`.
        direction: Which way is better, or `neither`.
        resolution: The smallest difference that the measurement can tell; for a curve 0.
        axis: For a curve, what runs along it from its first to its last point.
    """

    name: str
    unit: str
    direction: Literal["higher", "lower", "neither"]
    resolution: float
    axis: str = ""

    @property
    def is_curve(self) -> bool:
        """Is it a curve for the figure, rather than a number that a prediction may bound?"""
        return self.name.endswith("_curve")


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


def read_script(name: str, source: str, lab: Mapping[str, str]) -> Script:
    """Read an experiment's source without running it.

    Args:
        name: Of the experiment.
        source: The script.
        lab: The source of each module of the lab by the module's name, such as `repro.lab.data`; those that
            the script imports, directly or through another, enter the test version.

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
        arms={key: _description(node) for key, node in _table(tree, "ARMS").items()},
        outcomes={key: _outcome(key, node) for key, node in _table(tree, "OUTCOMES").items()},
        scales=scales,
        tree=canonical_tree(tree),
        lab=_imported_lab(tree, lab),
    )


def _assigned(tree: ast.Module, name: str) -> ast.expr:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets, value = [node.target], node.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return value
    raise ScriptError(f"the script does not define {name} at its top level")


def _table(tree: ast.Module, name: str) -> dict[str, ast.expr]:
    node = _assigned(tree, name)
    if not isinstance(node, ast.Dict) or not node.keys:
        raise ScriptError(f"{name} must be a dictionary display with at least one entry", node.lineno)
    table: dict[str, ast.expr] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise ScriptError(f"every key of {name} must be a literal string", value.lineno)
        table[key.value] = value
    return table


def _description(node: ast.expr) -> str:
    """Return an arm's text: the value itself, or the first argument of the call that makes it."""
    inner = node.args[0] if isinstance(node, ast.Call) and node.args else node
    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
        return inner.value
    raise ScriptError(
        "an arm must be a literal string, or a call whose first argument describes it", node.lineno
    )


def _outcome(name: str, node: ast.expr) -> Outcome:
    """Read `"unit; lower is better; resolution 0.01"`, or for a curve `"unit; ...; over steps 0 to 3000"`."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    parts = [part.strip() for part in text.split(";")]
    directions: dict[str, Literal["higher", "lower", "neither"]] = {
        "higher is better": "higher",
        "lower is better": "lower",
        "neither is better": "neither",
    }
    is_curve = name.endswith("_curve")
    prefix = "over " if is_curve else "resolution "
    if len(parts) != 3 or parts[1] not in directions or not parts[2].startswith(prefix):
        last = "over what" if is_curve else "resolution 0.01"
        allowed = f"'unit; {' | '.join(directions)}; {last}'"
        raise ScriptError(f"outcome {name} is described as {text!r}; write {allowed}", node.lineno)
    rest = parts[2].removeprefix(prefix)
    if is_curve:
        return Outcome(name, parts[0], directions[parts[1]], 0.0, rest)
    try:
        return Outcome(name, parts[0], directions[parts[1]], float(rest))
    except ValueError as error:
        raise ScriptError(
            f"the resolution of outcome {name} is {rest!r}; write a number", node.lineno
        ) from error


def _scales(tree: ast.Module) -> dict[str, dict[str, Value]]:
    defaults = _scale_defaults(tree)
    return {name.lower(): defaults | _scale_call(tree, name) for name in ("MINIMAL", "LARGE")}


def _scale_defaults(tree: ast.Module) -> dict[str, Value]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Scale":
            fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            return {
                f.target.id: _literal(f.value) for f in fields if isinstance(f.target, ast.Name) and f.value
            }
    raise ScriptError("the script does not define the class Scale")


def _scale_call(tree: ast.Module, name: str) -> dict[str, Value]:
    node = _assigned(tree, name)
    if not isinstance(node, ast.Call) or node.args:
        raise ScriptError(f"{name} must be a call Scale(field=value, ...)", node.lineno)
    return {keyword.arg: _literal(keyword.value) for keyword in node.keywords if keyword.arg}


def _literal(node: ast.expr) -> Value:
    try:
        value = ast.literal_eval(node)
    except ValueError as error:
        raise ScriptError(
            "a field of a scale must be a literal number, string or boolean", node.lineno
        ) from error
    if isinstance(value, bool | int | float | str):
        return value
    raise ScriptError("a field of a scale must be a literal number, string or boolean", node.lineno)


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

"""Read literals out of a script's syntax tree, and say by line what is not one.

Nothing here runs the script or imports what it imports.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kb.records.fields import NAME
from kb.text.guarded_text import flaw_in
from kb.text.problems import printable
from kb.text.spelling import nearest

Value = int | float | str | bool
"""A field of a scale."""


class ScriptError(Exception):
    """A script does not keep the contract; the message says what was found and what is required.

    Attributes:
        line: Line in the script, from 1.
    """

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def assigned(tree: ast.Module, name: str) -> ast.expr:
    """Return what a script assigns to a name at its top level.

    Raises:
        ScriptError: The script does not assign to the name.
    """
    value = _assigned(tree, name)
    if value is None:
        raise ScriptError(f"the script does not define {name} at its top level")
    return value


def is_assigned(tree: ast.Module, name: str) -> bool:
    """Does a script assign to a name at its top level?"""
    return _assigned(tree, name) is not None


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets, value = [node.target], node.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return value
    return None


def table(tree: ast.Module, name: str) -> dict[str, ast.expr]:
    """Return the entries of a dictionary that a script displays at its top level, by their literal keys.

    Raises:
        ScriptError: There is none, it is empty, or a key is not a literal name, as records write it.
    """
    node = assigned(tree, name)
    if not isinstance(node, ast.Dict) or not node.keys:
        raise ScriptError(f"{name} must be a dictionary display with at least one entry", node.lineno)
    entries: dict[str, ast.expr] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise ScriptError(f"every key of {name} must be a literal string", value.lineno)
        refuse_hidden(key.value, f"a key of {name}", value.lineno)
        if not re.fullmatch(NAME, key.value):
            found = f"a key of {name} is {key.value!a}"
            raise ScriptError(f"{found}; write lower-case letters, digits and underscores", value.lineno)
        entries[key.value] = value
    return entries


def literal(node: ast.expr, what: str, allowed: str) -> Any:
    """Return the value of a literal.

    Args:
        node: The expression.
        what: What it should be, such as `the unit of outcome loss`.
        allowed: What is allowed there, such as `a literal string`.

    Raises:
        ScriptError: The expression is not a literal.
    """
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError) as error:
        raise ScriptError(f"{what} is `{_short(node)}`; write {allowed}", node.lineno) from error
    if isinstance(found, str):
        refuse_hidden(found, what, node.lineno)
    return found


def refuse_hidden(text: str, what: str, line: int) -> None:
    """Refuse a text in which an escape stands for what no file of the project may hold.

    Args:
        text: The text that the literal gives.
        what: What it is, such as `the unit of outcome loss`.
        line: Its line.

    Raises:
        ScriptError: It holds a character that controls a terminal, cannot be seen or cannot be written.
    """
    if flaw := flaw_in(text):
        raise ScriptError(f"{what} holds {printable(flaw.found)}; write {flaw.allowed}", line)


def arguments(node: ast.expr, call: str, fields: Mapping[str, bool], what: str) -> dict[str, ast.expr]:
    """Return the arguments of a call by name; the first field may be given by position.

    Args:
        node: The expression that must be the call.
        call: The name that is called, such as `Outcome`.
        fields: The arguments that may be given, in order, and whether each is required.
        what: What the call describes, such as `outcome loss`.

    Raises:
        ScriptError: It is another expression, or an argument is missing, unknown or not named.
    """
    names = list(fields)
    if not isinstance(node, ast.Call) or _called(node) != call:
        found = f"{what} is `{_short(node)}`"
        raise ScriptError(f"{found}; write {call}({_signature(fields)})", node.lineno)
    if len(node.args) > 1:
        raise ScriptError(
            f"{what}: only the {names[0]} goes without its name; name the rest", node.args[1].lineno
        )
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in fields:
            raise ScriptError(f"{what}: {_unknown(keyword.arg, call, names)}", keyword.value.lineno)
        given[keyword.arg] = keyword.value
    missing = [name for name, is_required in fields.items() if is_required and name not in given]
    if missing:
        raise ScriptError(f"{what} has no {missing[0]}; write {call}({_signature(fields)})", node.lineno)
    return given


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _unknown(name: str | None, call: str, known: Sequence[str]) -> str:
    if name is None:
        return "`**` hides what is given; name each field"
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"{call} has {', '.join(known)}"
    return f"{call} has no field {name}; {hint}"


def _signature(fields: Mapping[str, bool]) -> str:
    first, *rest = (name for name, is_required in fields.items() if is_required)
    return ", ".join([f'"{first}"', *(f"{name}=..." for name in rest)])

"""Every public piece of the lab with the first sentence of its docstring, read without importing torch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from kb.reading.lab import installed_lab
from kb.reading.reach import LAB
from kb.reading.version import TEMPLATE_MODULE


class Piece(NamedTuple):
    """A public function, class or method.

    Attributes:
        name: As it is written after the module's name, such as `Seeds.normal`.
        arguments: The names of its arguments, as a call shows them; None for a class.
        what: What it is for, in one sentence.
    """

    name: str
    arguments: str | None
    what: str


def lab_table() -> str:
    """Return a section for each module of the lab, as Markdown: its purpose, and a row for each piece."""
    lab = installed_lab()
    names = sorted(name for name in lab if name not in {LAB, TEMPLATE_MODULE})
    return "\n\n".join(_section(name, lab[name]) for name in names)


def pieces(source: str) -> Iterator[Piece]:
    """Yield every public piece of a module, in the order of its text."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Piece(node.name, _arguments(node), _first_sentence(node))
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield Piece(node.name, None, _first_sentence(node))
            yield from _methods(node)


def _methods(owner: ast.ClassDef) -> Iterator[Piece]:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Piece(f"{owner.name}.{node.name}", _arguments(node, skip=1), _first_sentence(node))


def _section(name: str, source: str) -> str:
    rows = [
        f"| `{piece.name}{'' if piece.arguments is None else f'({piece.arguments})'}` | {piece.what} |"
        for piece in pieces(source)
    ]
    head = f"### `{name}` {{#{name.removeprefix(f'{LAB}.').replace('_', '-')}}}"
    return "\n\n".join(
        [head, _first_sentence(ast.parse(source)), "\n".join(["| piece | what for |", "|---|---|", *rows])]
    )


def _arguments(node: ast.FunctionDef, *, skip: int = 0) -> str:
    """Return the names of a function's arguments; those with a default are left out, except by name only."""
    found = node.args
    required = len(found.args) - len(found.defaults)
    names = [each.arg for each in found.args[skip:required]]
    starred = [f"*{found.vararg.arg}"] if found.vararg else []
    keywords = [
        each.arg for each, default in zip(found.kwonlyargs, found.kw_defaults, strict=True) if default is None
    ]
    return ", ".join([*names, *starred, *(f"{name}=" for name in keywords)])


def _first_sentence(node: ast.FunctionDef | ast.ClassDef | ast.Module) -> str:
    """Return the first paragraph of a docstring on one line, without a trailing colon; bars are escaped."""
    text = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
    return text.replace("|", "\\|")

"""A module's top-level statements: the names that each binds and uses, and whether it does more than bind.

A statement that only binds counts where its name is used; one that does more counts when the module is run.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple

BUILTINS = {
    *("abs", "bool", "bytes", "complex", "dict", "enumerate", "filter", "float", "frozenset", "int", "len"),
    *("list", "map", "max", "min", "range", "reversed", "round", "set", "slice", "sorted", "str", "sum"),
    *("tuple", "type", "zip", "property", "staticmethod", "classmethod", "object"),
}
HARMLESS = {
    *("contextlib.contextmanager", "dataclasses.dataclass", "dataclasses.field", "functools.cache"),
    *("functools.lru_cache", "functools.partial", "functools.wraps", "math.sqrt", "math.log", "math.exp"),
    *("torch.enable_grad", "torch.inference_mode", "torch.no_grad", "torch.tensor"),
    *("typing.NewType", "typing.TypeVar", "typing.cast", "typing.overload", "abc.abstractmethod"),
}
"""What may be called, or decorate, while a module is run, and only changes the name that it defines."""


class Scope(NamedTuple):
    """What names mean in a module.

    Attributes:
        own: Names that it binds or imports; these do not mean builtins.
        meanings: What imported names stand for.
        plain: Classes of its own whose objects are made without running code of theirs.
    """

    own: Collection[str]
    meanings: Mapping[str, str]
    plain: Collection[str] = ()


class Import(NamedTuple):
    """A name that an import binds.

    Attributes:
        name: The name, or `*`.
        target: What it stands for, such as `torch.nn.functional`; for `*` the module.
        module: The module that is imported.
        member: What is imported from it; empty if it is the module itself.
        line: Its line, from 1.
    """

    name: str
    target: str
    module: str
    member: str
    line: int


@dataclass
class Uses:
    """What a statement contains, at any depth.

    Attributes:
        chains: Each name with the attributes looked up on it, such as `("torch", "nn")`, and its first line.
        attributes: Attributes looked up on anything.
        imports: What imports bind.
        lookup_line: A line where an attribute is looked up by a computed name; 0 if there is none.
    """

    chains: dict[tuple[str, ...], int] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    imports: list[Import] = field(default_factory=list)
    lookup_line: int = 0


@dataclass
class Statement:
    """A statement at the top level of a module.

    Attributes:
        node: Its syntax tree.
    """

    node: ast.stmt

    @property
    def is_import(self) -> bool:
        """Is it an import?"""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def is_future(self) -> bool:
        """Does it choose how the interpreter reads the module?"""
        return isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"

    @property
    def runs_imports(self) -> bool:
        """Are the imports in it run with the module, rather than when a function in it is called?"""
        return not isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef)

    @property
    def is_plain_function(self) -> bool:
        """Is it a function whose place in its module does not matter, as defining it computes nothing?"""
        node = self.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.decorator_list:
            return False
        defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        return all(isinstance(default, ast.Constant) for default in defaults)

    @cached_property
    def binds(self) -> set[str]:
        """Return the names that it binds, without those of imports."""
        return set(_bound(self.node))

    @cached_property
    def uses(self) -> Uses:
        """Return what it contains."""
        uses = Uses()
        waiting: list[ast.AST] = [self.node]
        while waiting:
            waiting += _note(waiting.pop(), uses)
        return uses

    @cached_property
    def tree(self) -> str:
        """Return its syntax tree as text; see `canonical_tree`."""
        return canonical_tree(self.node)


def statements_of(tree: ast.Module) -> list[Statement]:
    """Return the statements of a module without strings that stand alone."""
    return [Statement(node) for node in tree.body if not _is_text(node)]


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _note(node: ast.AST, uses: Uses) -> Iterable[ast.AST]:
    """Add what one node contains, and return the nodes below it that remain to be visited."""
    match node:
        case ast.Attribute():
            names, base = _chain(node)
            uses.attributes.update(names)
            if isinstance(base, ast.Name):
                uses.chains.setdefault((base.id, *names), node.lineno)
                return ()
            return (base,)
        case ast.Name():
            uses.chains.setdefault((node.id,), node.lineno)
        case ast.Global() | ast.Nonlocal():
            for name in node.names:
                uses.chains.setdefault((name,), node.lineno)
        case ast.Import() | ast.ImportFrom():
            uses.imports += _imports(node)
        case ast.Call(func=ast.Name(id="getattr" | "setattr" | "delattr" | "hasattr")):
            found = node.args[1] if len(node.args) > 1 else None
            if isinstance(found, ast.Constant) and isinstance(found.value, str):
                uses.attributes.add(found.value)
            else:
                uses.lookup_line = node.lineno
            return node.args
    return ast.iter_child_nodes(node)


def _chain(node: ast.Attribute) -> tuple[list[str], ast.expr]:
    """Return the attributes at the end of an expression, and what they are looked up on."""
    names: list[str] = []
    base: ast.expr = node
    while isinstance(base, ast.Attribute):
        names.append(base.attr)
        base = base.value
    return names[::-1], base


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            target = alias.name if alias.asname else alias.name.partition(".")[0]
            yield Import(alias.asname or target, target, alias.name, "", node.lineno)
        return
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        target = module if alias.name == "*" else f"{module}.{alias.name}"
        yield Import(alias.asname or alias.name, target, module, alias.name, node.lineno)


def is_inert(node: ast.stmt, scope: Scope) -> bool:
    """Does a statement, when it is run, bind its names and do nothing else?

    Args:
        node: The statement.
        scope: What names mean in its module.
    """

    def is_harmless(*parts: ast.AST | None) -> bool:
        return all(_is_harmless(part, scope) for part in parts if part is not None)

    match node:
        case ast.Import() | ast.Pass():
            return True
        case ast.ImportFrom():
            return node.module != "__future__"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            signature = [*node.args.defaults, *node.args.kw_defaults, node.returns]
            notes = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
            return _decorate(node.decorator_list, scope) and is_harmless(*signature, *notes)
        case ast.ClassDef():
            bases = all(_is_foreign(base, scope) for base in node.bases)
            is_plain = bases and not node.keywords and _decorate(node.decorator_list, scope)
            return is_plain and all(_is_text(each) or is_inert(each, scope) for each in node.body)
        case ast.Assign() if all(_is_name(target) for target in node.targets):
            return _is_declaration(node.targets) or is_harmless(node.value)
        case ast.AnnAssign(target=ast.Name() as target):
            return _is_declaration([target]) or is_harmless(node.value, node.annotation)
    return type(node).__name__ == "TypeAlias"


def is_plain_class(node: ast.stmt, scope: Scope) -> bool:
    """Is it a class of fields and methods, whose objects are made without running code of its own?"""
    if not isinstance(node, ast.ClassDef) or not is_inert(node, scope):
        return False
    methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    return not methods & {"__new__", "__init__", "__post_init__", "__set_name__", "__call__"}


DECLARATIONS = {"OUTCOMES", "MINIMAL", "LARGE"}
"""What a script declares for the runner: read from the text, and held against what runs."""


def _is_declaration(targets: list[ast.expr]) -> bool:
    return len(targets) == 1 and isinstance(targets[0], ast.Name) and targets[0].id in DECLARATIONS


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_name(each) for each in target.elts)
    return isinstance(target, ast.Name)


def _decorate(decorators: list[ast.expr], scope: Scope) -> bool:
    return all(
        _is_known(each.func if isinstance(each, ast.Call) else each, scope)
        and (not isinstance(each, ast.Call) or _is_harmless(each, scope))
        for each in decorators
    )


def _is_harmless(node: ast.AST, scope: Scope) -> bool:
    """Does an expression call nothing that could change anything?"""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and not _is_known(each.func, scope):
            return False
        if isinstance(each, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
    return True


def _is_known(function: ast.expr, scope: Scope) -> bool:
    name = _dotted(function, scope.meanings)
    if isinstance(function, ast.Name) and function.id not in scope.own:
        return function.id in BUILTINS
    if isinstance(function, ast.Name) and function.id in scope.plain:
        return True
    is_method = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant)
    return is_method or name in HARMLESS


def _is_foreign(base: ast.expr, scope: Scope) -> bool:
    """Is a base class one of a library's whose subclasses can be defined without side effects?"""
    base = base.value if isinstance(base, ast.Subscript) else base
    name = _dotted(base, scope.meanings)
    if isinstance(base, ast.Name) and base.id not in scope.own:
        return True
    return bool(name) and not name.startswith(("repro.", "repro", "."))


def _dotted(node: ast.expr, meanings: Mapping[str, str]) -> str:
    """Return what a dotted name stands for; None if it is not one, or is the module's own."""
    names, base = _chain(node) if isinstance(node, ast.Attribute) else ([], node)
    if not isinstance(base, ast.Name) or base.id not in meanings:
        return ""
    return ".".join([meanings[base.id], *names])


def _is_text(node: ast.AST) -> bool:
    """Is it a string that stands alone, such as a docstring?"""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def canonical_tree(tree: ast.AST, *, keeps_texts: bool = False) -> str:
    """Return a syntax tree as text without docstrings, positions and empty fields.

    Empty fields are left out because newer Pythons add some: the hash must not depend on the interpreter.

    Args:
        tree: The tree.
        keeps_texts: Keep strings that stand alone, except those that open a body.
    """
    parts: list[str] = []
    _write(tree, parts, keeps_texts)
    return "".join(parts)


@cache
def _in_order(fields: tuple[str, ...]) -> list[str]:
    return sorted(fields)


def _write(node: object, parts: list[str], keeps_texts: bool) -> None:  # noqa: FBT001  # called for each node
    if isinstance(node, ast.AST):
        parts.append(f"{type(node).__name__}(")
        for name in _in_order(node._fields):
            value = getattr(node, name, None)
            if value is not None and value != []:
                parts.append(f"{name}=")
                is_body = name == "body" and isinstance(value, list)
                _write(value[1:] if is_body and _is_text(value[0]) else value, parts, keeps_texts)
        parts.append(")")
    elif isinstance(node, list):
        parts.append("[")
        for item in node:
            if keeps_texts or not _is_text(item):
                _write(item, parts, keeps_texts)
        parts.append("]")
    else:
        parts.append(f"{type(node).__name__}:{node!r};")

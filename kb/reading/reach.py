"""What a script's `measure` reaches, in the script and in the lab: the code that a number can depend on.

Nothing is run. Statements of a module are followed by the names in them, from `measure` on, and whatever runs
when a module is imported counts whether or not a name leads there. What is in doubt counts: a name may be a
local variable and still lead to the function of that name. Code that is made or looked up from strings cannot
be followed and is refused; if a script uses the interpreter itself, such as `sys`, all code counts.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kb.reading.statements import Scope, Uses, is_inert, is_plain_class, statements_of

LAB = "repro.lab"
ROOTS = ("measure", "Scale")
"""What the runner calls: both are followed from the script."""
LIBRARIES = {"torch", "numpy", "scipy", "sklearn", *sys.stdlib_module_names}
"""What a script may import besides the lab; the versions are part of the evidence."""
STRINGS = {
    "exec",
    "eval",
    "compile",
    "__import__",
    "globals",
    "locals",
    "vars",
    "getattr",
    "setattr",
    "delattr",
}
"""Builtins that make or find code by its text; `getattr` may be called with the name written out."""
LOOKUPS = {"importlib", "imp", "runpy", "pkgutil", "operator.attrgetter", "operator.methodcaller"}
"""Modules, and members of modules, that make or find code by its text."""
INSIGHTS = {
    *("ast", "builtins", "ctypes", "dis", "gc", "inspect", "linecache", "os", "sys", "tokenize", "traceback"),
    *("__doc__", "__file__", "__dict__", "__globals__", "__code__", "__builtins__", "__subclasses__"),
    *("__loader__", "__spec__", "co_firstlineno", "f_back", "f_lineno", "tb_lineno"),
}
"""Modules and attributes that show a script more than its names lead to, such as its own text."""


class UnfollowedError(Exception):
    """Something that `measure` reaches cannot be followed; the message says what, and what to write.

    Attributes:
        module: The module that contains it.
        line: Its line there, from 1.
    """

    def __init__(self, message: str, module: str, line: int) -> None:
        super().__init__(message)
        self.module = module
        self.line = line


@dataclass
class Reached:
    """Part of a module that counts.

    Attributes:
        statements: Positions among the module's statements.
        imports: For each imported name that is used, what it stands for, such as `torch.nn.functional`.
    """

    statements: set[int] = field(default_factory=set)
    imports: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Reach:
    """Everything that counts for a script.

    Attributes:
        modules: By name; modules of the lab in which nothing counts are left out.
        order: Modules that do something when they are imported, in that order.
        is_all: Does all code count, because the script sees more than names lead to?
    """

    modules: dict[str, Reached]
    order: tuple[str, ...]
    is_all: bool


class Module:
    """A module that was read: its statements, and what its names stand for."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.statements = statements_of(tree)
        self.bindings: dict[str, list[int]] = defaultdict(list)
        self.imports: dict[str, list[str]] = defaultdict(list)
        self.stars: list[str] = []
        for at, statement in enumerate(self.statements):
            for bound in statement.binds:
                self.bindings[bound].append(at)
            if statement.runs_imports:
                self._import(statement.uses)
        own = {*self.bindings, *self.imports}
        meanings = {name: targets[0] for name, targets in self.imports.items()}
        scope = Scope(own, meanings)
        plain = [each for each in self.statements if is_plain_class(each.node, scope)]
        scope = scope._replace(
            plain={name for each in plain for name in each.binds if len(self.bindings[name]) == 1}
        )
        self.effects = [at for at, each in enumerate(self.statements) if not is_inert(each.node, scope)]
        self.acts = [at for at in self.effects if not self.statements[at].is_future]

    def _import(self, uses: Uses) -> None:
        for found in uses.imports:
            if found.name == "*":
                self.stars.append(found.target)
            else:
                self.imports[found.name].append(found.target)


def reach(script: Module, lab: Mapping[str, Module]) -> Reach:
    """Return what counts for a script.

    Args:
        script: The script.
        lab: Modules of the lab by their names, the package itself as `repro.lab`.

    Raises:
        UnfollowedError: Something cannot be followed.
    """
    return _Walk(script, lab).result()


class _Walk:
    """Follows names from statement to statement."""

    def __init__(self, script: Module, lab: Mapping[str, Module]) -> None:
        self.script = script
        self.lab = lab
        self.found: dict[str, Reached] = defaultdict(Reached)
        self.executed: dict[str, None] = {}
        self.order: list[str] = []
        self.waiting: list[tuple[Module, int]] = []
        self.is_all = False

    def result(self) -> Reach:
        if LAB in self.lab:  # runs before any script, and sets what numbers depend on
            self._take_whole(self.lab[LAB])
        self._execute(self.script)
        for root in ROOTS:
            if not self._has(self.script, root):
                raise UnfollowedError(f"the script does not define {root}", self.script.name, 1)
            self._name(self.script, root, 1)
        while self.waiting:
            self._statement(*self.waiting.pop())
        counting = {name: found for name, found in self.found.items() if self._counts(name, found)}
        return Reach(counting, tuple(self.order), self.is_all)

    def _counts(self, name: str, found: Reached) -> bool:
        """Does more of a module count than its directives to the interpreter?"""
        module = self.script if name == self.script.name else self.lab[name]
        return any(not module.statements[at].is_future for at in found.statements)

    def _execute(self, module: Module) -> None:
        """Count what an import of a module runs."""
        if module.name in self.executed:
            return
        self.executed[module.name] = None
        for statement in module.statements:
            if statement.runs_imports:
                self._run_imports(module, statement.uses)
        for at in module.effects:
            self._take(module, at)
        if module.acts:
            self.order.append(module.name)
            for at, statement in enumerate(module.statements):  # imports and acts keep their order
                if statement.is_import:
                    self._take(module, at)

    def _run_imports(self, module: Module, uses: Uses) -> None:
        for found in uses.imports:
            root = found.module.partition(".")[0]
            if found.module == LAB or found.module.startswith(f"{LAB}."):
                for each in self._lab_modules(module, found.module, found.member, found.line):
                    self._execute(each)
            elif root == "repro" or root not in LIBRARIES:
                allowed = "the standard library, torch, numpy, scipy, scikit-learn and repro.lab"
                raise UnfollowedError(
                    f"{found.module} is imported; allowed are {allowed}", module.name, found.line
                )

    def _lab_modules(self, module: Module, name: str, member: str, line: int) -> Iterator[Module]:
        """Yield the modules of the lab that an import runs."""
        if name not in self.lab:
            if name == LAB:  # a folder of modules without a file of its own
                return
            raise UnfollowedError(f"there is no module {name} in the lab", module.name, line)
        yield self.lab[name]
        if f"{name}.{member}" in self.lab:
            yield self.lab[f"{name}.{member}"]
        elif member not in {"", "*"} and not self._has(self.lab[name], member):
            raise UnfollowedError(f"{name} has no {member}", module.name, line)

    def _has(self, module: Module, name: str) -> bool:
        return name in module.bindings or name in module.imports or bool(module.stars)

    def _take(self, module: Module, at: int) -> None:
        found = self.found[module.name]
        if at not in found.statements:
            found.statements.add(at)
            self.waiting.append((module, at))

    def _take_whole(self, module: Module) -> None:
        for at in range(len(module.statements)):
            self._take(module, at)
        self._execute(module)

    def _statement(self, module: Module, at: int) -> None:
        """Follow every name in a statement that counts."""
        statement = module.statements[at]
        uses = statement.uses
        if not statement.runs_imports:  # imports inside of functions
            self._run_imports(module, uses)
        self._see(module, uses.attributes)
        if uses.lookup_line:
            raise UnfollowedError(
                "an attribute is looked up by a computed name; write the name out, or use a dictionary",
                module.name,
                uses.lookup_line,
            )
        local = {found.name: found.target for found in uses.imports}
        for chain, line in uses.chains.items():
            if chain[0] in local and not statement.is_import:
                self._target(module, chain[0], local[chain[0]], chain[1:], line)
            self._name(module, chain[0], line, chain[1:])

    def _name(self, module: Module, name: str, line: int, rest: tuple[str, ...] = ()) -> None:
        """Follow a name of a module, with the attributes that are looked up on it."""
        for at in module.bindings.get(name, ()):
            self._take(module, at)
        for target in module.imports.get(name, ()):
            self._target(module, name, target, rest, line)
        if self._is_own(module, name):
            return
        for star in module.stars:
            if star in self.lab:
                if self._has(self.lab[star], name):
                    self._target(module, name, f"{star}.{name}", rest, line)
            else:
                self.found[module.name].imports["*"].add(star)
        if name in STRINGS:
            raise UnfollowedError(f"{name} makes or finds code by its text; write it out", module.name, line)
        self._see(module, {name})

    def _see(self, module: Module, names: set[str]) -> None:
        """Note whether some names show a script more; the package's own file counts as a whole anyway."""
        self.is_all = self.is_all or (module.name != LAB and bool(names & (INSIGHTS | LOOKUPS)))

    def _is_own(self, module: Module, name: str) -> bool:
        return name in module.bindings or name in module.imports

    def _target(self, module: Module, name: str, target: str, rest: tuple[str, ...], line: int) -> None:
        """Follow what an imported name stands for."""
        self.found[module.name].imports[name].add(target)
        path = (*target.split("."), *rest)
        if path[0] != "repro":
            prefixes = {".".join(path[:length]) for length in range(1, len(path) + 1)}
            if looked_up := prefixes & LOOKUPS:
                what = min(looked_up)
                raise UnfollowedError(f"{what} finds code by its name; import it by name", module.name, line)
            self._see(module, prefixes)
            return
        inner = ".".join(path[:3])
        if inner in self.lab and len(path) >= 3:
            self._execute(self.lab[inner])
            self._member(module, self.lab[inner], path[3:], line)
        elif (
            ".".join(path[:2]) == LAB
            and LAB in self.lab
            and len(path) >= 3
            and self._has(self.lab[LAB], path[2])
        ):
            self._member(module, self.lab[LAB], path[2:], line)
        else:
            found = ".".join(path[:3])
            raise UnfollowedError(
                f"{found} cannot be followed; import a module of the lab", module.name, line
            )

    def _member(self, module: Module, of: Module, path: tuple[str, ...], line: int) -> None:
        if not path or path[0].startswith("__"):
            self._take_whole(of)
        elif self._has(of, path[0]):
            self._name(of, path[0], line, path[1:])
        else:
            raise UnfollowedError(f"{of.name} has no {path[0]}", module.name, line)

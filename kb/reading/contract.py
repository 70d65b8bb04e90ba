"""What the text of a script shows of the contract of experiments, without running it.

A script measures and does nothing else: its numbers depend on the seeds that it is given and on nothing else.
What can only be seen by running it, the runner tries before it records anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from kb.text.guarded_text import Fault

CODES = {
    "script-import": "A script imports a module with which its numbers could depend on more than its seeds.",
    "script-call": "A script calls what depends on more than its seeds, or does more than to measure.",
    "script-seeds": "`measure` does not use the seeds that it is given.",
}
LIBRARIES = {"numpy", "repro", "scipy", "sklearn", "torch"}
PLAIN = {
    *("__future__", "abc", "bisect", "cmath", "collections", "copy", "dataclasses", "decimal", "enum"),
    *("fractions", "functools", "heapq", "itertools", "math", "numbers", "operator", "statistics", "string"),
    *("types", "typing"),
}
"""Modules of the standard library that compute and nothing else."""
_DOES = "a script measures and does nothing else: no clock, file, print, process or generator of its own"
_CLOCK, _GENERATOR = "the clock", "a generator that is not seeded by us"
_NEVER = {_CLOCK, _GENERATOR}
"""What not even the lab may depend on."""
_KINDS = {
    _CLOCK: {"calendar", "datetime", "sched", "time", "timeit"},
    _GENERATOR: {"random", "secrets", "uuid"},
    "the process that happens to run it": {"gc", "inspect", "os", "platform", "socket", "sys", "threading"},
    "files": {"glob", "io", "json", "pathlib", "pickle", "shutil", "tempfile"},
}
_BUILTINS = {
    "print": "prints",
    "open": "opens a file",
    "input": "waits for somebody to type",
    "breakpoint": "starts a debugger",
    "id": "depends on where an object lies in memory",
    "hash": "differs from process to process for text",
}
_NO_GLOBALS = "uses a generator that all code of the process shares"
_SETS_GLOBALS = "changes a setting of the whole process"
_CALLS = {
    "torch.load": "opens a file",
    "torch.save": "opens a file",
    **dict.fromkeys(
        ("torch.manual_seed", "torch.seed", "torch.initial_seed", "torch.get_rng_state"), _NO_GLOBALS
    ),
    **dict.fromkeys(("torch.set_rng_state", "torch.nn.functional.dropout"), _NO_GLOBALS),
    **dict.fromkeys(
        (
            *("torch.set_num_threads", "torch.set_num_interop_threads", "torch.set_default_dtype"),
            *("torch.set_default_device", "torch.set_flush_denormal", "torch.use_deterministic_algorithms"),
        ),
        _SETS_GLOBALS,
    ),
}
_DRAWS = {
    *("bernoulli", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like"),
    *("randn", "randn_like", "randperm"),
}
"""Functions of torch that draw from the global generator unless they are given one."""
_DRAWS_IN_PLACE = {
    f"{name}_"
    for name in (
        "bernoulli",
        "cauchy",
        "exponential",
        "geometric",
        "log_normal",
        "normal",
        "random",
        "uniform",
    )
}
_SEEDED_NUMPY = {
    "default_rng",
    "Generator",
    "MT19937",
    "PCG64",
    "PCG64DXSM",
    "Philox",
    "SFC64",
    "SeedSequence",
}
"""Members of `numpy.random` that do not touch its global generator; those that are called need a seed."""
_USE_SEEDS = (
    "draw with the methods of seeds or with seeds.generators(purpose), and make a torch.nn.Module with "
    "modules of repro.lab.modules: every draw one per seed"
)


_LOOKED_AT = {ast.Import, ast.ImportFrom, ast.Call, ast.For, ast.comprehension, ast.Attribute}
"""Kinds of nodes that a breach can be in; a script has thousands of others."""


@cache
def contract_faults(source: str, *, is_lab: bool = False, is_seeded: bool = True) -> tuple[Fault, ...]:
    """Return every breach of the contract that the text of a script shows, by line and column.

    Args:
        source: A script, or a module of the lab, that parses.
        is_lab: Is it a module of the lab? It may use other modules, and set what the process computes with.
        is_seeded: Must `measure` use its seeds?
    """
    return tuple(_Reader(source, is_lab=is_lab).faults(is_seeded=is_seeded))


class _Reader:
    """Reads one module.

    Attributes:
        nodes: The nodes that a breach can be in.
        meanings: What imported names stand for, wherever they are imported.
    """

    def __init__(self, source: str, *, is_lab: bool) -> None:
        self.tree = ast.parse(source)
        self.lines = source.split("\n")
        self.is_lab = is_lab
        self.nodes = [node for node in ast.walk(self.tree) if type(node) in _LOOKED_AT]
        self.meanings = _meanings(self.nodes)

    def faults(self, *, is_seeded: bool) -> list[Fault]:
        """Return every breach, in the order of the text."""
        found = [fault for node in self.nodes for fault in self._of(node)]
        if is_seeded and not self.is_lab:
            found += self._unused_seeds()
        return sorted(found, key=lambda fault: (fault.line, fault.column))

    def _of(self, node: ast.AST) -> Iterator[Fault]:
        match node:
            case ast.Import():
                for alias in node.names:
                    yield from self._imported(node, alias.name)
            case ast.ImportFrom(module=str() as module):
                yield from self._imported(node, module)
            case ast.Call():
                why = _call(node, self.meanings)
                if why and not (self.is_lab and _is_for_lab(node, why, self.meanings)):
                    found = f"`{_short(node.func)}(...)`, which {why}"
                    yield self._fault("script-call", node, found, _DOES, _advice(why))
            case ast.For(iter=iterated) | ast.comprehension(iter=iterated) if _is_set(iterated):
                found = (
                    f"a loop over the set `{_short(iterated)}`, whose order differs from process to process"
                )
                advice = "loop over sorted(...), or over a tuple"
                yield self._fault("script-call", iterated, found, _DOES, advice)
            case ast.Attribute():
                if _dotted(node, self.meanings) == "torch.default_generator":
                    found = f"`{_short(node)}`, the generator that all code of the process shares"
                    yield self._fault("script-call", node, found, _DOES, _USE_SEEDS)

    def _imported(self, node: ast.stmt, module: str) -> Iterator[Fault]:
        root = module.partition(".")[0]
        what = next((what for what, names in _KINDS.items() if root in names), "")
        if root in LIBRARIES | PLAIN or (self.is_lab and what not in _NEVER):
            return
        why = f", so that it could depend on {what}" if what else ""
        advice = _USE_SEEDS if what == _GENERATOR else "remove the import and what uses it"
        listed = f"{', '.join(sorted(LIBRARIES))}, and of the standard library {', '.join(sorted(PLAIN))}"
        yield self._fault("script-import", node, f"{module} is imported{why}", listed, advice)

    def _unused_seeds(self) -> Iterator[Fault]:
        """Yield a fault if `measure` never reads its second argument."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == "measure" and len(node.args.args) > 1:
                seeds = node.args.args[1]
                read = (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
                if seeds.arg not in read:
                    found = f"measure never uses {seeds.arg}, so that no value differs between seeds"
                    allowed = "draws from the seeds that measure is given, one data set per seed"
                    yield self._fault("script-seeds", seeds, found, allowed, _USE_SEEDS)

    def _fault(
        self, code: str, node: ast.stmt | ast.expr | ast.arg, found: str, allowed: str, advice: str
    ) -> Fault:
        before = self.lines[node.lineno - 1].encode()[: node.col_offset].decode()
        return Fault(code, node.lineno, len(before) + 1, found, allowed, advice)


def _call(node: ast.Call, meanings: Mapping[str, str]) -> str:
    """Return what is wrong with a call, as the end of a sentence; empty if nothing is."""
    name = _dotted(node.func, meanings)
    has_generator = any(each.arg == "generator" for each in node.keywords)
    if isinstance(node.func, ast.Name) and node.func.id not in meanings:
        return _BUILTINS.get(node.func.id, "")
    if name in _CALLS:
        return _CALLS[name]
    if name.startswith(("torch.random.", "torch.cuda.manual_seed", "torch.mps.manual_seed")):
        return _NO_GLOBALS
    if name.startswith("torch.nn.init.") or (name.startswith("torch.") and name[6:] in _DRAWS):
        return "" if has_generator else _NO_GLOBALS
    if name.startswith("numpy.random."):
        return _numpy(name.removeprefix("numpy.random."), node)
    if not name and isinstance(node.func, ast.Attribute) and node.func.attr in _DRAWS_IN_PLACE:
        return "" if has_generator else _NO_GLOBALS
    return ""


def _is_set(node: ast.expr) -> bool:
    """Is an expression a set as it is written out?"""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in {"set", "frozenset"}
    return isinstance(node, ast.Set | ast.SetComp)


def _is_for_lab(node: ast.Call, why: str, meanings: Mapping[str, str]) -> bool:
    """May the lab do what a script may not, because it leaves the process as it found it?"""
    return why == _SETS_GLOBALS or _dotted(node.func, meanings) in {
        "torch.manual_seed",
        "torch.random.fork_rng",
    }


def _numpy(member: str, node: ast.Call) -> str:
    if member.partition(".")[0] not in _SEEDED_NUMPY:
        return _NO_GLOBALS
    return "" if node.args or node.keywords else "takes its seed from the clock and the process"


def _advice(why: str) -> str:
    if why in {_NO_GLOBALS, _BUILTINS["id"], _BUILTINS["hash"]} or "seed" in why:
        return _USE_SEEDS
    return "remove the call; the runner sets threads and types, and prints what is measured"


def _meanings(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return what imported names stand for."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                target = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or target] = target
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _dotted(node: ast.expr, meanings: Mapping[str, str]) -> str:
    """Return what a dotted name stands for; empty if it does not begin with an imported name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in meanings:
        return ""
    return ".".join([meanings[node.id], *reversed(names)])


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:39]}…"

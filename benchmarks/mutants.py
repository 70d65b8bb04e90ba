"""How many small faults, put into the code that judges and keeps evidence, the tests notice.

Each mutant is one change of one expression or statement: a comparison that forgets its bound, a sign, a
number, a condition turned round, a value left out. Every test is run once to learn which functions it calls;
then each mutant meets only the tests that call the changed function, the quickest first, until one fails. A
mutant lives in a copy of the process that has collected the tests, so that it costs milliseconds; one outside
of functions is imported by a copy of a process that has imported nothing but what the tests take from
elsewhere. Files are never changed.

Texts of messages are left alone, and so are annotations and docstrings. What survives is listed, with the
reason from `mutants.json` where somebody has looked and found that nothing else is meant.

Run: python benchmarks/mutants.py [FILE ...] [--only TEXT] [--open] [--tests NAME ...] [--list]
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import functools
import gc
import importlib
import json
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
STORED = ("test_evidence", "test_links", "test_superseded")
CONTROLS = ("test_failing_controls", "test_shuffled_labels", "test_against_itself")
UNLIKE = ("test_unlike_seeds", "test_estimands")
TESTS = {
    "kb/judging/verdict.py": ("test_verdict", "test_controls", "test_estimands"),
    "kb/judging/finding.py": (*UNLIKE, "test_verdict", "test_controls", "test_ratios"),
    "kb/judging/estimands.py": ("test_estimands", "test_verdict", "test_median", "test_unlike_seeds"),
    "kb/judging/bounds.py": ("test_bounds", "test_ratios", "test_verdict"),
    "kb/judging/stats.py": ("test_stats", "test_median", "test_unlike_seeds"),
    "kb/judging/judgement.py": ("test_judgement", "test_superseded", "test_settings"),
    "kb/judging/superseded.py": ("test_superseded", "test_judgement"),
    "kb/judging/labels.py": CONTROLS,
    "kb/judging/failing.py": CONTROLS,
    "kb/reasoning/standing.py": ("test_standing", "test_accounts"),
    "kb/evidence/ledger.py": STORED,
    "repro/ledger.py": ("test_ledger", "test_links"),
}
"""The files whose mutants are tried, each with the files of tests that can notice them.

Judging is what turns values into a verdict: which pieces count, at which level, and what follows from them.
What only describes a verdict that there is already, such as how certain it is, is left out.
"""
WORDS = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
OWN = frozenset(["kb", "repro", "tests", "benchmarks", "__main__"])
"""Names of packages that are imported only once the mutants outside of functions have been tried."""
REASONS = ROOT / "benchmarks/mutants.json"
SECONDS = 10
"""How much longer than usual a test may compute before its mutant counts as noticed: some loop for ever."""
SLOW = 2
"""Seconds on the processor, while calls are counted, from which a test is not run for every mutant."""
MEMORY = 2 << 30
"""Bytes that the tests may take beyond what a copy begins with."""
BROKEN = 9
"""Exit code of a copy in which not a test failed but what runs it."""
UNCHANGED = "<unchanged>"
"""Stands for the name of a function where no function is to be changed."""
HOOK = """\
import importlib.machinery, os
_get_code = importlib.machinery.SourceFileLoader.get_code
def get_code(self, name):
    if self.path == os.environ["MUTATED_FILE"]:
        with open(os.environ["MUTATED_SOURCE"], encoding="utf-8") as file:
            return compile(file.read(), self.path, "exec", dont_inherit=True)
    return _get_code(self, name)
importlib.machinery.SourceFileLoader.get_code = get_code
"""
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """One changed place.

    Attributes:
        file: Relative to the root.
        function: The qualified name of the outermost function, or nothing outside of functions.
        first_line: Where that function begins, its decorators included.
        line: Where the change is.
        was: The text of what was changed.
        now: Its text in the mutant.
        source: The whole module, changed.
    """

    file: str
    function: str
    first_line: int
    line: int
    was: str
    now: str
    source: str

    @property
    def name(self) -> str:
        """Return what is changed, without the number of the line, which moves."""
        return f"{self.file} {self.function or 'module'}: {self.was} -> {self.now}"

    @property
    def is_imported(self) -> bool:
        """Must it be there when its module is imported, because no function or too much of one is changed?

        Code that no longer calls `super` cannot take the place of code that does.
        """
        return not self.function or "super()" in self.was


def changes(  # noqa: C901, PLR0912 # a table with a row for each kind of change
    node: ast.AST,
) -> Iterator[Callable[[Any], ast.AST | None]]:
    """Yield ways to change a copy of a node: each returns what stands in its place, None for nothing."""
    match node:
        case ast.Compare(ops=ops):
            for at, found in enumerate(ops):
                yield functools.partial(_other_comparison, at=at, other=COMPARED[type(found)])
        case ast.BoolOp():
            yield _other_junction
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield lambda copied: copied.operand
        case ast.BinOp(op=op) if type(op) in COMPUTED:
            yield functools.partial(_other_operation, other=COMPUTED[type(op)])
        case ast.Constant(value=bool(value)):
            yield lambda _: ast.Constant(not value)
        case ast.Constant(value=int(number) | float(number)):
            yield lambda _: ast.Constant(number + 1 if number + 1 != number else 2 * number)
        case ast.Constant(value=str(text)) if len(text.split()) < SENTENCE:
            yield lambda _: ast.Constant(f"{text}x")
        case ast.Name(id=name) if name in NAMES:
            yield lambda _: ast.Name(NAMES[name], ast.Load())
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield lambda _: ast.Return(ast.Constant(None))
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) if not _is_none(value):
            yield _assigns_none
        case ast.If() | ast.IfExp() | ast.While():
            yield _turned_round
        case ast.comprehension(ifs=[_, *_]):
            yield _keeps_all
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield lambda _: ast.Pass()
        case ast.Continue():
            yield lambda _: ast.Break()
        case ast.Break():
            yield lambda _: ast.Continue()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other_comparison(node: Any, *, at: int, other: type[ast.cmpop]) -> ast.AST:
    node.ops[at] = other()
    return node  # type: ignore[no-any-return] # the copy


def _other_junction(node: Any) -> ast.AST:
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node  # type: ignore[no-any-return] # the copy


def _other_operation(node: Any, *, other: type[ast.operator]) -> ast.AST:
    node.op = other()
    return node  # type: ignore[no-any-return] # the copy


def _assigns_none(node: Any) -> ast.AST:
    node.value = ast.Constant(None)
    return node  # type: ignore[no-any-return] # the copy


def _turned_round(node: Any) -> ast.AST:
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return node  # type: ignore[no-any-return] # the copy


def _keeps_all(node: Any) -> ast.AST:
    node.ifs = []
    return node  # type: ignore[no-any-return] # the copy


SENTENCE = 6
"""From so many words on a text is one for people."""
SILENT = ("returns", "annotation", "type_params")
"""Fields of nodes that hold annotations."""


def places(node: ast.AST, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], ast.AST]]:
    """Yield every node that may be changed with its path from the top: names of fields and positions."""
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom):
        return
    yield path, node
    for field, value in ast.iter_fields(node):
        if field in SILENT or (field == "value" and _is_docstring(node)):
            continue
        if isinstance(value, ast.AST):
            yield from places(value, (*path, field))
        elif isinstance(value, list) and not _is_a_type(node, field):
            for at, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from places(item, (*path, (field, at)))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_a_type(node: ast.AST, field: str) -> bool:
    """Is this the list of a module's own names, or of the bases of a class?"""
    return isinstance(node, ast.ClassDef) and field == "bases"


def mutants_of(file: str) -> Iterator[Mutant]:
    """Yield the mutants of a file, in the order of their lines."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for path, node in places(tree):
        if _is_naming(tree, path):
            continue
        function, first_line = _function(tree, path)
        for change in changes(node):
            mutated = copy.deepcopy(tree)
            parent, step = _parent(mutated, path)
            new = change(_at(mutated, path))
            _put(parent, step, new)
            source = ast.unparse(ast.fix_missing_locations(mutated))
            line = getattr(node, "lineno", getattr(getattr(node, "target", None), "lineno", 0))
            yield Mutant(file, function, first_line, line, _short(node), _short(new), source)


def _is_naming(tree: ast.Module, path: tuple[Any, ...]) -> bool:
    """Does a path lead into `__all__`, or into an alias of a type?"""
    top = _at(tree, path[:1])
    targets = top.targets if isinstance(top, ast.Assign) else []
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    text = ast.unparse(top.value) if isinstance(top, ast.Assign) else ""
    is_union = isinstance(top, ast.Assign) and isinstance(top.value, ast.BinOp)
    is_type = is_union or text.startswith(("Literal[", "Mapping[", "Callable[", "tuple["))
    return is_type or "__all__" in names


def _step(node: Any, step: Any) -> Any:
    return getattr(node, step) if isinstance(step, str) else getattr(node, step[0])[step[1]]


def _at(tree: ast.AST, path: Sequence[Any]) -> Any:
    return functools.reduce(_step, path, tree)


def _parent(tree: ast.AST, path: tuple[Any, ...]) -> tuple[Any, Any]:
    return (_at(tree, path[:-1]), path[-1]) if path else (tree, None)


def _put(parent: Any, step: Any, new: ast.AST | None) -> None:
    if isinstance(step, str):
        setattr(parent, step, new)
    else:
        getattr(parent, step[0])[step[1]] = new


def _function(tree: ast.Module, path: tuple[Any, ...]) -> tuple[str, int]:
    """Return the outermost function whose body a path leads into, and the line at which it begins."""
    names: list[str] = []
    node: Any = tree
    for step in path:
        if isinstance(node, ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.FunctionDef):
            if step[0] != "body":
                return "", 0
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            return ".".join([*names, node.name]), first
        node = _step(node, step)
    return "", 0


def _short(node: ast.AST | None) -> str:
    text = "" if node is None else ast.unparse(node)
    return " ".join(text.split())[:90]


class Calls(NamedTuple):
    """What was learnt from running every test once.

    Attributes:
        by_function: The tests that call a function, by file and qualified name.
        seconds: How long each test takes on the processor, with the processes that it starts.
        modules: The modules that the tests import, in order.
    """

    by_function: dict[tuple[str, str], set[str]]
    seconds: dict[str, float]
    modules: list[str]

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that can notice a mutant, the quickest first; slow ones are left out."""
        if mutant.function:
            found = self.by_function.get((mutant.file, mutant.function), set())
        else:
            found = {*self.seconds}
        quick = [test for test in found if self.seconds[test] < SLOW]
        return sorted(quick, key=self.seconds.__getitem__)

    def limit(self, test: str) -> float:
        """Return the seconds on the processor after which a test is taken to loop for ever."""
        return SECONDS + 20 * self.seconds[test]


class Learner:
    """A plugin of pytest that learns which functions each test calls and how long the test takes."""

    def __init__(self) -> None:
        self.by_function: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self._files = {str(ROOT / file): file for file in TESTS}
        self._test = ""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note what is called while a test is set up, run and taken down."""
        self._test, start = item.nodeid, sum(os.times()[:4])
        sys.settrace(self._trace)
        yield
        sys.settrace(None)
        self.seconds[item.nodeid] = sum(os.times()[:4]) - start

    def _trace(self, frame: FrameType, _event: str, _argument: object) -> None:
        if file := self._files.get(frame.f_code.co_filename):
            name = frame.f_code.co_qualname.partition(".<locals>")[0]
            self.by_function[file, name].add(self._test)


def learnt(words: list[str]) -> Calls:
    """Run every test once, in a copy of this process, which itself imports nothing that may be mutated."""

    def learn(folder: Path) -> int:
        learner = Learner()
        code = int(pytest.main(words, plugins=[Profile(), learner]))
        calls = Calls(dict(learner.by_function), learner.seconds, [*sys.modules])
        (folder / "calls").write_bytes(pickle.dumps(calls))
        return code

    with tempfile.TemporaryDirectory() as folder:
        if _status(learn, Path(folder), is_silent=False):
            sys.exit("the tests fail without any mutant")
        calls: Calls = pickle.loads((Path(folder) / "calls").read_bytes())  # noqa: S301 # our own
    return calls


def _status(work: Callable[[Path], int], folder: Path, *, is_silent: bool = True) -> int:
    """Return how a copy of this process ends that does some work and exits with its result."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = BROKEN
    try:
        if is_silent:
            os.setpgid(0, 0)
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
        code = work(folder)
    except BaseException:  # whatever it is, this copy must not go on in the place of the original
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build/mutants.log").write_text(traceback.format_exc(), encoding="utf-8")
        raise
    finally:
        sys.stdout.flush()
        os._exit(code)


def _outcome(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM) else "killed"
    return {0: "survived", BROKEN: "not tried"}.get(os.WEXITSTATUS(status), "killed")


def _limit(seconds: float) -> None:
    """End this process when it computes for longer, or waits for ever, or takes more memory than any test."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(10 * int(seconds))


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def try_outside_functions(mutant: Mutant, tests: list[str], calls: Calls) -> str:
    """Return what tests say of a mutant that must be there when its module is imported."""
    order = {test: at for at, test in enumerate(tests)}

    class Chosen:
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items[:] = sorted((i for i in items if i.nodeid in order), key=lambda i: order[i.nodeid])

        def pytest_runtest_setup(self, item: pytest.Item) -> None:
            _limit(calls.limit(item.nodeid))

    def work(folder: Path) -> int:
        os.environ.update(_as_variables(mutant, folder))
        exec(HOOK, {})  # noqa: S102 # what other processes do as well
        _limit_memory()
        _limit(10 * SECONDS)
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        return int(pytest.main([*WORDS, "-x", *files], plugins=[Profile(), Chosen()]) != 0)

    with tempfile.TemporaryDirectory() as folder:
        return _outcome(_status(work, Path(folder)))


class Trials:
    """A plugin of pytest that runs, for each mutant and in a copy of itself, the tests that it needs."""

    def __init__(self, mutants: Sequence[Mutant], calls: Calls, told: Callable[[Mutant, str], None]) -> None:
        self._mutants, self._calls, self._told = mutants, calls, told
        self._killers: dict[str, list[str]] = defaultdict(list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant."""
        items = {item.nodeid: item for item in session.items}
        quick = [items[test] for test, seconds in self._calls.seconds.items() if seconds < 1]
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined] # noqa: SLF001 # once for all
        parts = Parts()
        first = self._mutants[0]
        source = (ROOT / first.file).read_text(encoding="utf-8")
        if self._outcome(first._replace(function=UNCHANGED, source=source), quick, parts) == "killed":
            raise RuntimeError(
                f"fails without a mutant in a copy of this process: {self._killers[UNCHANGED]}"
            )
        for mutant in self._mutants:
            killers = self._killers[mutant.function]
            tests = sorted(self._calls.of(mutant), key=lambda test: test not in killers)
            outcome = self._outcome(mutant, [items[test] for test in tests], parts)
            self._told(mutant, outcome if tests else "never called")
        return True

    def _outcome(self, mutant: Mutant, tests: list[pytest.Item], parts: Parts) -> str:
        with tempfile.TemporaryDirectory() as folder:
            outcome = _outcome(_status(lambda at: self._work(mutant, tests, parts, at), Path(folder)))
            killer = Path(folder) / "killer"
            if killer.exists():
                self._killers[mutant.function].append(killer.read_text(encoding="utf-8"))
        return outcome

    def _work(self, mutant: Mutant, tests: list[pytest.Item], parts: Parts, folder: Path) -> int:
        os.environ.update(_as_variables(mutant, folder))
        _limit_memory()
        parts.exchange(mutant)
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            _limit(self._calls.limit(test.nodeid))
            if any(report.failed for report in _run(test, following)):
                (folder / "killer").write_text(test.nodeid, encoding="utf-8")
                return 1
        return 0


def _as_variables(mutant: Mutant, folder: Path) -> dict[str, str]:
    """Return the environment in which new processes import the mutant as well."""
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    (folder / "mutated.py").write_text(mutant.source, encoding="utf-8")
    return {
        "PYTHONPATH": f"{folder}",
        "MUTATED_FILE": f"{ROOT / mutant.file}",
        "MUTATED_SOURCE": f"{folder / 'mutated.py'}",
    }


def _run(test: pytest.Item, following: pytest.Item | None) -> list[Any]:
    from _pytest.runner import runtestprotocol

    test._initrequest()  # type: ignore[attr-defined] # noqa: SLF001 # as the plugins that repeat tests do
    reports: list[Any] = runtestprotocol(test, log=False, nextitem=following)
    return reports


class Parts:
    """The functions and caches of this process, found once and then exchanged or emptied in each copy."""

    def __init__(self) -> None:
        gc.unfreeze()  # reading a project freezes what is there, and what is frozen is not listed
        gc.collect()
        things = gc.get_objects()
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        paths = {str(ROOT / file) for file in TESTS}
        for thing in things:
            if type(thing) is FunctionType and thing.__code__.co_filename in paths:
                code = thing.__code__
                self._functions[code.co_filename, code.co_qualname, code.co_firstlineno].append(thing)
        self._caches = [thing for thing in things if issubclass(type(thing), functools._lru_cache_wrapper)]  # noqa: SLF001 # there is no public name
        gc.freeze()  # so that copies share the memory

    def exchange(self, mutant: Mutant) -> None:
        """Give every function object of the mutated function the code of the mutant, and empty caches.

        Raises:
            RuntimeError: There is no such function.
        """
        for cache in self._caches:
            cache.cache_clear()
        if mutant.function == UNCHANGED:
            return
        path = str(ROOT / mutant.file)
        codes = _codes(compile(mutant.source, path, "exec", dont_inherit=True))
        new = {code.co_qualname: code for code in codes}
        found = self._functions[path, mutant.function, mutant.first_line]
        if not found:
            raise RuntimeError(f"there is no function {mutant.function}")
        for function in found:
            function.__code__ = new[mutant.function]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


class Profile:
    """A plugin of pytest for which Hypothesis draws the same each time and does not make failures small."""

    def pytest_configure(self) -> None:
        """Replace the profile that the tests' own configuration has loaded."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            parent=settings.get_profile("assay"),
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutants")


def _import(names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def read_reasons() -> dict[str, str]:
    """Return why mutants survive that change nothing else than is said there, by their names."""
    reasons: dict[str, str] = json.loads(REASONS.read_text(encoding="utf-8"))
    return reasons


def main(files: Sequence[str], names: Sequence[str], chosen: Callable[[Mutant], bool]) -> int:
    """Try mutants of some files, print the counts, and return how many survive without a reason."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.mkdtemp()
    of_files = [name for file in files for name in TESTS[file]]
    words = [*WORDS, *(f"tests/{name}.py" for name in dict.fromkeys(names or of_files))]
    start = time.perf_counter()
    calls = learnt(words)
    print(f"{len(calls.seconds)} tests in {time.perf_counter() - start:.0f} s", flush=True)
    mutants = [mutant for file in files for mutant in mutants_of(file) if chosen(mutant)]
    reasons = read_reasons()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    unexplained = 0

    def told(mutant: Mutant, outcome: str) -> None:
        nonlocal unexplained
        counts[mutant.file][outcome] += 1
        if outcome not in ("killed", "timeout"):
            reason = reasons.get(mutant.name, "")
            unexplained += not reason
            print(f"{outcome}: line {mutant.line}: {mutant.name}  {reason}", flush=True)

    _import(name for name in calls.modules if name.partition(".")[0] not in OWN)
    for mutant in mutants:
        if mutant.is_imported:
            told(mutant, try_outside_functions(mutant, calls.of(mutant), calls))
    _import(name for name in calls.modules if name.partition(".")[0] in OWN)
    inside = [mutant for mutant in mutants if not mutant.is_imported]
    pytest.main(words, plugins=[Profile(), Trials(inside, calls, told)])
    print(f"\n{'file':<28}{'mutants':>9}{'killed':>9}{'timeout':>9}{'survived':>9}{'score':>8}")
    total: Counter[str] = Counter()
    for file, found in counts.items():
        total += found
        _print_row(file, found)
    _print_row("all", total)
    print(f"{unexplained} survive without a reason; {time.perf_counter() - start:.0f} s")
    return unexplained


def _print_row(name: str, found: Counter[str]) -> None:
    all_, dead = found.total(), found["killed"] + found["timeout"]
    alive = all_ - dead
    score = 100 * dead / max(1, all_)
    print(f"{name:<28}{all_:>9,}{found['killed']:>9,}{found['timeout']:>9,}{alive:>9,}{score:>7.1f}%")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", default=[*TESTS])
    parser.add_argument("--only", default="", help="try only mutants whose name has this in it")
    parser.add_argument("--open", action="store_true", help="leave out those that survive for a known reason")
    parser.add_argument("--tests", nargs="+", default=(), help="names of test files, without .py")
    parser.add_argument("--list", action="store_true", help="print the mutants and try none")
    asked = parser.parse_args()
    known = read_reasons() if asked.open else {}
    if asked.list:
        for each in (mutant for file in asked.files for mutant in mutants_of(file)):
            print(f"{each.line}: {each.name}")
        sys.exit(0)
    is_chosen = lambda mutant: asked.only in mutant.name and mutant.name not in known  # noqa: E731 # one use
    sys.exit(main(asked.files, asked.tests, is_chosen) > 0)

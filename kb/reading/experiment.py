"""What an experiment's script says, read without running it: arms, outcomes, scales, test version.

Nothing here imports torch: the script is parsed, its literals are evaluated, and the code that measures is
hashed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kb.reading.first_version import first_code_of
from kb.reading.outcomes import Outcome, read_outcomes
from kb.reading.reach import UnfollowedError
from kb.reading.script_syntax import (
    ScriptError,
    Value,
    assigned,
    is_assigned,
    literal,
    refuse_hidden,
    table,
)
from kb.reading.version import TEMPLATE_MODULE, code_of, version_of
from kb.records.protocol import Setting

SCRIPTS = "repro/experiments"
"""The folder of scripts, relative to the project's root."""
CONSTANT = "SAME_FOR_EVERY_SEED"
"""The table in which a script names the arms that do not depend on their seeds, and says why."""
TRIAL = "TRIAL"
"""The table of a script that says at what smaller scale its contract is tried."""
ANY_LABELS = "SAME_FOR_ANY_LABELS"
"""The table in which a script names the outcomes that may come out alike for any labels, and says why."""
LABELLED = ("repro.lab.data", "repro.lab.mnist1d", "repro.lab.sequences")
"""The modules of the lab whose functions draw data with labels."""
DIGITS = "load_digits"
"""The one function of another library with which scripts draw data with labels."""

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
    code: dict[str, str] = field(repr=False)
    """SHA-256 of what `measure` reaches in the script and in each module of the lab, to tell what changed."""
    lab: Mapping[str, str] = field(repr=False, compare=False)
    """The source of each module of the lab by its name."""
    constant: Mapping[str, str] = field(default_factory=dict)
    """The arms whose values are the same for every seed, each with the reason."""
    trial: Mapping[str, Value] = field(default_factory=dict)
    """The fields of MINIMAL that are set otherwise when the contract is tried; they enter no version."""
    any_labels: Mapping[str, str] = field(default_factory=dict)
    """The outcomes that may come out alike whichever labels are learned, each with the reason."""

    @property
    def path(self) -> str:
        """Return where the file lies, relative to the project's root."""
        return script_path(self.name)

    @property
    def question(self) -> str:
        """Return the docstring's first line."""
        return self.docstring.split("\n", 1)[0].strip()

    @property
    def is_template(self) -> bool:
        """Is it still the script that `repro new` wrote, so that no value of it may count?"""
        return TEMPLATE_MODULE in self.code

    @property
    def may_draw_labels(self) -> bool:
        """Does it reach what draws data with labels? Whether an arm does is seen when it is measured."""
        return bool(self.code.keys() & {*LABELLED}) or DIGITS in self.source

    @property
    def is_same_for_every_seed(self) -> bool:
        """Is every arm declared to give the same values for every seed?"""
        return self.constant.keys() >= self.arms.keys()

    @cached_property
    def first_code(self) -> dict[str, str]:
        """Return the digests that evidence of the first schema has in place of `code`: of whole modules."""
        return first_code_of(self.name, self.source, self.lab)

    def code_like(self, schema_version: int) -> dict[str, str]:
        """Return the digests of today's code as evidence of the given schema records them."""
        return self.first_code if schema_version == 1 else self.code

    def scale_of(self, setting: Setting) -> dict[str, Value]:
        """Return the fields of the scale at a setting."""
        return self.scales[setting.base] | self.overrides_of(setting)

    def overrides_of(self, setting: Setting) -> dict[str, Value]:
        """Return the fields that a setting sets; a whole number for a field of decimals becomes a decimal."""
        return with_decimals(setting.overrides, self.scales[setting.base])

    def version_at(self, setting: Setting) -> str:
        """Return the test version at a setting."""
        return self.version(self.scale_of(setting))

    def version(self, scale: Mapping[str, Value] | None = None) -> str:
        """Return the test version: hexadecimal SHA-256 over what `measure` reaches and the scale.

        Args:
            scale: The fields of the scale that is run; MINIMAL if none are given.
        """
        return version_of(self.code, self.scales["minimal"] if scale is None else scale)

    def first_version(self, scale: str = "minimal") -> str:
        """Return the test version by the formula of the first schema of evidence."""
        return version_of(self.first_code, self.scales[scale])


def is_whole(value: Value) -> bool:
    """Say whether a field of a scale holds a whole number; a truth value is not one."""
    return isinstance(value, int) and not isinstance(value, bool)


def script_path(experiment: str) -> str:
    """Return where the script of an experiment lies, relative to the project's root."""
    return f"{SCRIPTS}/{experiment}.py"


def read_script(
    name: str, source: str, lab: Mapping[str, str], *, outcomes: ReadOutcomes = read_outcomes
) -> Script:
    """Read an experiment's source without running it.

    Args:
        name: The experiment's name.
        source: The script.
        lab: The source of each module of the lab by the module's name, such as `repro.lab.data`; what
            `measure` reaches there enters the test version.
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
    refuse_hidden(docstring, "the docstring", 1)
    scales = _scales(tree)
    arms = {key: _description(node) for key, node in table(tree, "ARMS").items()}
    found = outcomes(tree, scales)
    return Script(
        name=name,
        source=source,
        docstring=docstring,
        arms=arms,
        outcomes=found,
        scales=scales,
        code=_code(name, source, lab, tree),
        lab=lab,
        trial=_trial(tree, scales["minimal"]),
        constant=_reasons(tree, CONSTANT, arms, "ARMS"),
        any_labels=_reasons(tree, ANY_LABELS, found, "OUTCOMES"),
    )


def with_decimals(fields: Mapping[str, Value], declared: Mapping[str, Value]) -> dict[str, Value]:
    """Return fields in which a whole number for a field of decimals has become a decimal."""
    return {
        name: float(value) if is_whole(value) and isinstance(declared.get(name), float) else value
        for name, value in fields.items()
    }


def _trial(tree: ast.Module, minimal: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields that are set otherwise when the contract is tried; empty without the table."""
    if not is_assigned(tree, TRIAL):
        return {}
    entries = table(tree, TRIAL)
    found = with_decimals({name: _field(node) for name, node in entries.items()}, minimal)
    for name, value in found.items():
        if name not in minimal:
            raise ScriptError(f"{TRIAL} names {name}, which is no field of Scale", entries[name].lineno)
        if type(value) is not type(minimal[name]):
            message = f"{TRIAL} sets {name} to {value!r}, and MINIMAL to {minimal[name]!r}, of another type"
            raise ScriptError(message, entries[name].lineno)
    return found


def _reasons(tree: ast.Module, name: str, known: Collection[str], where: str) -> dict[str, str]:
    """Return the arms or outcomes that a table of a script names, with the script's reasons."""
    if not is_assigned(tree, name):
        return {}
    entries = table(tree, name)
    for key, node in entries.items():
        if key not in known:
            raise ScriptError(f"{name} names {key}, which is not among {where}", node.lineno)
    return {key: _reason(node, name) for key, node in entries.items()}


def _reason(node: ast.expr, name: str) -> str:
    allowed = "a literal string that says why"
    found = literal(node, f"a reason in {name}", allowed)
    if isinstance(found, str) and found.strip():
        return found
    raise ScriptError(f"a reason in {name} is {found!r}; write {allowed}", node.lineno)


def _code(name: str, source: str, lab: Mapping[str, str], tree: ast.Module) -> dict[str, str]:
    try:
        return code_of(name, source, lab, tree)
    except UnfollowedError as error:
        if error.module == name:
            raise ScriptError(str(error), error.line) from error
        raise ScriptError(f"{error.module}, line {error.line}: {error}") from error


def _description(node: ast.expr) -> str:
    """Return an arm's text: the value itself, or the first argument of the call that makes it."""
    inner = node.args[0] if isinstance(node, ast.Call) and node.args else node
    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
        refuse_hidden(inner.value, "the text of an arm", inner.lineno)
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

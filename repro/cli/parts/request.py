"""The request to `repro run` and `repro plan`: targets and options, from words to claims and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from kb.evidence.ledger import Ledger
from kb.project import Project, read
from kb.reading.base import Base
from kb.reading.experiment import script_path
from kb.reading.script_syntax import Value
from kb.records.protocol import MOST_SEEDS
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts.errors import UsageProblem, unknown
from repro.cli.parts.targets import chosen_claims, refuse_problems
from repro.cores import available_cores
from repro.evidence_history import order_of
from repro.plan import EVERY, Options, Plan, asked_base, claims_protocol, plan
from repro.worker.task import TIERS, UNTRUSTED

UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}
MOST_BYTES, MOST_SECONDS = 2.0**60, 366 * 86400.0
"""More than any machine has and anybody waits; what the system counts in ends not far above."""


@dataclass(frozen=True)
class Request:
    """A request, ready to be planned.

    Attributes:
        root: The project's folder.
        project: The project as the options ask to run it; if nothing is due, perhaps only the claims.
        is_one: Was a single claim requested, so that the exit code tells its verdict?
    """

    root: Path
    project: Project
    claims: tuple[str, ...]
    options: Options
    is_one: bool

    def plan(self) -> Plan:
        """Return what is due."""
        past = self.project.ledger
        current = Ledger() if self.options.is_exploring else past
        return plan(self.project.base, current, self.claims, self.options, past=past)

    def whole(self) -> Project:
        """Return the whole project, as the options ask to run it."""
        return asked_project(read(self.project.tree, order=order_of(self.root)), self.options)


def asked_project(project: Project, options: Options) -> Project:
    """Return a project as the options ask to run it."""
    return replace(project, base=asked_base(project.base, options))


def _bytes(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG])(?:i?B)?", text, re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"{text!r} is not a size; write a number with K, M or G, such as 4G.")
    size = float(match[1]) * UNITS[match[2].upper()]
    if not 1 <= size <= MOST_BYTES:
        raise click.BadParameter("no machine has so much memory, or so little; write a size such as 4G.")
    return int(size)


def _device(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if re.fullmatch(r"cpu|cuda(:\d+)?", text) is None:
        raise click.BadParameter(f"{text!r} is not a device; write cpu, cuda or cuda:1.")
    return text


def _seconds(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if not 0 < value <= MOST_SECONDS:
        raise click.BadParameter(f"{value} is not a time; write seconds above 0, at most a year.")
    return value


LIMITS = (
    click.option(
        "--sandbox",
        type=click.Choice(["auto", *TIERS]),
        default="auto",
        show_default=True,
        help="How strictly experiments are confined; auto: the strictest that works. See repro doctor.",
    ),
    click.option(
        "--untrusted",
        "least",
        flag_value=UNTRUSTED,
        default=TIERS[0],
        help=f"The scripts are a stranger's: measure nothing below {UNTRUSTED}.",
    ),
    click.option(
        "--jobs", type=click.IntRange(1), metavar="N", help="Workers at a time; default: one per core."
    ),
    click.option(
        "--timeout",
        "timeout_seconds",
        callback=_seconds,
        type=float,
        default=600.0,
        show_default=True,
        help="Seconds for each block.",
    ),
    click.option(
        "--memory",
        "memory_bytes",
        callback=_bytes,
        default="4G",
        show_default=True,
        help="Address space of a worker.",
    ),
)
"""What every command that measures may use."""
OPTIONS = (
    click.argument(
        "targets",
        metavar="[CLAIM | EXPERIMENT | TOPIC/]...",
        nargs=-1,
        shell_complete=completion.targets,
    ),
    click.option("--all", "every", is_flag=True, help="Every claim that has a protocol, at every setting."),
    click.option("--stale", is_flag=True, help="Claims whose code changed since their evidence was taken."),
    click.option(
        "--seeds",
        type=click.IntRange(1, MOST_SEEDS),
        metavar="N",
        help="Measure this many seeds of every arm, in fives; default: until decided, at most 40.",
    ),
    click.option("--explore", is_flag=True, help="Other seeds, ten of each arm; records nothing."),
    click.option(
        "--set", "sets", metavar="FIELD=VALUE", multiple=True, help="Change a field of the scale; explores."
    ),
    click.option(
        "--setting",
        metavar="NAME",
        help="A setting of the claims, or all; default: the main one, with --all or --stale every one.",
    ),
    click.option(
        "--replication",
        type=click.IntRange(0),
        default=0,
        metavar="K",
        help="Another independent set of seeds.",
    ),
    click.option("--device", callback=_device, default="cpu", show_default=True, help="cpu, cuda or cuda:1."),
    click.option("--cluster", metavar="ADDRESS", help="Run on a dask cluster, such as tcp://10.0.0.1:8786."),
    click.option("--engine", metavar="NAME", help="What launches workers; default: local, or dask."),
    *LIMITS,
    click.option("--json", "as_json", is_flag=True, help="One JSON document."),
)


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the targets and options of a request."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def takes_limits(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what its workers may use."""
    for option in reversed(LIMITS):
        command = option(command)
    return command


def request(context: Context, *, targets: tuple[str, ...], **words: Any) -> Request:
    """Return the request that the words of a command line make.

    If nothing needs measuring, only the few files that the answer rests on are read; a run reads all of them.

    Raises:
        UsageProblem: A target or a field is unknown, or nothing is requested.
        RecordProblems: Records or scripts of the requested claims are wrong.
    """
    if not (words["every"] or words["stale"]):
        project = read(context.tree, only=set(targets), order=order_of(context.root))
        asked = _request(context.root, project, targets, **words)
        is_whole = project.base.claims.keys() != set(targets)
        if is_whole or not asked.plan().steps:
            return asked
    return _request(context.root, context.project(), targets, **words)


def _request(
    root: Path,
    project: Project,
    targets: tuple[str, ...],
    *,
    every: bool,
    stale: bool,
    sets: tuple[str, ...],
    jobs: int | None,
    explore: bool,
    setting: str | None,
    **chosen: Any,
) -> Request:
    base = project.base
    claims = chosen_claims(project, targets, every=every, stale=stale)
    refuse_problems(base, claims)
    setting = setting or (EVERY if every or stale else None)
    claims = _with_setting(base, claims, setting)
    cores = available_cores()
    options = Options(
        setting=setting,
        overrides=tuple(_override(base, claims, text) for text in sets),
        is_exploring=explore or bool(sets),
        jobs=jobs or cores,
        threads=max(1, cores // (jobs or cores)),
        **chosen,
    )
    is_one = len(claims) == 1 and not (every or stale)
    if not options.is_exploring:
        claims = _without_templates(base, claims)
    return Request(root, asked_project(project, options), claims, options, is_one)


def _with_setting(base: Base, claims: tuple[str, ...], setting: str | None) -> tuple[str, ...]:
    """Return the claims that have a setting.

    Raises:
        UsageProblem: No claim has it.
    """
    if setting in (None, EVERY):
        return claims
    names = {i: {each.name for each in claims_protocol(base, i).settings} for i in claims}
    found = tuple(claim_id for claim_id in claims if setting in names[claim_id])
    if not found:
        raise unknown("setting", str(setting), {EVERY}.union(*names.values()))
    return found


def _without_templates(base: Base, claims: tuple[str, ...]) -> tuple[str, ...]:
    """Return the claims whose script measures something.

    Raises:
        UsageProblem: All of their scripts are still templates.
    """
    names = {claim_id: claims_protocol(base, claim_id).experiment for claim_id in claims}
    left = {claim_id: name for claim_id, name in names.items() if base.scripts[name].is_template}
    if left and len(left) == len(claims):
        paths = ", ".join(sorted({script_path(name) for name in left.values()}))
        raise UsageProblem(
            f"{paths} is still the template that `repro new` wrote, which tests nothing; put your "
            "measurement in place of stand_in. Until then only --explore runs it."
        )
    for claim_id, name in left.items():
        click.echo(f"note: {claim_id} is left out; {script_path(name)} is still a template.", err=True)
    return tuple(claim_id for claim_id in claims if claim_id not in left)


def _override(base: Base, claims: Iterable[str], text: str) -> tuple[str, Value]:
    """Read `field=value` as the type that the field has in every script concerned."""
    name, separator, value = text.partition("=")
    if not separator:
        raise UsageProblem(f"--set {text!r} sets nothing; write --set field=value.")
    experiments = {p.experiment for claim_id in claims if (p := base.claims[claim_id].protocol) is not None}
    parsed: Value = value
    for experiment in sorted(experiments):
        fields = base.scripts[experiment].scales["minimal"]
        if name not in fields:
            raise unknown(f"field of the scale of {experiment}", name, fields)
        parsed = _parsed(name, value, fields[name])
    return name, parsed


def _parsed(name: str, text: str, default: Value) -> Value:
    kind = type(default)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        message = f"--set {name}={text}: the field {name} takes {words[kind]}, such as {default}."
        raise UsageProblem(message) from None

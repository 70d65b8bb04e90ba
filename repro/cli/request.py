"""What `repro run` and `repro plan` are asked for: targets and options, from words to claims and numbers."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click

from kb.evidence import Ledger, read_ledger
from kb.experiment import Value
from kb.judgement import judge_base
from kb.load import Base, load_base
from kb.problems import Problem, render_terminal
from kb.records import Protocol
from kb.seeds import MAX_SEEDS
from repro.cli import Context, completion
from repro.cli.errors import UsageProblem, unknown
from repro.planning import Options, Plan, asked_base, plan

UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


class RecordProblems(click.ClickException):
    """The records that a run needs are wrong; exit code 2.

    Attributes:
        problems: What is wrong in them.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"nothing was run, because of these problems:\n{render_terminal(self.problems)}")


@dataclass(frozen=True)
class Request:
    """What was asked for, ready to be planned.

    Attributes:
        base: As the options ask to run it.
        ledger: All evidence.
        is_one: Was a single claim asked for, so that the exit code tells its verdict?
    """

    base: Base
    ledger: Ledger
    claims: tuple[str, ...]
    options: Options
    is_one: bool

    def plan(self) -> Plan:
        """Return what is due."""
        current = Ledger() if self.options.is_exploring else self.ledger
        return plan(self.base, current, self.claims, self.options, past=self.ledger)


def _bytes(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG])(?:i?B)?", text, re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"{text!r} is no size; write a number with K, M or G, such as 4G.")
    return int(float(match[1]) * UNITS[match[2].upper()])


def _device(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if re.fullmatch(r"cpu|cuda(:\d+)?", text) is None:
        raise click.BadParameter(f"{text!r} is no device; write cpu, cuda or cuda:1.")
    return text


def _seconds(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if not 0 < value < math.inf:
        raise click.BadParameter(f"{value} is no time; write seconds above 0.")
    return value


OPTIONS = (
    click.argument(
        "targets",
        metavar="[CLAIM | EXPERIMENT | TOPIC/]...",
        nargs=-1,
        shell_complete=completion.targets,
    ),
    click.option("--all", "every", is_flag=True, help="Every claim that has a protocol."),
    click.option("--stale", is_flag=True, help="Claims whose code changed since their evidence was taken."),
    click.option(
        "--seeds",
        type=click.IntRange(1, MAX_SEEDS),
        metavar="N",
        help="Measure so many seeds of every arm, in fives; default: until decided, at most 40.",
    ),
    click.option("--explore", is_flag=True, help="Other seeds, ten of each arm; records nothing."),
    click.option(
        "--set", "sets", metavar="FIELD=VALUE", multiple=True, help="Change a field of the scale; explores."
    ),
    click.option("--scale", type=click.Choice(["minimal", "large"]), help="Default: the protocol's own."),
    click.option(
        "--replication",
        type=click.IntRange(0),
        default=0,
        metavar="K",
        help="Another independent set of seeds.",
    ),
    click.option("--device", callback=_device, default="cpu", show_default=True, help="cpu, cuda or cuda:1."),
    click.option(
        "--jobs", type=click.IntRange(1), metavar="N", help="Workers at a time; default: one a core."
    ),
    click.option(
        "--timeout",
        callback=_seconds,
        type=float,
        default=600.0,
        show_default=True,
        help="Seconds for each block.",
    ),
    click.option(
        "--memory", callback=_bytes, default="4G", show_default=True, help="Address space of a worker."
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON document."),
)


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the targets and options of a request."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def request(
    context: Context,
    *,
    targets: tuple[str, ...],
    every: bool,
    stale: bool,
    sets: tuple[str, ...],
    jobs: int | None,
    explore: bool,
    timeout: float,
    memory: int,
    **chosen: Any,
) -> Request:
    """Return what the words of a command line ask for.

    Raises:
        UsageProblem: A target or a field is unknown, or nothing is asked for.
        RecordProblems: Records or scripts of the claims asked for are wrong.
    """
    base, ledger = load_base(context.root), read_ledger(context.root)
    claims = chosen_claims(base, ledger, targets, every=every, stale=stale)
    _refuse_problems(base, claims)
    cores = available_cores()
    options = Options(
        overrides=tuple(_override(base, claims, text) for text in sets),
        is_exploring=explore or bool(sets),
        jobs=jobs or cores,
        threads=max(1, cores // (jobs or cores)),
        timeout_seconds=timeout,
        memory_bytes=memory,
        **chosen,
    )
    is_one = len(claims) == 1 and not (every or stale)
    return Request(asked_base(base, options), ledger, claims, options, is_one)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chosen_claims(
    base: Base, ledger: Ledger, targets: Iterable[str], *, every: bool, stale: bool
) -> tuple[str, ...]:
    """Return the claims that targets name: each once, those that cannot be run left out of groups.

    Raises:
        UsageProblem: A target is unknown, a named claim cannot be run, or nothing is asked for.
        RecordProblems: A target's file is there but wrong.
    """
    found = [claim_id for target in targets for claim_id in _target_claims(base, target)]
    testable = [*_runnable(base)]
    if every:
        found += testable
    if stale:
        judgements = judge_base(base, ledger)
        found += [claim_id for claim_id in testable if judgements[claim_id].state == "stale"]
    if not found and not (every or stale):
        raise UsageProblem(
            "nothing to run: name a claim, an experiment or a topic/, or give --all or --stale."
        )
    return tuple(dict.fromkeys(found))


def _target_claims(base: Base, target: str) -> list[str]:
    if target in base.claims:
        _refuse_unrunnable(base, target)
        return [target]
    if target in base.unread:
        raise RecordProblems(_problems_in(base, {base.paths.get(target, _script_path(target))}))
    topic = target.rstrip("/")
    protocols = _runnable(base)
    if topic in base.topics.values():
        return [claim_id for claim_id in protocols if base.topics[claim_id] == topic]
    if target in base.scripts:
        users = [claim_id for claim_id, protocol in protocols.items() if protocol.experiment == target]
        if not users:
            raise UsageProblem(f"no claim has the experiment {target!r}; write one that does.")
        return users
    planned = (
        i for i, claim in base.claims.items() if claim.protocol and claim.protocol.experiment == target
    )
    for claim_id in planned:
        _refuse_unrunnable(base, claim_id)
    topics = (f"{name}/" for name in base.topics.values())
    raise unknown("claim, experiment or topic", target, {*base.claims, *base.scripts, *topics})


def _runnable(base: Base) -> dict[str, Protocol]:
    """Return the protocols that have a script, or name one that is wrong, by claim."""
    protocols = {key: claim.protocol for key, claim in base.claims.items() if claim.protocol is not None}
    return {key: p for key, p in protocols.items() if p.experiment in base.scripts or p.planned is None}


def _refuse_unrunnable(base: Base, claim_id: str) -> None:
    claim = base.claims[claim_id]
    if claim.protocol is None:
        why = (
            f"it is not testable: {claim.not_testable}" if claim.not_testable else f"to do: {claim.untested}"
        )
        raise UsageProblem(f"claim {claim_id!r} has no protocol to run; {' '.join(why.split())}")
    if claim_id not in _runnable(base):
        script, todo = (
            _script_path(claim.protocol.experiment),
            " ".join((claim.protocol.planned or "").split()),
        )
        raise UsageProblem(f"claim {claim_id!r} cannot be run before {script} is written; to write: {todo}")


def _refuse_problems(base: Base, claims: Iterable[str]) -> None:
    """Raise RecordProblems if a file that the claims rest on is wrong."""
    paths: set[str] = set()
    for claim_id in claims:
        protocol = base.claims[claim_id].protocol
        paths |= {base.paths[claim_id], _script_path(protocol.experiment) if protocol else ""}
    problems = _problems_in(base, paths)
    if problems:
        raise RecordProblems(problems)


def _script_path(experiment: str) -> str:
    return f"repro/experiments/{experiment}.py"


def _problems_in(base: Base, paths: set[str]) -> list[Problem]:
    return [problem for problem in base.problems if problem.place.path in paths]


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

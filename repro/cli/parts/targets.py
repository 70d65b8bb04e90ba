"""Which claims the words of a command line name: claims (old ids included), experiments and topics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

import click

from kb.project import Project
from kb.reading.base import Base
from kb.reading.experiment import script_path
from kb.records.claims import Protocol
from kb.text.problems import Problem, render_terminal
from repro.cli.parts.errors import UsageProblem, unknown


class RecordProblems(click.ClickException):
    """The records that a run needs are faulty; exit code 2.

    Attributes:
        problems: What is wrong in them.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"nothing was run, because of these problems:\n{render_terminal(self.problems)}")


def claim_named(base: Base, name: str) -> str:
    """Return the one claim that a name stands for today; if it is an old id, say so on standard error.

    Raises:
        UsageProblem: There is no such claim, or several have replaced it.
    """
    if name in base.claims:
        return name
    if name not in base.tombstones:
        raise unknown("claim", name, base.claims)
    successors = followed(base, name)
    if len(successors) > 1:
        raise UsageProblem(f"claim {name!r} was split; name one of {', '.join(successors)}.")
    return successors[0]


def followed(base: Base, old_id: str) -> tuple[str, ...]:
    """Return the claims that replaced an old id, and say so on standard error.

    Raises:
        UsageProblem: Its tombstone leads to no claim that can be read.
    """
    successors = base.successors(old_id)
    if not successors:
        raise UsageProblem(f"claim {old_id!r} has moved to one that cannot be read; see `repro check`.")
    done = "was split into" if len(successors) > 1 else "has moved to"
    click.echo(f"note: claim {old_id} {done} {' and '.join(successors)}.", err=True)
    return successors


def chosen_claims(project: Project, targets: Iterable[str], *, every: bool, stale: bool) -> tuple[str, ...]:
    """Return the claims that targets name, each once; groups leave out claims that cannot be run.

    Raises:
        UsageProblem: A target is unknown, a named claim cannot be run, or there is no target.
        RecordProblems: A target's file exists but is faulty.
    """
    base = project.base
    found = [claim_id for target in targets for claim_id in _target_claims(base, target)]
    testable = [*_runnable(base)]
    if every:
        found += testable
    if stale:
        found += [claim_id for claim_id in testable if project.judgements[claim_id].is_stale]
    if not found and not (every or stale):
        raise UsageProblem(
            "nothing to run: name a claim, an experiment or a topic/, or give --all or --stale."
        )
    return tuple(dict.fromkeys(found))


def _target_claims(base: Base, target: str) -> list[str]:
    if target in base.claims:
        _refuse_unrunnable(base, target)
        return [target]
    if target in base.tombstones:
        return [claim_id for name in followed(base, target) for claim_id in _target_claims(base, name)]
    if target in base.unread:
        paths = {base.paths.get(target, ""), script_path(target)}
        paths |= {each.place.path for each in base.problems if PurePosixPath(each.place.path).stem == target}
        raise RecordProblems(_problems_in(base, paths))
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
    """Return, by claim, the protocols whose script exists, be it faulty or not."""
    protocols = {key: claim.protocol for key, claim in base.claims.items() if claim.protocol is not None}
    return {key: p for key, p in protocols.items() if p.experiment in base.scripts or p.planned is None}


def _refuse_unrunnable(base: Base, claim_id: str) -> None:
    claim = base.claims[claim_id]
    if claim.protocol is None:
        reason = claim.not_testable or claim.untested or ""
        why = f"it is not testable: {reason}" if claim.not_testable else f"to do: {reason}"
        raise UsageProblem(f"claim {claim_id!r} has no protocol to run; {one_line(why)}")
    if claim_id not in _runnable(base):
        script, todo = script_path(claim.protocol.experiment), claim.protocol.planned or ""
        raise UsageProblem(
            f"claim {claim_id!r} cannot be run before {script} is written; to write: {one_line(todo)}"
        )


def refuse_problems(base: Base, claims: Iterable[str]) -> None:
    """Raise RecordProblems if a file on which the claims rest is faulty."""
    paths: set[str] = set()
    for claim_id in claims:
        protocol = base.claims[claim_id].protocol
        paths |= {base.paths[claim_id], script_path(protocol.experiment) if protocol else ""}
    problems = _problems_in(base, paths)
    if problems:
        raise RecordProblems(problems)


def _problems_in(base: Base, paths: set[str]) -> list[Problem]:
    return [problem for problem in base.problems if problem.place.path in paths]


def one_line(text: str) -> str:
    """Return a text of a record on one line."""
    return " ".join(text.split())

"""`repro new`: a claim, a source or an experiment, written with you."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from kb.reading.base import Base
from kb.reading.experiment import script_path
from kb.writing import drafts, insertions
from repro.cli import Context
from repro.cli.parts import completion
from repro.cli.parts import new_words as ask
from repro.cli.parts.asking import Question, answered, is_terminal
from repro.cli.parts.errors import UsageProblem, unknown
from repro.cli.parts.new_addition import Addition, refusing

PLACE = 110

WAYS = Question("--tested", "Is it tested", ("untested", "not testable", "experiment"))
"""Asked only in a terminal; elsewhere one of three options answers it."""
CLAIM = Question(
    "--claim", "Id of the claim that the experiment tests, existing or new", complete=completion.claims
)

takes_end: Any = [
    click.option("--anyway", is_flag=True, help="Write it even if it looks like an existing one."),
    click.option("--json", "as_json", is_flag=True, help="One JSON document."),
    click.pass_obj,
]


def _ends(command: Any) -> Any:
    """Add the options that all three commands have."""
    for option in reversed(takes_end):
        command = option(command)
    return command


@click.group()
def command() -> None:
    """Write a claim, a source or an experiment that passes every check.

    Whatever is not given as an option is asked for in the terminal. No placeholder is written that could
    be taken for content: without what only you can know, nothing is written.
    """


@command.command()
@click.argument("claim_id", metavar="[ID]", required=False)
@ask.takes(*ask.CLAIM)
@ask.takes_place
@ask.takes(ask.UNTESTED, ask.NOT_TESTABLE, ask.EXPERIMENT, ask.PLANNED, ask.SCOPE)
@ask.takes(*ask.PREDICTED, *ask.NEW_SOURCE)
@_ends
def claim(context: Context, claim_id: str | None, *, anyway: bool, as_json: bool, **given: Any) -> None:
    """Write a claim: untested, not testable, or with a prediction on an experiment.

    Without an id, one is made from the title. With --experiment the claim gets a protocol with one
    prediction and a control; if the script is still to be written, --planned says what it must measure.
    A source without a record is written with the claim.
    """
    addition = Addition.to(context.root, is_sure=anyway)
    given = _way(_claim_answers(addition.base, given))
    given = answered(given, _test_questions(addition.base, given), proposals=_proposals(addition.base, given))
    given = answered(given, ask.control_questions(given))
    claim_id = claim_id or drafts.slug(given["title"])
    if not claim_id:
        raise UsageProblem("the title has no letters a-z to make an id of; name one: repro new claim ID ...")
    with refusing():
        addition.claim(claim_id, given, _testability(given))
        addition.steps += _claim_steps(addition.base, claim_id, given)
        addition.write(as_json=as_json)


@command.command()
@click.argument("source_id", metavar="ID")
@click.option(
    "--claim",
    "claim_id",
    metavar="ID",
    required=True,
    shell_complete=completion.claims,
    help="A claim that it states, disputes, qualifies, reports or cites.",
)
@ask.takes(*ask.SOURCE, *ask.ADDRESSES, ask.CONTAINER)
@ask.takes_place
@_ends
def source(
    context: Context, source_id: str, claim_id: str, *, anyway: bool, as_json: bool, **given: Any
) -> None:
    """Write a source, and name it in an existing claim.

    For a claim that does not exist yet, `repro new claim` writes the source with it.
    """
    addition = Addition.to(context.root, is_sure=anyway)
    base = addition.base
    if claim_id not in base.claims:
        raise unknown("claim", claim_id, base.claims)
    asked = (*ask.source_questions(given), *ask.APPEARANCE, *ask.place_questions(given))
    given = {**answered(given, asked), "source": source_id}
    with refusing():
        addition.source(source_id, ask.source(given))
        addition.texts[base.paths[claim_id]] = insertions.stated(base, claim_id, ask.appearance(given))
        addition.steps += [f"See it on its claim: `repro show {claim_id}`.", "Commit both files."]
        addition.write(as_json=as_json)


@command.command()
@click.argument("name", metavar="NAME")
@ask.takes(CLAIM)
@click.option("--question", metavar="TEXT", help="What the script asks; default: whether the claim holds.")
@ask.takes(ask.SCOPE, *ask.PREDICTED, *ask.MEASURE, *ask.CLAIM)
@ask.takes_place
@ask.takes(*ask.NEW_SOURCE)
@_ends
def experiment(
    context: Context, name: str, question: str | None, *, anyway: bool, as_json: bool, **given: Any
) -> None:
    """Write a script that measures, and tie it to the claim that it tests.

    A claim without a protocol gets one; claims that plan the experiment no longer do; a claim that does
    not exist is written. The script is a template that runs as it stands. It says so itself, and so do the
    claims, until you put your own measurement in its place; until then nothing of it is recorded.
    """
    addition = Addition.to(context.root, is_sure=anyway)
    base = addition.base
    addition.refuse_name(name)
    waiting = _waiting(base, name)
    given = {**(given if waiting else answered(given, [CLAIM])), "experiment": name}
    with refusing():
        for claim_id in waiting:
            addition.texts[base.paths[claim_id]] = insertions.written(base, claim_id)
        if given["claim"] is not None and given["claim"] not in waiting:
            given = _bet_on(addition, given)
        subject = given["claim"] or waiting[0]
        asked = question or _whether(base.claims[subject].title if subject in base.claims else given["title"])
        given = answered(given, ask.MEASURE)
        addition.texts[script_path(name)] = drafts.script(
            name, asked, *_wanted(base, waiting, given), ask.measure(given)
        )
        addition.steps += _script_steps(addition, name, subject)
        addition.write(as_json=as_json)


def _waiting(base: Base, name: str) -> list[str]:
    """Return the claims that plan an experiment."""
    protocols = {claim_id: claim.protocol for claim_id, claim in base.claims.items()}
    return [claim_id for claim_id, protocol in protocols.items() if protocol and protocol.experiment == name]


def _bet_on(addition: Addition, given: ask.Given) -> ask.Given:
    """Add the first protocol of a claim, and the claim if it is new; return all answers."""
    base, claim_id = addition.base, given["claim"]
    known = base.claims.get(claim_id)
    if known is None:
        given = _claim_answers(base, given)
    elif known.protocol is not None:
        raise UsageProblem(
            f"claim {claim_id!r} already has the experiment {known.protocol.experiment}; write another claim."
        )
    scoped = () if known and known.scope else (ask.SCOPE,)
    given = answered(given, (*scoped, *ask.bet_questions(given)))
    given = answered(given, ask.control_questions(given))
    protocol = drafts.protocol(ask.bet(given, is_template=True))
    if known is None:
        addition.claim(claim_id, given, {"scope": given["scope"], "protocol": protocol})
    else:
        scope = given["scope"] if scoped else None
        addition.texts[base.paths[claim_id]] = insertions.tested(
            base, claim_id, protocol=protocol, scope=scope
        )
    return given


def _wanted(base: Base, waiting: Iterable[str], given: ask.Given) -> tuple[list[str], list[str]]:
    """Return the arms and outcomes that claims require of an experiment."""
    protocols = [base.claims[claim_id].protocol for claim_id in waiting]
    arms = [arm for protocol in protocols if protocol for arm in protocol.arms]
    outcomes = [p.outcome for protocol in protocols if protocol for p in protocol.predictions]
    if given.get("outcome") is not None:
        bet = ask.bet(given)
        arms += [*bet.arms, *bet.control]
        outcomes.append(given["outcome"])
    return [*dict.fromkeys(arms)], [*dict.fromkeys(outcomes)]


def _whether(title: str) -> str:
    """Return a claim's title as a question."""
    start = title[:1].lower() if title[1:2].islower() else title[:1]
    return f"Is it true that {start}{title[1:]}?"


def _claim_answers(base: Base, given: ask.Given) -> ask.Given:
    """Return all answers about a new claim and about where it is stated."""
    given = answered(given, (*ask.claim_questions(base.topics.values()), *ask.APPEARANCE))
    known = base.sources.get(given["source"])
    if known is None and not is_terminal() and given["source_title"] is None:
        options = ", ".join(question.option for question in ask.source_questions(given, "source_"))
        message = unknown("source", given["source"], base.sources).message
        raise UsageProblem(f"{message} A new one is written with the claim: give {options}.")
    about = ask.source_questions(given, "source_") if known is None else ()
    return answered(
        given, (*about, *ask.place_questions(given, by_paragraph=bool(known and known.paragraphs)))
    )


def _way(given: ask.Given) -> ask.Given:
    """Return the answers, with one of the three ways of being tested or not."""
    options = (ask.UNTESTED, ask.NOT_TESTABLE, ask.EXPERIMENT)
    chosen = [question.option for question in options if given[question.name] is not None]
    if len(chosen) > 1:
        raise UsageProblem(f"give one of {' and '.join(chosen)}.")
    if chosen or not is_terminal():
        return given if chosen else answered(given, [ask.UNTESTED])
    way = answered({}, [WAYS])["tested"]
    question = next(each for each in options if each.name == way.replace(" ", "_"))
    return answered(given, [question])


def _test_questions(base: Base, given: ask.Given) -> tuple[Question, ...]:
    if given["experiment"] is None:
        return ()
    planned = () if given["experiment"] in base.scripts else (ask.PLANNED,)
    return (*planned, ask.SCOPE, *ask.bet_questions(given))


def _proposals(base: Base, given: ask.Given) -> dict[str, str]:
    """Return what a script suggests, to be confirmed in a terminal."""
    script = base.scripts.get(given["experiment"] or "")
    if script is None:
        return {}
    numbers = [name for name, outcome in script.outcomes.items() if not outcome.is_curve]
    return {"arms": ", ".join([*script.arms][:2]), "outcome": numbers[0]}


def _testability(given: ask.Given) -> drafts.Data:
    """Return the fields of a claim that say how it is tested, or why it is not."""
    if given["experiment"] is not None:
        return {"scope": given["scope"], "protocol": drafts.protocol(ask.bet(given))}
    name = "untested" if given["untested"] is not None else "not_testable"
    return {name: given[name]}


LINK = "Say under `relations` what it supports, contradicts or rests on; `repro check` reads it again."


CONTROL = (
    "It has no control; see whether the script could have arms in which the effect has no business to be."
)


def _claim_steps(base: Base, claim_id: str, given: ask.Given) -> list[str]:
    name = given["experiment"]
    if name is None:
        later = [f"Once it can be tested: `repro new experiment NAME --claim {claim_id}`."]
        return [LINK, "Commit it.", *(later if given["untested"] else [])]
    if name not in base.scripts:
        return [LINK, f"Write its script: `repro new experiment {name}`."]
    control = [CONTROL] if given["control"] == ask.NO_CONTROL else []
    return [*control, LINK, *_run_steps(claim_id)]


def _script_steps(addition: Addition, name: str, claim_id: str) -> list[str]:
    path = addition.base.paths.get(claim_id) or next(
        p for p in addition.texts if p.endswith(f"/{claim_id}.yaml")
    )
    return [
        f"Put your measurement into {script_path(name)}: docstring, ARMS, OUTCOMES and measure.",
        f"Then `repro check --fix` takes the line out of {path} that calls the script a template.",
        *_run_steps(claim_id),
    ]


def _run_steps(claim_id: str) -> list[str]:
    return [
        f"Try it on seeds that never count: `repro run {claim_id} --explore`.",
        f"Commit what you predict; then `repro run {claim_id}`, and commit repro/evidence.",
    ]

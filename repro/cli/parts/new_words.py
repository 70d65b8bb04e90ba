"""What `repro new` asks for, as options and as questions, and how answers become parts of records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

import click

from kb.reading.outcomes import Better
from kb.records.claims import ClaimKind, Source, Stance
from kb.records.protocol import Units
from kb.writing import drafts
from repro.cli.parts import completion
from repro.cli.parts.asking import Question, words
from repro.cli.parts.errors import UsageProblem

Given = dict[str, Any]
"""Answers by the name of their option; None if there is none yet."""

TOPIC = Question("--topic", "Its topic, a folder of claims/", complete=completion.topics)
CLAIM = (
    Question("--title", "The claim as a headline, at most 90 characters"),
    Question("--kind", "What kind of statement it is", choices=get_args(ClaimKind)),
    TOPIC,
    Question("--statement", "The claim in your own words, understandable alone"),
    Question("--source", "Id of the source that says it"),
)
APPEARANCE = (Question("--stance", "What the source does with the claim", choices=get_args(Stance)),)
SECTION = Question("--section", "Where in the source: the section's name")
PARAGRAPH = Question("--paragraph", "Where in the source: the paragraph's number", is_count=True)
LOCATORS = (
    SECTION,
    PARAGRAPH,
    Question("--page", "Where in the source: the page"),
    Question("--time", "Where in the source: the time, such as 12:30"),
)
UNTESTED = Question("--untested", "What a test would take: data, machine, hours")
NOT_TESTABLE = Question("--not-testable", "Why no experiment could tell")
EXPERIMENT = Question("--experiment", "Name of the experiment that tests it")
SCOPE = Question("--scope", "The setting in which it is tested: sizes, data, precision")
AT_LEAST = Question(
    "--at-least", "The smallest difference worth the claim, first arm minus second", is_number=True
)
AT_MOST = Question("--at-most", "The largest difference that the claim allows", is_number=True)
ARMS = Question("--arms", "The arm that is bounded, or two: first minus second", is_list=True)
OUTCOME = Question("--outcome", "The outcome that is bounded")
BECAUSE = Question("--because", "Why this bound and no other")
PLANNED = Question("--planned", "What the script must measure: data, arms, outcomes, seconds")
SAYS = Question("--says", "The prediction in one sentence; default: one made from arms, outcome and bound")
UNITS = Question(
    "--units", "What the bound is on: values, decades, or the ratio of two arms", get_args(Units)
)
NO_CONTROL = "none"
CONTROL = Question(
    "--control",
    "Where the effect has no business to be: as many arms as are bounded, or none if there are no such arms",
    is_list=True,
)
CONTROL_BECAUSE = Question("--control-because", "Why the effect has no business there")
BET = (ARMS, OUTCOME, AT_LEAST, BECAUSE, CONTROL)
UNIT = Question("--unit", "What the outcome is measured in, such as: % of test images")
BETTER = Question("--better", "Which direction of the outcome is better", get_args(Better))
RESOLUTION = Question(
    "--resolution",
    "The smallest difference that the measurement can show, such as one test image",
    is_number=True,
)
MEASURE = (UNIT, BETTER, RESOLUTION)
PREDICTED = (ARMS, OUTCOME, AT_LEAST, AT_MOST, UNITS, BECAUSE, SAYS, CONTROL, CONTROL_BECAUSE)
"""The options of a prediction and its control."""
SOURCE = (
    Question("--title", "Title as published"),
    Question("--type", "Kind of publication", choices=get_args(Source.model_fields["type"].annotation)),
    Question(
        "--author", "Authors as Family, Given; groups without comma, or in braces; semicolons between several"
    ),
    Question("--issued", "Date of publication, such as 2017-12-05"),
    Question(
        "--verified", "How much of it you read", choices=get_args(Source.model_fields["verified"].annotation)
    ),
)
URL = Question("--url", "Address at which a reader finds it")
ADDRESSES = (
    URL,
    Question("--doi", "Digital object identifier, such as 10.1038/nature14539"),
    Question("--arxiv", "arXiv number, such as 1706.03762"),
)
CONTAINER = Question("--container-title", "Journal, proceedings, blog or event")
NEW_SOURCE = tuple(
    Question(f"--source-{question.option[2:]}", f"New source: {question.asks}", question.choices)
    for question in (*SOURCE, *ADDRESSES, CONTAINER)
)
"""The questions about a source, asked together with those about a claim."""


def takes(*questions: Question) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add an option to a command for each question."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for question in reversed(questions):
            command = question.as_option(command)
        return command

    return decorate


def takes_place(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command that say who states a claim, how and where."""
    anchor = click.option(
        "--anchor",
        nargs=2,
        metavar="START END",
        help="The passage's first and last words, at most five each.",
    )
    speaker = click.option(
        "--by", metavar="NAME", help="Who says it, where the source has several voices or quotes somebody."
    )
    quoter = click.option("--quoted-by", metavar="NAME", help="Who quotes them there, beside --by.")
    return takes(*APPEARANCE)(speaker(quoter(takes(*LOCATORS)(anchor(command)))))


def place_questions(given: Given, *, by_paragraph: bool = False) -> tuple[Question, ...]:
    """Return the questions about where a claim is stated: any locator will do, or only the paragraph."""
    if by_paragraph:
        return (PARAGRAPH,)
    has_place = any(given.get(question.name) is not None for question in LOCATORS) or given.get("anchor")
    return () if has_place else (SECTION,)


def appearance(given: Given) -> drafts.Data:
    """Return where and how a source states a claim."""
    locator = {question.name: given[question.name] for question in LOCATORS if given.get(question.name)}
    if given.get("anchor"):
        locator["anchor"] = [*given["anchor"]]
    voices = {"by": given.get("by"), "quoted_by": given.get("quoted_by")}
    return drafts.appearance(given["source"], given["stance"], locator, **voices)


def bet(given: Given, *, is_template: bool = False) -> drafts.Bet:
    """Return the prediction that the answers describe.

    Raises:
        UsageProblem: The arms are neither one nor two, or there are two bounds.
    """
    arms = words(given["arms"])
    if len(arms) not in (1, 2) or len(set(arms)) != len(arms):
        raise UsageProblem(f"--arms {given['arms']!r}: name one arm, or two different ones with a comma.")
    control = () if given.get("control") in (None, NO_CONTROL) else words(given["control"])
    if control and len(control) != len(arms):
        raise UsageProblem(
            f"--control {given['control']!r}: name as many arms as --arms does, {len(arms)}, or {NO_CONTROL}."
        )
    if (given.get("at_least") is None) == (given.get("at_most") is None):
        raise UsageProblem("give one of --at-least and --at-most.")
    bound: Literal["at_least", "at_most"] = "at_most" if given.get("at_least") is None else "at_least"
    return drafts.Bet(
        experiment=given["experiment"],
        outcome=given["outcome"],
        arms=arms,
        bound=bound,
        value=given[bound],
        because=given["because"],
        says=given.get("says"),
        units=given.get("units"),
        control=control,
        control_because=given.get("control_because"),
        planned=given.get("planned"),
        is_template=is_template,
    )


def bet_questions(given: Given) -> tuple[Question, ...]:
    """Return the questions about a prediction; an upper bound may replace the lower one."""
    return tuple(q for q in BET if q is not AT_LEAST or given.get("at_most") is None)


def control_questions(given: Given) -> tuple[Question, ...]:
    """Return what is left to be asked about a control once it is known whether there is one."""
    return () if given.get("control") in (None, NO_CONTROL) else (CONTROL_BECAUSE,)


def claim_questions(topics: Iterable[str]) -> tuple[Question, ...]:
    """Return the questions about a claim, the one about its topic with the topics that there are."""
    known = ", ".join(sorted({*topics}))
    asks = f"Its topic, a folder of claims/: {known}; or a new one" if known else TOPIC.asks
    return tuple(replace(q, asks=asks) if q is TOPIC else q for q in CLAIM)


def measure(given: Given) -> drafts.Measure:
    """Return how the outcome of a new script is described, as far as it was said."""
    kept = {name: given[name] for name in ("unit", "better", "resolution") if given.get(name) is not None}
    return replace(drafts.DISTANCE, **kept)


def source(given: Mapping[str, Any], prefix: str = "") -> drafts.Data:
    """Return a source as data.

    Args:
        given: Answers.
        prefix: What precedes the names of a source's options, such as `source_`.
    """
    answers = {
        question.name: given.get(prefix + question.name) for question in (*SOURCE, *ADDRESSES, CONTAINER)
    }
    people = persons(str(answers["author"]))
    record = {
        "title": answers["title"],
        "type": answers["type"],
        "author": people,
        "issued": answers["issued"],
        "URL": answers["url"],
        "DOI": answers["doi"],
        "arxiv": answers["arxiv"],
        "container-title": answers["container_title"],
        "verified": answers["verified"],
    }
    return {key: value for key, value in record.items() if value is not None}


def source_questions(given: Given, prefix: str = "") -> tuple[Question, ...]:
    """Return the questions about a source; one of its three addresses is enough."""
    has_address = any(given.get(prefix + question.name) for question in ADDRESSES)
    wanted = {prefix + question.name for question in (*SOURCE, *(() if has_address else (URL,)))}
    return tuple(q for q in (NEW_SOURCE if prefix else (*SOURCE, URL)) if q.name in wanted)


SUFFIXES = ("esq", "ii", "iii", "iv", "jr", "md", "phd", "sr")
"""What may stand after a second comma of one name, without its full stops."""


_QUESTION = "is {!r} one author or several? Put semicolons between several, as in 'Doe, Jane; Roe, Richard'."


def persons(text: str) -> list[drafts.Data]:
    """Return the people that an answer names.

    Raises:
        UsageProblem: It names nobody, or may mean one person or several.
    """
    names = [name.strip() for name in text.split(";") if name.strip()]
    if not names:
        raise UsageProblem(f"the authors {text!r} name nobody; write Family, Given.")
    return [_person(name) for name in names]


def _person(text: str) -> drafts.Data:
    group = re.fullmatch(r"\{([^{}]*\S[^{}]*)\}", text)
    if group:
        return {"literal": group[1].strip()}
    if re.search(r"(?i)\s(?:and|&)\s", text):
        raise UsageProblem(
            f"{_QUESTION.format(text)} Put one name that holds the word in braces, as in '{{Doe and Sons}}'."
        )
    family, *rest = (part.strip() for part in text.split(","))
    if not (family and all(rest)):
        raise UsageProblem(f"the author {text!r} lacks a part beside a comma; write Family, Given.")
    if len(rest) == 2:
        known = [part for part in rest if part.replace(".", "").lower() in SUFFIXES]
        if len(known) == 1:
            given = rest[0] if known[0] is rest[1] else rest[1]
            return {"family": family, "given": given, "suffix": known[0], "comma-suffix": True}
    if len(rest) > 1:
        raise UsageProblem(_QUESTION.format(text))
    return {"family": family, "given": rest[0]} if rest else {"literal": family}

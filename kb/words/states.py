"""Everything needed to show one of the eleven states that a claim can be in, in the order of lists."""

from __future__ import annotations

from typing import NamedTuple, get_args

from kb.judging.judgement import State
from kb.judging.verdict import VerdictState
from kb.records.claims import Claim

GREY, DIM = "#515a68", "bright_black"
CONTROL_WRONG = "a control came out wrong"
"""What makes a test invalid, in the words used everywhere."""


class StateWords(NamedTuple):
    """How a state is shown.

    Attributes:
        word: What the badge says.
        slug: What style sheets, anchors and the command line call it.
        icon: Path data on a 16 by 16 grid, drawn as strokes.
        means: The sentence of the legend; also what a claim without a verdict says of itself.
        group: Slug of the group in `GROUPS` that it belongs to.
        ink: Colour behind the white words of a badge.
        colour: Its colour in terminals.
        rating: From 1, no prediction held, to 3, all did; None if the state is not an answer.
        exit_code: What `repro run` exits with; None for a state that a run cannot end in.
        asks: What is to be done about it, as a clause; empty if nothing is. May name `{experiment}`.
        reason: The clause that gives it as a reason for a standing.
        rule: Which findings give it, as a clause; empty for a state without a verdict.
    """

    word: str
    slug: str
    icon: str
    means: str
    group: str
    ink: str = GREY
    colour: str = DIM
    rating: int | None = None
    exit_code: int | None = None
    asks: str = ""
    reason: str = "no evidence of its own"
    rule: str = ""


_RING = "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13"

STATES: dict[State, StateWords] = {
    "reproduced": StateWords(
        word="Reproduced",
        slug="reproduced",
        icon=f"{_RING}M5 8.2l2.2 2.3L11.2 6",
        means="Every prediction held in our runs.",
        group="stand",
        ink="#17663f",
        colour="green",
        rating=3,
        exit_code=0,
        reason="its own predictions were reproduced",
        rule="all predictions hold and no control's bound does, so the claim is reproduced",
    ),
    "contradicted": StateWords(
        word="Contradicted",
        slug="contradicted",
        icon=f"{_RING}M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
        means="Every prediction failed in our runs.",
        group="fall",
        ink="#a8231c",
        colour="red",
        rating=1,
        exit_code=10,
        reason="its own predictions were contradicted",
        rule="all predictions fail, so the claim is contradicted",
    ),
    "split": StateWords(
        word="Split",
        slug="split",
        icon=f"{_RING}M8 1.5v13M4.5 6v4M6.2 4.5v7",
        means="Some predictions held and some failed.",
        group="divided",
        ink="#6a3d9c",
        colour="magenta",
        rating=2,
        exit_code=10,
        reason="some of its own predictions held and some failed",
        rule="some predictions hold and some fail, so the claim is split",
    ),
    "varies": StateWords(
        word="Varies",
        slug="varies",
        icon=f"{_RING}M4.5 10.5l3 -5 1.5 3.5 2.5 -4",
        means="The verdicts differ from one setting of the experiment to another.",
        group="divided",
        ink="#6a3d9c",
        colour="magenta",
        rating=2,
        exit_code=10,
        reason="its own evidence says one thing at one setting and another at the next",
        rule="verdicts at two settings differ, so the claim varies",
    ),
    "inconclusive": StateWords(
        word="Inconclusive",
        slug="inconclusive",
        icon=f"{_RING}M4.5 8.8c1.2 -2 2.4 -2 3.5 -.8s2.3 1.2 3.5 -.8",
        means="The interval still holds both answers.",
        group="wait",
        colour="yellow",
        exit_code=11,
        asks="more seeds may decide",
        reason="its own evidence is inconclusive",
        rule="a prediction or control is still open, so there is no verdict",
    ),
    "invalid": StateWords(
        word="Invalid",
        slug="invalid",
        icon="M8 2L15 14H1zM8 6.5v3.5M8 12v.2",
        means=f"{CONTROL_WRONG.capitalize()}, so the test tells nothing about the claim.",
        group="wait",
        ink="#855000",
        colour="red",
        exit_code=12,
        asks=f"{CONTROL_WRONG}: the protocol needs another look",
        reason=f"{CONTROL_WRONG}, so its own evidence says nothing",
        rule=f"{CONTROL_WRONG}, so there is no verdict",
    ),
    "stale": StateWords(
        word="Stale",
        slug="stale",
        icon=f"{_RING}M8 4.5V8l2.5 1.8",
        means="The code changed after the last run, so the stored values no longer count.",
        group="wait",
        ink="#855000",
        colour="yellow",
        asks="the code changed since",
        reason="its own evidence is stale",
    ),
    "not run": StateWords(
        word="Not run",
        slug="not-run",
        icon=f"{_RING}M6.5 5.2v5.6L11 8z",
        means="The predictions are fixed; nothing is measured yet.",
        group="later",
        asks="never measured",
    ),
    "to be written": StateWords(
        word="To be written",
        slug="to-be-written",
        icon=f"{_RING}M5.2 10.8l.5 -2.2 4 -4 1.7 1.7 -4 4z",
        means="The predictions are fixed; the script that measures them is still to be written.",
        group="later",
        asks="the experiment {experiment} has no script yet",
    ),
    "untested": StateWords(
        word="Untested",
        slug="untested",
        icon="M8 1.5a6.5 6.5 0 0 1 6.5 6.5M8 14.5A6.5 6.5 0 0 1 1.5 8",
        means="No protocol yet.",
        group="later",
    ),
    "not testable": StateWords(
        word="Not testable",
        slug="not-testable",
        icon=f"{_RING}M5 8h6",
        means="No measurement could decide it.",
        group="beyond",
    ),
}
SUPPOSABLE: dict[str, State] = {
    STATES[state].slug: state for state in (*get_args(VerdictState), "varies", "not run")
}
"""States that a claim may be supposed to be in, by what people type."""


def missing(claim: Claim, state: State) -> str:
    """Return what a claim without a verdict lacks, and why, as a clause."""
    means = STATES[state].means.removesuffix(".")
    clause = f"{means[0].lower()}{means[1:]}"
    if claim.not_testable:
        return f"{clause}: {_on_one_line(claim.not_testable)}"
    if claim.untested:
        return f"{clause}; it would take: {_on_one_line(claim.untested)}"
    return clause


def supposed(state: State) -> str:
    """Return a supposed verdict, as a clause."""
    return f"supposed to be {state}"


def record_reason(claim: Claim) -> str:
    """Return what the record says of a missing test: why there can be none, or what one would take."""
    if claim.not_testable:
        return f"{_on_one_line(claim.not_testable)}."
    if claim.untested:
        return f"It would take: {_on_one_line(claim.untested)}."
    if claim.protocol and claim.protocol.planned:
        return f"To be written: {_on_one_line(claim.protocol.planned)}."
    return ""


def _on_one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")


class Group(NamedTuple):
    """States that a reader in a hurry would group together.

    Attributes:
        word: What the count says.
        slug: What addresses call it.
        states: Its states in the order of lists; all groups together hold every state once.
        means: One sentence.
    """

    word: str
    slug: str
    states: tuple[State, ...]
    means: str


def _group(word: str, slug: str, means: str) -> Group:
    return Group(word, slug, tuple(state for state, row in STATES.items() if row.group == slug), means)


GROUPS = (
    _group("held", "stand", "Every prediction held."),
    _group("failed", "fall", "Every prediction failed."),
    _group("mixed", "divided", "Some held, some failed, or it depends on the setting."),
    _group("undecided", "wait", "Measured, and still open."),
    _group("not yet tested", "later", "Nothing has been measured."),
    _group("not testable", "beyond", "No measurement could decide."),
)
"""Every state once, in the order of `STATES`."""
GROUP_OF = {state: row.group for state, row in STATES.items()}

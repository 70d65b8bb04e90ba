"""The words for and against a claim that has no verdict: headings, and one clause for each entry.

Readers know it as the claim's ledger; in code that word is the store of evidence.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from kb.judging.judgement import State
from kb.words.clauses import ClaimName, Clause

Weight = Literal["for", "against", "neither", "open"]
Role = Literal["base", "support", "against"]
"""What the other claim is to the one described: a base that it rests on, a support, or a contradiction."""


class WeightWords(NamedTuple):
    """The heading of the entries of one weight.

    Attributes:
        word: The heading.
        means: What the entries have in common, as a sentence.
    """

    word: str
    means: str


WEIGHTS: dict[Weight, WeightWords] = {
    "for": WeightWords("For", "What it leans on held when it was measured; an example is no proof."),
    "against": WeightWords("Against", "What it leans on failed, or what contradicts it held."),
    "neither": WeightWords("Neither", "What was measured says nothing either way."),
    "open": WeightWords("Open", "Nothing has been decided here by measurement."),
}
"""Headings by weight, in the order of pages and terminals."""
SideWeight = Literal["for", "against", "mixed", "undecided"]
SIDE_WEIGHTS: dict[SideWeight, WeightWords] = {
    "for": WeightWords("For", "It held, and this side leans on it."),
    "against": WeightWords("Against", "It failed, or it held and contradicts this side."),
    "mixed": WeightWords("Mixed", "Held in part, or at one setting and not at another."),
    "undecided": WeightWords("Undecided", "Measured, and it does not tell."),
}
"""Headings of what was measured beside one side of a debate, in the order of pages."""


def base_clause(route: tuple[str, ...], state: State, weight: Weight) -> Clause:
    """Return what a claim rests on, such as `it rests on a, and so on b, which was reproduced`.

    Args:
        route: The claims from there to the base, which comes last.
        state: The state of the base.
        weight: The weight of the entry.
    """
    way = [piece for each in route for piece in (", and so on ", ClaimName(each))][1:]
    fell = weight == "against" and state != "contradicted"
    return ("it rests on ", *way, f", which {'is refuted' if fell else came_out(state)}")


def spoken_clause(other: str, verb: str, state: State, weight: Weight, *, named: bool) -> Clause:
    """Return what another claim says of one, such as `a supports it by what was measured`.

    Args:
        other: The claim that speaks.
        verb: What it does, such as `supports`.
        state: The state of the other claim.
        weight: The weight of the entry.
        named: Does the relation name predictions that it rests on?
    """
    match weight:
        case "for" | "against":
            end = f"{verb} it by {'predictions that held' if named else 'what was measured'}"
        case "neither":
            end = f"{verb} it only by what {'did not hold' if named else 'was not reproduced'}"
        case "open":
            end = f"{verb} it if it holds, and {came_out(state)}"
    return ClaimName(other), f" {end}"


def came_out(state: State) -> str:
    """Return what became of a claim, such as `was reproduced` or `is split`."""
    return f"{'was' if state in ('reproduced', 'contradicted', 'not run') else 'is'} {state}"

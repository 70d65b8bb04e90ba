"""Everything that anybody needs to show a standing, in the order of lists, and the reasons for one."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kb.words.clauses import ClaimName, Clause

StandingName = Literal["established", "refuted", "split", "contested", "undermined", "supported", "open"]
Rule = Literal["verdict", "exclusion", "base", "contradiction", "support", "none"]


class StandingWords(NamedTuple):
    """How a standing is shown.

    Attributes:
        clause: What a claim does that has it, such as `is undermined`.
        colour: Its colour in terminals.
    """

    clause: str
    colour: str = "bright_black"


STANDINGS: dict[StandingName, StandingWords] = {
    "established": StandingWords("stands established", "green"),
    "refuted": StandingWords("stands refuted", "red"),
    "split": StandingWords("stands split", "magenta"),
    "contested": StandingWords("is contested", "yellow"),
    "undermined": StandingWords("is undermined", "red"),
    "supported": StandingWords("is supported", "green"),
    "open": StandingWords("is open"),
}
RULES: dict[Rule, str] = {
    "verdict": "its own verdict gives the standing, and nothing that bears on the claim outweighs it",
    "exclusion": "of a strict contradiction only one side can hold, and this side has no verdict of its own",
    "base": "what rests on a refuted claim is undermined",
    "contradiction": "what a reproduced claim contradicts is contested",
    "support": "an established claim supports it, and it has no verdict of its own",
    "none": "it has no verdict of its own, and nothing established bears on it",
}
"""The rules by which standings are given, each as a clause."""


def rule_clause(claim_id: str, rule: Rule, gives: StandingName) -> str:
    """Return what a rule gives a claim, such as `what rests on ... is undermined, so a is undermined`."""
    return f"{RULES[rule]}, so {claim_id} {STANDINGS[gives].clause}"


def unhelped(reason: str) -> Clause:
    """Return why a claim is open, from what its own evidence says."""
    return (f"{reason}, and nothing established bears on it",)


def supported_by(other: str) -> Clause:
    """Return why a claim is supported."""
    return ClaimName(other), " is established and supports it"


def contradicted_by(other: str) -> Clause:
    """Return why a claim is contested."""
    return ClaimName(other), " was reproduced and contradicts it"


def rests_on(claim: str, base: str) -> Clause:
    """Return what a claim rests on; the claim is a `ClaimName`, or `it` for the one that is spoken of."""
    return claim, " rests on ", ClaimName(base)


def excluded_by(claim: str, other: str) -> Clause:
    """Return what excludes a claim; the claim is a `ClaimName`, or `it` for the one that is spoken of."""
    return ClaimName(other), " was reproduced and excludes ", claim


def refuted_itself(claim: str) -> Clause:
    """Return why the claim at the end of a chain is refuted."""
    return claim, " is refuted by its own evidence"

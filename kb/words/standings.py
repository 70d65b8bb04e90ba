"""Everything needed to show a standing, in the order of lists, and the reasons for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from kb.words.clauses import ClaimName, Clause

StandingName = Literal["established", "refuted", "split", "varies", "contested", "undermined", "open"]
Rule = Literal["verdict", "exclusion", "base", "contradiction", "none"]
NO_STANDING = "no standing"
"""Shown in place of a standing for a claim that no protocol tests."""


class StandingWords(NamedTuple):
    """How a standing is shown.

    Attributes:
        clause: The predicate for a claim that has it, such as `is undermined`.
        label: What a page says in its place.
        colour: Its colour in terminals.
    """

    clause: str
    label: str
    colour: str = "bright_black"


STANDINGS: dict[StandingName, StandingWords] = {
    "established": StandingWords("stands established", "passed its own test", "green"),
    "refuted": StandingWords("stands refuted", "failed its own test", "red"),
    "split": StandingWords("stands split", "passed its own test in part", "magenta"),
    "varies": StandingWords("varies with the setting", "depends on the setting", "magenta"),
    "contested": StandingWords("is contested", "contradicted by what was measured", "yellow"),
    "undermined": StandingWords("is undermined", "an example it relies on failed", "red"),
    "open": StandingWords("is open", "open"),
}
RULES: dict[Rule, str] = {
    "verdict": "its own verdict gives the standing",
    "exclusion": "of a strict contradiction only one side can hold, and this side has no verdict of its own",
    "base": "what has no verdict of its own and rests on a refuted claim is undermined",
    "contradiction": "what has no verdict of its own and is contradicted by what was measured is contested",
    "none": "it has no verdict of its own, rests on nothing refuted, and nothing measured contradicts it",
}
"""The rules by which standings are given, each as a clause."""


def rule_clause(claim_id: str, rule: Rule, gives: StandingName) -> str:
    """Return what a rule gives a claim, such as `what rests on ... is undermined, so a is undermined`."""
    return f"{RULES[rule]}, so {claim_id} {STANDINGS[gives].clause}"


def unhelped(reason: str) -> Clause:
    """Return why a claim is open, from what its own evidence says."""
    return (f"{reason}, and no verdict on another claim speaks against it",)


def contradicted_by(other: str) -> Clause:
    """Return why a claim is contested."""
    return ClaimName(other), " contradicts it by what was measured"


def in_spite_of(reason: str, against: Iterable[Clause]) -> Clause:
    """Return why a claim stands on its own verdict, with what speaks against it nevertheless."""
    pieces = [reason]
    for clause in against:
        pieces += [", although " if len(pieces) == 1 else ", and although ", *clause]
    return tuple(pieces)


def rests_on(claim: str, base: str) -> Clause:
    """Return what a claim rests on; the claim is a `ClaimName`, or `it` for the one described."""
    return claim, " rests on ", ClaimName(base)


def rests_on_refuted(base: str) -> Clause:
    """Return the refuted claim that a claim rests on in the end."""
    return "it rests on ", ClaimName(base), ", which is refuted"


def excluded_by(claim: str, other: str) -> Clause:
    """Return what excludes a claim; the claim is a `ClaimName`, or `it` for the one described."""
    return ClaimName(other), " excludes ", claim, " by what was measured"


def refuted_itself(claim: str) -> Clause:
    """Return why the claim at the end of a chain is refuted."""
    return claim, " is refuted by its own evidence"

"""Marks beside a verdict: what a reader has to know at once, each in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kb.judging.certainty import NEAR, Certainty, nearest
from kb.judging.judgement import Judgement
from kb.judging.verdict import Verdict
from kb.records.claims import Stance
from kb.records.sources import Verified
from kb.words.earlier_tests import before_sentence
from kb.words.numbers import count
from kb.words.settings import at_settings, by_setting, decided_states

READ: dict[Verified, str] = {
    "text": "source read whole",
    "abstract": "source read by its abstract only",
    "secondary": "source known second-hand only",
    "memory": "source cited from memory",
}
"""How far the source of a claim was read, the furthest first."""
LEANS = {
    "for the claim": "makes passing easier",
    "against the claim": "makes passing harder",
    "neither way": "favours neither",
    "unknown": "it is not known whom it favours",
}
"""Which way a deviation from the source leans, by what a record says."""
ASSERTING: tuple[Stance, ...] = ("asserts", "reports", "qualifies", "disputes", "cites")
"""Stances in the order in which their source counts as that of the claim."""


class Mark(NamedTuple):
    """One mark.

    Attributes:
        words: A few words.
        is_warning: Does it limit what stands beside it?
        section: The section of the page that says more; empty if there is none.
    """

    words: str
    is_warning: bool = False
    section: str = ""


def marks(
    judgement: Judgement, sure: Certainty | None, read: Verified | None, *, verdicts: int, survives: bool
) -> Iterator[Mark]:
    """Yield the marks of a claim with a verdict, in the order of the page.

    Args:
        judgement: Of the claim.
        sure: How sure its verdict is, where something is decided.
        read: How far its source was read; None if no source is known.
        verdicts: How many claims have a verdict.
        survives: Does its verdict stand when all are taken together?
    """
    verdict = judgement.verdict
    if verdict is None:
        return
    yield Mark(_held(verdict), section="predicted-and-measured")
    if judgement.state != "varies":
        yield Mark(at_settings(judgement.judged))
    else:
        disagree = len(decided_states(judgement)) > 1
        yield Mark("depends on the setting" if disagree else "not decided at every setting")
        words = f"{'differs: ' if disagree else ''}{by_setting(judgement)}"
        yield Mark(words, is_warning=True, section="predicted-and-measured")
    near = nearest(verdict.findings)
    if near is not None and near.widths < NEAR:
        yield Mark("close call", is_warning=True, section="what-would-flip-it")
    if sure is not None:
        yield Mark(f"certainty: {sure.level}", is_warning=sure.level != "high", section="what-would-flip-it")
        if not survives:
            words = f"does not survive correction for {count(verdicts, 'verdict')}"
            yield Mark(words, is_warning=True, section="what-would-flip-it")
    if before := before_sentence(judgement):
        yield Mark(before.removesuffix("."), is_warning=True, section="evidence")
    if read is not None:
        yield Mark(READ[read], is_warning=read != "text", section="who-says-it")


def _held(verdict: Verdict) -> str:
    held = sum(finding.decision == "reproduced" for finding in verdict.findings)
    return f"{held} of {count(len(verdict.findings), 'prediction')} held"


def reading(found: Iterable[tuple[Stance, Verified]]) -> Verified | None:
    """Return how far the source of a claim was read: the best of those with its foremost stance.

    Args:
        found: The stance of each source, and how far it was read.
    """
    known = [*found]
    for stance in ASSERTING:
        if depths := [verified for each, verified in known if each == stance]:
            return min(depths, key=[*READ].index)
    return None

"""Earlier tests of a claim in words, once for terminal, page and API."""

from __future__ import annotations

from itertools import groupby

from kb.judging.judgement import Judgement
from kb.judging.superseded import AFTERWARDS, Superseded
from kb.judging.verdict import ALPHA, level_after
from kb.words.numbers import count
from kb.words.settings import listed

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
OPEN = {"inconclusive": "open"}
"""Other words for verdicts, which read better in a list of how tests came out."""


def ordinal(number: int) -> str:
    """Return the ordinal of a number from 1, such as `third` or `12th`."""
    if number <= len(ORDINALS):
        return ORDINALS[number - 1]
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{last}"


def before_sentence(judgement: Judgement) -> str:
    """Return how the earlier tests of a claim came out, if one of them differs from today's."""
    if judgement.verdict is None or not any(is_otherwise(judgement, test) for test in judgement.tests):
        return ""
    alike = ((words, len([*tests])) for words, tests in groupby(judgement.tests, key=came_out))
    before = ", ".join(words if times == 1 else f"{words} ({times} times)" for words, times in alike)
    return f"{ordinal(len(judgement.tests) + 1).capitalize()} test of this claim; before: {before}."


def is_otherwise(judgement: Judgement, test: Superseded) -> bool:
    """Did an earlier test come out differently from today's at the setting that it is compared with?"""
    now = judgement.at(test.setting)
    state = now.state if now.verdict else judgement.state
    return test.verdict is None or test.verdict.state != state


def came_out(test: Superseded) -> str:
    """Return how an earlier test comes out by today's predictions, in a word or two."""
    if test.verdict is None:
        return "not comparable"
    return OPEN.get(test.verdict.state, test.verdict.state)


def earlier_test_clause(test: Superseded) -> str:
    """Return what an earlier test was and what has changed since, as a clause."""
    days = test.first[:10] if test.first[:10] == test.last[:10] else f"{test.first[:10]} to {test.last[:10]}"
    seeds = f", {count(test.verdict.seeds, 'seed')}" if test.verdict else ""
    return f"version {test.version[:12]}, measured {days}{seeds}; changed since: {', '.join(changes(test))}"


def changes(test: Superseded) -> list[str]:
    """Return what has changed since an earlier test, each in words."""
    then, now = test.pieces[-1].scale, test.scale
    scale = [f"{name} {then.get(name, 'absent')} -> {now.get(name, 'absent')}" for name in test.changed_scale]
    code = [f"the code of {listed(test.changed_code)}"] if test.changed_code else []
    predictions = ["predictions or controls"] if test.has_other_predictions else []
    if test.digest == AFTERWARDS:
        predictions = ["predictions, which were written after these values"]
    return [*code, *scale, *predictions] or ["the setting"]


def next_test_sentence(judgement: Judgement, digest: str) -> str:
    """Return what the next run of a claim costs in level, and why; empty if it costs nothing new.

    A test is paid for when it is first measured, so nothing is said of one that has evidence already.

    Args:
        judgement: Of the claim, on the evidence so far.
        digest: Of its predictions and controls today.
    """
    begun = any(piece.predictions.get(judgement.claim_id) == digest for piece in judgement.evidence)
    if begun or not judgement.tests:
        return ""
    number, alpha = len(judgement.tests) + 1, level_after(len(judgement.tests))
    changed = ", ".join(changes(judgement.tests[-1]))
    return (
        f"{judgement.claim_id}: this is the {ordinal(number)} test of the claim, judged at an error level of "
        f"{alpha:.3g} instead of {ALPHA:g}; changed since the one before: {changed}."
    )


def level_text(judgement: Judgement) -> str:
    """Return what the earlier tests cost, in one sentence; empty if there are none."""
    if not judgement.tests:
        return ""
    alpha = level_after(len(judgement.tests))
    times = count(len(judgement.tests), "earlier test")
    return (
        f"Because of {times} every finding is judged at an error level of {alpha:.3g} instead of {ALPHA:g}."
    )

"""How often the rule of verdicts finds a difference where there is none: every arm against itself.

The first half of an arm's blocks is compared with its second half, seed by seed, as if they were two arms,
and judged like a prediction with the bound 0. Both halves come from the same code and differ in their seeds
only, so any decision is a false one. Nothing is measured for this: the stored values are enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from kb.evidence.ledger import Ledger
from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.bounds import Decision
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Values, find
from kb.judging.stats import is_finite
from kb.judging.verdict import ALPHA
from kb.reading.experiment import Script
from kb.reading.load import Base
from kb.records.claims import Prediction

FIRST, SECOND = "first_half", "second_half"


class Comparison(NamedTuple):
    """One outcome of one arm, its first half against its second.

    Attributes:
        pairs: Seeds of each half.
    """

    experiment: str
    arm: str
    outcome: str
    pairs: int
    decision: Decision

    @property
    def is_false(self) -> bool:
        """Was a difference found?"""
        return self.decision != "inconclusive"


def comparisons(base: Base, ledger: Ledger) -> Iterator[Comparison]:
    """Yield a comparison for each arm and outcome with four blocks or more, at each setting of today.

    Left out are outcomes with a value that is not finite, because means do not compare those, and outcomes
    that are the same for every seed, in which no difference could be found.
    """
    for name, script in base.scripts.items():
        for setting in base.settings(name):
            values = ledger.values(name, script.version_at(setting), script.arms)
            yield from _of_script(script, values)


def _of_script(script: Script, measured: Values) -> Iterator[Comparison]:
    for arm, outcomes in measured.items():
        for outcome, values in outcomes.items():
            half = len(values) // (2 * BLOCK_SIZE) * BLOCK_SIZE
            if half >= LEAST_SEEDS and len({*values}) > 1 and all(map(is_finite, values)):
                halves = {FIRST: {outcome: values[:half]}, SECOND: {outcome: values[half : 2 * half]}}
                yield Comparison(script.name, arm, outcome, half, _decision(script, outcome, halves))


def _decision(script: Script, outcome: str, halves: Values) -> Decision:
    prediction = Prediction(
        name="no-difference",
        says="The first half of an arm's seeds gives more than the second.",
        outcome=outcome,
        contrast=(FIRST, SECOND),
        at_least=0.0,
        because="nothing but the seeds differs",
    )
    return find(prediction, None, script.outcomes, halves, alpha=ALPHA).decision


def exact_interval(count: int, trials: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a rate from independent trials.

    Args:
        count: Trials in which the event happened, from 0 to `trials`.
        trials: At least 1.
        alpha: Probability, at most, that the interval misses the rate.
    """
    if not 0 <= count <= trials or trials < 1:
        raise ValueError(f"need 0 <= count <= trials and a trial; found {count} of {trials}")
    lower = _rate_at(1 - alpha / 2, count - 1, trials) if count else 0.0
    upper = _rate_at(alpha / 2, count, trials) if count < trials else 1.0
    return lower, upper


def _rate_at(probability: float, count: int, trials: int) -> float:
    """Return the rate at which at most `count` events happen with this probability, found by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        at_most = math.fsum(
            math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(count + 1)
        )
        low, high = (rate, high) if at_most > probability else (low, rate)
    return low

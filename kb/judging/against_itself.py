"""How often the rule of verdicts finds a difference where there is none: every arm against itself.

The first half of an arm's blocks is compared with its second half, seed by seed, as if they were two arms,
and judged like a prediction with the bound 0. Both halves come from the same code and differ in their seeds
only, so any decision is a false one. Stored evidence of any test version serves, each independent set of
seeds by itself, and so do the blocks that `repro verify --controls` measures on the seeds for exploring.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from typing import NamedTuple

from kb.evidence.controls import Controls, sets_of
from kb.evidence.ledger import Evidence, Ledger
from kb.evidence.seeds import BLOCK_SIZE
from kb.judging.bounds import Decision
from kb.judging.estimands import LEAST_SEEDS
from kb.judging.finding import Values, find
from kb.judging.stats import confidence_sequence, is_finite
from kb.judging.verdict import ALPHA
from kb.reading.experiment import Script
from kb.reading.load import Base
from kb.records.claims import Prediction

FIRST, SECOND = "first_half", "second_half"
CHANCE = 1e-3


class Comparison(NamedTuple):
    """One outcome of one arm, its first half against its second.

    Attributes:
        version: The test version at the end of its links.
        pairs: Seeds of each half.
        is_evidence: Are these seeds of evidence, and not those for exploring?
    """

    experiment: str
    arm: str
    outcome: str
    pairs: int
    decision: Decision
    version: str
    is_evidence: bool

    @property
    def is_false(self) -> bool:
        """Was a difference found?"""
        return self.decision != "inconclusive"


def comparisons(base: Base, ledger: Ledger) -> Iterator[Comparison]:
    """Yield a comparison for each arm and outcome with four blocks or more, of every test version.

    Left out are outcomes with a value that is not finite, because means do not compare those, outcomes that
    are the same for every seed, in which no difference could be found, and those that today's script lacks.
    """
    for script in base.scripts.values():
        yield from comparisons_of(script, ledger)


def comparisons_of(
    script: Script, ledger: Ledger, origins: Container[str] | None = None
) -> Iterator[Comparison]:
    """Yield the comparisons of one experiment, of test versions with these origins or of all."""
    pieces = [each for each in ledger.of_experiment(script.name) if _is_among(each, ledger, origins)]
    for version in sorted({ledger.origin(piece.version) for piece in pieces}):
        arms = sorted({piece.arm for piece in pieces if ledger.is_same(piece.version, version)})
        for number in ledger.replications(script.name, version):
            values = ledger.values(script.name, version, arms, number)
            yield from _of_script(script, values, version, is_evidence=True)
    stored = [each for each in ledger.controls if each.controls.experiment == script.name]
    files = [each for each in stored if _is_among(each.controls, ledger, origins)]
    for version in sorted({each.controls.version for each in files}):
        for measured in sets_of(files, version).values():
            yield from _of_script(script, measured, ledger.origin(version), is_evidence=False)


def _is_among(piece: Evidence | Controls, ledger: Ledger, origins: Container[str] | None) -> bool:
    return origins is None or ledger.origin(piece.version) in origins


def _of_script(script: Script, measured: Values, version: str, *, is_evidence: bool) -> Iterator[Comparison]:
    for arm, outcomes in measured.items():
        for outcome, values in outcomes.items():
            half = len(values) // (2 * BLOCK_SIZE) * BLOCK_SIZE
            is_comparable = len({*values}) > 1 and all(map(is_finite, values)) and outcome in script.outcomes
            if half >= LEAST_SEEDS and is_comparable:
                halves = {FIRST: {outcome: values[:half]}, SECOND: {outcome: values[half : 2 * half]}}
                decision = _decision(script, outcome, halves)
                yield Comparison(script.name, arm, outcome, half, decision, version, is_evidence)


def _decision(script: Script, outcome: str, halves: Values) -> Decision:
    if not _excludes_zero(script, outcome, halves):
        return "inconclusive"  # as `find` says too, which takes ten times as long
    prediction = Prediction(
        name="no-difference",
        says="The first half of an arm's seeds gives more than the second.",
        outcome=outcome,
        contrast=(FIRST, SECOND),
        at_least=0.0,
        because="nothing but the seeds differs",
    )
    return find(prediction, None, script.outcomes, halves, alpha=ALPHA).decision


def _excludes_zero(script: Script, outcome: str, halves: Values) -> bool:
    """Does the interval of the difference leave zero out? Without that nothing is ever decided."""
    pairs = zip(halves[FIRST][outcome], halves[SECOND][outcome], strict=True)
    trail = confidence_sequence(
        [first - second for first, second in pairs],
        block=BLOCK_SIZE,
        first=LEAST_SEEDS,
        alpha=ALPHA,
        floor=script.outcomes[outcome].resolution,
    )
    return not trail[-1].lower <= 0 <= trail[-1].upper


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


def is_beyond_chance(false: int, total: int) -> bool:
    """Are there more false decisions than the rule's 5 % explain?

    One false decision condemns no experiment: the rule allows itself some. Were comparisons independent, an
    experiment would be condemned wrongly with a probability of at most 0.001.
    """
    return total > 0 and exact_interval(false, total, alpha=2 * CHANCE)[0] > ALPHA


def _rate_at(probability: float, count: int, trials: int) -> float:
    """Return the rate at which at most `count` events happen with this probability, found by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        at_most = math.fsum(_probability(k, rate, trials) for k in range(count + 1))
        low, high = (rate, high) if at_most > probability else (low, rate)
    return low


def _probability(count: int, rate: float, trials: int) -> float:
    """Return the probability of a count, by logarithms: of thousands of trials the factors overflow."""
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(ways + count * math.log(rate) + (trials - count) * math.log1p(-rate))
